use super::{
    pairs::{Pair, pairs},
    teller::Teller,
    value::cut,
};
use edge_api::Action;
use edge_config::{Drift, System};
use edge_net::Name;

pub fn tell(old: &System, new: &System, teller: &mut Teller) {
    let System { hostname, ssh_keys, ssh_from, ntp, unnamed } = old;
    teller.table("system", None).key("hostname", hostname, &new.hostname, "left as it is");
    keys(ssh_keys, &new.ssh_keys, teller);
    doors(ssh_from, &new.ssh_from, teller);
    teller.table("system", None).key("ntp", ntp, &new.ntp, "none");
    teller.table("system", None).key("unnamed", unnamed, &new.unnamed, "as is usual here");
}

/// `[router]`
pub fn tell_router(old: (&Option<Name>, Drift), new: (&Option<Name>, Drift), teller: &mut Teller) {
    let mut table = teller.table("router", None);
    table.key("namespace", old.0, new.0, "the host's own");
    table.key("drift", &old.1, &new.1, "");
}

fn keys(old: &[String], new: &[String], teller: &mut Teller) {
    let mut table = teller.table("system", None);
    for pair in pairs(old, new, |key| key) {
        match pair {
            Pair::New(key) => table.item("ssh-keys", Action::Add, format!("ssh key {} now lets in", whose(key))),
            Pair::Gone(key) => table.item("ssh-keys", Action::Remove, format!("ssh key {} no longer lets in", whose(key))),
            Pair::Stays(..) => {}
        }
    }
}

fn doors(old: &[Name], new: &[Name], teller: &mut Teller) {
    let mut table = teller.table("system", None);
    for pair in pairs(old, new, |name| name) {
        match pair {
            Pair::New(name) => table.item("ssh-from", Action::Add, format!("ssh from {name}")),
            Pair::Gone(name) => table.item("ssh-from", Action::Remove, format!("no longer ssh from {name}")),
            Pair::Stays(..) => {}
        }
    }
}

/// What people tell keys apart by: the comment, or where there is none the key's end, before which all of a type are alike.
fn whose(key: &str) -> String {
    const END: usize = 12;
    let mut words = key.split_whitespace().rev();
    let last = words.next().unwrap_or_default();
    let is_key = last.starts_with("AAAA");
    let skipped = last.chars().count().saturating_sub(END);
    if is_key { format!("…{}", last.chars().skip(skipped).collect::<String>()) } else { cut(last) }
}
