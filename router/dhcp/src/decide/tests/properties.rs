use super::*;
use crate::{fuzz_packet, lease::State};
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a test has some hundred")]
enum Step {
    Message(Request),
    Claim(u8, Option<Ipv4Addr>),
    LetGo(u8),
    Reserve(u8, u8),
    Wait(Secs),
}

fn address() -> impl Strategy<Value = Option<Ipv4Addr>> {
    prop::option::of((0u8..12).prop_map(ip))
}

fn message() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(RequestKind::Discover),
        Just(RequestKind::Request),
        Just(RequestKind::Request),
        Just(RequestKind::Release),
        Just(RequestKind::Decline)
    ];
    let id = prop::option::of(prop::sample::select(vec![vec![0, 1], vec![0, 2], vec![1, 2, 0, 0, 0, 1, 5]]));
    let server = prop::option::of(prop::sample::select(vec![ip(3), ip(3), ip(9)]));
    (kind, 1u8..12, id, server, address(), address()).prop_map(|(kind, last, client_id, server_id, ciaddr, requested)| {
        let client_id = client_id.map(Into::into);
        Step::Message(Request { client_id, server_id, ciaddr, requested, ..request(kind, mac(last)) })
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => message(),
        2 => (0u8..6, address()).prop_map(|(name, address)| Step::Claim(name, address)),
        1 => (0u8..6).prop_map(Step::LetGo),
        1 => (1u8..12, 1u8..12).prop_map(|(host, last)| Step::Reserve(host, last)),
        2 => (1u64..2 * LEASE).prop_map(Step::Wait),
    ]
}

/// What was promised: who may use an address until when, kept apart from the table.
#[derive(Default)]
struct Promises(HashMap<Ipv4Addr, (Identity, Option<Mac>, Secs)>);

impl Promises {
    fn make(
        &mut self,
        address: Ipv4Addr,
        who: (Identity, Option<Mac>),
        known: bool,
        until: Secs,
        now: Secs,
    ) -> Result<(), TestCaseError> {
        let (identity, mac) = who;
        if let Some((other, other_mac, theirs)) = self.0.get(&address) {
            // A device whose MAC is reserved may change how it calls itself.
            let same = *other == identity || (known && mac == *other_mac);
            prop_assert!(same || *theirs <= now, "{address} is {other}'s until {theirs}, and {identity} gets it at {now}");
        }
        self.0.insert(address, (identity, mac, until));
        Ok(())
    }

    fn end(&mut self, address: Ipv4Addr) {
        self.0.remove(&address);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn no_two_ever_hold_one_address_and_the_reserved_stay_reserved(steps in prop::collection::vec(step(), 1..80)) {
        let mut office = Office::new(service());
        let mut promises = Promises::default();
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Wait(time) => now += time,
                Step::Reserve(address, last) => {
                    let mut changed = service();
                    let taken = changed.reservations.iter().any(|host| host.address == ip(address) || host.mac() == Some(mac(last)));
                    if !taken && address != 3 {
                        changed.reservations.push(host("late", Some(mac(last)), ip(address)));
                    }
                    office.reconfigure(changed);
                }
                Step::LetGo(name) => {
                    let identity = Identity::Container(format!("c{name}"));
                    if let Some(held) = office.table.of(&identity).cloned() {
                        promises.end(held.address);
                        let binding = crate::lease::Binding { state: State::Released { since: now }, ..held };
                        office.table.apply(crate::lease::Change::Bind(binding));
                    }
                }
                Step::Claim(name, wanted) => {
                    let name = format!("c{name}");
                    let before = office.table.of(&Identity::Container(name.clone())).map(|binding| binding.address);
                    if let Ok(address) = office.claim(&name, wanted, now) {
                        before.into_iter().for_each(|before| promises.end(before));
                        prop_assert!(office.scope.reserved_at(address).is_none_or(|host| host.name.as_str() == name));
                        prop_assert!(office.scope.has_host(address));
                        promises.make(address, (Identity::Container(name), None), false, Secs::MAX, now)?;
                    }
                }
                Step::Message(request) => match office.ask(&request, now) {
                    Decision::Ack { binding, lease, .. } => {
                        let reserved = office.scope.reserved_at(binding.address);
                        prop_assert!(reserved.is_none_or(|host| host.mac() == Some(request.mac)), "{} is reserved", binding.address);
                        prop_assert!(reserved.is_some() || office.scope.range().contains(&binding.address));
                        prop_assert!(office.scope.has_host(binding.address));
                        let State::Bound { until, logged, .. } = binding.state else { panic!("an ACK binds") };
                        prop_assert!(until > now + Secs::from(lease) && logged >= until);
                        // It leaves the address it had.
                        promises.0.retain(|address, (identity, _, _)| *identity != binding.identity || *address == binding.address);
                        let known = office.scope.of_mac(request.mac).is_some();
                        promises.make(binding.address, (binding.identity, Some(request.mac)), known, until, now)?;
                    }
                    Decision::Offer { address, identity, .. } => {
                        let theirs = promises.0.get(&address).is_none_or(|(owner, owner_mac, until)| {
                            *owner == identity || (office.scope.of_mac(request.mac).is_some() && *owner_mac == Some(request.mac)) || *until <= now
                        });
                        prop_assert!(theirs, "{address} is offered while it is somebody's");
                    }
                    Decision::Note(changes) => for change in changes {
                        match change {
                            crate::lease::Change::Bind(binding) => promises.end(binding.address),
                            crate::lease::Change::Quarantine { address, .. } => promises.end(address),
                            crate::lease::Change::Forget { .. } => {}
                        }
                    },
                    _ => {}
                },
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz_packet(service(), &bytes);
    }

    #[test]
    fn any_options_are_survived(options in prop::collection::vec(any::<u8>(), 0..400), kind in 1u8..9) {
        let mut bytes = vec![0; 236];
        bytes[..3].copy_from_slice(&[1, 1, 6]);
        bytes[28] = 2;
        bytes.extend([99, 130, 83, 99, 53, 1, kind]);
        bytes.extend(&options);
        fuzz_packet(service(), &bytes);
    }
}
