use super::{Identity, Secs};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

/// Most offers a network keeps at a time, some 5 MiB, and 13 with the longest client identifiers; a flood of DISCOVERs pushes out the
/// oldest. More than the messages that wait in the socket: whoever requests what was pushed out, and offered to the next, gets a NAK.
const MOST: usize = 16_384;

/// An address on offer.
#[derive(Debug)]
pub struct Offer {
    pub to: Identity,
    pub until: Secs,
    /// How often its client was sent an offer. Not yet, where it is still asked whether anybody uses the address; more than once, where
    /// the client asked again, so that it may not have heard.
    pub sent: u8,
}

/// Addresses offered and not yet requested. In memory only: a client that requests after a restart is judged afresh.
#[derive(Debug, Default)]
pub struct Offers {
    by_address: HashMap<Ipv4Addr, (Offer, Number)>,
    by_identity: HashMap<Identity, Ipv4Addr>,
    by_end: BTreeMap<(Secs, Number), Ipv4Addr>,
    next: Number,
}

/// Of offers that end in the same second the lower is the older one.
type Number = u64;

impl Offers {
    pub fn at(&self, address: Ipv4Addr) -> Option<&Offer> {
        self.by_address.get(&address).map(|(offer, _)| offer)
    }

    /// Whether who is offered that address asked more than once.
    pub fn is_again(&self, address: Ipv4Addr) -> bool {
        self.at(address).is_some_and(|offer| offer.sent > 1)
    }

    /// Whether it is still asked if anybody uses that address.
    pub fn is_unsent(&self, address: Ipv4Addr) -> bool {
        self.at(address).is_some_and(|offer| offer.sent == 0)
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Ipv4Addr> {
        self.by_address.keys()
    }

    pub fn of(&self, identity: &Identity) -> Option<Ipv4Addr> {
        self.by_identity.get(identity).copied()
    }

    /// Replaces what was offered to the same one before, and whoever `address` was offered to; returns the addresses that are no longer on
    /// offer. Who is told now has been told so often more.
    pub fn add(&mut self, address: Ipv4Addr, mut offer: Offer) -> Vec<Ipv4Addr> {
        let mut freed = Vec::new();
        if let Some(before) = self.of(&offer.to) {
            let sent = self.remove(before).map_or(0, |before| before.sent);
            if offer.sent > 0 {
                offer.sent = offer.sent.saturating_add(sent);
            }
            freed.extend(Some(before).filter(|before| *before != address));
        }
        self.remove(address);
        while self.by_address.len() >= MOST {
            let Some((_, &oldest)) = self.by_end.first_key_value() else { break };
            self.remove(oldest);
            freed.push(oldest);
        }
        self.by_identity.insert(offer.to.clone(), address);
        self.next += 1;
        self.by_end.insert((offer.until, self.next), address);
        self.by_address.insert(address, (offer, self.next));
        freed
    }

    pub fn remove(&mut self, address: Ipv4Addr) -> Option<Offer> {
        let (offer, number) = self.by_address.remove(&address)?;
        self.by_identity.remove(&offer.to);
        self.by_end.remove(&(offer.until, number));
        Some(offer)
    }

    pub fn withdraw(&mut self, identity: &Identity) -> Option<Ipv4Addr> {
        let address = self.of(identity)?;
        self.remove(address);
        Some(address)
    }

    /// Drops what has run out; returns the addresses.
    pub fn expire(&mut self, now: Secs) -> Vec<Ipv4Addr> {
        let mut freed = Vec::new();
        while let Some((&(until, _), &address)) = self.by_end.first_key_value()
            && until <= now
        {
            self.remove(address);
            freed.push(address);
        }
        freed
    }
}
