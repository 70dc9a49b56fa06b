//! What of an object is otherwise than wanted. What of it is a type and not a text, for what an apply interrupts follows from it.

use edge_net::IfName;
use std::{borrow::Cow, fmt};

/// One attribute of an object that is otherwise than wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which attribute.
    pub what: Attribute,
    /// `None`: there is none.
    from: Option<String>,
    to: Option<String>,
}

/// What an object may differ in. `Display` gives it the word that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    // Of a link.
    /// The network namespace it stands in.
    Namespace,
    /// What it is called.
    Name,
    /// Of which [`LinkKind`](crate::LinkKind) it is.
    Kind,
    /// What only links of its kind have, as the kind itself tells it.
    OfKind {
        /// The word that people read.
        word: Cow<'static, str>,
        /// The kernel cannot change it on a living link.
        fixed: bool,
    },
    /// The bridge it is a port of.
    Master,
    /// Its hardware address.
    Mac,
    /// Whether it is set up (`IFF_UP`).
    Up,
    /// Who uses it, by its mark ([`Owner`](crate::Owner)).
    User,
    /// Its reverse path filter ([`RpFilter`](crate::RpFilter)).
    RpFilter,
    /// Whether the kernel forwards what comes in by it.
    Forwarding,
    /// Whether a device is set as its [`LinkConf`](crate::LinkConf) says, told as one.
    Settings,
    /// Of a setting, which has nothing else.
    Value,
    /// Of the flowtable: whether this link is bound to it.
    Bound(IfName),
    // Of the table.
    /// The table's comment.
    Comment,
    /// A chain, by its name.
    Chain(String),
    /// A set or map, by its name.
    Set(String),
    /// One element of a set or map.
    Element {
        /// The set's name.
        set: String,
        /// The element's key, in words.
        key: String,
    },
    /// Something we never make, as `nft` calls it.
    Foreign(String),
    /// What of a table has no part to be named by.
    Rest,
}

impl Difference {
    pub(crate) fn new(what: Attribute, from: impl ToString, to: impl ToString) -> Self {
        Self { what, from: Some(from.to_string()), to: Some(to.to_string()) }
    }

    /// Of something that may be missing.
    pub(crate) fn of<T: ToString>(what: Attribute, from: Option<T>, to: Option<T>) -> Self {
        let text = |value: Option<T>| value.map(|value| value.to_string());
        Self { what, from: text(from), to: text(to) }
    }

    /// As it is, in words; `None`: not there.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref().or(self.what.none())
    }

    /// As it shall be.
    pub fn to(&self) -> Option<&str> {
        self.to.as_deref().or(self.what.none())
    }

    /// Whether there is one now that does not stay as it is.
    pub(crate) fn takes_away(&self) -> bool {
        self.from.is_some()
    }
}

impl Attribute {
    /// Of a kind of link, where a living link cannot get another.
    pub(crate) const fn fixed(word: &'static str) -> Self {
        Self::OfKind { word: Cow::Borrowed(word), fixed: true }
    }

    /// The word for none, where having none is nothing that is missing.
    fn none(&self) -> Option<&'static str> {
        (*self == Attribute::Master).then_some("none")
    }

    /// What a link is set to, as its [`LinkConf`](crate::LinkConf) has it.
    pub(crate) fn is_setting(&self) -> bool {
        matches!(self, Attribute::RpFilter | Attribute::Forwarding | Attribute::Settings)
    }

    /// The kernel cannot change it on a living link, as its kind (net/core/rtnetlink.c).
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Attribute::Kind | Attribute::OfKind { fixed: true, .. })
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Attribute::Namespace => "namespace",
            Attribute::Name => "name",
            Attribute::Kind => "kind",
            Attribute::OfKind { word, .. } => word,
            Attribute::Master => "bridge",
            Attribute::Mac => "MAC",
            Attribute::Up => "link",
            Attribute::User => "used by",
            Attribute::RpFilter => "rp_filter",
            Attribute::Forwarding => "forwarding",
            Attribute::Settings => "settings",
            Attribute::Value => "",
            Attribute::Bound(link) => link.as_str(),
            Attribute::Comment => "comment",
            Attribute::Chain(name) => return write!(f, "chain {name}"),
            Attribute::Set(name) => return write!(f, "set {name}"),
            Attribute::Element { set, key } => return write!(f, "{set} {{ {key} }}"),
            Attribute::Foreign(what) => what,
            Attribute::Rest => "parts of it",
        })
    }
}
