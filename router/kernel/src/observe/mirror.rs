//! What a space was seen to hold, and which of it the kernel's events say has changed since: only that is read again.
//!
//! Events are queued within the system call that makes the change, so whatever was changed before a look is named in it. What they say
//! is not believed, but read: an event names a link, and the link is asked for. Where events were lost, or one look was long ago,
//! everything is read.

use super::link::Found;
use edge_net::Interface;
use ipnet::IpNet;
use netlink_packet_core::NlasIterator;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::sys::socket::{setsockopt, sockopt};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    time::{Duration, Instant},
};

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV4_NETCONF` (include/uapi/linux/rtnetlink.h). Routes are few and always read.
const GROUPS: [u32; 3] = [1, 5, 24];
/// For some hundred events; an apply that makes more has everything read.
const BUFFER: usize = 1 << 20;
/// So many events are heard at one look. Where more come meanwhile, somebody makes them without end.
const MOST: usize = 4096;
/// Asking for so many links one by one, and for more than a part of all, costs more than a list of all.
const MANY: usize = 32;
/// Some settings change without an event: after so long everything is read again.
const WHOLE_AFTER: Duration = Duration::from_secs(60);

/// `struct nlmsghdr`
const HEADER: usize = 16;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWNETCONF: u16 = 80;
/// `NETCONFA_IFINDEX` (include/uapi/linux/netconf.h)
const NETCONF_INDEX: u16 = 1;

/// The links of one space by their index.
pub type Links = HashMap<u32, Found>;

/// What was read.
pub struct Kept {
    pub links: Links,
    /// Ours, by the index of their link.
    pub addresses: HashMap<u32, Vec<Interface<IpNet>>>,
    /// When all of it was.
    pub since: Instant,
}

/// What must be read again, by index.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub links: BTreeSet<u32>,
    pub addresses: BTreeSet<u32>,
}

/// One space as it was seen last.
pub(crate) struct Mirror {
    events: Socket,
    pub(super) kept: Option<Kept>,
    pub(super) changed: Changed,
}

impl Mirror {
    /// Of the calling thread's namespace; nothing is known of it yet.
    pub fn open() -> io::Result<Self> {
        let mut events = Socket::new(NETLINK_ROUTE)?;
        setsockopt(&events, sockopt::RcvBufForce, &BUFFER)?;
        events.bind(&SocketAddr::new(0, 0))?;
        for group in GROUPS {
            events.add_membership(group)?;
        }
        events.set_non_blocking(true)?;
        Ok(Self { events, kept: None, changed: Changed::default() })
    }

    /// Takes in what the kernel has told since the last look; whether what was seen then is still of use.
    pub(super) fn hear(&mut self) -> bool {
        if self.kept.as_ref().is_some_and(|kept| kept.since.elapsed() >= WHOLE_AFTER) {
            self.forget();
        }
        match self.drain() {
            Ok(true) => {}
            Ok(false) => self.forget(),
            Err(error) => {
                log::debug!("the kernel's events were lost, everything is looked at: {error}");
                self.forget();
            }
        }
        let is_many = |kept: &Kept| self.changed.links.len() > MANY.max(kept.links.len() / 8);
        if self.kept.as_ref().is_some_and(is_many) {
            self.forget();
        }
        self.kept.is_some()
    }

    /// These links are read again at the next look, whether there is an event or not.
    pub fn touch(&mut self, links: impl IntoIterator<Item = u32>) {
        self.changed.links.extend(links);
    }

    /// Everything is read at the next look.
    pub(super) fn forget(&mut self) {
        self.kept = None;
        self.changed = Changed::default();
    }

    /// Takes what was just read, of which no event heard before says anything.
    pub(super) fn keep(&mut self, links: Links, addresses: Vec<(u32, Interface<IpNet>)>) {
        let mut by_link: HashMap<u32, Vec<_>> = HashMap::new();
        for (index, interface) in addresses {
            by_link.entry(index).or_default().push(interface);
        }
        self.kept = Some(Kept { links, addresses: by_link, since: Instant::now() });
        self.changed = Changed::default();
    }

    /// Whether all was heard.
    fn drain(&mut self) -> io::Result<bool> {
        let mut start = Vec::with_capacity(256);
        let mut lost = None;
        for _ in 0..MOST {
            start.clear();
            match self.events.recv(&mut start, 0) {
                Ok(_) => self.changed.hear(&start),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return lost.map_or(Ok(true), Err),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // `ENOBUFS`: there was no room for some. What is queued is taken all the same, and then there is room again.
                Err(error) => lost = Some(error),
            }
        }
        Ok(false)
    }
}

impl Changed {
    /// One event, of which only the start need be there.
    fn hear(&mut self, event: &[u8]) {
        let Some(kind) = event.get(4..6) else { return };
        let Some(body) = event.get(HEADER..) else { return };
        // The index has the same place in `ifinfomsg` and in `ifaddrmsg`.
        let index = body.get(4..8).map(number);
        match (u16::from_ne_bytes([kind[0], kind[1]]), index) {
            (RTM_NEWLINK | RTM_DELLINK, Some(index)) => drop(self.links.insert(index)),
            (RTM_NEWADDR | RTM_DELADDR, Some(index)) => drop(self.addresses.insert(index)),
            (RTM_NEWNETCONF, _) => self.links.extend(netconf_index(body)),
            _ => {}
        }
    }
}

/// `None` of what is for all links: that says nothing of one.
fn netconf_index(body: &[u8]) -> Option<u32> {
    // `struct netconfmsg` is one byte, padded.
    let attributes = NlasIterator::new(body.get(4..)?).map_while(Result::ok);
    let index = attributes.filter(|attribute| attribute.kind() == NETCONF_INDEX).find_map(|attribute| {
        let index = attribute.value().get(..4).map(number)?;
        Some(index.cast_signed())
    })?;
    u32::try_from(index).ok()
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn event(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = (HEADER + body.len()) as u32;
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], body].concat()
    }

    fn heard(events: &[Vec<u8>]) -> (Vec<u32>, Vec<u32>) {
        let mut changed = Changed::default();
        events.iter().for_each(|event| changed.hear(event));
        (changed.links.into_iter().collect(), changed.addresses.into_iter().collect())
    }

    fn numbered(index: i32) -> Vec<u8> {
        [&[0; 4][..], &index.to_ne_bytes(), &[0; 8]].concat()
    }

    fn netconf(index: i32) -> Vec<u8> {
        [&[2, 0, 0, 0][..], &8u16.to_ne_bytes(), &NETCONF_INDEX.to_ne_bytes(), &index.to_ne_bytes()].concat()
    }

    #[test]
    fn an_event_names_what_is_to_be_read_again() {
        let events = [
            event(RTM_NEWLINK, &numbered(7)),
            event(RTM_DELLINK, &numbered(8)),
            event(RTM_NEWADDR, &numbered(9)),
            event(RTM_DELADDR, &numbered(7)),
            event(RTM_NEWNETCONF, &netconf(11)),
        ];
        assert_eq!(heard(&events), (vec![7, 8, 11], vec![7, 9]));
    }

    #[test]
    fn what_was_seen_long_ago_is_read_again() {
        let mut mirror = Mirror::open().unwrap();
        assert!(!mirror.hear(), "nothing was seen yet");
        mirror.keep(Links::new(), Vec::new());
        assert!(mirror.hear());
        mirror.kept.as_mut().unwrap().since -= WHOLE_AFTER;
        assert!(!mirror.hear());
    }

    #[test]
    fn what_is_for_all_links_names_none() {
        // `NETCONFA_IFINDEX_ALL` and `_DEFAULT`
        assert_eq!(heard(&[event(RTM_NEWNETCONF, &netconf(-1)), event(RTM_NEWNETCONF, &netconf(-2))]), (vec![], vec![]));
    }

    #[test]
    fn a_torn_event_does_no_harm() {
        let whole = [event(RTM_NEWLINK, &numbered(7)), event(RTM_NEWNETCONF, &netconf(3)), event(24, &numbered(5))];
        for event in &whole {
            (0..event.len()).for_each(|length| drop(heard(&[event[..length].to_vec()])));
        }
        assert_eq!(heard(&[whole[2].clone()]), (vec![], vec![]));
    }
}
