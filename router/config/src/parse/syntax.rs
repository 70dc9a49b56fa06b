use crate::{mistake::Mistakes, span::Span};
use toml::de::Error;

/// The parser's errors, in our words where its own are short.
pub fn mistakes(errors: &[Error]) -> Mistakes {
    let mut mistakes = Mistakes::default();
    for error in errors {
        let span: Span = error.span().unwrap_or_default().into();
        let (message, expected) = match error.message().split_once(", expected ") {
            Some((message, expected)) => (message, Some(expected)),
            None => (error.message(), None),
        };
        let (message, help) = match (message, expected) {
            ("string values must be quoted", _) if span.start == span.end => {
                ("a key without a value", "write one after the `=`".into())
            }
            ("string values must be quoted", _) => (message, "put it in quotes: \"…\"".into()),
            ("invalid boolean", _) => ("neither a string nor a boolean", "put it in quotes, or write true or false".into()),
            ("duplicate key", _) => {
                (message, "say each key once in a table; one more of a list starts with its own [[…]] line".into())
            }
            (_, Some("nothing")) => (message, "remove it".into()),
            (_, Some(expected)) => (message, format!("expected {expected}")),
            (_, None) => (message, "see toml.io for the syntax".into()),
        };
        mistakes.add(span, format!("not TOML: {message}")).help(help);
    }
    mistakes
}
