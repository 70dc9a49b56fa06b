//! The value of an option that is given by its number.

use crate::{
    mistake::Mistakes,
    parse::{
        bytes::Bytes,
        domain::Domain,
        value::{FromText, FromToml, OneOrMore, choice, wrong_type},
    },
    span::{At, Span},
    suggest::quote,
};
use std::net::Ipv4Addr;
use toml::de::DeValue;

/// How a value is written down in the option (RFC 2132).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    Ip,
    U8,
    U16,
    U32,
    Flag,
    Text,
    Hex,
    Domains,
}

impl FromText for OptionType {
    const WHAT: &'static str = "a type of option";

    fn from_text(text: &str) -> Result<Self, String> {
        let choices = [
            ("ip", Self::Ip),
            ("u8", Self::U8),
            ("u16", Self::U16),
            ("u32", Self::U32),
            ("flag", Self::Flag),
            ("text", Self::Text),
            ("hex", Self::Hex),
            ("domains", Self::Domains),
        ];
        choice(text, &choices)
    }
}

/// One value, of whatever kind the file has.
pub enum Scalar {
    Text(String),
    Number(u64),
    Flag(bool),
}

impl FromToml for Scalar {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let scalar = match value {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok().map(Self::Number),
            DeValue::Boolean(flag) => Some(Self::Flag(*flag)),
            _ => None,
        };
        if scalar.is_none() {
            wrong_type("text, a number, true or false", value, at, mistakes).help("write one value, or several in brackets");
        }
        scalar
    }
}

pub fn encode(kind: OptionType, values: &At<OneOrMore<Scalar>>, mistakes: &mut Mistakes) -> Option<Vec<u8>> {
    let single = matches!(kind, OptionType::Flag | OptionType::Text | OptionType::Hex);
    if single && values.value.0.len() > 1 {
        mistakes.add(values.span, "an option of this type has one value").help("write one, without the brackets");
        return None;
    }
    let mut bytes = Vec::new();
    let mut whole = true;
    for value in &values.value.0 {
        match one(kind, &value.value) {
            Ok(encoded) => bytes.extend(encoded),
            Err((what, help)) => {
                let shown = match &value.value {
                    Scalar::Text(text) => quote(text),
                    Scalar::Number(number) => number.to_string(),
                    Scalar::Flag(flag) => flag.to_string(),
                };
                mistakes.add(value.span, format!("{shown} is not {what}")).help(help);
                whole = false;
            }
        }
    }
    whole.then_some(bytes)
}

/// The error is what was wanted, and the mend.
fn one(kind: OptionType, value: &Scalar) -> Result<Vec<u8>, (&'static str, String)> {
    match (kind, value) {
        (OptionType::Ip, Scalar::Text(text)) => text_of::<Ipv4Addr>(text).map(|address| address.octets().to_vec()),
        (OptionType::Hex, Scalar::Text(text)) => text_of::<Bytes>(text).map(|bytes| bytes.0),
        (OptionType::Domains, Scalar::Text(text)) => text_of::<Domain>(text).map(|domain| domain.labels()),
        (OptionType::Text, Scalar::Text(text)) => Ok(text.clone().into_bytes()),
        (OptionType::Flag, Scalar::Flag(flag)) => Ok(vec![u8::from(*flag)]),
        (OptionType::U8, Scalar::Number(number)) => number_of(*number, 1),
        (OptionType::U16, Scalar::Number(number)) => number_of(*number, 2),
        (OptionType::U32, Scalar::Number(number)) => number_of(*number, 4),
        (OptionType::U8 | OptionType::U16 | OptionType::U32, _) => Err(("a number", "write it without quotes".to_owned())),
        (OptionType::Flag, _) => Err(("a flag", "write true or false, without quotes".to_owned())),
        (OptionType::Ip, _) => Err((Ipv4Addr::WHAT, "write it in quotes, as in \"10.0.1.2\"".to_owned())),
        (OptionType::Hex | OptionType::Text | OptionType::Domains, _) => Err(("text", "put it in quotes".to_owned())),
    }
}

fn text_of<T: FromText>(text: &str) -> Result<T, (&'static str, String)> {
    T::from_text(text).map_err(|mend| (T::WHAT, mend))
}

fn number_of(number: u64, bytes: usize) -> Result<Vec<u8>, (&'static str, String)> {
    let most = (1u64 << (8 * bytes)) - 1;
    let help = || ("a number of this size", format!("write a number from 0 to {most}"));
    if number <= most { Ok(number.to_be_bytes()[8 - bytes..].to_vec()) } else { Err(help()) }
}
