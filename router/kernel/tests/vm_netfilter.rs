//! What of nf_tables needs the lab kernel: flowtables. A missing module is a failure, not a skip.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::in_a_box;
use edge_kernel::nft::Nft;
use edge_plan::nft::{
    BaseChain, Chain, ChainKind, Hook, Table,
    build::{accept, rule},
};
use std::process::Command;

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
