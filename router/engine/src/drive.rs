//! Drives a transaction: what the pure machine wants is done here.

use crate::{
    Datapath, Done, Effect, Engine, Event, InForce, Mode, Store, Write,
    converge::Planned,
    engine::{Guard, Locked},
    journal::changes,
};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use edge_report::{Living, effects, line};
use std::{io, ops::ControlFlow, sync::Arc};

/// So many lines of the log are about what another configuration brings.
const MOST_TOLD: usize = 50;

/// What one event led to so far.
#[derive(Default)]
struct Run {
    planned: Option<(InForce, Planned)>,
    done: Done,
}

/// Why a batch of effects ends.
enum End {
    Event(Event),
    Answer(Result<(), Failure>),
}

impl<D: Datapath, S: Store> Engine<D, S> {
    /// From an event to its answer.
    pub(crate) async fn drive(&self, guard: &mut Guard<'_>, event: Event) -> Result<Done, Failure> {
        let (mut run, mut event) = (Run::default(), event);
        loop {
            let effects = guard.0.transaction.step(event, &(self.clock)());
            self.publish_ledger(guard.0.transaction.ledger());
            event = match self.batch(&mut guard.0, &mut run, effects).await {
                ControlFlow::Continue(()) => Event::Done,
                ControlFlow::Break(End::Event(event)) => event,
                ControlFlow::Break(End::Answer(answer)) => return answer.map(|()| run.done),
            };
        }
    }

    async fn batch(&self, locked: &mut Locked, run: &mut Run, effects: Vec<Effect>) -> ControlFlow<End> {
        for effect in effects {
            match effect {
                Effect::Plan(config) => return ControlFlow::Break(End::Event(self.find_out(run, config).await)),
                Effect::Converge(config, mode) => self.converge_run(run, config, mode).await?,
                Effect::Adopt(config) => self.adopt(locked, config).await,
                Effect::Write(write) => going_on(self.store.write(&write), unwritten)?,
                Effect::Note(writes) => self.note(locked, &writes),
                Effect::Log(level, line) => log::log!(level, "{line}"),
                Effect::Answer(answer) => return ControlFlow::Break(End::Answer(answer)),
            }
        }
        ControlFlow::Continue(())
    }

    async fn find_out(&self, run: &mut Run, config: Arc<Config>) -> Event {
        self.forget_fights();
        match self.plan(config, Mode::Whole).await {
            Ok(planned) => Event::Planned(changes(&run.planned.insert(planned).1.diff.ops)),
            Err(failure) => Event::Refused(failure),
        }
    }

    async fn converge_run(&self, run: &mut Run, config: Arc<Config>, mode: Mode) -> ControlFlow<End> {
        let done = match run.planned.take() {
            Some((target, planned)) => self.converge().converge(&target, &planned, mode).await,
            None => self.converge_to(config, mode).await,
        };
        run.done = going_on(done, Event::Refused)?;
        ControlFlow::Continue(())
    }

    /// What there is to do for `config`, by the kernel as it is now.
    async fn plan(&self, config: Arc<Config>, mode: Mode) -> Result<(InForce, Planned), Failure> {
        self.trust(&self.in_force().with_config(config.clone())).await?;
        if mode != Mode::Urgent {
            self.refresh_facts(&config);
        }
        let target = self.in_force().with_config(config);
        let planned = self.converge().plan(&target, mode).await?;
        Ok((target, planned))
    }

    pub(crate) async fn converge_to(&self, config: Arc<Config>, mode: Mode) -> Result<Done, Failure> {
        match self.plan(config, mode).await {
            Ok((target, planned)) => self.converge().converge(&target, &planned, mode).await,
            Err(failure) => {
                self.failed(&failure);
                Err(failure)
            }
        }
    }

    async fn adopt(&self, locked: &mut Locked, config: Arc<Config>) {
        let applied_at = locked.transaction.ledger().applied_at;
        let before = self.in_force();
        tell(&before, &config);
        self.publish(InForce { applied_at, ..before.with_config(config) });
        self.configure(locked).await;
    }

    /// What follows the kernel.
    pub(crate) async fn configure(&self, locked: &mut Locked) {
        let in_force = self.in_force();
        self.services.configure(&in_force).await;
        locked.configured = Some(in_force);
    }

    fn note(&self, locked: &mut Locked, writes: &[Write]) {
        let written = writes.iter().try_for_each(|write| self.store.write(write));
        if let Err(error) = &written {
            log::error!("not kept for the next start: {error}");
        }
        locked.transaction.noted(written.map_err(|error| error.to_string()));
        self.publish_ledger(locked.transaction.ledger());
    }
}

/// Not at a start: there is no before, and what came of it is told otherwise.
fn tell(before: &InForce, config: &Config) {
    let effects = if before.is_applied() { effects(&before.config, config, &Living::default()) } else { Vec::new() };
    effects.iter().take(MOST_TOLD).for_each(|effect| log::info!("in force: {}", line(effect)));
    if let Some(more @ 1..) = effects.len().checked_sub(MOST_TOLD) {
        log::info!("in force: and {more} more of the file");
    }
}

fn going_on<T, E>(done: Result<T, E>, event: impl FnOnce(E) -> Event) -> ControlFlow<End, T> {
    match done {
        Ok(done) => ControlFlow::Continue(done),
        Err(error) => ControlFlow::Break(End::Event(event(error))),
    }
}

fn unwritten(error: io::Error) -> Event {
    Event::Unwritten(Failure::from_error(FailureKind::Internal, &error))
}
