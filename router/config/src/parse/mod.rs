//! One file a kind of value, and below [`draft`] one a table. Each `…Draft` holds what one table says, with its place in the file;
//! [`draft`] holds them against each other and makes the [`Config`].

mod address;
mod bytes;
mod claims;
#[cfg(test)]
mod documented;
mod domain;
mod draft;
mod lease_time;
mod links;
mod names;
mod option_value;
mod port;
mod probe;
mod ssh_key;
mod subnets;
mod syntax;
mod table;
mod target;
mod value;
mod word;

use crate::{Config, Diagnostics, diagnostics::Severity, mistake::Mistakes, span::Span};
use draft::Draft;
pub use draft::MAX_METRIC;
use toml::de::DeTable;

/// Bytes. A thousand networks with ten hosts each are smaller.
pub const MAX_SIZE: usize = 1 << 20;

/// Reads a configuration, or finds everything that is wrong with it. `file_name` is for the messages only.
/// Nesting is bounded by the TOML parser (80 levels), the size and the mistakes shown by us.
pub fn parse(file_name: &str, text: &str) -> Result<Config, Diagnostics> {
    if text.len() > MAX_SIZE {
        let mut mistakes = Mistakes::default();
        let message = format!("the file has {} bytes, at most {MAX_SIZE} are read", text.len());
        mistakes.add(Span::default(), message).help("make it smaller, or check that it is the right file");
        return Err(Diagnostics::new(file_name.to_owned(), String::new(), mistakes, Severity::Error));
    }
    let text = plain(text);
    let (document, errors) = DeTable::parse_recoverable(&text);
    let mut mistakes = Mistakes::default();
    let config = Draft::read(document.get_ref(), &mut mistakes).finish(&mut mistakes);
    let mistakes = mistakes.after_syntax(syntax::mistakes(&errors), &text);
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(Diagnostics::new(file_name.to_owned(), text, mistakes, Severity::Error)),
    }
}

/// With plain line ends, and no byte order mark, lines and columns are the same for every editor.
pub(crate) fn plain(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}
