//! A host name as a device sends it may hold anything, and ends in files, terminals and DNS answers.

/// The first label with everything but letters, digits and hyphens left out, lower case, at most 63 bytes and with no
/// hyphen at either end (RFC 1123, 2.1). None where nothing is left, and for `localhost`, which nobody may take.
pub fn clean(sent: &[u8]) -> Option<String> {
    let label = sent.split(|byte| *byte == b'.').next().unwrap_or_default();
    let kept = label.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'-');
    let kept: String = kept.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let start = kept.trim_start_matches('-');
    let name = start.get(..63).unwrap_or(start).trim_end_matches('-');
    (!name.is_empty() && name != "localhost").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::clean;
    use proptest::prelude::*;

    #[test]
    fn cleans() {
        let cases: [(&[u8], Option<&str>); 8] = [
            (b"Device1", Some("device1")),
            (b"device1.lan.", Some("device1")),
            (b"-x", Some("x")),
            (b"$(reboot)", Some("reboot")),
            (b"a\nb", Some("ab")),
            (b"../etc", None),
            (b"localhost", None),
            (b"\xe4\xf6\0", None),
        ];
        for (sent, want) in cases {
            assert_eq!(clean(sent).as_deref(), want, "{sent:?}");
        }
    }

    proptest! {
        #[test]
        fn is_always_a_label(sent in any::<Vec<u8>>()) {
            if let Some(name) = clean(&sent) {
                prop_assert!((1..=63).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-'));
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            }
        }
    }
}
