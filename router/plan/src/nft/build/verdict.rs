//! What becomes of a packet that a rule fits.

use super::Piece;
use crate::nft::{Expr, NftVerdict};
use smallvec::smallvec;

/// `accept`
pub fn accept() -> Piece {
    smallvec![Expr::Verdict(NftVerdict::Accept)]
}

/// `drop`
pub fn drop() -> Piece {
    smallvec![Expr::Verdict(NftVerdict::Drop)]
}

/// `return`
pub fn ret() -> Piece {
    smallvec![Expr::Verdict(NftVerdict::Return)]
}

/// `jump CHAIN`
pub fn jump(chain: &str) -> Piece {
    smallvec![Expr::Verdict(NftVerdict::Jump(chain.to_owned()))]
}

/// `goto CHAIN`
pub fn goto(chain: &str) -> Piece {
    smallvec![Expr::Verdict(NftVerdict::Goto(chain.to_owned()))]
}

/// `counter`
pub fn counter() -> Piece {
    smallvec![Expr::Counter]
}
