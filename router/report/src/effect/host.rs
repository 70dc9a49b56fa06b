use super::{
    living::Living,
    pairs::{Pair, pairs},
    teller::Teller,
    value::device,
};
use edge_api::Action;
use edge_config::{Config, DeviceId, Host};
use edge_net::Name;
use std::collections::HashSet;

/// Gives those whose line tells what becomes of their container.
pub fn tell<'a>(before: &Config, old: &'a [Host], new: &'a [Host], living: &Living, teller: &mut Teller) -> HashSet<&'a Name> {
    let mut told = HashSet::new();
    for pair in pairs(old, new, |host| &host.name) {
        match pair {
            Pair::New(host) => {
                let note = note(before, None, host, living);
                told.extend((!note.is_empty()).then_some(&host.name));
                teller.whole("host", Some(host.name.as_str()), Action::Add, format!("new host {}{note}", in_words(host)));
            }
            Pair::Gone(host) => {
                let text = format!("host {} is taken away, {} is no longer kept for it", host.name, host.address);
                teller.whole("host", Some(host.name.as_str()), Action::Remove, text);
            }
            Pair::Stays(old, new) if old != new => {
                told.insert(&new.name);
                change(old, new, &note(before, Some(old), new, living), teller);
            }
            Pair::Stays(..) => {}
        }
    }
    told
}

fn change(old: &Host, new: &Host, note: &str, teller: &mut Teller) {
    let Host { name, network, device, address } = old;
    let mut table = teller.table("host", Some(name.as_str()));
    // Told once, with the first that moves it.
    let (first, rest) = if *address == new.address { ("", note) } else { (note, "") };
    table.noted("address", address, &new.address, "", first);
    table.noted("network", network, &new.network, "", rest);
    if *device != new.device {
        let rest = if *network == new.network { rest } else { "" };
        let text = format!("{} -> {}{rest}", known_by(device.as_ref()), known_by(new.device.as_ref()));
        table.tell(key(new.device.as_ref().or(device.as_ref())), text);
    }
}

fn key(id: Option<&DeviceId>) -> &'static str {
    match id {
        Some(DeviceId::Mac(_)) | None => "mac",
        Some(DeviceId::ClientId(_)) => "client-id",
        Some(DeviceId::Hostname(_)) => "hostname",
    }
}

fn known_by(id: Option<&DeviceId>) -> String {
    id.map_or("a container".to_owned(), device)
}

fn note(before: &Config, old: Option<&Host>, new: &Host, living: &Living) -> String {
    // The one that is plugged in is where it was.
    let container = living.of_container(old.unwrap_or(new)).map(str::to_owned);
    container.or_else(|| living.of_device(before, old, new)).unwrap_or_default()
}

/// `recorder (10.0.10.5 in cameras, mac 02:00:00:00:00:01)`
fn in_words(Host { name, network, device: id, address }: &Host) -> String {
    format!("{name} ({address} in {network}, {})", known_by(id.as_ref()))
}
