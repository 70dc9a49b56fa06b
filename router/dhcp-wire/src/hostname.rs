//! A host name as a device sends it may hold anything, and ends in files, terminals and DNS answers.

use arrayvec::ArrayString;

/// Of a host name, as DNS has them (RFC 1035, 2.3.4).
pub type Label = ArrayString<63>;

/// The first label with everything but letters, digits and hyphens left out, lower case, at most 63 bytes and with no
/// hyphen at either end (RFC 1123, 2.1). None where nothing is left, and for `localhost`, which nobody may take.
pub fn clean(sent: &[u8]) -> Option<Label> {
    let label = sent.split(|byte| *byte == b'.').next().unwrap_or_default();
    let kept = label.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'-');
    let mut name = Label::new();
    for byte in kept.skip_while(|byte| **byte == b'-').take(name.capacity()) {
        name.push(char::from(byte.to_ascii_lowercase()));
    }
    while name.ends_with('-') {
        name.pop();
    }
    (!name.is_empty() && &name != "localhost").then_some(name)
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
