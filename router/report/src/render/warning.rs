use super::text::{Style, wrap};
use edge_api::Warning;

/// A sentence each. How to mend what is in the file is told by `check`.
pub fn warnings(warnings: &[Warning], color: bool) -> String {
    let lines = warnings.iter().map(|warning| {
        let text = match (&warning.place, &warning.help) {
            (Some(place), _) => format!("warning: {place}: {}", warning.message),
            (None, Some(help)) => format!("warning: {}: {help}", warning.message),
            (None, None) => format!("warning: {}", warning.message),
        };
        Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n"
    });
    lines.collect()
}
