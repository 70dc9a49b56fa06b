//! One box between a client, a node of the next network and the Internet.

use crate::{
    frame::{End, Frame, Mac, udp},
    rules::{Rules, middle, node as node_of, one_of_many},
    sender::Sender,
};
use anyhow::{Context, Result, ensure};
use edge_host::netns;
use edge_kernel::conntrack::Conntrack;
use edge_lab::{Host, Lab};
use std::{
    env, fmt, fs, io,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

const UPLINK: Ipv4Addr = Ipv4Addr::new(192, 168, 50, 2);
const GATEWAY: &str = "192.168.50.1";
const INTERNET: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);
/// RFC 863
const DISCARD: u16 = 9;
/// Flows that live on.
const FLOWS: u16 = 16;
/// New flows that are left to live, so many at once: a busy network of two hundred nodes.
const LIVE: u32 = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Between two networks, in flows that both sides have spoken in.
    Across,
    /// To the Internet, likewise.
    Out,
    /// To the Internet, every packet the first of its flow.
    NewOut,
}

pub struct Bench {
    pub rules: Rules,
    client: Sender,
    node: Sender,
    internet: Sender,
    /// Whose `eth0` counts what arrives.
    sinks: [Host; 2],
    gateway: [Mac; 3],
    from: usize,
    traffic: Traffic,
    sent: u64,
    arrived: u64,
    next: u32,
    box_: Host,
    /// Dropped last, with everything in it.
    _lab: Lab,
}

impl Traffic {
    pub const ALL: [Traffic; 3] = [Traffic::Across, Traffic::Out, Traffic::NewOut];
}

impl Bench {
    pub fn new(rules: Rules, networks: usize) -> Result<Self> {
        let lab = Lab::new()?;
        let [box_, client, node, internet] = ["box", "client", "node", "internet"].map(|name| lab.host(name));
        let (box_, client, node, internet) = (box_?, client?, node?, internet?);
        for (device, host) in [("p1", &client), ("p2", &node), ("u0", &internet)] {
            lab.wire(&box_, device, host, "eth0")?;
        }
        let program = env::current_exe()?;
        box_.run(program.to_str().context("the program's path is not UTF-8")?, ["make", rules.name(), &networks.to_string()])?;
        let from = middle(networks);
        let open = |host: &Host| Sender::open(&host.netns(), "eth0");
        let [client, node_, internet_] = [open(&client)?, open(&node)?, open(&internet)?];
        box_.ip(&format!("neigh replace {} lladdr {} dev br-n{} nud permanent", node_of(from + 1), text(node_.mac), from + 1))?;
        box_.ip(&format!("neigh replace {GATEWAY} lladdr {} dev u0 nud permanent", text(internet_.mac)))?;
        for sink in [&node, &internet] {
            sink.sh(
                "nft 'table netdev sink { chain sink { type filter hook ingress device eth0 priority 0; udp dport 9 drop; }; }'",
            )?;
        }
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("rules");
        fs::write(&file, rules.text(networks))?;
        if let Some(command) = rules.command() {
            box_.sh(&format!("{command} {}", file.display()))?;
        }
        let mac = |device: String| -> Result<Mac> { Ok(Sender::open(&box_.netns(), &device)?.mac) };
        let gateway = [mac(format!("br-n{from}"))?, mac(format!("br-n{}", from + 1))?, mac("u0".to_owned())?];
        let sinks = [node, internet];
        Ok(Self {
            rules,
            client,
            node: node_,
            internet: internet_,
            sinks,
            gateway,
            from,
            traffic: Traffic::Across,
            sent: 0,
            arrived: 0,
            next: 0,
            box_,
            _lab: lab,
        })
    }

    /// Opens the flows: both sides have sent something afterwards.
    pub fn prepare(&mut self, traffic: Traffic) -> Result<()> {
        self.traffic = traffic;
        if traffic != Traffic::NewOut {
            let there: Vec<Frame> = (0..FLOWS).map(|flow| self.there(flow_port(flow), DISCARD)).collect();
            let back: Vec<Frame> = (0..FLOWS).map(|flow| self.back(flow_port(flow))).collect();
            for _ in 0..2 {
                self.client.send(&there)?;
                if traffic == Traffic::Across { self.node.send(&back)? } else { self.internet.send(&back)? }
            }
        }
        (self.sent, self.arrived) = (0, self.received()?);
        Ok(())
    }

    /// Sends that many packets; how long it took.
    pub fn round(&mut self, packets: usize) -> Result<Duration> {
        let frames: Vec<Frame> = (0..packets).map(|number| self.next_frame(number)).collect();
        let started = Instant::now();
        self.client.send(&frames)?;
        let took = started.elapsed();
        if self.traffic == Traffic::NewOut && self.next.is_multiple_of(LIVE) {
            self.forget_flows()?;
        }
        self.sent += packets as u64;
        Ok(took)
    }

    fn forget_flows(&self) -> Result<()> {
        let swept = netns::run_in(Some(&self.box_.netns()), || {
            Conntrack::open().and_then(|mut conntrack| conntrack.sweep(|_| false)).map_err(io::Error::other)
        });
        swept.map(drop).context("cannot end the flows")
    }

    /// Whether what was sent since [`Bench::prepare`] came out; a few packets more are the kernels' own.
    pub fn all_arrived(&self) -> Result<()> {
        let arrived = self.received()? - self.arrived;
        let wanted = if self.rules == Rules::Sender { 0 } else { self.sent };
        ensure!(arrived >= wanted && arrived < wanted + 100, "{arrived} of {} packets arrived", self.sent);
        Ok(())
    }

    fn received(&self) -> Result<u64> {
        let sink = &self.sinks[usize::from(self.traffic != Traffic::Across)];
        Ok(sink.run("cat", ["/sys/class/net/eth0/statistics/rx_packets"])?.trim().parse()?)
    }

    fn next_frame(&mut self, number: usize) -> Frame {
        if self.traffic != Traffic::NewOut {
            return self.there(flow_port((number % usize::from(FLOWS)) as u16), DISCARD);
        }
        self.next += 1;
        // Ports from 1,024 on; the next address of the Internet when they are through.
        let (source, turn) = (1024 + self.next % 60_000, self.next / 60_000);
        let mut frame_to = INTERNET.octets();
        frame_to[3] = 8 + turn as u8;
        let sender = End { address: one_of_many(self.from, self.next), ..self.client_end(source as u16) };
        udp(sender, End { mac: self.gateway[0], address: frame_to.into(), port: DISCARD })
    }

    fn there(&self, source: u16, port: u16) -> Frame {
        let to = if self.traffic == Traffic::Across { node_of(self.from + 1) } else { INTERNET };
        udp(self.client_end(source), End { mac: self.gateway[0], address: to, port })
    }

    fn client_end(&self, port: u16) -> End {
        End { mac: self.client.mac, address: node_of(self.from), port }
    }

    fn back(&self, port: u16) -> Frame {
        let (mac, gateway, address, to) = match self.traffic {
            Traffic::Across => (self.node.mac, self.gateway[1], node_of(self.from + 1), node_of(self.from)),
            // Masquerading keeps the port, where nobody else has it.
            _ => (self.internet.mac, self.gateway[2], INTERNET, UPLINK),
        };
        udp(End { mac, address, port: DISCARD }, End { mac: gateway, address: to, port })
    }
}

fn flow_port(flow: u16) -> u16 {
    20_000 + flow
}

fn text(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Traffic::Across => "16 flows, net to net",
            Traffic::Out => "16 flows, net to uplink",
            Traffic::NewOut => "new flows, net to uplink",
        })
    }
}
