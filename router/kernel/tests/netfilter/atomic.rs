use crate::{
    sample::{self, NAME, base, link},
    space::{in_namespace, listing, nft, run},
};
use edge_kernel::nft::{Nft, NftError};
use edge_plan::nft::{
    Chain, ChainKind, Expr, Hook, Key, NftVerdict, Rule, Table,
    build::{Source, accept, iifname, jump, rule, vmap},
};
use nix::errno::Errno;
use std::{
    net::UdpSocket,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

fn refused(wanted: &Table) -> edge_kernel::nft::Explained {
    let mut kernel = Nft::open().unwrap();
    sample::update(&mut kernel, &sample::table());
    let before = listing();
    let error = kernel.update(NAME, Some(&wanted.clone().into())).unwrap_err();
    assert_eq!(listing(), before);
    // The socket goes on working.
    assert_eq!(kernel.table(NAME).unwrap().as_deref(), Some(&sample::table()));
    match error {
        NftError::Refused(explained) => *explained,
        other => panic!("{other}"),
    }
}

#[test]
fn a_bad_rule_changes_nothing_and_is_named() {
    in_namespace(|| {
        let mut wanted = sample::table();
        wanted.chains[0].rules[2] = rule([iifname(&link("lan0")), vmap(&[Source::Iifname], "nowhere")]);
        let error = refused(&wanted);
        assert_eq!((error.part.as_str(), error.errno), ("chain forward, rule 3", Errno::ENOENT));
        assert!(matches!(error.expression, Some(Expr::Lookup { ref set, .. }) if set == "nowhere"), "{error:?}");
        let text = NftError::Refused(Box::new(error)).to_string();
        assert!(text.starts_with("nftables: the kernel refuses chain forward, rule 3, at Lookup"), "{text}");
    });
}

#[test]
fn bad_jumps_chains_sets_and_elements_are_named() {
    in_namespace(|| {
        let mut wanted = sample::table();
        wanted.chains[1].rules.push(rule([jump("nowhere")]));
        assert_eq!(refused(&wanted).part, "chain input, rule 7");

        let mut wanted = sample::table();
        wanted.chains[3].rules.clear();
        wanted.chains[3].name = "x".repeat(300);
        assert_eq!(refused(&wanted).part, format!("chain {}", "x".repeat(300)));

        let mut wanted = sample::table();
        wanted.sets[4].fields.clear();
        assert_eq!(refused(&wanted).part, "set addresses");

        let mut wanted = sample::table();
        wanted.sets[1].elements.insert(Key::from_elem(1, 16), Some(NftVerdict::Jump("nowhere".to_owned())));
        assert_eq!(refused(&wanted).part, "the elements of set sources");
    });
}

#[test]
fn what_is_too_long_is_an_error() {
    in_namespace(|| {
        let expressions = vec![Expr::Other { name: "meta".to_owned(), data: vec![0; 40_000] }; 2];
        let chain = Chain { name: "c".to_owned(), base: None, rules: vec![Rule { expressions, comment: None }] };
        let wanted = Table { name: NAME.to_owned(), chains: vec![chain], ..Table::default() };
        let error = Nft::open().unwrap().replace(NAME, Some(&wanted)).unwrap_err();
        assert!(error.to_string().contains("65,535"), "{error}");
    });
}

/// Somebody else changes the ruleset all the time; each replacement takes effect and each listing is of one moment.
#[test]
fn changes_by_others_in_between_are_taken() {
    static OVER: AtomicBool = AtomicBool::new(false);
    in_namespace(|| {
        let space = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
        let other = thread::spawn(move || {
            nix::sched::setns(space, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            while !OVER.load(Ordering::Relaxed) {
                nft("add table ip other\nadd chain ip other c");
                nft("delete table ip other");
            }
        });
        let mut kernel = Nft::open().unwrap();
        let mut smaller = sample::table();
        smaller.chains[0].rules.truncate(2);
        smaller.chains[0].rules.push(rule([accept()]));
        for turn in 0..200 {
            let wanted = if turn % 2 == 0 { sample::table() } else { smaller.clone() };
            kernel.update(NAME, Some(&wanted.clone().into())).unwrap();
            assert_eq!(kernel.table(NAME).unwrap().as_deref(), Some(&wanted));
        }
        OVER.store(true, Ordering::Relaxed);
        other.join().unwrap();
    });
}

/// Packets that no rule matches fly all the while: neither the old policy nor the new lets one through, nor any moment in between.
#[test]
fn nothing_slips_through_while_rules_are_replaced() {
    static OVER: AtomicBool = AtomicBool::new(false);
    in_namespace(|| {
        run("ip", "link set lo up", "");
        let mut kernel = Nft::open().unwrap();
        let policy = |networks| {
            let rules = (0..networks).map(|n| rule([iifname(&link(&format!("br-{n}"))), accept()])).collect();
            Table {
                name: NAME.to_owned(),
                chains: vec![base("input", ChainKind::Filter, Hook::Input, 0, true, rules)],
                ..Table::default()
            }
        };
        kernel.replace(NAME, Some(&policy(1))).unwrap();
        let (sender, receiver) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        receiver.set_nonblocking(true).unwrap();
        let goal = receiver.local_addr().unwrap();
        let flood = thread::spawn(move || {
            let mut sent = 0;
            while !OVER.load(Ordering::Relaxed) {
                sent += u32::from(sender.send_to(b"let me in", goal).is_ok());
            }
            sent
        });
        for turn in 0..500 {
            kernel.update(NAME, Some(&policy(100 + turn % 2).into())).unwrap();
        }
        OVER.store(true, Ordering::Relaxed);
        assert!(flood.join().unwrap() > 1000);
        assert!(receiver.recv(&mut [0; 16]).is_err());
    });
}
