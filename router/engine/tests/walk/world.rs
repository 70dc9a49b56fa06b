//! A disk and a kernel in memory, that fail on order; and a daemon that dies at any effect.

use edge_api::{Failure, FailureKind};
use edge_config::Config;
use edge_engine::{
    ConfigFile, Decision, Effect, Event, Journal, Kept, Left, Mode, Moment, Now, Text, Transaction, Write, fingerprint, parse,
};
use std::sync::Arc;

/// What goes wrong, by the number of the effect, counted from 0.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The daemon dies there; or, of a write, after it.
    pub crash: Option<(usize, bool)>,
    /// The disk is full from there on.
    pub full: Option<usize>,
    /// So many ways of the kernel are refused, the first ones.
    pub refusals: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub file: String,
    pub journal: Option<Journal>,
    pub last_good: Option<String>,
    pub previous: Option<String>,
    pub decision: Option<Decision>,
}

pub struct Crashed;

pub struct World {
    pub disk: Disk,
    /// What the kernel is at; none: nothing, or somewhere between two.
    pub kernel: Option<Arc<Config>>,
    /// What was said to be in force last.
    pub in_force: Option<Arc<Config>>,
    pub machine: Transaction,
    pub now: Now,
    pub faults: Faults,
    effects: usize,
    /// What was refused with nobody to go back for it: the next event of the kernel mends it.
    partly: bool,
}

impl World {
    pub fn new(file: &str) -> Self {
        Self {
            disk: Disk { file: file.to_owned(), ..Disk::default() },
            kernel: None,
            in_force: None,
            machine: Transaction::default(),
            now: Now { moment: Moment { boot: "first".into(), ms: 0 }, unix: 1 },
            faults: Faults::default(),
            effects: 0,
            partly: false,
        }
    }

    pub fn file(&self) -> ConfigFile {
        let text = &self.disk.file;
        ConfigFile { name: "edge-router.toml".into(), fingerprint: fingerprint(text), text: Ok(text.clone()) }
    }

    /// The daemon is started, after whatever.
    pub fn start(&mut self) -> Result<Result<(), Failure>, Crashed> {
        self.machine = Transaction::default();
        self.in_force = None;
        let decision = self.disk.decision.clone();
        let text = |text: &String| {
            let name = decision.as_ref().and_then(|decision| decision.in_force.clone()).unwrap_or_default();
            Kept { text: Text { name, text: text.clone() }, at: decision.as_ref().and_then(|decision| decision.applied_at) }
        };
        let kept = self.disk.last_good.as_ref().map(text);
        let left = Left { kept, journal: self.disk.journal.clone(), decision };
        self.drive(Event::Start(Box::new((left, self.file()))))
    }

    pub fn drive(&mut self, event: Event) -> Result<Result<(), Failure>, Crashed> {
        let mut event = event;
        self.effects = 0;
        loop {
            let effects = self.machine.step(event, &self.now);
            event = Event::Done;
            for effect in effects {
                if let Effect::Answer(answer) = effect {
                    return Ok(answer);
                }
                if let Err(end) = self.carry_out(effect)? {
                    event = end;
                    break;
                }
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Result<(), Event>, Crashed> {
        let number = self.effects;
        self.effects += 1;
        let dies = self.faults.crash.filter(|(at, _)| *at == number);
        if let Effect::Converge(config, _) = &effect
            && dies.is_some()
            && !self.is_at(config)
        {
            // Somewhere on the way, or right before it.
            self.kernel = None;
        }
        if dies.is_some_and(|(_, after)| !after) {
            return Err(Crashed);
        }
        let done = match effect {
            Effect::Plan(config) => Err(Event::Planned(if self.is_at(&config) { vec![] } else { vec!["a change".into()] })),
            Effect::Converge(config, mode) => self.converge(config, mode),
            Effect::Adopt(config) => {
                self.in_force = Some(config);
                Ok(())
            }
            Effect::Write(write) => self.write(number, write).map_err(Event::Unwritten),
            Effect::Note(writes) => {
                let written = writes.into_iter().try_for_each(|write| self.write(number, write));
                self.machine.noted(written.map_err(|failure| failure.to_string()));
                Ok(())
            }
            Effect::Log(..) | Effect::Answer(_) => Ok(()),
        };
        if dies.is_some() { Err(Crashed) } else { Ok(done) }
    }

    fn is_at(&self, config: &Arc<Config>) -> bool {
        self.kernel.as_ref() == Some(config)
    }

    fn converge(&mut self, config: Arc<Config>, mode: Mode) -> Result<(), Event> {
        if mode == Mode::Whole && !self.is_at(&config) {
            self.has_way_back();
        }
        if self.faults.refusals > 0 {
            self.faults.refusals -= 1;
            self.kernel = None;
            self.partly = mode == Mode::Most;
            return Err(Event::Refused(Failure::new(FailureKind::Internal, "refused")));
        }
        self.kernel = Some(config);
        self.partly = false;
        Ok(())
    }

    /// Before anything is changed.
    fn has_way_back(&self) {
        let journal = self.disk.journal.as_ref().expect("nothing leads back");
        assert_eq!(journal.old, self.machine.ledger().kept, "it leads back elsewhere");
    }

    fn write(&mut self, number: usize, write: Write) -> Result<(), Failure> {
        if self.faults.full.is_some_and(|from| number >= from) && write != Write::NoJournal {
            return Err(Failure::new(FailureKind::Internal, "no space left"));
        }
        match write {
            Write::Journal(journal) => self.disk.journal = Some(journal),
            Write::NoJournal => self.disk.journal = None,
            Write::LastGood(text) => self.disk.last_good = Some(text),
            Write::Previous(text) => self.disk.previous = Some(text),
            Write::Decision(decision) => self.disk.decision = Some(decision),
        }
        Ok(())
    }

    /// Nothing goes wrong any more, and time passes.
    pub fn settle(&mut self) {
        self.faults = Faults::default();
        for _ in 0..2 {
            assert!(matches!(self.drive(Event::Time), Ok(Ok(()))), "the way back does not end");
        }
        if self.partly && self.kernel.is_none() {
            self.kernel = self.in_force.clone();
        }
    }

    /// As `[[network]]` tables are compared: what the text comes to.
    pub fn is_in_force(&self, text: &str) -> bool {
        let config = parse(&Text { name: String::new(), text: text.to_owned() });
        config.is_ok_and(|config| self.in_force == Some(config))
    }

    pub fn reboot(&mut self) {
        self.kernel = None;
        self.now.moment = Moment { boot: format!("{}'", self.now.moment.boot), ms: 0 };
    }

    pub fn wait(&mut self, ms: u64) {
        self.now.moment.ms += ms;
        self.now.unix += ms / 1000;
    }
}
