use crate::Guarded;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an error answer carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// One line.
    pub error: String,
    /// What was found and what to do, a line each.
    #[serde(default)]
    pub detail: Vec<String>,
    /// What is wrong with a configuration, as `routerctl check` prints it, without colour.
    #[serde(default)]
    pub diagnostics: Option<String>,
    /// What `confirm_within` or `force` is wanted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<Box<Guarded>>,
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What is told about it.
    pub body: ErrorBody,
}

/// What kind of failure, with its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request makes no sense: 400.
    Invalid,
    /// The peer may not ask: 403.
    Forbidden,
    /// The network or route it names is not there: 404.
    NotFound,
    /// The route is there, but not for this method: 405.
    Method,
    /// It contradicts what is there: 409.
    Conflict,
    /// The request is too long: 413.
    TooLong,
    /// The configuration is not valid: 422.
    BadConfig,
    /// It ends ssh sessions, or leaves nothing, and says neither `confirm_within` nor `force`: 428.
    Guarded,
    /// Not the caller's fault: 500.
    Internal,
    /// The daemon is busy or shutting down: 503.
    Busy,
    /// No answer in time; the work goes on: 504.
    Timeout,
}

impl Failure {
    /// Of one line.
    pub fn new(kind: FailureKind, error: impl fmt::Display) -> Self {
        Self { kind, body: ErrorBody { error: error.to_string(), ..ErrorBody::default() } }
    }

    /// An error and what caused it, a line of detail for each cause that says something new.
    pub fn from_error(kind: FailureKind, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut failure = Self::new(kind, error);
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !failure.body.error.contains(&text) && !failure.body.detail.iter().any(|line| line.contains(&text)) {
                failure.body.detail.push(text);
            }
            cause = error.source();
        }
        failure
    }

    /// Everything it says as one text, for a log.
    pub fn in_full(&self) -> String {
        let mut text = [std::slice::from_ref(&self.body.error), &self.body.detail].concat().join(": ");
        if let Some(diagnostics) = &self.body.diagnostics {
            text = format!("{text}\n{diagnostics}");
        }
        text
    }

    /// With another line of detail.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.body.detail.push(line.into());
        self
    }

    /// With what it is refused for.
    #[must_use]
    pub fn guarded(mut self, guarded: Guarded) -> Self {
        self.body.guarded = Some(Box::new(guarded));
        self
    }

    /// With what is wrong with a configuration, as `routerctl check` prints it.
    #[must_use]
    pub fn diagnostics(mut self, rendered: String) -> Self {
        self.body.diagnostics = Some(rendered);
        self
    }
}

impl FailureKind {
    /// The HTTP status (RFC 9110, 15).
    pub fn status(self) -> u16 {
        match self {
            FailureKind::Invalid => 400,
            FailureKind::Forbidden => 403,
            FailureKind::NotFound => 404,
            FailureKind::Method => 405,
            FailureKind::Conflict => 409,
            FailureKind::TooLong => 413,
            FailureKind::BadConfig => 422,
            FailureKind::Guarded => 428,
            FailureKind::Internal => 500,
            FailureKind::Busy => 503,
            FailureKind::Timeout => 504,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.body.error)
    }
}

impl std::error::Error for Failure {}
