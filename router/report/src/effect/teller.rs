use super::value::{Shown, Value};
use edge_api::{Action, FileEffect, PartKind};

/// Collects what there is to tell.
#[derive(Default)]
pub struct Teller {
    pub effects: Vec<FileEffect>,
}

/// One table of the file that is there before and after.
pub struct Table<'a> {
    teller: &'a mut Teller,
    kind: &'static str,
    name: Option<&'a str>,
}

impl Teller {
    /// A table that comes or goes: `text` is the whole sentence.
    pub fn whole(&mut self, kind: &'static str, name: Option<&str>, action: Action, text: String) {
        self.push(kind, name, action, None, text);
    }

    pub fn table<'a>(&'a mut self, kind: &'static str, name: Option<&'a str>) -> Table<'a> {
        Table { teller: self, kind, name }
    }

    fn push(&mut self, kind: &'static str, name: Option<&str>, action: Action, key: Option<&str>, text: String) {
        let (name, key) = (name.map(str::to_owned), key.map(str::to_owned));
        self.effects.push(FileEffect { kind: PartKind::Table(kind.to_owned()), name, action, key, text });
    }
}

impl Table<'_> {
    /// `absent`: what holds where the file does not say.
    pub fn key<T: Value>(&mut self, key: &'static str, old: &T, new: &T, absent: &str) {
        self.noted(key, old, new, absent, "");
    }

    /// `note` follows what is told.
    pub fn noted<T: Value>(&mut self, key: &'static str, old: &T, new: &T, absent: &str, note: &str) {
        if old != new {
            self.tell(key, change(key, old.shown(), new.shown(), absent) + note);
        }
    }

    pub fn tell(&mut self, key: &str, text: String) {
        self.teller.push(self.kind, self.name, Action::Change, Some(key), text);
    }

    pub fn item(&mut self, key: &str, action: Action, text: String) {
        self.teller.push(self.kind, self.name, action, Some(key), text);
    }
}

fn change(key: &str, old: Shown, new: Shown, absent: &str) -> String {
    let text = |shown| match shown {
        Shown::Text(text) => Some(text),
        Shown::Absent => Some(absent.to_owned()),
        Shown::Secret => None,
    };
    match (text(old), text(new)) {
        (Some(old), Some(new)) => format!("{key} {old} -> {new}"),
        _ => format!("{key} (changed)"),
    }
}

pub fn word(kind: &PartKind) -> &str {
    match kind {
        PartKind::Table(word) => word,
        PartKind::Policy => "policy",
        PartKind::Box => "the box",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_net::Secret;

    #[test]
    fn of_a_secret_only_that_it_is_another_is_told() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        for (old, new) in [(secret("hunter2"), secret("hunter3")), (None, secret("hunter2")), (secret("hunter2"), None)] {
            let mut teller = Teller::default();
            teller.table("network", Some("a")).key("password", &old, &new, "none");
            assert_eq!(teller.effects[0].text, "password (changed)");
        }
        let mut teller = Teller::default();
        teller.table("network", Some("a")).key("password", &secret("hunter2"), &secret("hunter2"), "none");
        assert_eq!(teller.effects, []);
    }
}
