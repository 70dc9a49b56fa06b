//! What can be asked of the engine.

use crate::{
    Before, Datapath, Done, Engine, Event, Store,
    engine::Guard,
    guard::Asked,
    history::Cause,
    journal::{Journal, Text},
    transaction::Request,
};
use edge_api::{By, Failure, How};

/// Which configuration of the history is to be in force, and how.
#[derive(Clone, Debug)]
pub struct Back {
    /// Its number.
    pub to: u64,
    /// Seconds in which it must be confirmed.
    pub confirm: Option<u32>,
}

impl<D: Datapath, S: Store> Engine<D, S> {
    /// Brings what the last run left to its end, then what was decided or the configuration file into force.
    pub async fn start(&self) {
        let mut guard = self.lock_at_start().await;
        let found = Box::new((self.store.left(), self.file()));
        let kept = found.0.kept.as_ref().map(|kept| kept.text.text.clone());
        if let Err(failure) = self.drive(&mut guard, Event::Start(found)).await {
            log::error!("{}", failure.in_full());
        }
        self.publish_history(self.store.history());
        let is_same = self.ledger().kept.as_ref().map(|kept| &kept.text.text) == kept.as_ref();
        let brought = self.store.brought().unwrap_or(How::Start);
        self.record(Cause::new(if is_same { How::Found } else { brought }, By::default()));
    }

    /// What was given, or the configuration file, whatever was decided about it before. `confirm`: seconds in which it must be
    /// confirmed. `by`: who asks; nobody does by a signal.
    pub async fn apply(&self, given: Option<Text>, confirm: Option<u32>, by: Option<By>) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let request = self.request(given, confirm);
        self.apply_locked(&mut guard, request, by).await
    }

    /// The same, but refused where it [ends ssh sessions](Engine::guarded) and does not come back by itself.
    pub async fn apply_guarded(&self, given: Option<Text>, confirm: Option<u32>, by: Option<By>) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let request = self.request(given, confirm);
        if let (Ok(text), None) = (&request.text, confirm) {
            self.ask(text, Asked::Apply).await?;
        }
        self.apply_locked(&mut guard, request, by).await
    }

    fn request(&self, given: Option<Text>, confirm: Option<u32>) -> Request {
        let file = self.file();
        Request { text: given.map_or_else(|| file.read(), Ok), file, confirm }
    }

    async fn apply_locked(&self, guard: &mut Guard<'_>, request: Request, by: Option<By>) -> Result<Done, Failure> {
        let how = if by.is_some() { How::Apply } else { How::Reload };
        self.change(guard, Event::Apply(Box::new(request)), Cause::new(how, by.unwrap_or_default())).await
    }

    /// With what was in force before.
    async fn change(&self, guard: &mut Guard<'_>, event: Event, cause: Cause) -> Result<Done, Failure> {
        let (config, ledger) = (self.in_force().config.clone(), self.ledger());
        let done = self.drive(guard, event).await?;
        self.record(cause);
        let after = self.ledger();
        let texts = [&ledger, &after].map(|ledger| ledger.text().map(|text| text.text.as_str()));
        Ok(Done { before: Some(Before { config, is_other_text: texts[0] != texts[1] }), ..done })
    }

    /// What waits to be confirmed stays. Gives that, and the milliseconds that were left.
    pub async fn confirm(&self, by: By) -> Result<(Journal, u64), Failure> {
        let mut guard = self.lock().await?;
        let window = self.window();
        self.drive(&mut guard, Event::Confirm).await?;
        let (journal, left) = window.ok_or_else(crate::transaction::nothing_waits)?;
        log::info!("{} is confirmed", journal.new.name);
        let how = if journal.revert_to.is_some() { How::Revert } else { How::Confirm };
        self.record(Cause { revert_to: journal.revert_to, ..Cause::new(how, by) });
        Ok((journal, left))
    }

    /// Within a window to what was confirmed last; else to the configuration before, so that a second one returns.
    pub async fn revert(&self, by: By) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        self.go_back(&mut guard, by).await
    }

    /// The same, but refused where it [ends ssh sessions](Engine::guarded). What is not over yet always goes back.
    pub async fn revert_guarded(&self, by: By) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        if let (Some(text), None) = (&self.previous(), &self.ledger().open) {
            self.ask(text, Asked::Revert).await?;
        }
        self.go_back(&mut guard, by).await
    }

    async fn go_back(&self, guard: &mut Guard<'_>, by: By) -> Result<Done, Failure> {
        let revert_to = self.before().and_then(|which| which.number);
        let event = Event::Revert { before: self.previous(), file: self.file().fingerprint };
        self.change(guard, event, Cause { revert_to, ..Cause::new(How::Revert, by) }).await
    }

    /// One of the history, as any other apply; within a window it waits to be confirmed too.
    pub async fn revert_to(&self, back: Back, by: By) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let text = self.of_history(back.to)?.text;
        self.revert_locked(&mut guard, back, text, by).await
    }

    /// The same, but refused where it [ends ssh sessions](Engine::guarded) and does not come back by itself.
    pub async fn revert_to_guarded(&self, back: Back, by: By) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let text = self.of_history(back.to)?.text;
        if back.confirm.is_none() {
            self.ask(&text, Asked::RevertTo).await?;
        }
        self.revert_locked(&mut guard, back, text, by).await
    }

    async fn revert_locked(&self, guard: &mut Guard<'_>, back: Back, text: Text, by: By) -> Result<Done, Failure> {
        let event = Event::RevertTo { back: back.clone(), text, file: self.file().fingerprint };
        self.change(guard, event, Cause { revert_to: Some(back.to), ..Cause::new(How::Revert, by) }).await
    }

    /// What waits to be confirmed, and the milliseconds left.
    pub fn window(&self) -> Option<(Journal, u64)> {
        let now = (self.clock)().moment;
        self.ledger().window(&now).map(|(journal, left)| (journal.clone(), left))
    }
}
