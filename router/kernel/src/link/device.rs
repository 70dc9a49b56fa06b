use super::{LinkBehaviour, NewLink};
use crate::{Error, space::Spaces};
use edge_plan::Space;
use netlink_packet_route::link::LinkMessage;

pub(super) struct Device;

impl LinkBehaviour for Device {
    fn create(&self, _spaces: &mut Spaces, NewLink { at, name, .. }: &NewLink) -> Result<(Space, LinkMessage), Error> {
        let why =
            format!("{name} in space {at} is a device and cannot be made; plug it in, or correct its name in the configuration");
        Err(Error::Refused { why })
    }
}
