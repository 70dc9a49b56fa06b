use edge_net::Name;
use toml::de::{DeTable, DeValue};

/// Where a file says something, for who has to name the line after it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// As in `[system]` or `[[network]]`.
    pub table: &'static str,
    /// The `name` of one of several.
    pub name: Option<Name>,
    /// What it says there.
    pub key: &'static str,
}

impl Place {
    /// The line, counted from 1: of the key, or of its table where that does not say it. `None`: there is no such table.
    pub fn line(&self, text: &str) -> Option<usize> {
        // A byte order mark and CRLF change no number of a line.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (document, _) = DeTable::parse_recoverable(text);
        let (at, entries) = self.find(document.get_ref())?;
        let at = entries.get_key_value(self.key).map_or(at, |(key, _)| key.span().start);
        Some(1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count())
    }

    /// The table, and where it begins.
    fn find<'a>(&self, document: &'a DeTable<'a>) -> Option<(usize, &'a DeTable<'a>)> {
        let (key, value) = document.get_key_value(self.table)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some((key.span().start, entries)),
            DeValue::Array(items) => items.iter().find_map(|item| {
                let DeValue::Table(entries) = item.get_ref() else { return None };
                self.is_called(entries).then_some((item.span().start, entries))
            }),
            _ => None,
        }
    }

    fn is_called(&self, entries: &DeTable) -> bool {
        let name = entries.get("name").and_then(|name| name.get_ref().as_str());
        name == self.name.as_ref().map(Name::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# a comment\n[system]\nssh-from = [\n  \"lan\",\n]\n\n[[network]]\nname = \"lan\"\naddress = \"10.0.1.1/24\"\n\n\
        [[network]]\naddress = \"10.0.2.1/24\"\nname = \"hold\"\n";

    fn line(text: &str, table: &'static str, name: Option<&str>, key: &'static str) -> Option<usize> {
        Place { table, name: name.map(|name| name.parse().unwrap()), key }.line(text)
    }

    #[test]
    fn a_key_is_found_by_its_line() {
        #[rustfmt::skip]
        let cases = [
            ("system",  None,         "ssh-from", Some(3)),
            ("system",  None,         "hostname", Some(2)),
            ("network", Some("lan"),  "address",  Some(9)),
            ("network", Some("hold"), "address",  Some(12)),
            ("network", Some("hold"), "vlan",     Some(11)),
            ("network", Some("lost"), "vlan",     None),
            ("router",  None,         "drift",    None),
        ];
        let windows = format!("\u{feff}{}", FILE.replace('\n', "\r\n"));
        for (table, name, key, wanted) in cases {
            for text in [FILE, &windows] {
                assert_eq!(line(text, table, name, key), wanted, "{table} {name:?} {key}");
            }
        }
    }

    #[test]
    fn any_way_of_writing_a_list_is_read_and_nonsense_has_no_lines() {
        let one_line = "x = 1\nnetwork = [{ name = \"lan\" }, { name = \"hold\",\n vlan = 2 }]\n";
        assert_eq!(line(one_line, "network", Some("hold"), "vlan"), Some(3));
        assert_eq!(line(one_line, "network", Some("lan"), "vlan"), Some(2));
        for text in ["", "network = 7", "network = [7]", "[[[", "network = [{ name = 7 }]"] {
            assert_eq!(line(text, "network", Some("lan"), "vlan"), None, "{text}");
        }
    }
}
