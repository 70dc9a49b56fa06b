use crate::{NetnsError, NetnsId, Plugs, Port, error::Cause};
use edge_host::netns::NetnsIdentity;
use edge_kernel::{
    Kernel,
    endpoint::{self, Found, Plug, Unplug},
};
use edge_net::{IfName, Mac};
use edge_plan::{Owner, Space};
use std::{io, path::Path};
use tokio::sync::OnceCell;

/// The real ends.
#[derive(Default)]
pub struct KernelPlugs {
    kernel: OnceCell<Kernel>,
}

impl Plugs for KernelPlugs {
    fn identify(&self, netns: &Path) -> Result<NetnsId, NetnsError> {
        let own = look(Path::new("/proc/self/ns/net")).map_err(|_| NetnsError::OwnUnseen)?;
        let id = look(netns).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NetnsError::Missing,
            _ => NetnsError::Unreadable,
        })?;
        match id {
            _ if id.device != own.device => Err(NetnsError::OtherFile),
            _ if id == own => Err(NetnsError::Host),
            _ => Ok(id),
        }
    }

    async fn plug(&self, plug: Plug) -> Result<Mac, Cause> {
        Ok(endpoint::plug(plug).await?.mac)
    }

    async fn unplug(&self, unplug: Unplug) -> Result<(), Cause> {
        Ok(endpoint::unplug(unplug).await?)
    }

    async fn parent(&self, netns: &Path, ifname: &IfName) -> Result<Option<IfName>, Cause> {
        Ok(endpoint::parent(netns.to_owned(), *ifname).await?)
    }

    async fn found(&self) -> Result<Vec<Found>, Cause> {
        Ok(endpoint::find().await?)
    }

    async fn ports(&self) -> Result<Vec<Port>, Cause> {
        let kernel = self.kernel.get_or_try_init(Kernel::open).await?;
        let host = kernel.observe().await?.spaces.remove(&Space::Host).unwrap_or_default();
        let ports = host.links.into_iter().filter(|(_, link)| link.owner == Owner::Attach);
        Ok(ports.map(|(name, link)| Port { name, bridge: link.master }).collect())
    }
}

fn look(path: &Path) -> io::Result<NetnsId> {
    let NetnsIdentity { device, inode } = NetnsIdentity::at(path)?;
    Ok(NetnsId { device, inode })
}
