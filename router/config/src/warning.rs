use crate::{Diagnostics, Spot, diagnostics::Severity, mistake::Mistakes, parse::plain, span::Span};
use toml::de::DeTable;

/// What is valid, and hardly what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where it is said.
    pub at: Spot,
    /// What comes of it, in one sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// Other places that explain it.
    pub related: Vec<(Spot, String)>,
}

impl Warning {
    /// With nothing else that explains it.
    pub fn new(at: Spot, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: help.into(), related: Vec::new() }
    }

    /// With one place more that explains it.
    pub fn related(mut self, at: Spot, label: impl Into<String>) -> Self {
        self.related.push((at, label.into()));
        self
    }
}

impl Diagnostics {
    /// What is hardly meant in a file that was read, with its places in `text`; `None`: there is nothing.
    pub fn of_warnings(file_name: &str, text: &str, warnings: &[Warning]) -> Option<Self> {
        if warnings.is_empty() {
            return None;
        }
        let text = plain(text);
        let (document, _) = DeTable::parse_recoverable(&text);
        let span = |at: &Spot| -> Span { at.span(document.get_ref()) };
        let mut found = Mistakes::default();
        for warning in warnings {
            let one = found.add(span(&warning.at), &warning.message).help(&warning.help);
            for (at, label) in &warning.related {
                one.related(span(at), label);
            }
        }
        Some(Self::new(file_name.to_owned(), text.clone(), found, Severity::Warning))
    }
}
