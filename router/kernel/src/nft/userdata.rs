//! What the kernel keeps for `nft` without reading it: entries of a type byte, a length byte and a value
//! (libnftnl, `include/libnftnl/udata.h`).

/// `NFTNL_UDATA_RULE_COMMENT`, and of a table the same number
const COMMENT: u8 = 0;
/// A length byte's worth, less the NUL
const MAX_COMMENT: usize = 254;

pub fn from_comment(comment: &str) -> Vec<u8> {
    let text = &comment.as_bytes()[..comment.len().min(MAX_COMMENT)];
    let mut bytes = vec![COMMENT, text.len() as u8 + 1];
    bytes.extend_from_slice(text);
    bytes.push(0);
    bytes
}

pub fn comment(mut bytes: &[u8]) -> Option<String> {
    while let [kind, length, rest @ ..] = bytes {
        let value = rest.get(..usize::from(*length))?;
        if *kind == COMMENT {
            let text = value.strip_suffix(&[0]).unwrap_or(value);
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        bytes = &rest[value.len()..];
    }
    None
}
