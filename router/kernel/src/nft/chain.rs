use super::NFTA_TABLE;
use crate::nfnetlink::{Attributes, Malformed, Writer};
use edge_plan::nft::{BaseChain, Chain, ChainKind, Hook};

const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_CHAIN_FLAGS: u16 = 10;
const NFTA_CHAIN_USERDATA: u16 = 12;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFT_CHAIN_BASE: u32 = 1;
const NF_DROP: u32 = 0;
const NF_ACCEPT: u32 = 1;

pub fn name(writer: &mut Writer, table: &str, chain: &str) {
    writer.string(NFTA_TABLE, table);
    writer.string(NFTA_CHAIN_NAME, chain);
}

pub fn write(writer: &mut Writer, table: &str, chain: &Chain) {
    name(writer, table, &chain.name);
    if let Some(base) = &chain.base {
        writer.nest(NFTA_CHAIN_HOOK, |writer| {
            writer.u32(NFTA_HOOK_HOOKNUM, base.hook as u32);
            writer.u32(NFTA_HOOK_PRIORITY, base.priority.cast_unsigned());
        });
        writer.string(NFTA_CHAIN_TYPE, if base.kind == ChainKind::Nat { "nat" } else { "filter" });
        writer.u32(NFTA_CHAIN_POLICY, if base.drop { NF_DROP } else { NF_ACCEPT });
    }
}

/// `Err`: a chain that the plan's types cannot say.
pub fn read(attributes: Attributes) -> Result<Result<Chain, String>, Malformed> {
    let name = attributes.string(NFTA_CHAIN_NAME).ok_or(Malformed("a chain without a name"))?.to_owned();
    let plain =
        attributes.u32(NFTA_CHAIN_FLAGS).unwrap_or(0) & !NFT_CHAIN_BASE == 0 && attributes.get(NFTA_CHAIN_USERDATA).is_none();
    let base = match attributes.nested(NFTA_CHAIN_HOOK) {
        None => Some(None),
        Some(hook) => base(attributes, hook).map(Some),
    };
    Ok(match base {
        Some(base) if plain => Ok(Chain { name, base, rules: Vec::new() }),
        _ => Err(format!("chain {name}")),
    })
}

pub fn name_of<'a>(chain: Attributes<'a>) -> Option<&'a str> {
    chain.string(NFTA_CHAIN_NAME)
}

/// Whether the policy of a filter on the hook `forward` is to drop; `None`: it is something else.
pub fn forward_policy(chain: Attributes) -> Option<bool> {
    let hook = chain.nested(NFTA_CHAIN_HOOK)?.u32(NFTA_HOOK_HOOKNUM)?;
    let is_filter = chain.string(NFTA_CHAIN_TYPE) == Some("filter") && hook == Hook::Forward as u32;
    is_filter.then(|| chain.u32(NFTA_CHAIN_POLICY) == Some(NF_DROP))
}

fn base(chain: Attributes, hook: Attributes) -> Option<BaseChain> {
    let kind = match chain.string(NFTA_CHAIN_TYPE)? {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        _ => return None,
    };
    let hooks = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    let number = hook.u32(NFTA_HOOK_HOOKNUM)?;
    let place = hooks.into_iter().find(|hook| *hook as u32 == number)?;
    let drop = chain.u32(NFTA_CHAIN_POLICY)? == NF_DROP;
    let known = hook.only(&[NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY]);
    known.then_some(BaseChain { kind, hook: place, priority: hook.u32(NFTA_HOOK_PRIORITY)?.cast_signed(), drop })
}
