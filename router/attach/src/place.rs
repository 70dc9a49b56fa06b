//! Where an interface goes, and what is refused before anything is done.

use crate::{Attach, Error, Leases, NetnsError, NetnsId, Plugs, Record, Request, records::Records};
use edge_config::Config;
use edge_host::netns;
use edge_net::IfName;
use std::path::{Path, PathBuf};

/// An interface of a network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path the namespace was given by.
    pub netns: PathBuf,
    /// Which namespace that path led to.
    pub id: NetnsId,
    /// What the interface is called inside.
    pub ifname: IfName,
}

impl<L: Leases, P: Plugs> Attach<L, P> {
    pub(crate) fn place(&self, records: &Records, config: &Config, request: &Request) -> Result<Place, Error> {
        let Request { netns, ifname, .. } = request.clone();
        let id = self.identify(&netns)?;
        self.refuse_router(config, &netns, id)?;
        let place = Place { netns, id, ifname };
        self.refuse_name(records, request, &place)?;
        self.refuse_ifname(records, request, &place)?;
        Ok(place)
    }

    pub(crate) fn is_there(&self, place: &Place) -> bool {
        self.plugs.identify(&place.netns) == Ok(place.id)
    }

    fn identify(&self, netns: &Path) -> Result<NetnsId, Error> {
        self.plugs.identify(netns).map_err(|why| Error::BadNetns { path: netns.to_owned(), why })
    }

    fn refuse_router(&self, config: &Config, netns: &Path, id: NetnsId) -> Result<(), Error> {
        let router = config.namespace.as_ref().map(netns::path);
        match router.map(|path| self.plugs.identify(&path)) {
            Some(Ok(router)) if router == id => Err(Error::BadNetns { path: netns.to_owned(), why: NetnsError::Router }),
            _ => Ok(()),
        }
    }

    /// The name is another's, who lives, or its own by another interface.
    fn refuse_name(&self, records: &Records, request: &Request, wanted: &Place) -> Result<(), Error> {
        let known = records.find(&request.network, &request.name).and_then(Record::plugged);
        let Some(known) = known.map(|known| &known.place) else { return Ok(()) };
        let is_taken = if known.id == wanted.id { known.ifname != wanted.ifname } else { self.is_there(known) };
        if !is_taken {
            return Ok(());
        }
        let (Request { name, network, .. }, Place { netns, ifname, .. }) = (request.clone(), known.clone());
        Err(Error::NameTaken { name, network, netns, ifname })
    }

    fn refuse_ifname(&self, records: &Records, request: &Request, wanted: &Place) -> Result<(), Error> {
        let is_other = |record: &Record| !record.is(&request.network, &request.name);
        let other = records
            .in_netns(wanted.id)
            .find(|(record, plugged)| plugged.place.ifname == wanted.ifname && is_other(record))
            .filter(|(_, plugged)| self.is_there(&plugged.place));
        let Some((Record { name, network, .. }, plugged)) = other else { return Ok(()) };
        let Place { netns, ifname, .. } = plugged.place.clone();
        Err(Error::IfNameTaken { ifname, netns, name: name.clone(), network: network.clone() })
    }
}
