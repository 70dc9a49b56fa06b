use crate::{
    sample::{NAME, read},
    space::in_namespace,
};
use edge_kernel::nft::Nft;
use edge_plan::nft::{
    BaseChain, Chain, ChainKind, Ct, Dynamic, Expr, Field, Hook, Key, Meta, NftVerdict, PayloadBase, Rule, Set, Stateful, Table,
};
use proptest::{collection, option, prelude::*, sample::select, test_runner::TestRunner};
use std::time::Duration;

/// A value of so many bytes in a register, as something of a packet.
fn load() -> impl Strategy<Value = (Vec<Expr>, u8, usize)> {
    let meta = select(vec![(Meta::Iifname, 16), (Meta::Oifname, 16), (Meta::Nfproto, 1), (Meta::L4proto, 1)]);
    let ct = select(vec![Ct::State, Ct::Status]);
    let payload = (select(vec![PayloadBase::Network, PayloadBase::Transport]), 0..60u32, 1..=16u32);
    prop_oneof![
        (meta, slot(16)).prop_map(|((key, size), register)| (Expr::Meta { key, register }, register, size)),
        (ct, slot(4)).prop_map(|(key, register)| (Expr::Ct { key, register }, register, 4)),
        (payload, slot(16)).prop_map(|((base, offset, length), register)| (
            Expr::Payload { base, offset, length, register },
            register,
            length as usize
        )),
    ]
    .prop_flat_map(|(load, register, size)| {
        let value = collection::vec(any::<u8>(), size);
        option::of((value.clone(), value)).prop_map(move |masks| {
            let mask = masks.map(|(mask, xor)| Expr::Bitwise { register, mask: mask.into(), xor: xor.into() });
            ([load.clone()].into_iter().chain(mask).collect(), register, size)
        })
    })
}

/// Of the 16 slots, one after which `size` bytes fit.
fn slot(size: u8) -> impl Strategy<Value = u8> {
    0..=(16 - size / 4)
}

fn comparison() -> impl Strategy<Value = Vec<Expr>> {
    load().prop_flat_map(|(loads, register, size)| {
        let value = collection::vec(any::<u8>(), size);
        prop_oneof![
            (any::<bool>(), value.clone()).prop_map(move |(equal, data)| Expr::Cmp { register, equal, data: data.into() }),
            (value.clone(), value).prop_map(move |(a, b)| Expr::Range {
                register,
                from: a.clone().min(b.clone()).into(),
                to: a.max(b).into()
            }),
        ]
        .prop_map(move |compare| [loads.clone(), vec![compare]].concat())
    })
}

fn lookup() -> impl Strategy<Value = Vec<Expr>> {
    (0..=12u8, any::<bool>()).prop_map(|(register, verdict)| {
        let load = Expr::Payload { base: PayloadBase::Network, offset: 12, length: 4, register };
        let set = if verdict { "map" } else { "set" }.to_owned();
        vec![load, Expr::Lookup { register, set, verdict }]
    })
}

fn dynset() -> impl Strategy<Value = Vec<Expr>> {
    let with = option::of(prop_oneof![Just(Stateful::Counter), any::<u32>().prop_map(Stateful::FlowsOver)]);
    (0..=15u8, 1..1000u32, any::<bool>(), any::<bool>(), with).prop_map(|(register, modulus, renew, timed, with)| {
        // The kernel counts flows only for elements that stay as long as these.
        let timed = timed && !matches!(with, Some(Stateful::FlowsOver(_)));
        let set = if timed { "timed" } else { "dynamic" }.to_owned();
        vec![Expr::Numgen { register, modulus }, Expr::Dynset { set, register, renew, with }]
    })
}

fn dynamic() -> impl Strategy<Value = [Set; 2]> {
    (1..100_000u32, 1..100_000u64).prop_map(|(size, seconds)| {
        [("dynamic", None), ("timed", Some(Duration::from_secs(seconds)))].map(|(name, timeout)| Set {
            name: name.to_owned(),
            fields: vec![Field::Mark],
            verdicts: false,
            elements: Default::default(),
            dynamic: Some(Dynamic { size, timeout }),
        })
    })
}

fn verdict() -> impl Strategy<Value = NftVerdict> {
    let to = "target".to_owned();
    select(vec![NftVerdict::Accept, NftVerdict::Drop, NftVerdict::Return, NftVerdict::Jump(to.clone()), NftVerdict::Goto(to)])
}

fn dnat() -> impl Strategy<Value = Vec<Expr>> {
    (any::<[u8; 4]>(), any::<u16>(), any::<u16>()).prop_map(|(address, a, b)| {
        let immediate = |register, data: &[u8]| Expr::Immediate { register, data: data.into() };
        let port_max = if a == b { 1 } else { 2 };
        vec![
            immediate(0, &address),
            immediate(1, &a.min(b).to_be_bytes()),
            immediate(port_max, &a.max(b).to_be_bytes()),
            Expr::Dnat { address: 0, port_min: 1, port_max },
        ]
    })
}

fn rule(end: impl Strategy<Value = Vec<Expr>>) -> impl Strategy<Value = Rule> {
    let piece = prop_oneof![4 => comparison(), 1 => lookup(), 1 => dynset(), 1 => Just(vec![Expr::Counter])];
    (collection::vec(piece, 0..5), end, option::of("[ -~&&[^\"]]{0,128}")).prop_map(|(mut pieces, end, comment)| {
        pieces.push(end);
        Rule { expressions: pieces.concat(), comment: comment.map(Into::into) }
    })
}

fn table() -> impl Strategy<Value = Table> {
    let hook = select(vec![Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting]);
    let key = collection::vec(any::<u8>(), 4).prop_map(Key::from_vec);
    let sets = (
        collection::btree_map(key.clone(), Just(None), 0..50),
        collection::btree_map(key, verdict().prop_map(Some), 0..50),
        dynamic(),
    );
    let filter = collection::vec(rule(verdict().prop_map(|verdict| vec![Expr::Verdict(verdict)])), 0..20);
    let nat = collection::vec(rule(dnat()), 0..5);
    // Mostly the same: a chain that hangs elsewhere or another comment takes a table made anew.
    let base = (prop_oneof![5 => Just(Hook::Forward), 1 => hook], prop_oneof![5 => Just(0), 1 => any::<i32>()], any::<bool>());
    (prop_oneof![5 => Just(None), 1 => option::of("[a-z ]{1,200}")], sets, base, filter, nat).prop_map(
        |(comment, (plain, map, [dynamic, timed]), (hook, priority, drop), filter, nat)| {
            let set = |name: &str, elements, verdicts| Set {
                name: name.to_owned(),
                fields: vec![Field::Ipv4],
                verdicts,
                elements,
                dynamic: None,
            };
            let chain = |name: &str, base, rules| Chain { name: name.to_owned(), base, rules };
            let filter_base = BaseChain { kind: ChainKind::Filter, hook, priority, drop };
            let nat_base = BaseChain { kind: ChainKind::Nat, hook: Hook::Prerouting, priority: -100, drop: false };
            let chains = vec![
                chain("target", None, vec![]),
                chain("filter", Some(filter_base), filter),
                chain("nat", Some(nat_base), nat),
            ];
            let sets = vec![set("set", plain, false), set("map", map, true), dynamic, timed];
            Table { name: NAME.to_owned(), comment, chains, sets, foreign: Vec::new() }
        },
    )
}

#[test]
fn whatever_is_written_is_read_back() {
    in_namespace(|| {
        let kernel = std::cell::RefCell::new(Nft::open().unwrap());
        let mut runner = TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
        runner
            .run(&table(), |wanted| {
                let mut kernel = kernel.borrow_mut();
                kernel.update(NAME, Some(&wanted.clone().into())).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert!(kernel.table(NAME).unwrap().as_deref() == Some(&wanted));
                prop_assert_eq!(read(), Some(wanted));
                Ok(())
            })
            .unwrap();
    });
}
