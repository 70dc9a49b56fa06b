use super::{Fault, Kernel};
use edge_engine::{ConfigFile, Decision, Entry, Journal, Kept, Left, Store, Text, Write, fingerprint};
use std::{
    io,
    sync::{Arc, Mutex},
};

#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub file: String,
    pub journal: Option<Journal>,
    pub last_good: Option<String>,
    pub previous: Option<String>,
    pub decision: Option<Decision>,
    pub history: Vec<Entry>,
}

#[derive(Clone)]
pub struct Disk {
    contents: Arc<Mutex<Contents>>,
    /// Whose faults meet the writes too.
    kernel: Kernel,
}

impl Disk {
    pub fn new(file: &str, kernel: &Kernel) -> Self {
        let contents = Contents { file: file.to_owned(), ..Contents::default() };
        Self { contents: Arc::new(Mutex::new(contents)), kernel: kernel.clone() }
    }

    pub fn contents(&self) -> Contents {
        self.contents.lock().unwrap().clone()
    }

    pub fn edit(&self, file: &str) {
        file.clone_into(&mut self.contents.lock().unwrap().file);
    }
}

impl Disk {
    /// Of one that is written to.
    fn has_power(&self) -> io::Result<()> {
        if self.kernel.is_dead() || matches!(self.kernel.due(), Some(Fault::Die | Fault::Refuse | Fault::RefuseAlways)) {
            return Err(io::Error::other("no power"));
        }
        Ok(())
    }
}

impl Store for Disk {
    fn write(&self, write: &Write) -> io::Result<()> {
        self.has_power()?;
        let mut contents = self.contents.lock().unwrap();
        match write.clone() {
            Write::Journal(journal) => contents.journal = Some(journal),
            Write::NoJournal => contents.journal = None,
            Write::LastGood(text) => contents.last_good = Some(text),
            Write::Previous(text) => contents.previous = Some(text),
            Write::Decision(decision) => contents.decision = Some(decision),
        }
        Ok(())
    }

    fn left(&self) -> Left {
        let Contents { journal, last_good, decision, .. } = self.contents();
        let kept = last_good.map(|text| Kept { text: Text { name: "last good".into(), text }, at: Some(1) });
        Left { decision, kept, journal }
    }

    fn file(&self) -> ConfigFile {
        let text = self.contents().file;
        ConfigFile { name: "edge-router.toml".into(), fingerprint: fingerprint(&text), text: Ok(text) }
    }

    fn previous(&self, name: Option<String>) -> Option<Text> {
        Some(Text { name: name.unwrap_or_default(), text: self.contents().previous? })
    }

    fn history(&self) -> Vec<Entry> {
        self.contents().history
    }

    fn next_number(&self) -> u64 {
        self.contents().history.last().map_or(1, |last| last.about.number + 1)
    }

    fn record(&self, entry: &Entry) -> io::Result<()> {
        self.has_power()?;
        self.contents.lock().unwrap().history.push(entry.clone());
        Ok(())
    }
}
