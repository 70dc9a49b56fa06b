use crate::{
    mistake::{Mistake, Mistakes},
    span::Span,
};
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;
use std::fmt;

/// Columns a rendered line may take; longer lines are cut around the caret.
const WIDTH: usize = 140;

/// Bytes of the lines around a caret; of more, only the place is shown. The renderer takes its time for each character.
const MAX_SHOWN_BYTES: usize = 16 * 1024;

/// Everything wrong in one file, or everything that is hardly meant, in its order. Never empty.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    file_name: String,
    text: String,
    mistakes: Vec<Mistake>,
    total: usize,
    severity: Severity,
}

/// What comes of each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The file is not valid.
    Error,
    /// It is, and does what it says.
    Warning,
}

/// One thing wrong, for `--json`. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Where it begins.
    pub line: usize,
    /// Where it begins.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Places that explain it, at most a few.
    pub related: Vec<Related>,
}

/// Another place that explains a [`Diagnostic`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where it begins.
    pub line: usize,
    /// Where it begins.
    pub column: usize,
    /// What that place has to do with it.
    pub message: String,
}

impl Diagnostics {
    pub(crate) fn new(file_name: String, text: String, mistakes: Mistakes, severity: Severity) -> Self {
        let (mistakes, total) = mistakes.in_order();
        Self { file_name, text, mistakes, total, severity }
    }

    /// As it was given to [`parse`](crate::parse()).
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// How many mistakes there are, those beyond [`MAX_SHOWN`](crate::MAX_SHOWN) too.
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    pub fn len(&self) -> usize {
        self.total
    }

    /// The first [`MAX_SHOWN`](crate::MAX_SHOWN).
    pub fn iter(&self) -> impl Iterator<Item = Diagnostic> {
        self.mistakes.iter().map(|mistake| {
            let (line, column) = self.position(mistake.span);
            let related = mistake.related.iter().map(|(span, message)| {
                let (line, column) = self.position(*span);
                Related { line, column, message: message.clone() }
            });
            Diagnostic { line, column, message: mistake.message.clone(), help: mistake.help.clone(), related: related.collect() }
        })
    }

    /// As the Rust compiler shows them: file:line:col, the line, a caret, the mend.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
        let mut shown: Vec<String> = self.mistakes.iter().map(|mistake| self.render_one(&renderer, mistake)).collect();
        if self.total > shown.len() {
            shown.push(format!("… and {} more", self.total - shown.len()));
        }
        shown.join("\n\n") + "\n"
    }

    fn render_one(&self, renderer: &Renderer, mistake: &Mistake) -> String {
        let annotation = |kind: AnnotationKind, span: Span| kind.span(self.clamp(span.start)..self.clamp(span.end));
        let related = mistake.related.iter().filter(|(span, _)| self.is_short(*span));
        let related = related.map(|(span, label)| annotation(AnnotationKind::Context, *span).label(label));
        let title = self.severity.level().primary_title(&mistake.message);
        let place = if self.is_short(mistake.span) {
            let snippet = Snippet::source(&self.text).path(&self.file_name);
            title.element(snippet.annotation(annotation(AnnotationKind::Primary, mistake.span)).annotations(related))
        } else {
            let (line, column) = self.position(mistake.span);
            title.element(Origin::path(&self.file_name).line(line).char_column(column))
        };
        renderer.render(&[place.elements(mistake.help.iter().map(|help| Level::HELP.message(help)))])
    }

    /// Whether the lines of a span are short enough to be shown.
    fn is_short(&self, span: Span) -> bool {
        let start = self.text[..self.clamp(span.start)].rfind('\n').unwrap_or(0);
        let end = self.clamp(span.end);
        let end = self.text[end..].find('\n').map_or(self.text.len(), |newline| end + newline);
        end - start <= MAX_SHOWN_BYTES
    }

    fn position(&self, span: Span) -> (usize, usize) {
        let before = &self.text[..self.clamp(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The parser may point past the end or into a character.
    fn clamp(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let plural = if self.total == 1 { "" } else { "s" };
        write!(f, "{} has {} {}{plural}", self.file_name, self.total, self.severity.word())
    }
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    fn level(self) -> Level<'static> {
        match self {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        }
    }
}

impl std::error::Error for Diagnostics {}
