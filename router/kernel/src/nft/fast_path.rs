//! The flowtable: what the kernel forwards from a link's ingress straight to the way out, past the rules and most of the IP stack
//! (kernel doc networking/nf_flowtable). A table of its own, whose chain hangs after the policy's: it sees only what that has let through.
//!
//! A flow is known there by addresses, ports, protocol and the link it comes in by; any other packet takes the ordinary way. So does
//! one of a flow whose conntrack entry was deleted.

use super::{NFTA_TABLE, NftError, SUBSYSTEM, Sent, chain, expression, message, rule};
use crate::nfnetlink::{self, Attributes, Malformed, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NlFamily, Socket, Writer};
use edge_net::{IfName, Protocol};
use edge_plan::{
    FAST_PATH,
    nft::{
        BaseChain, Chain, ChainKind, Expr, Hook,
        build::{CtState, ct_state, flow_add, l4proto, rule},
    },
};
use nix::errno::Errno;
use std::collections::BTreeSet;

/// `NFPROTO_INET`
const INET: u8 = 1;
const FLOWTABLE: &str = "fast-path";
const CHAIN: &str = "hasten";
/// After the policy's forward chain, whose priority is 0.
const PRIORITY: i32 = 10;
/// Links of one message: the kernel takes 256, and tells listeners of them in one page.
const AT_ONCE: usize = 128;

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NFTA_FLOWTABLE_NAME: u16 = 2;
const NFTA_FLOWTABLE_HOOK: u16 = 3;
const NFTA_FLOWTABLE_FLAGS: u16 = 7;
const NFTA_FLOWTABLE_HOOK_NUM: u16 = 1;
const NFTA_FLOWTABLE_HOOK_PRIORITY: u16 = 2;
const NFTA_FLOWTABLE_HOOK_DEVS: u16 = 3;
const NFTA_DEVICE_NAME: u16 = 1;
/// `NF_NETDEV_INGRESS`
const INGRESS: u32 = 0;

/// The flowtable of one network namespace.
pub struct FastPath {
    socket: Socket,
}

/// What is there under our name.
struct Found {
    /// As we make it, with links or without.
    sound: bool,
    links: BTreeSet<IfName>,
}

impl FastPath {
    /// In the network namespace the calling thread is in. `None`: this kernel has no flowtables.
    pub fn open() -> Result<Option<Self>, NftError> {
        let mut fast_path = Self { socket: Socket::open(NlFamily::Netfilter)? };
        Ok(fast_path.is_possible()?.then_some(fast_path))
    }

    /// The links that are bound.
    pub fn links(&mut self) -> Result<BTreeSet<IfName>, NftError> {
        Ok(self.find()?.filter(|found| found.sound).map(|found| found.links).unwrap_or_default())
    }

    /// Binds these links, which must be there, and no others; without any there is no table.
    pub fn bind(&mut self, links: &BTreeSet<IfName>) -> Result<Sent, NftError> {
        let found = self.find()?;
        let mut script = Script::new();
        let bound = match &found {
            Some(found) if found.sound && !links.is_empty() => found.links.clone(),
            _ => {
                if found.is_some() {
                    script.add(message::DELTABLE, 0, |writer| writer.string(NFTA_TABLE, FAST_PATH));
                }
                if !links.is_empty() {
                    script.table();
                }
                BTreeSet::new()
            }
        };
        let missing = |from: &BTreeSet<IfName>, of: &BTreeSet<IfName>| of.difference(from).cloned().collect::<Vec<_>>();
        for gone in missing(links, &bound).chunks(AT_ONCE) {
            script.add(message::DELFLOWTABLE, 0, |writer| flowtable(writer, gone));
        }
        for new in missing(&bound, links).chunks(AT_ONCE) {
            script.add(message::NEWFLOWTABLE, NLM_F_CREATE, |writer| flowtable(writer, new));
        }
        match script.finish() {
            Some((messages, last)) => {
                let sent = Sent { messages: last.into(), bytes: messages.len() as u64 };
                self.socket.batch(messages, last)?;
                Ok(sent)
            }
            None => Ok(Sent::default()),
        }
    }

    /// Tries it in a transaction that ends with the removal of a table that is not there: so nothing of it stays, and nobody is told.
    fn is_possible(&mut self) -> Result<bool, NftError> {
        let mut script = Script::new();
        script.table();
        script.add(message::DELTABLE, 0, |writer| writer.string(NFTA_TABLE, "edge-router-nothing"));
        let last = script.count;
        let Some((messages, _)) = script.finish() else { return Ok(false) };
        match self.socket.batch(messages, last) {
            Ok(()) => Ok(false),
            Err(nfnetlink::NfnetlinkError::Refused(refusal)) => Ok(refusal.sequence == last && refusal.errno == Errno::ENOENT),
            Err(error) => Err(error.into()),
        }
    }

    fn find(&mut self) -> Result<Option<Found>, NftError> {
        let chains = self.list(message::GETCHAIN, |a| Ok(chain::read(a)?.ok()))?;
        let flowtables = self.list(message::GETFLOWTABLE, |a| Ok(read(a)))?;
        let rules = self.list(message::GETRULE, expressions)?;
        if chains.is_empty() && flowtables.is_empty() {
            return Ok(None);
        }
        let mut links = BTreeSet::new();
        let mut sound = chains == [Some(hook())] && rules == wanted_rules();
        match flowtables.as_slice() {
            [Some(bound)] => links.clone_from(bound),
            _ => sound = false,
        }
        Ok(Some(Found { sound, links }))
    }

    fn list<T>(
        &mut self,
        kind: u16,
        decode: impl Fn(Attributes) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, nfnetlink::NfnetlinkError> {
        self.socket.dump(
            kind,
            INET,
            |writer| writer.string(NFTA_TABLE, FAST_PATH),
            |a| if a.string(NFTA_TABLE) == Some(FAST_PATH) { decode(a).map(Some) } else { Ok(None) },
        )
    }
}

/// One transaction.
struct Script {
    writer: Writer,
    last: usize,
    count: u32,
}

impl Script {
    fn new() -> Self {
        let mut writer = Writer::default();
        writer.message(BATCH_BEGIN, 0, 0, 0, SUBSYSTEM, |_| {});
        Self { writer, last: 0, count: 0 }
    }

    fn add(&mut self, kind: u16, flags: u16, body: impl FnOnce(&mut Writer)) {
        self.last = self.writer.len();
        self.count += 1;
        self.writer.message(kind, flags, self.count, INET, 0, body);
    }

    /// The table, no link bound.
    fn table(&mut self) {
        self.add(message::NEWTABLE, NLM_F_CREATE, |writer| writer.string(NFTA_TABLE, FAST_PATH));
        self.add(message::NEWFLOWTABLE, NLM_F_CREATE, |writer| flowtable(writer, &[]));
        self.add(message::NEWCHAIN, NLM_F_CREATE, |writer| chain::write(writer, FAST_PATH, &hook()));
        for expressions in wanted_rules() {
            self.add(message::NEWRULE, NLM_F_CREATE | NLM_F_APPEND, |writer| {
                rule::write(writer, FAST_PATH, CHAIN, &expressions, None);
            });
        }
    }

    /// The messages and the number of the last; `None` when there are none.
    fn finish(mut self) -> Option<(Writer, u32)> {
        self.writer.add_flags(self.last, NLM_F_ACK);
        self.writer.message(BATCH_END, 0, self.count + 1, 0, SUBSYSTEM, |_| {});
        (self.count > 0).then_some((self.writer, self.count))
    }
}

fn hook() -> Chain {
    let base = BaseChain { kind: ChainKind::Filter, hook: Hook::Forward, priority: PRIORITY, drop: false };
    Chain { name: CHAIN.to_owned(), base: Some(base), rules: Vec::new() }
}

/// Of the protocols a flowtable knows.
fn wanted_rules() -> Vec<Vec<Expr>> {
    let of = |protocol| rule([ct_state(&[CtState::Established]), l4proto(protocol), flow_add(FLOWTABLE)]).expressions;
    vec![of(Protocol::Tcp), of(Protocol::Udp)]
}

fn flowtable(writer: &mut Writer, links: &[IfName]) {
    writer.string(NFTA_TABLE, FAST_PATH);
    writer.string(NFTA_FLOWTABLE_NAME, FLOWTABLE);
    writer.nest(NFTA_FLOWTABLE_HOOK, |writer| {
        writer.u32(NFTA_FLOWTABLE_HOOK_NUM, INGRESS);
        writer.u32(NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
        if !links.is_empty() {
            writer.nest(NFTA_FLOWTABLE_HOOK_DEVS, |writer| {
                links.iter().for_each(|link| writer.string(NFTA_DEVICE_NAME, link.as_str()));
            });
        }
    });
}

/// The links of a flowtable like ours; `None` of any other.
fn read(attributes: Attributes) -> Option<BTreeSet<IfName>> {
    let hook = attributes.nested(NFTA_FLOWTABLE_HOOK)?;
    let ours = attributes.string(NFTA_FLOWTABLE_NAME)? == FLOWTABLE
        && attributes.u32(NFTA_FLOWTABLE_FLAGS).unwrap_or(0) == 0
        && hook.u32(NFTA_FLOWTABLE_HOOK_NUM)? == INGRESS
        && hook.u32(NFTA_FLOWTABLE_HOOK_PRIORITY)? == 0;
    let Some(links) = hook.nested(NFTA_FLOWTABLE_HOOK_DEVS) else { return ours.then(BTreeSet::new) };
    let name = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.trim_end_matches('\0').parse().ok();
    let links: Option<BTreeSet<IfName>> = links.iter().map(|(_, bytes)| name(bytes)).collect();
    links.filter(|_| ours)
}

fn expressions(attributes: Attributes) -> Result<Vec<Expr>, Malformed> {
    let Some(list) = attributes.get(rule::NFTA_RULE_EXPRESSIONS) else { return Ok(Vec::new()) };
    Attributes::parse(list)?.iter().map(|(_, one)| Ok(expression::read(Attributes::parse(one)?))).collect()
}
