//! What one change of the configuration costs does not grow with the networks that are there: as many requests and as many bytes at 10
//! networks as at 1,000.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the helpers of a test are test code")]

use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip};
use edge_plan::{Facts, desired, diff};
use std::fmt::Write;

/// The words of a configuration. Numbers have four digits, so that names are of one length however many there are.
struct Words {
    networks: std::ops::RangeInclusive<usize>,
    namespace: bool,
    more: String,
}

impl Words {
    fn text(&self) -> String {
        let mut text = String::new();
        if self.namespace {
            text += "[router]\nnamespace = \"router\"\n";
        }
        text += "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n";
        for n in self.networks.clone() {
            let subnet = format!("10.{}.{}", n / 256, n % 256);
            let _ = write!(
                text,
                "[[network]]\nname = \"n{n:04}\"\naddress = \"{subnet}.1/24\"\ndhcp = {{ from = \"{subnet}.100\", to = \"{subnet}.199\" }}\n\
                 [[allow]]\nfrom = \"n{n:04}\"\nto = \"wan\"\n"
            );
        }
        text + &self.more
    }

    fn with(&self, more: &str) -> Self {
        Self { networks: self.networks.clone(), namespace: self.namespace, more: format!("{}{more}", self.more) }
    }
}

/// Requests and bytes.
type Cost = (u64, u64);

async fn apply(kernel: &Kernel, words: &Words) -> Cost {
    let before = (kernel.writes(), kernel.bytes_written());
    let text = words.text();
    let config = edge_config::parse("constant.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let wanted = desired(&config, &Facts::default());
    let ops = diff(&wanted, &kernel.observe().await.unwrap()).ops;
    kernel.execute(&ops).await.unwrap_or_else(|error| panic!("{:?}: {error}", error.op));
    let cost = (kernel.writes() - before.0, kernel.bytes_written() - before.1);
    assert_eq!(diff(&wanted, &kernel.observe().await.unwrap()).ops, []);
    cost
}

/// The cost of each change, in and out.
async fn costs(networks: usize, namespace: bool) -> Vec<(&'static str, Cost)> {
    ip("link add u0 type veth peer name u1");
    let kernel = Kernel::open().await.unwrap();
    let base = Words { networks: 1..=networks, namespace, more: String::new() };
    apply(&kernel, &base).await;
    let middle = networks / 2;
    let host = format!(
        "[[host]]\nname = \"h{middle:04}\"\nnetwork = \"n{middle:04}\"\naddress = \"10.{}.{}.9\"\n",
        middle / 256,
        middle % 256
    );
    let allow = format!("[[allow]]\nfrom = \"n0001\"\nto = \"n{middle:04}\"\n");
    let service = format!("{allow}protocol = \"tcp\"\nports = [80, 443]\n");
    let forward = format!(
        "[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 80\nto = \"10.{}.{}.9:80\"\n",
        middle / 256,
        middle % 256
    );
    let mut costs = Vec::new();
    for (what, words) in [
        ("nothing", base.with("")),
        ("host", base.with(&host)),
        ("allow", base.with(&allow)),
        ("allow of a service", base.with(&service)),
        ("forward", base.with(&forward)),
        ("network", Words { networks: 1..=networks + 1, ..base.with("") }),
        // All the others stand behind it.
        ("first network", Words { networks: 0..=networks, ..base.with("") }),
    ] {
        costs.push((what, apply(&kernel, &words).await));
        costs.push((what, apply(&kernel, &base).await));
    }
    // A change of what is there: first for services, then for all of it.
    apply(&kernel, &base.with(&service)).await;
    costs.push(("all instead of a service", apply(&kernel, &base.with(&allow)).await));
    costs
}

fn compare(few: usize, many: usize, namespace: bool) {
    let (sender, receiver) = std::sync::mpsc::channel();
    for networks in [few, many] {
        let sender = sender.clone();
        in_a_box(async move || sender.send(costs(networks, namespace).await).unwrap());
    }
    let (few, many) = (receiver.recv().unwrap(), receiver.recv().unwrap());
    println!("{few:#?}");
    assert_eq!(few, many);
    assert_eq!(few[..4], [("nothing", (0, 0)), ("nothing", (0, 0)), ("host", (0, 0)), ("host", (0, 0))]);
    assert!(few[4..].iter().all(|(_, (requests, _))| (1..40).contains(requests)));
}

#[test]
fn a_change_costs_the_same_at_10_and_at_1000_networks() {
    compare(10, 1000, false);
}

#[test]
fn with_the_router_in_a_namespace_too() {
    compare(10, 100, true);
}
