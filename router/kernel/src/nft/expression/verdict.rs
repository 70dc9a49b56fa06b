use crate::nfnetlink::{Attributes, Writer};
use edge_plan::nft::NftVerdict;

const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NF_DROP: i32 = 0;
const NF_ACCEPT: i32 = 1;
const NFT_JUMP: i32 = -3;
const NFT_GOTO: i32 = -4;
const NFT_RETURN: i32 = -5;

pub fn write(writer: &mut Writer, verdict: &NftVerdict) {
    let (code, chain) = match verdict {
        NftVerdict::Accept => (NF_ACCEPT, None),
        NftVerdict::Drop => (NF_DROP, None),
        NftVerdict::Return => (NFT_RETURN, None),
        NftVerdict::Jump(chain) => (NFT_JUMP, Some(chain)),
        NftVerdict::Goto(chain) => (NFT_GOTO, Some(chain)),
    };
    writer.nest(NFTA_DATA_VERDICT, |writer| {
        writer.u32(NFTA_VERDICT_CODE, code.cast_unsigned());
        if let Some(chain) = chain {
            writer.string(NFTA_VERDICT_CHAIN, chain);
        }
    });
}

pub fn read(data: Attributes) -> Option<NftVerdict> {
    let verdict = data.nested(NFTA_DATA_VERDICT)?;
    let chain = || verdict.string(NFTA_VERDICT_CHAIN).map(str::to_owned);
    match verdict.u32(NFTA_VERDICT_CODE)?.cast_signed() {
        NF_ACCEPT => Some(NftVerdict::Accept),
        NF_DROP => Some(NftVerdict::Drop),
        NFT_RETURN => Some(NftVerdict::Return),
        NFT_JUMP => chain().map(NftVerdict::Jump),
        NFT_GOTO => chain().map(NftVerdict::Goto),
        _ => None,
    }
}
