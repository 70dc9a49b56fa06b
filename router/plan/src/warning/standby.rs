//! What only an uplink carries that stands back while the preferred one is well: answers leave by the default route.

use super::pair::{Line, Pairs};
use edge_config::{Config, Spot, Uplink, UplinkAddress, Warning};
use edge_net::Name;

/// Nothing is said of an uplink where the preferred one may carry the same.
pub fn warnings(config: &Config) -> Vec<Warning> {
    let Some(preferred) = config.uplinks.iter().filter(|uplink| leads_further(uplink)).min_by_key(|uplink| uplink.metric) else {
        return Vec::new();
    };
    let standby = Standby { config, preferred: &preferred.name };
    [standby.allows(), standby.forwards(), standby.ssh()].concat()
}

/// Whether it has a default route; else it leads to its own subnet, whichever uplink is in use.
pub fn leads_further(uplink: &Uplink) -> bool {
    uplink.address == UplinkAddress::Dhcp || uplink.gateway.is_some()
}

struct Standby<'a> {
    config: &'a Config,
    preferred: &'a Name,
}

impl<'a> Standby<'a> {
    fn allows(&self) -> Vec<Warning> {
        let pairs = Pairs::of(self.config, self.preferred);
        let lines = self.config.allows.iter().enumerate();
        let warning = |(nth, line): (usize, Line<'a>)| {
            let (name, preferred, other) = (self.standing_back(line.uplink)?, self.preferred, line.other);
            let message = format!(
                "between `{other}` and `{name}` this works only while `{name}` is in use: `{preferred}` comes before it, and no \
                 line allows the same there",
            );
            let at = Spot::nth_of("allow", nth).key(line.end.key());
            (!pairs.carries(&line)).then(|| self.warning(at, message, name, "allow it"))
        };
        lines.filter_map(|(nth, allow)| Some((nth, pairs.line(allow)?))).filter_map(warning).collect()
    }

    fn forwards(&self) -> Vec<Warning> {
        let lines = self.config.forwards.iter().enumerate();
        let warning = |(nth, forward): (usize, &'a edge_config::Forward)| {
            let name = self.standing_back(&forward.uplink)?;
            let by_preferred = self.config.forwards.iter().filter(|other| other.uplink == *self.preferred);
            let mut the_same = by_preferred.filter(|other| (other.to, other.protocol) == (forward.to, forward.protocol));
            let message = format!(
                "this port is answered only while `{name}` is in use: `{}` comes before it, and answers leave by the one in use",
                self.preferred
            );
            let at = Spot::nth_of("forward", nth).key("uplink");
            let is_alone = !the_same.any(|other| other.to_port.overlaps(&forward.to_port));
            is_alone.then(|| self.warning(at, message, name, "forward it"))
        };
        lines.filter_map(warning).collect()
    }

    fn ssh(&self) -> Vec<Warning> {
        let from = &self.config.system.ssh_from;
        let lines = from.iter().enumerate().filter(|_| !from.contains(self.preferred));
        let warning = |(nth, name): (usize, &'a Name)| {
            let name = self.standing_back(name)?;
            let message = format!(
                "ssh from beyond `{name}` is answered only while it is in use: `{}` comes before it, and answers leave by the one \
                 in use",
                self.preferred
            );
            Some(self.warning(Spot::default().key("system").key("ssh-from").nth(nth), message, name, "allow it"))
        };
        lines.filter_map(warning).collect()
    }

    fn warning(&self, at: Spot, message: String, name: &Name, mend: &str) -> Warning {
        let preferred = self.preferred;
        let help = format!(
            "{mend} by `{preferred}` too, or give `{name}` the lower `metric`; what is in the subnet of `{name}` itself is reached \
             at any time"
        );
        let place = self.config.uplinks.iter().position(|uplink| uplink.name == *preferred).unwrap_or_default();
        let its_name = Spot::nth_of("uplink", place).key("name");
        Warning::new(at, message, help).related(its_name, "this one is preferred, while it is well")
    }

    /// The uplink, if it carries something only while the preferred one does not.
    fn standing_back(&self, name: &'a Name) -> Option<&'a Name> {
        let uplink = self.config.uplink(name)?;
        (uplink.name != *self.preferred && leads_further(uplink)).then_some(name)
    }
}
