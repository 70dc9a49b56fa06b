//! TOML values to plain Rust types.

use crate::{
    mistake::{Mistake, Mistakes},
    span::{At, Span},
    suggest::{list, nearest, quote, shorten},
};
use toml::de::DeValue;

/// A type that one TOML value can be read into. What is wrong is noted, and then there is none.
pub trait FromToml: Sized {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self>;
}

/// A type that a TOML string can be read into.
pub trait FromText: Sized {
    /// What it is, with its article.
    const WHAT: &'static str;

    /// The error is the mend.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl<T: FromText> FromToml for T {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let DeValue::String(text) = value else {
            let help = match value {
                DeValue::Array(_) => Some("write one, without the brackets".to_owned()),
                DeValue::Integer(digits) => T::from_text(digits.as_str()).err(),
                _ => None,
            };
            let help = help.unwrap_or_else(|| "put it in quotes".to_owned());
            wrong_type(&format!("{} as a string", T::WHAT), value, at, mistakes).help(help);
            return None;
        };
        match T::from_text(text) {
            Ok(value) => Some(value),
            Err(mend) => {
                mistakes.add(at, format!("{} is not {}", quote(text), T::WHAT)).help(mend);
                None
            }
        }
    }
}

impl FromToml for bool {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        if let DeValue::Boolean(value) = value {
            return Some(*value);
        }
        wrong_type("true or false", value, at, mistakes).help("write true or false, without quotes");
        None
    }
}

impl FromToml for u32 {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        integer(value, 0, u32::MAX, at, mistakes)
    }
}

impl<T: FromToml> FromToml for Vec<At<T>> {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let DeValue::Array(items) = value else {
            wrong_type("a list", value, at, mistakes).help("put it in brackets: [ … ]");
            return None;
        };
        let read = items.iter().map(|item| {
            let span = item.span().into();
            T::from_toml(item.get_ref(), span, mistakes).map(|value| At { value, span })
        });
        // Each is read before the first missing one makes the whole missing, so that each mistake is noted.
        read.collect::<Vec<_>>().into_iter().collect()
    }
}

/// One value, or a list of at least one.
pub struct OneOrMore<T>(pub Vec<At<T>>);

impl<T: Copy> OneOrMore<T> {
    pub fn values(&self) -> Vec<T> {
        self.0.iter().map(|one| one.value).collect()
    }
}

impl<T: FromToml> FromToml for OneOrMore<T> {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        if !matches!(value, DeValue::Array(_)) {
            return T::from_toml(value, at, mistakes).map(|value| Self(vec![At { value, span: at }]));
        }
        let list: Vec<At<T>> = FromToml::from_toml(value, at, mistakes)?;
        if list.is_empty() {
            mistakes.add(at, "an empty list").help("write at least one value, or leave the key out");
            return None;
        }
        Some(Self(list))
    }
}

/// A whole number between two bounds.
pub fn integer(value: &DeValue, first: u32, last: u32, at: Span, mistakes: &mut Mistakes) -> Option<u32> {
    let DeValue::Integer(digits) = value else {
        wrong_type("a whole number", value, at, mistakes).help(format!("write a number from {first} to {last}, without quotes"));
        return None;
    };
    let number = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
    let number = number.filter(|number| (first..=last).contains(number));
    if number.is_none() {
        mistakes
            .add(at, format!("{} is out of range", shorten(digits.as_str())))
            .help(format!("write a number from {first} to {last}"));
    }
    number
}

/// One of the words a key takes.
pub fn choice<T: Copy>(text: &str, choices: &[(&'static str, T)]) -> Result<T, String> {
    let words = || choices.iter().map(|(word, _)| *word);
    let hit = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    hit.ok_or_else(|| {
        let choices = list(words(), quote);
        nearest(text, words()).map_or(format!("it is {choices}"), |word| format!("did you mean {}? It is {choices}", quote(word)))
    })
}

pub fn wrong_type<'m>(wanted: &str, value: &DeValue, at: Span, mistakes: &'m mut Mistakes) -> &'m mut Mistake {
    mistakes.add(at, format!("wanted {wanted}, found {}", found(value)))
}

/// What kind of value it is, with its article.
pub fn found(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
