use crate::{at, code};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// The options of a message as raw bytes, the parts of a split one joined (RFC 3396), `file` and `sname` included where
/// option 52 says that they hold options too (RFC 2132, 9.3).
///
/// Lenient, as one option that is cut off must not cost the client those before it. Reading allocates for split options, and for
/// more than sixteen.
pub struct Options<'a> {
    /// By code: one more than the place in `values`, zero for none. There are 254 codes, without the pad and the end.
    places: [u8; 256],
    values: SmallVec<[&'a [u8]; 16]>,
    joined: BTreeMap<u8, Vec<u8>>,
}

impl<'a> Options<'a> {
    pub fn read(options: &'a [u8], file: &'a [u8], sname: &'a [u8]) -> Self {
        let mut all = Self { places: [0; 256], values: SmallVec::new(), joined: BTreeMap::new() };
        all.walk(options);
        // What the overloaded fields say about overloading is ignored, or they could be read for ever.
        let overload = all.byte(code::OVERLOAD).unwrap_or(0);
        if overload & 1 != 0 {
            all.walk(file);
        }
        if overload & 2 != 0 {
            all.walk(sname);
        }
        all
    }

    fn walk(&mut self, mut area: &'a [u8]) {
        while let Some((&option, rest)) = area.split_first() {
            if option == code::PAD {
                area = rest;
                continue;
            }
            if option == code::END {
                return;
            }
            let Some((value, after)) = rest.split_first().and_then(|(length, rest)| rest.split_at_checked((*length).into()))
            else {
                return;
            };
            match self.first(option) {
                Some(first) => self.joined.entry(option).or_insert_with(|| first.to_vec()).extend(value),
                None => {
                    self.values.push(value);
                    self.places[usize::from(option)] = self.values.len() as u8;
                }
            }
            area = after;
        }
    }

    fn first(&self, option: u8) -> Option<&'a [u8]> {
        let place = usize::from(self.places[usize::from(option)]).checked_sub(1)?;
        self.values.get(place).copied()
    }

    pub fn get(&self, option: u8) -> Option<&[u8]> {
        self.joined.get(&option).map(Vec::as_slice).or_else(|| self.first(option))
    }

    /// An option of exactly `N` bytes; one of another size is as good as absent.
    pub fn array<const N: usize>(&self, option: u8) -> Option<[u8; N]> {
        self.get(option)?.try_into().ok()
    }

    pub fn byte(&self, option: u8) -> Option<u8> {
        self.array(option).map(|[byte]| byte)
    }
}

/// A message without option 82 and without what follows the end of its options; what is cut off is left out too.
pub fn without_relay_agent(bytes: &[u8]) -> Vec<u8> {
    let (fixed, mut rest) = bytes.split_at(bytes.len().min(at::OPTIONS));
    let mut kept = fixed.to_vec();
    while let [option, after @ ..] = rest {
        rest = after;
        match *option {
            code::PAD => {}
            code::END => break,
            option => {
                let Some((value, after)) = after.split_first().and_then(|(length, rest)| rest.split_at_checked((*length).into()))
                else {
                    break;
                };
                if option != code::RELAY_AGENT {
                    // The length was one byte.
                    kept.extend([option, value.len() as u8]);
                    kept.extend(value);
                }
                rest = after;
            }
        }
    }
    kept.push(code::END);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_the_parts_of_a_split_option() {
        let options = Options::read(&[12, 2, b'a', b'b', 53, 1, 1, 12, 1, b'c', 255], &[], &[]);
        assert_eq!(options.get(12), Some(&b"abc"[..]));
        assert_eq!(options.byte(53), Some(1));
    }

    #[test]
    fn reads_file_before_sname_when_overloaded() {
        let options = Options::read(&[52, 1, 3, 255], &[12, 1, b'f', 52, 1, 3, 255], &[12, 1, b's', 255]);
        assert_eq!(options.get(12), Some(&b"fs"[..]));
        let plain = Options::read(&[52, 1, 2, 255], &[12, 1, b'f', 255], &[12, 1, b's', 255]);
        assert_eq!(plain.get(12), Some(&b"s"[..]));
    }

    #[test]
    fn keeps_what_precedes_an_option_that_is_cut_off() {
        let options = Options::read(&[53, 1, 3, 0, 0, 61, 200, 1], &[], &[]);
        assert_eq!(options.byte(53), Some(3));
        assert_eq!(options.get(61), None);
        assert_eq!(Options::read(&[53], &[], &[]).get(53), None);
    }
}
