//! The API as a front of the attach core: its words to the core's, and back.

use edge_api::{AttachRequest, Attached, DetachRequest, Detached, Failure, FailureKind};
use edge_attach::{Attach, DetachTarget, Error, Plugged, Record, Request};
use edge_config::Config;
use edge_dhcp::ClaimError;

pub async fn attach(core: &Attach, config: &Config, request: AttachRequest) -> Result<Attached, Failure> {
    let AttachRequest { netns, name, network, ifname } = request;
    let request = Request::parse(&netns, &name, &network, &ifname).map_err(failure)?;
    let record = core.attach(config, &request).await.map_err(failure)?;
    attached(&record).ok_or_else(|| Failure::new(FailureKind::Internal, format!("{name} is not plugged in")))
}

pub async fn detach(core: &Attach, request: DetachRequest) -> Result<Detached, Failure> {
    let whom = match request {
        // Nobody can have been attached by what is no name.
        DetachRequest::Name(name) => match name.parse() {
            Ok(name) => DetachTarget::Name(name),
            Err(_) => return Ok(Detached::default()),
        },
        DetachRequest::Netns(path) => DetachTarget::in_netns(&path).map_err(failure)?,
    };
    let detached = core.detach(&whom).await.map_err(failure)?;
    Ok(Detached { detached: detached.iter().filter_map(attached).collect() })
}

/// None of one that is only reserved: no namespace has it.
fn attached(record: &Record) -> Option<Attached> {
    let Plugged { place, gateway, mac, .. } = record.plugged()?;
    Some(Attached {
        netns: place.netns.display().to_string(),
        name: record.name.to_string(),
        network: record.network.to_string(),
        ifname: place.ifname.to_string(),
        address: record.address.to_string(),
        gateway: *gateway,
        mac: mac.to_string(),
    })
}

/// What the core's error is to whoever asked.
pub fn failure(error: Error) -> Failure {
    let kind = match &error {
        Error::BadName(_) | Error::BadIfName { .. } | Error::BadNetns { .. } => FailureKind::Invalid,
        Error::NoNetwork { .. } | Error::Claim(ClaimError::NoNetwork(_)) => FailureKind::NotFound,
        Error::NameTaken { .. } | Error::IfNameTaken { .. } | Error::Full(_) | Error::Unfit { .. } => FailureKind::Conflict,
        Error::Claim(ClaimError::NotDurable(_)) => FailureKind::Internal,
        Error::Claim(_) => FailureKind::Conflict,
        Error::Plug { .. } | Error::Unplug { .. } | Error::HalfDetached { .. } => FailureKind::Internal,
        Error::List(_) | Error::Journal(_) => FailureKind::Internal,
    };
    Failure::from_error(kind, &error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helper functions too")]
mod tests {
    use super::*;
    use edge_attach::{NetnsError, NetnsId, Place, State};
    use edge_net::{AttachKind, Interface};

    fn record(state: State) -> Record {
        Record {
            network: "vehicle".parse().unwrap(),
            name: "c1".parse().unwrap(),
            address: Interface::new("10.0.1.4/24".parse().unwrap()).unwrap(),
            state,
        }
    }

    #[test]
    fn an_attachment_reads_as_the_api_says() {
        let place = Place { netns: "/run/netns/c1".into(), id: NetnsId { device: 4, inode: 1 }, ifname: "eth0".parse().unwrap() };
        let (gateway, mac) = ("10.0.1.3".parse().unwrap(), "02:00:00:00:00:01".parse().unwrap());
        let plugged = State::Plugged(Plugged { place, kind: AttachKind::Bridge, gateway, mac });
        let told = attached(&record(plugged)).unwrap();
        assert_eq!((told.netns.as_str(), told.ifname.as_str()), ("/run/netns/c1", "eth0"));
        assert_eq!((told.name.as_str(), told.network.as_str()), ("c1", "vehicle"));
        assert_eq!((told.address.as_str(), told.gateway, told.mac.as_str()), ("10.0.1.4/24", gateway, "02:00:00:00:00:01"));
        assert_eq!(attached(&record(State::Reserved { mac: Some(mac) })), None, "nothing is plugged in yet");
    }

    #[test]
    fn each_error_is_the_callers_or_the_machines() {
        let (name, network) = (|| "c1".parse().unwrap(), || "vehicle".parse().unwrap());
        let (netns, ifname) = (|| "/run/netns/c1".into(), || "eth0".parse().unwrap());
        for (error, kind, detail) in [
            (Error::BadNetns { path: netns(), why: NetnsError::Missing }, FailureKind::Invalid, 0),
            (Error::BadNetns { path: netns(), why: NetnsError::OtherFile }, FailureKind::Invalid, 0),
            (Error::BadNetns { path: netns(), why: NetnsError::Host }, FailureKind::Invalid, 0),
            (Error::NoNetwork { name: "nowhere".into(), there: vec![network()] }, FailureKind::NotFound, 0),
            (Error::NameTaken { name: name(), network: network(), netns: netns(), ifname: ifname() }, FailureKind::Conflict, 0),
            (Error::IfNameTaken { name: name(), network: network(), netns: netns(), ifname: ifname() }, FailureKind::Conflict, 0),
            (Error::Claim(ClaimError::Exhausted { network: network() }), FailureKind::Conflict, 0),
            (Error::Claim(ClaimError::NotDurable("no room".into())), FailureKind::Internal, 0),
            (Error::Plug { name: name(), network: network(), source: "File exists".into() }, FailureKind::Internal, 1),
        ] {
            let text = error.to_string();
            let failure = failure(error);
            assert_eq!((failure.kind, failure.body.detail.len()), (kind, detail), "{text}");
            assert_eq!(failure.body.error, text);
        }
    }
}
