//! Keeps the kernel at what is in force.

use crate::{
    Datapath, Done, Engine, EngineHandle, InForce, Look, Mode, Store, Task,
    announce::announce,
    engine::{Guard, Locked},
    rounds::Stop,
};
use edge_api::Failure;
use edge_config::Drift;
use edge_plan::{Op, announced, diff};
use std::sync::Arc;
use tokio::sync::watch;

impl<D: Datapath, S: Store> Engine<D, S> {
    /// Makes the kernel what is in force; writes nothing when it is.
    pub async fn reconcile(&self, mode: Mode) -> Result<Done, Failure> {
        let Guard(mut locked) = self.lock().await?;
        self.reconcile_locked(&mut locked, mode).await
    }

    async fn reconcile_locked(&self, locked: &mut Locked, mode: Mode) -> Result<Done, Failure> {
        let in_force = self.in_force();
        if !in_force.is_applied() {
            return Ok(Done::default());
        }
        let done = self.converge_to(in_force.config.clone(), mode).await?;
        self.put_back(&done);
        self.follow(locked, &done).await;
        Ok(done)
    }

    /// Carries out what was found out, and what has drifted besides, which is told here: who watches the kernel finds it mended.
    async fn reconcile_all(&self) -> Result<(), Failure> {
        let Guard(mut locked) = self.lock().await?;
        let before = self.in_force();
        let mut drifted = self.reconcile_locked(&mut locked, Mode::Most).await?.ops;
        if !drifted.is_empty() {
            let led_to = diff(&self.in_force().wanted(), &before.wanted()).ops;
            drifted.retain(|op| !led_to.contains(op));
        }
        if !drifted.is_empty() {
            log::info!("the kernel had changed; put back: {}", edge_report::put_back(&drifted));
        }
        Ok(())
    }

    /// Carries out what was found out, and nothing that has drifted besides.
    async fn reconcile_facts(&self) -> Result<Done, Failure> {
        let Guard(mut locked) = self.lock().await?;
        let before = self.in_force();
        self.refresh_facts(&before.config);
        let done = self.led_by_facts(&before).await;
        match &done {
            Ok(done) => self.follow(&mut locked, done).await,
            // Not followed yet: the next try starts from what was known before.
            Err(_) => self.publish(before),
        }
        done
    }

    async fn led_by_facts(&self, before: &InForce) -> Result<Done, Failure> {
        let target = self.in_force();
        let wanted = target.wanted();
        let led_to = diff(&wanted, &before.wanted()).ops;
        let drifted = diff(&wanted, &self.converge().observe(Look::Changes).await?).ops;
        let mut ops: Vec<Op> = drifted.iter().filter(|op| led_to.contains(op)).cloned().collect();
        let writes = self.datapath.writes();
        self.carry_out(&target, &ops).await?;
        if !ops.is_empty() {
            // With the last address of a link the kernel takes its routes too, also those that are wanted before and after.
            let mut undone = diff(&wanted, &self.observe().await?).ops;
            undone.retain(|op| !drifted.contains(op));
            self.carry_out(&target, &undone).await?;
            ops.extend(undone);
        }
        announce(self.datapath.clone(), announced(&wanted, &ops));
        Ok(Done { ops, writes: self.datapath.writes() - writes, ..Done::default() })
    }

    async fn carry_out(&self, target: &InForce, ops: &[Op]) -> Result<(), Failure> {
        self.converge().carry_out(target, ops, Mode::Most).await.map_err(|Stop { failure, .. }| failure)
    }

    /// The services follow the kernel, and what is known.
    async fn follow(&self, locked: &mut Locked, done: &Done) {
        let in_force = self.in_force();
        let is_known = locked.configured.as_ref().is_some_and(|configured| Arc::ptr_eq(configured, &in_force));
        if done.ops.is_empty() && is_known {
            // A container that ended took its port along, which leaves the plan nothing to do but frees the record.
            self.services.refresh(&in_force).await;
        } else {
            self.configure(locked).await;
        }
    }
}

impl<D: Datapath, S: Store> EngineHandle for Engine<D, S> {
    fn in_force(&self) -> watch::Receiver<Arc<InForce>> {
        self.watch()
    }

    fn facts_changed(&self) -> Task<'_, Result<(), Failure>> {
        Box::pin(async {
            let in_force = Engine::in_force(self);
            match in_force.config.drift {
                _ if !in_force.is_applied() => Ok(()),
                Drift::Mend => self.reconcile_all().await,
                Drift::Report => self.reconcile_facts().await.map(drop),
            }
        })
    }
}
