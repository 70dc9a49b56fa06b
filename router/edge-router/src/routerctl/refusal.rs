use super::output::{tell, wants_color};
use edge_config::Diagnostics;
use edge_control::ClientError;
use edge_report::render;
use std::{io, process::ExitCode};

/// The answer is no: invalid, refused, drifted.
pub const NO: u8 = 1;
pub const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;

/// Why there is no good answer, and the exit status that says so.
#[derive(Debug)]
pub struct Refusal {
    status: u8,
    error: String,
    detail: Vec<String>,
    /// What is wrong with a configuration, rendered.
    diagnostics: Option<String>,
}

impl Refusal {
    pub fn no(error: impl Into<String>) -> Self {
        Self { status: NO, error: error.into(), detail: Vec::new(), diagnostics: None }
    }

    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.detail.push(line.into());
        self
    }

    /// One line first, detail below.
    pub fn tell(&self) -> ExitCode {
        let diagnostics = self.diagnostics.as_ref().map(|rendered| format!("\n{}\n", rendered.trim_end()));
        // The exit status tells it still when standard error is closed.
        tell(|color| render::failure(&self.error, &self.detail, color) + &diagnostics.unwrap_or_default());
        ExitCode::from(self.status)
    }
}

impl From<Diagnostics> for Refusal {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { diagnostics: Some(diagnostics.render(wants_color(&io::stderr()))), ..Self::no(diagnostics.to_string()) }
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        let status = match error {
            ClientError::Unreachable { .. } | ClientError::Late => UNREACHABLE,
            ClientError::Refused(_) | ClientError::Protocol(_) => NO,
        };
        let (text, detail) = (error.to_string(), error.detail());
        let diagnostics = match error {
            ClientError::Refused(body) => body.diagnostics,
            _ => None,
        };
        Self { status, error: text, detail, diagnostics }
    }
}
