use std::fmt;

/// What nobody may read who reads a log: a key, a password. It is printed as `(secret)` wherever it is part of something that is
/// printed, and has no `Display` and no `Serialize`, so that whoever writes one out must [`expose`](Secret::expose) it.
///
/// ```compile_fail
/// println!("{}", edge_net::Secret::new("hunter2"));
/// ```
///
/// Two are compared as any values are: what a file says with what the kernel has, neither of which a stranger chooses. What a stranger
/// presents is for a MAC or a signature to judge. Nor is it wiped when dropped: the same bytes stand in the file, in the text it was
/// parsed from and in the buffers of netlink.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// From now on it does not print.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// To be given to whom it is for.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;
    use std::collections::{BTreeSet, HashSet};

    /// As a link of a state or an operation on it would hold one.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    enum Change {
        SetKey { name: Name, from: Option<Secret<[u8; 4]>>, to: Secret<[u8; 4]> },
        SetPassword(Vec<Secret<String>>),
    }

    fn changes() -> [Change; 2] {
        let key = Change::SetKey {
            name: "wg0".parse().expect("a name"),
            from: Some(Secret::new([222, 173, 190, 239])),
            to: Secret::new([202, 254, 186, 190]),
        };
        [key, Change::SetPassword(vec![Secret::new("hunter2".to_owned())])]
    }

    #[test]
    fn nothing_of_a_secret_is_printed_by_what_holds_it() {
        let changes = changes();
        for text in [format!("{changes:?}"), format!("{changes:#?}"), format!("{changes:x?}")] {
            assert!(text.contains("wg0") && text.contains("(secret)"), "{text}");
            for part in ["222", "173", "de", "0xca", "254", "hunter", "String"] {
                assert!(!text.contains(part), "{part} in {text}");
            }
        }
    }

    #[test]
    fn what_holds_a_secret_is_compared_and_collected() {
        let [key, password] = changes();
        assert_ne!(key, password);
        assert_eq!(key, changes()[0]);
        assert_ne!(Secret::new(1), Secret::new(2));
        assert_eq!(HashSet::from([key.clone(), key.clone(), password.clone()]).len(), 2);
        assert_eq!(BTreeSet::from([key.clone(), key, password]).len(), 2);
        assert_eq!(Secret::new("hunter2").expose(), &"hunter2");
    }
}
