use super::WIDTH;

/// How a piece of text stands out on a terminal (ECMA-48, 8.3.117 select graphic rendition).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Plain,
    Bold,
    Good,
    Warn,
    Bad,
}

impl Style {
    pub fn paint(self, text: &str, color: bool) -> String {
        let code = match self {
            Style::Bold => "1",
            Style::Good => "32",
            Style::Warn => "33",
            Style::Bad => "31",
            Style::Plain => return text.to_owned(),
        };
        if color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Printable ASCII only: a device names itself, and must not be able to paint the terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect()
}

/// At most `width` characters, the last one `…` where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width == 0 { kept } else { format!("{}…", kept.trim_end()) }
}

/// Lines of at most [`WIDTH`], the first after `first`, the others after as many spaces; a word longer than a line is cut.
pub(super) fn wrap(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let room = WIDTH.saturating_sub(indent);
    let mut lines = vec![String::new()];
    for word in clean(text).split_whitespace() {
        let line = lines.len() - 1;
        match (lines[line].is_empty(), lines[line].chars().count() + 1 + word.len() <= room) {
            (true, _) => lines[line] = cut(word, room),
            (false, true) => lines[line] += &format!(" {word}"),
            (false, false) => lines.push(cut(word, room)),
        }
    }
    format!("{first}{}\n", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("vehicle", 7), "vehicle");
        assert_eq!(cut("vehicle", 6), "vehic…");
        assert_eq!(cut("vehicle", 1), "…");
        assert_eq!(cut("vehicle", 0), "");
    }

    #[test]
    fn a_name_cannot_paint_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\n"), "a?[31mb?c?");
    }

    #[test]
    fn long_text_is_wrapped_under_itself() {
        let text = wrap("! ", &"word ".repeat(30));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("  word")), "{text}");
        assert!(wrap("! ", &"x".repeat(300)).ends_with("…\n"));
    }
}
