//! What of nf_tables needs the lab kernel: flowtables. A missing module is a failure, not a skip.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use edge_kernel::nft::{FastPath, Nft};
use edge_lab::in_a_box;
use edge_plan::nft::{
    BaseChain, Chain, ChainKind, Hook, Table,
    build::{accept, rule},
};
use std::{collections::BTreeSet, process::Command};

const NAME: &str = "edge-test";

fn table() -> Table {
    let base = BaseChain { kind: ChainKind::Filter, hook: Hook::Forward, priority: 0, drop: true };
    let forward = Chain { name: "forward".to_owned(), base: Some(base), rules: vec![rule([accept()])] };
    Table { name: NAME.to_owned(), chains: vec![forward], ..Table::default() }
}

#[test]
fn a_flowtable_by_hand_is_seen() {
    in_a_box(async || {
        let mut kernel = Nft::open().unwrap();
        kernel.replace(NAME, Some(&table())).unwrap();
        let flowtable = "add flowtable inet edge-test more { hook ingress priority 0; devices = { lo }; }";
        let made = Command::new("nft").arg(flowtable).output().expect("nft (nftables) is needed by the tests");
        assert!(made.status.success(), "nft: {}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(kernel.table(NAME).unwrap().unwrap().foreign, ["flowtable more"]);
        kernel.replace(NAME, Some(&table())).unwrap();
        assert_eq!(kernel.table(NAME).unwrap().as_deref(), Some(&table()));
    });
}

fn run(program: &str, line: &str) -> String {
    let output =
        Command::new(program).args(line.split(' ')).output().expect("ip (iproute2) and nft (nftables) are needed by the tests");
    assert!(output.status.success(), "{program} {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn bridges(numbers: std::ops::Range<usize>) -> BTreeSet<edge_net::IfName> {
    numbers.map(|number| format!("br{number}").parse().unwrap()).collect()
}

#[test]
fn links_come_into_the_flowtable_and_leave_it() {
    in_a_box(async || {
        // More than one message holds, and more than a page.
        let made = Command::new("sh").args(["-ec", "seq -f 'link add br%.0f type bridge' 0 299 | ip -batch -"]).status().unwrap();
        assert!(made.success(), "300 bridges");
        let mut kernel = FastPath::open().unwrap().expect("the lab kernel has flowtables");
        assert_eq!(
            (kernel.links().unwrap(), run("nft", "list ruleset")),
            (BTreeSet::new(), String::new()),
            "asking leaves nothing"
        );
        kernel.bind(&bridges(0..300)).unwrap();
        assert_eq!(kernel.links().unwrap(), bridges(0..300));
        kernel.bind(&bridges(2..5)).unwrap();
        assert_eq!(kernel.links().unwrap(), bridges(2..5));
        assert_eq!(run("nft", "list ruleset"), include_str!("netfilter/fast_path.nft"));

        run("ip", "link delete br3");
        assert_eq!(kernel.links().unwrap(), bridges(2..3).union(&bridges(4..5)).cloned().collect());
        run("ip", "link add br3 type bridge");
        kernel.bind(&bridges(2..5)).unwrap();
        assert_eq!(kernel.links().unwrap(), bridges(2..5), "a link that went and came again");
        assert!(kernel.bind(&bridges(299..301)).is_err(), "a link that is not there");
        assert_eq!(kernel.links().unwrap(), bridges(2..5), "a refused change leaves everything");

        run("nft", "flush chain inet edge-router-fast hasten");
        assert_eq!(kernel.links().unwrap(), BTreeSet::new(), "bound for nothing");
        kernel.bind(&bridges(2..5)).unwrap();
        assert_eq!(run("nft", "list ruleset"), include_str!("netfilter/fast_path.nft"));
        kernel.bind(&BTreeSet::new()).unwrap();
        assert_eq!(run("nft", "list ruleset"), "");
    });
}
