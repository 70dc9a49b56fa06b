use crate::{
    mistake::Mistakes,
    parse::value::{FromToml, wrong_type},
    span::{At, Span},
    suggest::{list, nearest, quote},
};
use toml::de::{DeTable, DeValue};

/// Reads one table key by key, and knows afterwards which keys nobody asked for.
pub struct Table<'a> {
    /// As the user writes it: `[[network]]`.
    title: &'static str,
    /// Its header.
    pub at: Span,
    entries: &'a DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub fn new(title: &'static str, at: Span, entries: &'a DeTable<'a>) -> Self {
        Self { title, at, entries, known: Vec::new() }
    }

    /// Whether the file says anything for `key`, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A key that belongs here and is read by nobody now.
    pub fn known(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// The value of `key`; none when it is absent, or wrong and therefore noted.
    pub fn take<T: FromToml>(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<At<T>> {
        let (_, span, value) = self.entry(key)?;
        T::from_toml(value, span, mistakes).map(|value| At { value, span })
    }

    /// The value of a key that must be there. `example` is what to write if it is not.
    pub fn need<T: FromToml>(&mut self, key: &'static str, example: &str, mistakes: &mut Mistakes) -> Option<At<T>> {
        if !self.has(key) {
            let help = format!("add, for example: {key} = {example}");
            mistakes.add(self.at, format!("{} has no `{key}`", self.title)).help(help).absence();
        }
        self.take(key, mistakes)
    }

    /// A table inside this one. `title` is how a user would write its header.
    pub fn table(&mut self, key: &'static str, title: &'static str, mistakes: &mut Mistakes) -> Option<Table<'a>> {
        let (key_span, span, value) = self.entry(key)?;
        match value {
            DeValue::Table(entries) => Some(Table::new(title, key_span, entries)),
            DeValue::Array(_) => {
                mistakes.add(span, format!("`{key}` is one table, not a list")).help(format!("write {title}, once"));
                None
            }
            other => {
                wrong_type("a table", other, span, mistakes).help(format!("write {title} and its keys below"));
                None
            }
        }
    }

    /// A list of tables: `[[network]]`.
    pub fn tables(&mut self, key: &'static str, title: &'static str, mistakes: &mut Mistakes) -> Vec<Table<'a>> {
        let Some((_, span, value)) = self.entry(key) else { return Vec::new() };
        let help = format!("write {title} above each");
        match value {
            DeValue::Array(items) => {
                items.iter().filter_map(|item| Self::of_list(title, item.get_ref(), item.span().into(), mistakes)).collect()
            }
            DeValue::Table(entries) => {
                mistakes.add(span, format!("`{key}` is a list of tables")).help(help);
                vec![Table::new(title, span, entries)]
            }
            other => {
                wrong_type("a list of tables", other, span, mistakes).help(help);
                Vec::new()
            }
        }
    }

    /// The same, each read.
    pub fn all<T>(
        &mut self,
        key: &'static str,
        title: &'static str,
        read: impl Fn(Table<'a>, &mut Mistakes) -> T,
        mistakes: &mut Mistakes,
    ) -> Vec<T> {
        self.tables(key, title, mistakes).into_iter().map(|table| read(table, mistakes)).collect()
    }

    fn of_list(title: &'static str, value: &'a DeValue<'a>, span: Span, mistakes: &mut Mistakes) -> Option<Self> {
        if let DeValue::Table(entries) = value {
            return Some(Self::new(title, span, entries));
        }
        wrong_type("a table", value, span, mistakes).help(format!("write {title} and its keys below"));
        None
    }

    fn entry(&mut self, key: &'static str) -> Option<(Span, Span, &'a DeValue<'a>)> {
        self.known.push(key);
        let entries: &'a DeTable<'a> = self.entries;
        let (key, value) = entries.get_key_value(key)?;
        Some((key.span().into(), value.span().into(), value.get_ref()))
    }

    /// Notes every key that was not asked for.
    pub fn finish(self, mistakes: &mut Mistakes) {
        #[cfg(test)]
        super::documented::note(self.title, &self.known);
        for (key, value) in self.entries.iter().filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref())) {
            let near = if mistakes.is_full() { None } else { nearest(key.get_ref(), self.known.iter().copied()) };
            let help = match near {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("{} takes {}", self.title, list(self.known.iter().copied(), |known| format!("`{known}`"))),
            };
            let what = if value.get_ref().is_table() || value.get_ref().is_array() { "table" } else { "key" };
            let message = format!("unknown {what} {} in {}", quote(key.get_ref()), self.title);
            mistakes.add(key.span().into(), message).help(help);
        }
    }
}
