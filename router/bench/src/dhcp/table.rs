//! What is printed at the end: a row for each server, and a column for each Kea memfile that the others are compared with.

use crate::{Figures, Relayed, contender::Contender, median, pace::Pace, server::Server};

/// Wide enough for the longest name.
const NAME: usize = 29;

const NOTES: &str = "; at most 1 % lost, and what waited in
a queue counted when it was answered. + the generator could not send more. p50, p99, CPU and bytes at half of that; a
lease is one DORA; the bytes are the whole disk's. echo answers and keeps nothing. ARP probe: 620 addresses a second
are asked for, the others offered unasked. -: too slow for so many leases, or not measured.";

pub fn direct(all: &[(Contender, Figures)], pace: Pace) {
    let none = Figures::default();
    let limit = all.iter().find(|(it, _)| it.server == Server::Echo).map_or(&none, |(_, figures)| figures);
    let keas = Vec::from_iter(keas(all));
    print!("\n{:NAME$} durable   DORA/s  of echo", "clients on the link");
    keas.iter().for_each(|(kea, _)| print!("  {}", kea.heading()));
    println!("  renew/s  p50 ms  p99 ms  CPU us  B/lease  kB at leases");
    for (contender, it) in all {
        let (durable, more) = (contender.server.durability(), mark(it.limited));
        let of_limit = if limit.dora.is_empty() { "-".to_owned() } else { format!("{:.0}%", 100.0 * median(it.of(limit))) };
        print!("{:NAME$} {durable:7} {:>8.0}{more} {of_limit:>8}", contender.name, it.dora());
        keas.iter().for_each(|(kea, figures)| print!("  {:1$.2}", median(it.of(figures)), kea.heading().len()));
        let (p50, p99) = (it.half.p50.as_secs_f64() * 1e3, it.half.p99.as_secs_f64() * 1e3);
        let memory = it.memory.map_or_else(|| "-".to_owned(), |(memory, leases)| format!("{memory} at {leases}"));
        println!(" {:>8.0} {p50:7.2} {p99:7.2} {:7.1} {:8.0}  {memory}", it.renewals, it.cpu, it.written);
    }
    println!("DORA/s, and its parts of others: {}{NOTES}", pace.words());
    if pace.rounds > 1 {
        keas.iter().for_each(|(kea, figures)| by_round(all, kea, figures, pace));
    }
}

fn by_round(all: &[(Contender, Figures)], kea: &Contender, figures: &Figures, pace: Pace) {
    println!("DORA/s {}, round by round:", kea.heading());
    for (contender, it) in all.iter().filter(|(_, it)| it.dora.len() == pace.rounds) {
        let rounds = Vec::from_iter(it.of(figures).iter().map(|part| format!("{part:.2}")));
        println!("{:NAME$} {}", contender.name, rounds.join("  "));
    }
}

pub fn relayed(all: &[(Contender, Relayed)]) {
    let keas = Vec::from_iter(keas(all));
    let headings = String::from_iter(keas.iter().map(|(kea, _)| format!("  {}", kea.heading())));
    let width = "   DORA/s ".len() + headings.len();
    println!("\n{:NAME$}         {:>width$}{:>width$}", "behind a relay agent", "by perfdhcp", "by our generator");
    println!("{:NAME$} durable   DORA/s {headings}   DORA/s {headings}", "server");
    for (contender, found) in all {
        print!("{:NAME$} {:7}", contender.name, contender.server.durability());
        for (at, (dora, limited)) in found.iter().enumerate() {
            print!(" {dora:>8.0}{}", mark(*limited));
            keas.iter().for_each(|(kea, of)| print!("  {:1$.2}", dora / of[at].0, kea.heading().len()));
        }
        println!();
    }
    println!("+ the generator could not send more.");
}

fn keas<T>(all: &[(Contender, T)]) -> impl Iterator<Item = &(Contender, T)> {
    all.iter().filter(|(it, _)| it.server.is_memfile())
}

fn mark(limited: bool) -> &'static str {
    if limited { "+" } else { " " }
}
