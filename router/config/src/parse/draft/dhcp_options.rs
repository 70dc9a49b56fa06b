//! What DHCP hands out besides addresses: the options with a key of their own, and any other by its number.

use crate::{
    DhcpOption,
    mistake::Mistakes,
    parse::{
        bytes::Bytes,
        domain::Domain,
        option_value::{OptionType, Scalar, encode},
        table::Table,
        value::{FromText, FromToml, OneOrMore, integer},
    },
    span::{At, Span},
};
use edge_net::Interface;
use std::net::Ipv4Addr;
use toml::de::DeValue;

/// The smallest datagram every host must take (RFC 791) up to what an IP packet can be.
const MTU: (u32, u32) = (576, 65_535);

/// Options in one network.
const MOST: usize = 64;

pub fn read(
    table: &mut Table,
    gateway: Option<&At<Ipv4Addr>>,
    router: &Option<At<Interface>>,
    mistakes: &mut Mistakes,
) -> Vec<DhcpOption> {
    let mut found: Vec<(Span, DhcpOption)> = Vec::new();
    let mut add = |code, at: Span, value| found.push((at, DhcpOption { code, value, always: false }));
    if let Some(Mtu(mtu)) = table.take("mtu", mistakes).map(|mtu| mtu.value) {
        add(DhcpOption::MTU, table.at, mtu.to_be_bytes().to_vec());
    }
    if let Some(servers) = table.take::<OneOrMore<Ipv4Addr>>("ntp", mistakes) {
        add(DhcpOption::NTP, servers.span, servers.value.values().iter().flat_map(Ipv4Addr::octets).collect());
    }
    if let Some(bytes) = table.take::<Bytes>("vendor", mistakes) {
        add(DhcpOption::VENDOR, bytes.span, bytes.value.0);
    }
    for (key, code) in [
        ("tftp-server", DhcpOption::TFTP_SERVER),
        ("boot-file", DhcpOption::BOOT_FILE),
        ("captive-portal", DhcpOption::CAPTIVE_PORTAL),
    ] {
        if let Some(text) = table.take::<Text>(key, mistakes) {
            add(code, text.span, text.value.0.into_bytes());
        }
    }
    if let Some(domains) = table.take::<OneOrMore<Domain>>("search", mistakes) {
        add(DhcpOption::DOMAIN_SEARCH, domains.span, domains.value.0.iter().flat_map(|domain| domain.value.labels()).collect());
    }
    let routes = routes(table, gateway, router, mistakes);
    if let Some(value) = routes {
        add(DhcpOption::ROUTES, table.at, value);
    }
    for option in table.tables("options", "[[network.dhcp.options]]", mistakes) {
        found.extend(numbered(option, mistakes));
    }
    finish(found, mistakes)
}

/// Sorted by code, each once and of a size that can be sent.
fn finish(mut found: Vec<(Span, DhcpOption)>, mistakes: &mut Mistakes) -> Vec<DhcpOption> {
    found.sort_by_key(|(at, option)| (option.code, *at));
    for pair in found.windows(2).filter(|pair| pair[0].1.code == pair[1].1.code) {
        mistakes
            .add(pair[1].0, format!("option {} is there twice", pair[1].1.code))
            .related(pair[0].0, "said here first")
            .help("keep one of them; `value` can be a list");
    }
    if let Some((at, _)) = found.get(MOST) {
        mistakes.add(*at, format!("{} options, a network hands out at most {MOST}", found.len())).help("leave some out");
    }
    for (at, option) in &found {
        if option.value.is_empty() || option.value.len() > DhcpOption::LONGEST {
            let message = format!("option {} has {} bytes", option.code, option.value.len());
            mistakes.add(*at, message).help(format!("an option has 1 to {} bytes", DhcpOption::LONGEST));
        }
    }
    found.into_iter().map(|(_, option)| option).collect()
}

/// Option 121 (RFC 3442), which makes a client ignore option 3: so the default route is in it too.
fn routes(
    table: &mut Table,
    gateway: Option<&At<Ipv4Addr>>,
    router: &Option<At<Interface>>,
    mistakes: &mut Mistakes,
) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let mut has_default = false;
    for mut route in table.tables("routes", "[[network.dhcp.routes]]", mistakes) {
        let to = route.need::<Destination>("to", "\"10.8.0.0/16\"", mistakes);
        let via = route.need::<Ipv4Addr>("via", "\"10.0.1.2\"", mistakes);
        route.finish(mistakes);
        let (Some(to), Some(via)) = (to, via) else { continue };
        if let Some(router) = router.as_ref().filter(|router| !router.subnet().contains(&via.value)) {
            mistakes
                .add(via.span, format!("{} is not in {}, so no node can reach it directly", via.value, router.subnet()))
                .related(router.span, "the network's address")
                .help("name the gateway's address in this network");
        }
        let net = to.value.0;
        has_default |= net.prefix_len() == 0;
        push_route(&mut value, net, via.value);
    }
    let router = gateway.map(|gateway| gateway.value).or(router.as_ref().map(|router| router.address()));
    if let (false, false, Some(router)) = (value.is_empty(), has_default, router) {
        push_route(&mut value, ipnet::Ipv4Net::default(), router);
    }
    (!value.is_empty()).then_some(value)
}

fn push_route(value: &mut Vec<u8>, to: ipnet::Ipv4Net, via: Ipv4Addr) {
    value.push(to.prefix_len());
    value.extend(&to.network().octets()[..usize::from(to.prefix_len().div_ceil(8))]);
    value.extend(via.octets());
}

/// `{ code = 150, type = "ip", value = "10.0.1.2" }`
fn numbered(mut table: Table, mistakes: &mut Mistakes) -> Option<(Span, DhcpOption)> {
    let code = table.need::<Code>("code", "150", mistakes);
    let kind = table.need::<OptionType>("type", "\"ip\"", mistakes);
    let value = table.need::<OneOrMore<Scalar>>("value", "\"10.0.1.2\"", mistakes);
    let always = table.take("always", mistakes).is_some_and(|always| always.value);
    table.finish(mistakes);
    let value = encode(kind?.value, &value?, mistakes)?;
    let code = code?;
    Some((code.span, DhcpOption { code: code.value.0, value, always }))
}

struct Mtu(u16);

impl FromToml for Mtu {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        u16::try_from(integer(value, MTU.0, MTU.1, at, mistakes)?).ok().map(Self)
    }
}

/// An option's number, where the server does not see to it by itself.
struct Code(u8);

impl FromToml for Code {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let code = u8::try_from(integer(value, 1, 254, at, mistakes)?).ok()?;
        let help = match code {
            1 | 28 => "it follows from the network's `address`",
            3 => "write `gateway`",
            6 => "write `dns`",
            12 => "a [[host]] gets its own name",
            15 => "write `domain`",
            51 => "write `lease`",
            58 => "write `renew`",
            59 => "write `rebind`",
            80 => "write `rapid-commit`",
            50 | 52..=57 | 61 | 82 | 118 => "it is part of the protocol, so remove it",
            _ => return Some(Self(code)),
        };
        mistakes.add(at, format!("option {code} is not set by its number")).help(help);
        None
    }
}

/// What a client is to put into its own files or requests.
struct Text(String);

impl FromText for Text {
    const WHAT: &'static str = "text";

    fn from_text(text: &str) -> Result<Self, String> {
        let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err("write 1 to 255 bytes without control characters".to_owned()) }
    }
}

struct Destination(ipnet::Ipv4Net);

impl FromText for Destination {
    const WHAT: &'static str = "a subnet";

    fn from_text(text: &str) -> Result<Self, String> {
        let net: ipnet::Ipv4Net = text.parse().map_err(|_| "write a subnet, as in \"10.8.0.0/16\"; 0.0.0.0/0 is the default")?;
        if net.addr() == net.network() { Ok(Self(net)) } else { Err(format!("write the subnet itself: \"{}\"", net.trunc())) }
    }
}
