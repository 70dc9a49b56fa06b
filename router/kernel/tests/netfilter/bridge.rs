//! The table on the bridges, as the plan wants it.

use crate::space::{in_namespace, listing};
use edge_kernel::nft::Nft;
use edge_plan::{
    Facts, Space, TABLE, desired,
    nft::{Family, Table},
};
use std::sync::Arc;

const CONFIG: &str = r#"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"

[[host]]
name = "printer"
network = "cabin"
mac = "02:00:00:00:01:06"
address = "10.0.1.6"
"#;

fn tables() -> [Arc<Table>; 2] {
    let config = edge_config::parse("bridge.toml", CONFIG).unwrap();
    let host = &desired(&config, &Facts::default()).spaces[&Space::Host];
    Family::ALL.map(|family| host.table_of(family).clone().unwrap())
}

#[test]
fn a_table_of_each_family_stands_beside_the_other() {
    in_namespace(|| {
        let mut kernels = Family::ALL.map(|family| Nft::open_in(family).unwrap());
        for (kernel, wanted) in kernels.iter_mut().zip(tables()) {
            kernel.update(TABLE, Some(&wanted)).unwrap();
        }
        for (kernel, wanted) in kernels.iter_mut().zip(tables()) {
            assert_eq!(kernel.table(TABLE).unwrap(), Some(wanted));
        }
        let listed = listing();
        for line in [
            "iifgroup @ports goto claim",
            "arp saddr ip . arp saddr ether @owned return",
            "update @claimants { iifname . ether saddr . arp saddr ip counter }",
            "elements = { 10.0.1.1, 10.0.1.6 }",
            "10.0.1.6 . 02:00:00:00:01:06",
        ] {
            assert!(listed.contains(line), "{line}: {listed}");
        }
        kernels[1].update(TABLE, None).unwrap();
        assert_eq!(kernels[1].table(TABLE).unwrap(), None);
        assert!(kernels[0].table(TABLE).unwrap().is_some());
    });
}
