use crate::parse::value::FromText;

/// Bytes as hex digits: `01:04:0a:00:01:02` or `01040a000102`.
pub struct Bytes(pub Vec<u8>);

impl FromText for Bytes {
    const WHAT: &'static str = "bytes in hex";

    fn from_text(text: &str) -> Result<Self, String> {
        from_hex(text).map(Self).ok_or_else(|| "write pairs of hex digits, as in \"01:04:0a:00:01:02\"".to_owned())
    }
}

/// At least one byte; either every pair is followed by a colon or none is.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| {
        let pair =
            std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes: Option<Vec<u8>> = match text.contains(':') {
        true => text.split(':').map(|pair| byte(pair.as_bytes())).collect(),
        false => text.as_bytes().chunks(2).map(byte).collect(),
    };
    bytes.filter(|bytes| !bytes.is_empty())
}
