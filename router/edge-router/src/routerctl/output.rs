use super::Refusal;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Standard output, for people or for programs.
pub struct Output {
    json: bool,
    color: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json, color: wants_color(&io::stdout()) }
    }

    /// Whether a program reads it.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// As the one JSON object, or as text; `text` is told whether to use colour.
    pub fn show<T: Serialize>(&self, answer: &T, text: impl FnOnce(&T, bool) -> String) -> Result<(), Refusal> {
        let shown = match self.json {
            true => {
                serde_json::to_string_pretty(answer).map_err(|error| Refusal::no(format!("cannot write JSON: {error}")))? + "\n"
            }
            false => text(answer, self.color),
        };
        match io::stdout().lock().write_all(shown.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Refusal::no(format!("cannot write the answer: {error}")))
            }
            // Whoever reads by `head` has seen enough.
            _ => Ok(()),
        }
    }
}

/// To standard error, which may be closed; `text` is told whether to use colour.
pub fn tell(text: impl FnOnce(bool) -> String) {
    let _ = io::stderr().lock().write_all(text(wants_color(&io::stderr())).as_bytes());
}

/// Only a terminal gets colour, and not one whose user said no (no-color.org).
pub fn wants_color(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !refused && !dumb
}
