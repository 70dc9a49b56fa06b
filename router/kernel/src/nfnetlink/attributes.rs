/// Bytes that are no netlink message or attribute. The kernel does not send such; the text says what was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel's answer cannot be read: {0}")]
pub struct Malformed(pub &'static str);

const HEADER: usize = 4;
/// `NLA_TYPE_MASK`: without the bits for nesting and byte order
const KIND: u16 = 0x3fff;

/// One level of netlink attributes, found whole: the lengths fill the bytes exactly.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            (_, _, rest) = split(rest).ok_or(Malformed("an attribute is longer than what holds it"))?;
        }
        Ok(Self(bytes))
    }

    pub fn iter(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (kind, value, after) = split(rest)?;
            rest = after;
            Some((kind, value))
        })
    }

    pub fn get(self, kind: u16) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// A big-endian number, as netfilter has them.
    pub fn u64(self, kind: u16) -> Option<u64> {
        Some(u64::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    pub fn u32(self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    pub fn u16(self, kind: u16) -> Option<u16> {
        Some(u16::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    pub fn u8(self, kind: u16) -> Option<u8> {
        self.get(kind)?.first().copied()
    }

    /// A string up to its NUL.
    pub fn string(self, kind: u16) -> Option<&'a str> {
        let value = self.get(kind)?;
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        std::str::from_utf8(&value[..end]).ok()
    }

    pub fn nested(self, kind: u16) -> Option<Attributes<'a>> {
        Attributes::parse(self.get(kind)?).ok()
    }

    /// Whether nothing but these is there, so that what was read is all that was said.
    pub fn only(self, kinds: &[u16]) -> bool {
        self.iter().all(|(kind, _)| kinds.contains(&kind))
    }
}

/// The first attribute's kind and value, and what follows it.
fn split(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let [low, high, kind_low, kind_high, ..] = *bytes else { return None };
    let length = usize::from(u16::from_ne_bytes([low, high]));
    let value = bytes.get(HEADER..length)?;
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((u16::from_ne_bytes([kind_low, kind_high]) & KIND, value, after))
}
