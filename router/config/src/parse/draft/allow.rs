use super::host::HostDraft;
use crate::{
    Allow, Endpoint,
    mistake::Mistakes,
    parse::{
        names::{NameKind, Names},
        port::Ports,
        table::Table,
    },
    span::At,
};
use edge_net::{Name, Protocol};

pub struct AllowDraft {
    from: Option<At<Name>>,
    to: Option<At<Name>>,
    protocol: Option<At<Protocol>>,
    ports: Option<At<Ports>>,
}

impl AllowDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let draft = Self {
            from: table.need("from", "\"vehicle\"", mistakes),
            to: table.need("to", "\"wan\"", mistakes),
            protocol: table.take("protocol", mistakes),
            ports: table.take("ports", mistakes),
        };
        if let Some(ports) = &draft.ports {
            match &draft.protocol {
                Some(At { value: Protocol::Icmp, span }) => {
                    mistakes
                        .add(ports.span, "icmp has no ports")
                        .related(*span, "the protocol")
                        .help("remove `ports`, or write protocol = \"tcp\" or \"udp\"");
                }
                None if !table.has("protocol") => {
                    let help = "add protocol = \"tcp\" or protocol = \"udp\"";
                    mistakes.add(ports.span, "ports of which protocol?").help(help).absence();
                }
                _ => {}
            }
        }
        table.finish(mistakes);
        draft
    }

    pub fn resolve(self, names: &Names, hosts: &[HostDraft], mistakes: &mut Mistakes) -> Option<Allow> {
        let from = self.from.as_ref().and_then(|name| names.endpoint(name, mistakes));
        let to = self.to.as_ref().and_then(|name| names.endpoint(name, mistakes));
        let ((from_kind, from), (to_kind, to)) = (from?, to?);
        self.check_crossing((from_kind, &from), (to_kind, &to), hosts, mistakes);
        Some(Allow {
            from,
            to,
            protocol: self.protocol.map(|protocol| protocol.value),
            ports: self.ports.map(|ports| ports.value.0).unwrap_or_default(),
        })
    }

    /// A line between two ends of one network would say nothing, and look as if it did.
    fn check_crossing(
        &self,
        from: (NameKind, &Endpoint),
        to: (NameKind, &Endpoint),
        hosts: &[HostDraft],
        mistakes: &mut Mistakes,
    ) {
        let (Some(first), Some(second)) = (&self.from, &self.to) else { return };
        let home = |(kind, endpoint): (NameKind, &'_ Endpoint)| match (kind, endpoint) {
            (NameKind::Host(place), _) => hosts[place].network.as_ref().map(|network| network.value.clone()),
            (_, Endpoint::Network(name)) => Some(name.clone()),
            _ => None,
        };
        let message = match (home(from), home(to)) {
            _ if first.value == second.value => format!("nothing to allow from `{0}` to `{0}`", first.value),
            (Some(from), Some(to)) if from == to => format!("nothing to allow: both ends are in `{from}`"),
            _ => return,
        };
        mistakes
            .add(second.span, message)
            .related(first.span, "from here")
            .help("remove this [[allow]]: the nodes of a network reach each other always");
    }
}
