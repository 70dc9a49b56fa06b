//! The kernel as `ip` and `nft` tell of it, without what is never the same twice.

use crate::host::Host;
use anyhow::{Result, anyhow};
use serde_json::Value;
use std::collections::BTreeSet;

/// A line for each thing there is.
pub type Snapshot = BTreeSet<String>;

/// As few programs as can be: under emulation the start of one takes longer than what it does.
const SCRIPT: &str = "printf 'link show\\naddress show\\nroute show table all\\n' | ip -j -d -batch -; echo --; nft -j list ruleset; echo --; \
    cd /proc/sys/net; grep -H . ipv4/ip_forward ipv4/conf/*/rp_filter ipv4/conf/*/arp_ignore";

pub fn take(places: &[(String, Host)]) -> Result<Snapshot> {
    let mut lines = Snapshot::new();
    for (place, host) in places {
        let text = host.sh(SCRIPT)?;
        let mut parts = text.split("--\n");
        let mut next = || parts.next().unwrap_or_default();
        let mut add = |what: &str, line: String| lines.insert(format!("{place} {what} {line}"));
        let listed = serde_json::Deserializer::from_str(next()).into_iter::<Vec<Value>>().collect::<Result<Vec<_>, _>>()?;
        let [links, addressed, routes] = <[_; 3]>::try_from(listed).map_err(|lists| anyhow!("ip -batch lists {lists:?}"))?;
        for link in links {
            add("link", self::link(&link));
        }
        for link in addressed {
            let of_ipv4 = |address: &&Value| address["family"] == "inet";
            for address in link["addr_info"].as_array().into_iter().flatten().filter(of_ipv4) {
                let of = |key: &str| address[key].to_string();
                add("address", format!("{} {}/{} {}", link["ifname"], of("local"), of("prefixlen"), of("protocol")));
            }
        }
        for route in routes {
            let of = |key: &str| route[key].to_string();
            if !of("dst").contains(':') {
                add("route", ["type", "dst", "gateway", "dev", "protocol", "metric", "table"].map(of).join(" "));
            }
        }
        for line in ruleset(next())? {
            add("nft", line);
        }
        for line in next().lines() {
            add("setting", line.to_owned());
        }
    }
    Ok(lines)
}

fn link(link: &Value) -> String {
    let kind = link["linkinfo"]["info_kind"].as_str().unwrap_or_default();
    let data = &link["linkinfo"]["info_data"];
    let is_up = link["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "UP"));
    // Of a veth pair only the end that is the gateway has an address given to it.
    let name = link["ifname"].as_str().unwrap_or_default();
    let address = if kind == "veth" && !name.starts_with("gw-") { &Value::Null } else { &link["address"] };
    let of = |key: &str| link[key].to_string();
    format!(
        "{name} {kind} {} {} up {is_up} {address} {} {} {} {} {} {}",
        data["id"],
        data["mode"],
        of("link"),
        of("master"),
        of("group"),
        of("mtu"),
        of("inet6_addr_gen_mode"),
        of("ifalias")
    )
}

/// Rules in their order, elements in any.
fn ruleset(text: &str) -> Result<Vec<String>> {
    let listed: Value = if text.trim().is_empty() { Value::Null } else { serde_json::from_str(text)? };
    let mut filled = BTreeSet::new();
    filled_by_rules(&listed, &mut filled);
    let mut lines = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for object in listed["nftables"].as_array().into_iter().flatten() {
        let Some((kind, value)) = object.as_object().and_then(|object| object.iter().next()) else { continue };
        let mut value = value.clone();
        strip(&mut value);
        match kind.as_str() {
            "metainfo" => {}
            "rule" => {
                let number = counts.entry(value["chain"].to_string()).or_insert(0_u32);
                *number += 1;
                lines.push(format!("rule {number} {value}"));
            }
            "map" | "set" => {
                let elements = value["elem"].take();
                lines.push(format!("{kind} {value}"));
                // What rules put in comes and goes with the traffic, as counters count.
                let is_filled = filled.contains(&format!("@{}", text_of(&value["name"])));
                let elements = if is_filled { Value::Null } else { elements };
                lines.extend(
                    elements.as_array().into_iter().flatten().map(|element| format!("{kind} {} {element}", value["name"])),
                );
            }
            _ => lines.push(format!("{kind} {value}")),
        }
    }
    Ok(lines)
}

/// The sets that rules put elements into, as `@NAME`: the listing does not say it of the sets themselves.
fn filled_by_rules(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("op") && fields.contains_key("elem") {
                found.extend(fields.get("set").map(text_of));
            }
            fields.values().for_each(|field| filled_by_rules(field, found));
        }
        Value::Array(values) => values.iter().for_each(|one| filled_by_rules(one, found)),
        _ => {}
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Handles and counters.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("handle");
            if fields.remove("counter").is_some() {
                fields.insert("counter".to_owned(), Value::Null);
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

/// What one has and the other has not, a line each.
pub fn difference(found: &Snapshot, wanted: &Snapshot) -> String {
    let surplus = found.difference(wanted).map(|line| format!("+ {line}\n"));
    let missing = wanted.difference(found).map(|line| format!("- {line}\n"));
    surplus.chain(missing).collect()
}
