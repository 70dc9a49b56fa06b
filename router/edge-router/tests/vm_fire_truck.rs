//! The article's fire truck on a real kernel: from the file to 28 pings, in a namespace of the router's and on the host.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::Result;
use edge_lab::{Client, Table, same};
use std::{collections::BTreeMap, net::Ipv4Addr};
use truck::{FIRE_TRUCK, TABLE, Truck, fire_truck_on_the_host};

fn twenty_eight_pings(config: &str) -> Result<()> {
    let mut truck = Truck::wired(&[1, 2])?;
    let (device1, device2) = (truck.lab.host("device1")?, truck.lab.host("device2")?);
    truck.switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
    truck.switch.access(2, &device2, "eth0", "02:00:00:00:02:05")?;
    truck.start(config)?;

    let lease = device1.dhcp(Client::Udhcpc, "eth0")?;
    same(lease.address, Ipv4Addr::new(10, 0, 1, 5))?;
    same(lease.router, Some(Ipv4Addr::new(10, 0, 1, 3)))?;
    same(lease.seconds, 12 * 3600)?;
    same(device2.dhcp(Client::Dhclient, "eth0")?.address, Ipv4Addr::new(10, 0, 2, 5))?;
    let container1 = truck.attached("container1", "vehicle")?;
    let container2 = truck.attached("container2", "equipment")?;

    let router = truck.router()?;
    let at = |host: &edge_lab::Host, address: [u8; 4]| (host.clone(), Ipv4Addr::from(address));
    let places = BTreeMap::from([
        ("device1", at(&device1, [10, 0, 1, 5])),
        ("device2", at(&device2, [10, 0, 2, 5])),
        ("container1", at(&container1, [10, 0, 1, 4])),
        ("container2", at(&container2, [10, 0, 2, 4])),
        ("router", at(&router, [10, 0, 1, 3])),
        ("10.0.1.3", at(&router, [10, 0, 1, 3])),
        ("10.0.2.3", at(&router, [10, 0, 2, 3])),
        ("8.8.8.8", at(&truck.internet, [8, 8, 8, 8])),
    ]);
    let report = Table::parse(TABLE)?.run(&places)?;
    println!("{report}");
    println!("{}", truck.ctl(&["status"])?);
    same(report.rows.len(), 28)?;
    report.check()
}

#[test]
fn with_the_router_in_its_own_namespace() {
    twenty_eight_pings(FIRE_TRUCK).unwrap();
}

#[test]
fn with_the_host_as_the_router() {
    twenty_eight_pings(&fire_truck_on_the_host()).unwrap();
}

#[test]
fn with_containers_as_macvlan_and_ipvlan() {
    for attach in ["macvlan", "ipvlan-l2"] {
        for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
            let config = config.replace("[[network]]", &format!("[[network]]\nattach = \"{attach}\""));
            twenty_eight_pings(&config).unwrap();
        }
    }
}

#[test]
fn with_the_uplink_as_macvlan_and_direct() {
    for link in ["macvlan", "direct"] {
        for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
            twenty_eight_pings(&config.replace("\"ipvlan-l2\"", &format!("\"{link}\""))).unwrap();
        }
    }
}
