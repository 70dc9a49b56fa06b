//! Nobody locks himself out unasked: what ends an ssh session, or leaves neither network nor uplink, is told first.

use crate::{Datapath, Engine, InForce, Store, journal::Text, parse::parse};
use edge_api::{EndedSession, Failure, FailureKind, Guarded};
use edge_config::{Config, Place};
use edge_plan::guard::{End, Side, ended};
use std::{collections::HashMap, sync::Arc};

/// Of more, the number is told.
const MAX_TOLD: usize = 10;

/// What the answer is to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Apply,
    /// To the configuration before.
    Revert,
    /// To one of the history.
    RevertTo,
}

impl<D: Datapath, S: Store> Engine<D, S> {
    /// What `config`, read from `text`, ends of what is in force, by the connections that are there now; `None`: nothing, or what is
    /// in force waits to be confirmed, and comes back whatever is applied meanwhile.
    pub async fn guarded(&self, config: Arc<Config>, text: &Text) -> Result<Option<Guarded>, Failure> {
        let (before, target) = (self.in_force(), self.foresee(config));
        let is_same = before.is_applied() && (&before.config, &before.facts) == (&target.config, &target.facts);
        if is_same || self.window().is_some() {
            return Ok(None);
        }
        let sessions = self.patience.wait("tell who is connected", self.datapath.sessions()).await??;
        let ends = ended(&sessions, before.is_applied().then(|| side(&before)), side(&target));
        // To find a line is to read the file.
        let mut lines = HashMap::new();
        let mut line = |at: &Place| *lines.entry(at.clone()).or_insert_with(|| at.line(&text.text));
        let ends = ends.iter().map(|end| told(end, end.why.at.as_ref().and_then(&mut line))).collect();
        let guarded = Guarded { ends, takes_away: taken_away(&before.config, &target.config) };
        Ok((guarded != Guarded::default()).then_some(guarded))
    }

    /// What cannot be read is refused by others.
    pub(crate) async fn ask(&self, text: &Text, asked: Asked) -> Result<(), Failure> {
        let Ok(config) = parse(text) else { return Ok(()) };
        let look = self.guarded(config, text).await;
        match look.map_err(|failure| failure.detail("nothing was changed; --force does not look who is connected"))? {
            Some(guarded) => Err(refusal(guarded, asked, self.ledger().kept.is_some())),
            None => Ok(()),
        }
    }
}

fn side(in_force: &InForce) -> Side<'_> {
    Side { config: &in_force.config, facts: &in_force.facts }
}

fn told(end: &End, line: Option<usize>) -> EndedSession {
    EndedSession {
        from: end.from.clone(),
        address: end.session.remote.ip().to_string(),
        port: end.session.remote.port(),
        line,
        why: end.why.words.clone(),
    }
}

/// Everything, by a file that has nothing in it.
fn taken_away(before: &Config, after: &Config) -> Vec<String> {
    if !after.is_empty() {
        return Vec::new();
    }
    let networks = before.networks.iter().map(|network| format!("network {}", network.name));
    networks.chain(before.uplinks.iter().map(|uplink| format!("uplink {}", uplink.name))).collect()
}

fn refusal(guarded: Guarded, asked: Asked, has_kept: bool) -> Failure {
    let sentences = guarded.sentences();
    let first = sentences.first().map(String::as_str).unwrap_or_default();
    let not = if asked == Asked::Apply { "not applied" } else { "not reverted" };
    let mut failure = Failure::new(FailureKind::Guarded, format_args!("{not}: {first}"));
    failure.body.detail.extend(sentences.iter().skip(1).take(MAX_TOLD).cloned());
    if sentences.len() > MAX_TOLD + 1 {
        failure = failure.detail(format!("and {} more", sentences.len() - MAX_TOLD - 1));
    }
    let what_to_do = match (asked, has_kept) {
        (Asked::Apply | Asked::RevertTo, true) => {
            "--confirm 60s lets it come back by itself unless you say routerctl confirm; --force does it for good"
        }
        (Asked::Apply | Asked::RevertTo, false) => {
            "--force does it all the same; there is no earlier configuration that could come back by --confirm"
        }
        (Asked::Revert, _) => "routerctl revert --force does it all the same",
    };
    failure.detail(what_to_do).guarded(guarded)
}
