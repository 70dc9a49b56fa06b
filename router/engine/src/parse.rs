use crate::{ConfigFile, journal::Text};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use std::sync::Arc;

impl ConfigFile {
    /// What it says, or why nobody knows.
    pub fn read(&self) -> Result<Text, Failure> {
        match &self.text {
            Ok(text) => Ok(Text { name: self.name.clone(), text: text.clone() }),
            Err(why) => Err(Failure::new(FailureKind::BadConfig, format!("cannot read {}: {why}", self.name))),
        }
    }
}

/// Every error at once.
pub fn parse(text: &Text) -> Result<Arc<Config>, Failure> {
    edge_config::parse(&text.name, &text.text).map(Arc::new).map_err(|diagnostics| {
        let (name, count) = (&text.name, diagnostics.len());
        let what = format!("{name} has {count} error{}", if count == 1 { "" } else { "s" });
        Failure::new(FailureKind::BadConfig, what).diagnostics(diagnostics.render(false))
    })
}
