//! Words for messages.

/// Longest piece of the file repeated in a message, in characters.
const MAX_QUOTED: usize = 40;

/// `text` in quotes as TOML would show it.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", shorten(text))
}

/// `text` cut, and with nothing that moves a terminal's cursor.
pub fn shorten(text: &str) -> String {
    let short: String = text.chars().take(MAX_QUOTED).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", short.escape_debug())
}

/// The candidate that was probably meant.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.len() > 63 {
        return None;
    }
    let allowed = wanted.chars().count().div_ceil(3);
    let distance = |candidate: &str| match candidate.starts_with(wanted) && wanted.len() >= 3 {
        true => 1,
        false => strsim::damerau_levenshtein(wanted, candidate),
    };
    let distances = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
    distances.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `a, b or c`, each written by `show`; at most a dozen.
pub fn list<'a>(items: impl IntoIterator<Item = &'a str>, show: impl Fn(&str) -> String) -> String {
    let mut words: Vec<String> = items.into_iter().take(13).map(show).collect();
    if words.len() > 12 {
        words.truncate(12);
        return format!("{} …", words.join(", "));
    }
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
        None => "none".to_owned(),
    }
}
