use crate::span::Span;
use std::collections::BTreeSet;

/// Mistakes listed and rendered; the rest are only counted.
pub const MAX_SHOWN: usize = 50;

/// One thing wrong in the file: what, where, and how to mend it.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
    /// Other places that explain it.
    pub related: Vec<(Span, String)>,
    /// Something is missing. In a file with broken syntax it may well be there, behind the break.
    absence: bool,
}

impl Mistake {
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub fn related(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.related.push((span, label.into()));
        self
    }

    pub fn absence(&mut self) -> &mut Self {
        self.absence = true;
        self
    }
}

/// Collects mistakes, so that one pass finds them all. Counts each and keeps as many as are shown: the file is hostile.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    kept: Vec<Mistake>,
    dropped: usize,
}

impl Mistakes {
    pub fn add(&mut self, span: Span, message: impl Into<String>) -> &mut Mistake {
        self.drop_rest();
        self.kept.push(Mistake { span, message: message.into(), help: None, related: Vec::new(), absence: false });
        let newest = self.kept.len() - 1;
        &mut self.kept[newest]
    }

    /// One more would not be shown, so no effort is due.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= MAX_SHOWN
    }

    fn drop_rest(&mut self) {
        self.dropped += self.kept.len().saturating_sub(MAX_SHOWN);
        self.kept.truncate(MAX_SHOWN);
    }

    /// Leaves out what `syntax` errors may have caused: what lies on a broken line, and what is missing.
    pub fn after_syntax(mut self, syntax: Mistakes, text: &str) -> Self {
        if syntax.kept.is_empty() {
            return self;
        }
        self.drop_rest();
        let line = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        let broken: BTreeSet<usize> = syntax.kept.iter().map(|mistake| line(mistake.span.start)).collect();
        let placed = |mistake: &Mistake| mistake.span.end > 0 && !broken.contains(&line(mistake.span.start));
        self.kept.retain(|mistake| !mistake.absence && placed(mistake));
        let mut all = syntax;
        all.dropped += self.dropped;
        all.kept.append(&mut self.kept);
        all
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Those that are shown, in the order of the file, and how many there are.
    pub fn in_order(mut self) -> (Vec<Mistake>, usize) {
        self.drop_rest();
        let total = self.kept.len() + self.dropped;
        self.kept.sort_by_key(|mistake| mistake.span);
        (self.kept, total)
    }
}
