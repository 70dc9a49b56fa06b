//! A block with one flipped bit, as worn cards and bad memory make them: its checksum says which.

use super::block::{BLOCK, SUMMED, checksum};

/// CRC-32C, the lowest bit first.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The block as it was, where one bit that its checksum covers, or one of the checksum itself, is all that is wrong.
pub fn mend(block: &[u8]) -> Option<[u8; BLOCK]> {
    let mut block: [u8; BLOCK] = block.try_into().ok()?;
    let wrong = checksum(&block);
    let differs = wrong.kept ^ wrong.found;
    match differs.count_ones() {
        0 => return None,
        1 => block[4..8].copy_from_slice(&wrong.found.to_le_bytes()),
        _ => {
            let bit = flipped(differs)?;
            block[SUMMED + bit / 8] ^= 1 << (bit % 8);
        }
    }
    Some(block)
}

/// Which bit of what is summed makes this difference. A checksum is linear: the difference says where the bit is, whatever else is there,
/// and each step away from the end is one more division.
fn flipped(differs: u32) -> Option<usize> {
    let mut difference = POLYNOMIAL;
    for from_the_end in 0..(BLOCK - SUMMED) * 8 {
        if difference == differs {
            return Some((BLOCK - SUMMED) * 8 - 1 - from_the_end);
        }
        difference = difference >> 1 ^ if difference & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::sealed;

    #[test]
    fn every_flipped_bit_is_found() {
        let whole = sealed(b"leases and leases", 7, 3, 2, false);
        // The magic is not summed.
        for bit in 32..BLOCK * 8 {
            let mut block = whole;
            block[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(mend(&block), Some(whole), "bit {bit}");
        }
    }

    #[test]
    fn more_than_one_is_left_alone() {
        let whole = sealed(b"leases and leases", 7, 3, 2, false);
        assert_eq!(mend(&whole), None, "nothing is wrong");
        for bits in (64..BLOCK * 8 - 700).step_by(97) {
            let mut block = whole;
            block[bits / 8] ^= 1 << (bits % 8);
            block[bits / 8 + 80] ^= 1;
            assert_eq!(mend(&block), None, "bits from {bits}");
        }
        assert_eq!(mend(&whole[1..]), None);
    }
}
