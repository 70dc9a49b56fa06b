//! Settings that something else on the machine writes too. Each is put back a few times; then it is left to whoever is stronger, and told:
//! two that write the same for ever help nobody. Pure.

use edge_api::{Change, Problem};
use edge_net::IfName;
use edge_plan::{Op, Space, Sysctl};
use std::collections::BTreeMap;

/// So many times within the time below.
const MOST: usize = 3;
const WITHIN_MS: u64 = 60 * 60 * 1000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Setting {
    Sysctl(Space, Sysctl),
    /// What a link is set to.
    Link(Space, IfName),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fight {
    /// When it was put back, within the last hour (`CLOCK_BOOTTIME`).
    put_back: Vec<u64>,
    lost: bool,
}

/// Settings that were put back, until somebody applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fights(BTreeMap<Setting, Fight>);

impl Fights {
    /// `ops` mended what had changed in the kernel.
    pub(crate) fn put_back(&mut self, ops: &[Op], now_ms: u64) {
        // The kernel switches every link with it.
        let forwards = |op: &Op| matches!(op, Op::SetSysctl { sysctl: Sysctl::IpForward, .. });
        let switched = ops.iter().any(forwards);
        for setting in ops.iter().filter_map(setting).filter(|setting| !(switched && matches!(setting, Setting::Link(..)))) {
            let fight = self.0.entry(setting).or_default();
            fight.put_back.retain(|at| now_ms.saturating_sub(*at) < WITHIN_MS);
            fight.put_back.push(now_ms);
            fight.lost |= fight.put_back.len() >= MOST;
        }
    }

    /// It is not written any more.
    pub fn is_lost(&self, op: &Op) -> bool {
        setting(op).and_then(|setting| self.0.get(&setting)).is_some_and(|fight| fight.lost)
    }

    /// `ops`: what would bring the kernel to what is configured.
    pub fn problem(&self, ops: &[Op]) -> Option<Problem> {
        let name = |op: &Op| {
            let Change { space, object, detail, .. } = edge_report::change(op);
            format!("{object} in {space} ({})", detail.unwrap_or_default())
        };
        let lost: Vec<String> = ops.iter().filter(|op| self.is_lost(op)).map(name).collect();
        let why = format!(
            "{}: put back {MOST} times within an hour, and left so now; find what writes it (sysctl.d, NetworkManager, another router?), then \
             routerctl apply",
            edge_report::bounded(&lost)
        );
        let what = "something else on this machine keeps changing settings that the networks rely on".to_owned();
        (!lost.is_empty()).then_some(Problem { what, why: Some(why) })
    }
}

/// The setting that an operation changes, and nothing besides.
fn setting(op: &Op) -> Option<Setting> {
    match op {
        Op::SetSysctl { space, sysctl, .. } => Some(Setting::Sysctl(space.clone(), *sysctl)),
        Op::ChangeLink { space, name, from, to } if from.is_only_set_otherwise(to) => Some(Setting::Link(space.clone(), *name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use edge_plan::{Link, LinkConf, LinkKind, Loosening, Owner, RpFilter};

    const MINUTE: u64 = 60_000;

    fn loosened(loosening: Loosening) -> Op {
        Op::SetSysctl { space: Space::Host, sysctl: Sysctl::All(loosening), from: true, to: false }
    }

    fn unset(owner: Owner) -> Op {
        let conf = Some(LinkConf { rp_filter: RpFilter::Strict, forwarding: true });
        let to = Link { kind: LinkKind::Device, owner: Owner::Lent, master: None, up: true, mac: None, conf };
        Op::ChangeLink { space: Space::Host, name: "eth0".parse().unwrap(), from: Link { conf: None, owner, ..to.clone() }, to }
    }

    #[test]
    fn a_setting_is_lost_after_three_times_in_an_hour_and_no_other_with_it() {
        let (fought, other) = (loosened(Loosening::RpFilter), loosened(Loosening::ArpIgnore));
        let mut fights = Fights::default();
        for minute in [0, 29, 61, 92] {
            fights.put_back(std::slice::from_ref(&fought), minute * MINUTE);
            assert!(!fights.is_lost(&fought), "twice within an hour, at {minute}");
        }
        fights.put_back(&[fought.clone(), other.clone()], 100 * MINUTE);
        assert!(fights.is_lost(&fought) && !fights.is_lost(&other));
        assert!(fights.problem(std::slice::from_ref(&other)).is_none(), "nothing is otherwise than it should be");
        let told = fights.problem(&[other, fought]).unwrap().why.unwrap();
        assert!(told.contains("net.ipv4.conf.all.rp_filter in host") && !told.contains("arp_ignore"), "{told}");
    }

    #[test]
    fn a_card_that_comes_and_goes_and_what_the_kernel_switches_itself_are_no_fights() {
        let forwarding = Op::SetSysctl { space: Space::Host, sysctl: Sysctl::IpForward, from: false, to: true };
        let mut fights = Fights::default();
        for _ in 0..9 {
            fights.put_back(&[unset(Owner::Foreign)], 0);
            fights.put_back(&[forwarding.clone(), unset(Owner::Lent)], 0);
        }
        assert!(!fights.is_lost(&unset(Owner::Foreign)) && !fights.is_lost(&unset(Owner::Lent)) && fights.is_lost(&forwarding));
        (0..3).for_each(|_| fights.put_back(&[unset(Owner::Lent)], 0));
        assert!(fights.is_lost(&unset(Owner::Lent)));
    }
}
