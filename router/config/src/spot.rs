use crate::span::Span;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A way into a file that was read: keys, and places in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot(Vec<Step>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Key(&'static str),
    /// Counted from 0.
    Nth(usize),
}

impl Spot {
    /// One of several tables, as of `[[network]]`.
    pub fn nth_of(key: &'static str, nth: usize) -> Self {
        Self::default().key(key).nth(nth)
    }

    /// What is said there for this key.
    pub fn key(mut self, key: &'static str) -> Self {
        self.0.push(Step::Key(key));
        self
    }

    /// This one of a list. Where one value stands without a list, that.
    pub fn nth(mut self, nth: usize) -> Self {
        self.0.push(Step::Nth(nth));
        self
    }

    /// As far as the file goes that way: of a key that it does not say, the table.
    pub(crate) fn span(&self, document: &DeTable) -> Span {
        let Some((Step::Key(key), rest)) = self.0.split_first() else { return Span::default() };
        let Some((span, mut value)) = entry(document, key) else { return Span::default() };
        let mut span = span;
        for step in rest {
            let next = match (step, value) {
                (Step::Key(key), DeValue::Table(entries)) => entry(entries, key),
                (Step::Nth(nth), DeValue::Array(items)) => items.get(*nth).map(|item| (item.span().into(), item.get_ref())),
                _ => None,
            };
            let Some(next) = next else { break };
            (span, value) = next;
        }
        span
    }
}

/// Of a table its name is shown, and not all of it.
fn entry<'a>(entries: &'a DeTable<'a>, key: &str) -> Option<(Span, &'a DeValue<'a>)> {
    let (key, value) = entries.get_key_value(key)?;
    let span = if value.get_ref().is_table() { key.span() } else { value.span() };
    Some((span.into(), Spanned::get_ref(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[system]\nntp = [\"a\", \"b\"]\n[[network]]\nname = \"lan\"\n[[network]]\nname = \"hold\"\n[network.dhcp]\n\
        dns = \"10.0.2.1\"\n";

    #[test]
    fn it_leads_as_far_as_the_file_goes() {
        let (document, _) = DeTable::parse_recoverable(FILE);
        let at = |spot: Spot| {
            let span = spot.span(document.get_ref());
            &FILE[span.start..span.end]
        };
        let network = |nth| Spot::nth_of("network", nth);
        assert_eq!(at(Spot::default()), "");
        assert_eq!(at(Spot::default().key("router")), "");
        assert_eq!(at(Spot::default().key("system").key("ntp").nth(1)), "\"b\"");
        assert_eq!(at(Spot::default().key("system").key("hostname")), "system");
        assert_eq!(at(network(0).key("name")), "\"lan\"");
        assert_eq!(at(network(0).key("dhcp")), "[[network]]");
        assert_eq!(at(network(1).key("dhcp").key("lease")), "dhcp");
        assert_eq!(at(network(1).key("dhcp").key("dns").nth(0)), "\"10.0.2.1\"");
    }
}
