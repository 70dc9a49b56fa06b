//! The article's box built by hand: the bench must find it right, and find it wrong when it is.

use anyhow::Result;
use edge_lab::{Host, Lab, Outcome, Place, Row, Table, TableReport};
use std::{collections::BTreeMap, net::Ipv4Addr, time::Instant};

const TABLE: &str = include_str!("../scenarios/fire-truck/expect.csv");
const BOX: &str = include_str!("article/box.sh");

/// The truck: the box, a switch on its trunk with one device in each VLAN, and the Internet.
struct Truck {
    _lab: Lab,
    edge: Host,
    device1: Host,
    device2: Host,
    internet: Host,
}

impl Truck {
    fn build(isolate: &str, masquerade: &str) -> Result<Self> {
        let lab = Lab::new()?;
        let edge = lab.host("edge")?;
        let (device1, device2) = (lab.host("device1")?, lab.host("device2")?);
        let switch = lab.switch("switch")?;
        switch.trunk(&edge, "enp2s0", &[1, 2])?;
        switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
        switch.access(2, &device2, "eth0", "02:00:00:00:02:05")?;
        let internet = lab.internet(&edge, "wlp3s0f0", "192.168.50.1/24")?;
        edge.sh(&format!("ISOLATE={isolate}\nMASQUERADE={masquerade}\n{BOX}"))?;
        device1.sh("ip address add 10.0.1.5/24 dev eth0; ip route add default via 10.0.1.3")?;
        device2.sh("ip address add 10.0.2.5/24 dev eth0; ip route add default via 10.0.2.3")?;
        Ok(Self { _lab: lab, edge, device1, device2, internet })
    }

    fn probe(&self) -> Result<TableReport> {
        let router = self.edge.inside("router")?;
        let places = BTreeMap::from([
            ("router", place(&router, [10, 0, 1, 3])),
            ("10.0.1.3", place(&router, [10, 0, 1, 3])),
            ("10.0.2.3", place(&router, [10, 0, 2, 3])),
            ("8.8.8.8", place(&self.internet, [8, 8, 8, 8])),
            ("container1", place(&self.edge.inside("container1")?, [10, 0, 1, 4])),
            ("container2", place(&self.edge.inside("container2")?, [10, 0, 2, 4])),
            ("device1", place(&self.device1, [10, 0, 1, 5])),
            ("device2", place(&self.device2, [10, 0, 2, 5])),
        ]);
        let start = Instant::now();
        let report = Table::parse(TABLE)?.run(&places)?;
        println!("\n{report}in {} ms", start.elapsed().as_millis());
        Ok(report)
    }
}

fn place(host: &Host, address: [u8; 4]) -> Place {
    (host.clone(), Ipv4Addr::from(address))
}

fn names(rows: impl Iterator<Item = Row>) -> Vec<(String, String)> {
    rows.map(|row| (row.source, row.target)).collect()
}

#[test]
fn the_article_holds() -> Result<()> {
    Truck::build("yes", "yes")?.probe()?.check()
}

#[test]
fn without_isolation_exactly_the_closed_rows_are_wrong() -> Result<()> {
    let report = Truck::build("no", "yes")?.probe()?;
    let closed = report.rows.iter().filter(|row| !row.reachable).cloned();
    assert_eq!(names(report.wrong().cloned()), names(closed));
    assert!(report.wrong().all(|row| row.outcome == Outcome::Reached));
    Ok(())
}

#[test]
fn without_masquerading_exactly_the_internet_rows_are_wrong() -> Result<()> {
    let report = Truck::build("yes", "no")?.probe()?;
    let internet = report.rows.iter().filter(|row| row.target == "8.8.8.8").cloned();
    assert_eq!(names(report.wrong().cloned()), names(internet));
    assert!(report.wrong().all(|row| row.outcome == Outcome::OneWay));
    Ok(())
}

#[test]
fn a_dead_device_is_unknown_and_never_isolated() -> Result<()> {
    let truck = Truck::build("yes", "yes")?;
    truck.device2.ip("link set eth0 down")?;
    let report = truck.probe()?;
    let of_device2 = report.rows.iter().filter(|row| row.source == "device2" || row.target == "device2");
    for row in of_device2 {
        let told = matches!(row.outcome, Outcome::Unknown(_)) || (row.reachable && row.outcome == Outcome::Isolated);
        assert!(told && !row.is_right(), "{row}");
    }
    assert!(report.check().is_err());
    Ok(())
}
