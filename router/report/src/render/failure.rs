use super::text::{Style, clean};

/// One line first, detail below. Not cut: what is wrong may be long, and may be wanted whole.
pub fn failure(error: &str, detail: &[String], color: bool) -> String {
    let first = format!("{} {}\n", Style::Bad.paint("error:", color), clean(error));
    let rest: String = detail.iter().flat_map(|text| text.lines()).map(|line| format!("  {}\n", clean(line))).collect();
    first + &rest
}
