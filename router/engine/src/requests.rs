//! What can be asked of the engine.

use crate::{
    Before, Datapath, Done, Engine, Event, Store,
    engine::Guard,
    guard::Asked,
    journal::{Journal, Text},
    transaction::Request,
};
use edge_api::Failure;

impl<D: Datapath, S: Store> Engine<D, S> {
    /// Brings what the last run left to its end, then what was decided or the configuration file into force.
    pub async fn start(&self) {
        let mut guard = self.lock_at_start().await;
        let found = Box::new((self.store.left(), self.file()));
        if let Err(failure) = self.drive(&mut guard, Event::Start(found)).await {
            log::error!("{}", failure.in_full());
        }
    }

    /// What was given, or the configuration file, whatever was decided about it before. `confirm`: seconds in which it must be
    /// confirmed.
    pub async fn apply(&self, given: Option<Text>, confirm: Option<u32>) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let request = self.request(given, confirm);
        self.change(&mut guard, Event::Apply(Box::new(request))).await
    }

    /// The same, but refused where it [ends ssh sessions](Engine::guarded) and does not come back by itself.
    pub async fn apply_guarded(&self, given: Option<Text>, confirm: Option<u32>) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let request = self.request(given, confirm);
        if let (Ok(text), None) = (&request.text, confirm) {
            self.ask(text, Asked::Apply).await?;
        }
        self.change(&mut guard, Event::Apply(Box::new(request))).await
    }

    fn request(&self, given: Option<Text>, confirm: Option<u32>) -> Request {
        let file = self.file();
        Request { text: given.map_or_else(|| file.read(), Ok), file, confirm }
    }

    /// With what was in force before.
    async fn change(&self, guard: &mut Guard<'_>, event: Event) -> Result<Done, Failure> {
        let (config, ledger) = (self.in_force().config.clone(), self.ledger());
        let done = self.drive(guard, event).await?;
        let after = self.ledger();
        let texts = [&ledger, &after].map(|ledger| ledger.text().map(|text| text.text.as_str()));
        Ok(Done { before: Some(Before { config, is_other_text: texts[0] != texts[1] }), ..done })
    }

    /// What waits to be confirmed stays. Gives that, and the milliseconds that were left.
    pub async fn confirm(&self) -> Result<(Journal, u64), Failure> {
        let mut guard = self.lock().await?;
        let window = self.window();
        self.drive(&mut guard, Event::Confirm).await?;
        let (journal, left) = window.ok_or_else(crate::transaction::nothing_waits)?;
        log::info!("{} is confirmed", journal.new.name);
        Ok((journal, left))
    }

    /// Within a window to what was confirmed last; else to the configuration before, so that a second one returns.
    pub async fn revert(&self) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let before = self.before();
        self.go_back(&mut guard, before).await
    }

    /// The same, but refused where it [ends ssh sessions](Engine::guarded). What is not over yet always goes back.
    pub async fn revert_guarded(&self) -> Result<Done, Failure> {
        let mut guard = self.lock().await?;
        let before = self.before();
        if let (Some(text), None) = (&before, &self.ledger().open) {
            self.ask(text, Asked::Revert).await?;
        }
        self.go_back(&mut guard, before).await
    }

    fn before(&self) -> Option<Text> {
        self.store.previous(self.ledger().before())
    }

    async fn go_back(&self, guard: &mut Guard<'_>, before: Option<Text>) -> Result<Done, Failure> {
        self.change(guard, Event::Revert { before, file: self.file().fingerprint }).await
    }

    /// What waits to be confirmed, and the milliseconds left.
    pub fn window(&self) -> Option<(Journal, u64)> {
        let now = (self.clock)().moment;
        self.ledger().window(&now).map(|(journal, left)| (journal.clone(), left))
    }
}
