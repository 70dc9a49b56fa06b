//! The rules that are compared: ours, none, and what others write for the same networks.
//!
//! Everywhere the same is allowed: every network to the uplink, and each to the next one. The packets go from the network in the
//! middle, since the place in a list of rules is what a packet pays for.

use std::{
    fmt::{self, Write},
    net::Ipv4Addr,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Nothing is forwarded: what the sender needs by itself.
    Sender,
    Bare,
    /// What any router that translates addresses pays.
    Masquerade,
    Ours,
    /// Where the kernel has flowtables: every packet through the rules.
    OursSlow,
    /// Nobody's flows are counted: what the limits cost.
    OursUnlimited,
    ArticleNft,
    ArticleLegacy,
    DockerNft,
    DockerLegacy,
}

impl Rules {
    pub const ALL: [Rules; 10] = [
        Rules::Sender,
        Rules::Bare,
        Rules::Masquerade,
        Rules::Ours,
        Rules::OursSlow,
        Rules::OursUnlimited,
        Rules::ArticleNft,
        Rules::ArticleLegacy,
        Rules::DockerNft,
        Rules::DockerLegacy,
    ];

    /// Nobody else's: where every box takes long to make.
    pub const OURS: [Rules; 6] =
        [Rules::Sender, Rules::Bare, Rules::Masquerade, Rules::Ours, Rules::OursSlow, Rules::OursUnlimited];

    /// Made by our plan.
    pub fn is_ours(self) -> bool {
        matches!(self, Rules::Ours | Rules::OursSlow | Rules::OursUnlimited)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rules| rules.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Rules::Sender => "sender",
            Rules::Bare => "bare",
            Rules::Masquerade => "masquerade",
            Rules::Ours => "ours",
            Rules::OursSlow => "ours-slow",
            Rules::OursUnlimited => "ours-unlimited",
            Rules::ArticleNft => "article-nft",
            Rules::ArticleLegacy => "article-legacy",
            Rules::DockerNft => "docker-nft",
            Rules::DockerLegacy => "docker-legacy",
        }
    }

    /// The program that loads [`Rules::text`], where there is something to load.
    pub fn command(self) -> Option<&'static str> {
        match self {
            Rules::Bare | Rules::Ours | Rules::OursSlow | Rules::OursUnlimited => None,
            Rules::Sender | Rules::Masquerade => Some("nft -f"),
            Rules::ArticleNft | Rules::DockerNft => Some("iptables-nft-restore"),
            Rules::ArticleLegacy | Rules::DockerLegacy => Some("iptables-legacy-restore"),
        }
    }

    pub fn text(self, networks: usize) -> String {
        match self {
            Rules::Bare | Rules::Ours | Rules::OursSlow | Rules::OursUnlimited => String::new(),
            Rules::Sender => "table netdev t { chain c { type filter hook ingress device p1 priority 0; drop; }; }".to_owned(),
            Rules::Masquerade => {
                "table ip t { chain c { type nat hook postrouting priority srcnat; oifname u0 masquerade; }; }".to_owned()
            }
            Rules::ArticleNft | Rules::ArticleLegacy => article(networks),
            Rules::DockerNft | Rules::DockerLegacy => docker(networks),
        }
    }
}

/// The article's rules, with a line for each network and for each pair that may talk.
fn article(networks: usize) -> String {
    let mut text = String::from(
        "*nat\n-A POSTROUTING -o u0 -j MASQUERADE\nCOMMIT\n*filter\n:FORWARD DROP\n\
         -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
    );
    for number in 1..=networks {
        let _ = writeln!(text, "-A FORWARD -i br-n{number} -o u0 -j ACCEPT");
        let _ = writeln!(text, "-A INPUT -i br-n{number} ! -d {} -j DROP", address(number, 1));
        if number < networks {
            let _ = writeln!(text, "-A FORWARD -i br-n{number} -o br-n{} -j ACCEPT", number + 1);
        }
    }
    text + "COMMIT\n"
}

/// As dockerd writes them for its bridges (libnetwork, setupIPTablesInternal and setINC); a user's own permissions go to DOCKER-USER.
fn docker(networks: usize) -> String {
    let [mut nat, mut own, mut user, mut first, mut second] = [const { String::new() }; 5];
    for number in 1..=networks {
        let bridge = format!("br-n{number}");
        nat += &format!("-A POSTROUTING -s {}/24 ! -o {bridge} -j MASQUERADE\n", address(number, 0));
        own += &format!(
            "-A FORWARD -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -o {bridge} -j DOCKER\n\
             -A FORWARD -i {bridge} ! -o {bridge} -j ACCEPT\n-A FORWARD -i {bridge} -o {bridge} -j ACCEPT\n"
        );
        first += &format!("-A DOCKER-ISOLATION-STAGE-1 -i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2\n");
        second += &format!("-A DOCKER-ISOLATION-STAGE-2 -o {bridge} -j DROP\n");
        if number < networks {
            let next = number + 1;
            user += &format!(
                "-A DOCKER-USER -i {bridge} -o br-n{next} -j ACCEPT\n\
                 -A DOCKER-USER -i br-n{next} -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            );
        }
    }
    format!(
        "*nat\n:DOCKER -\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n{nat}COMMIT\n*filter\n:FORWARD DROP\n:DOCKER -\n\
         :DOCKER-ISOLATION-STAGE-1 -\n:DOCKER-ISOLATION-STAGE-2 -\n:DOCKER-USER -\n-A FORWARD -j DOCKER-USER\n\
         -A FORWARD -j DOCKER-ISOLATION-STAGE-1\n{own}{first}-A DOCKER-ISOLATION-STAGE-1 -j RETURN\n{second}\
         -A DOCKER-ISOLATION-STAGE-2 -j RETURN\n{user}-A DOCKER-USER -j RETURN\nCOMMIT\n"
    )
}

pub fn config(networks: usize) -> String {
    let mut text =
        String::from("[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n");
    for number in 1..=networks {
        let ports = match number.checked_sub(middle(networks)) {
            Some(0) => "ports = [\"p1\"]\n",
            Some(1) => "ports = [\"p2\"]\n",
            _ => "",
        };
        let _ = write!(
            text,
            "[[network]]\nname = \"n{number}\"\n{ports}address = \"{}/24\"\n[[allow]]\nfrom = \"n{number}\"\nto = \"wan\"\n",
            address(number, 1)
        );
        if number < networks {
            let _ = write!(text, "[[allow]]\nfrom = \"n{number}\"\nto = \"n{}\"\n", number + 1);
        }
    }
    text
}

/// The network that the packets come from; they go to the next one, or out.
pub fn middle(networks: usize) -> usize {
    networks / 2
}

/// Of the many nodes of a network one after the other.
pub fn one_of_many(network: usize, number: u32) -> Ipv4Addr {
    address(network, 10 + (number % 200) as u8)
}

/// The address of a network's node.
pub fn node(network: usize) -> Ipv4Addr {
    address(network, 5)
}

fn address(network: usize, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, (network / 250) as u8, (network % 250) as u8, last)
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Rules::Sender => "the sender alone",
            Rules::Bare => "bare kernel (the limit)",
            Rules::Masquerade => "conntrack and masquerade only",
            Rules::Ours => "our policy",
            Rules::OursSlow => "our policy without flowtable",
            Rules::OursUnlimited => "our policy without flow limits",
            Rules::ArticleNft => "the article's, iptables-nft",
            Rules::ArticleLegacy => "the article's, iptables-legacy",
            Rules::DockerNft => "Docker's, iptables-nft",
            Rules::DockerLegacy => "Docker's, iptables-legacy",
        })
    }
}
