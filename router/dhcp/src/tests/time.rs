//! A board without a battery-backed clock: its lease clock lags until the time is known, and nobody's lease may end by that.

use super::*;
use crate::{clock::Clock, decide::Moment, log::Record, network::Networks};

const LEASE: Secs = crate::decide::tests::LEASE;
const DAY: Secs = 86_400;
const OLD: [u8; 6] = [2, 0, 0, 0, 1, 1];
const A: [u8; 6] = [2, 0, 0, 0, 1, 2];
const B: [u8; 6] = [2, 0, 0, 0, 1, 3];

/// From a start of the daemon on.
struct Run {
    networks: Networks,
    clock: Clock,
}

/// On what the log says; `right` is the true time, if it is known.
fn start(log: &mut Vec<Record>, right: Option<Secs>) -> Run {
    let mut networks = Networks::default();
    log.iter().for_each(|record| networks.replay(record.clone()));
    let last = log.iter().map(|record| record.at).max().unwrap_or_default();
    let clock = Clock::set(last, right.unwrap_or_default(), right.is_some());
    let moved = if clock.is_lagging() { Vec::new() } else { networks.caught_up(clock.now(), last) };
    networks.apply(moved.clone());
    log.extend(moved);
    networks.configure(vec![service(1, 8)], clock.now());
    Run { networks, clock }
}

impl Run {
    fn network(&mut self) -> &mut KnownNetwork {
        self.networks.by_name.values_mut().next().expect("one network")
    }

    /// Later in the same run.
    fn pass(&mut self, time: Secs) {
        self.clock = Clock::set(self.clock.now() + time, 0, !self.clock.is_lagging());
    }

    fn ask(&mut self, log: &mut Vec<Record>, message: Message) {
        let moment = Moment { lagging: self.clock.is_lagging(), ..self.clock.now().into() };
        let network = self.network();
        let answer = network.answer(&message.end(), Via::Broadcast, moment, &mut Vec::new());
        assert!(answer.reply.is_some());
        for change in answer.changes {
            let record = Record { network: "vehicle".parse().expect("a name"), at: moment.now, change };
            log.extend(Some(record.clone()).filter(|record| !network.table.says(&record.change)));
            network.table.apply(record.change);
        }
    }

    fn boot(&mut self, log: &mut Vec<Record>, mac: [u8; 6], host: u8) {
        self.ask(log, Message::new(DISCOVER, mac));
        self.ask(log, Message::new(REQUEST, mac).requests(ip(host)).at_server());
    }

    /// What a step has to write.
    fn learns(&mut self, right: Secs) -> Vec<Record> {
        let lag = self.clock.lag(Some(right)).expect("it lags");
        let records = self.networks.stepped(lag, self.clock.now(), !self.clock.is_lagging());
        self.clock.step(lag);
        self.networks.apply(records.clone());
        records
    }

    fn is_live(&mut self, host: u8) -> bool {
        let now = self.clock.now();
        self.network().table.at(ip(host)).expect("a binding").is_live(now)
    }
}

/// A right clock gave a lease; the box was off for two days, knows no time since, and gives another two.
fn lagging(log: &mut Vec<Record>) -> Run {
    start(log, Some(NOW)).boot(log, OLD, 1);
    let mut run = start(log, None);
    assert_eq!(run.clock.now() / 10, NOW / 10);
    run.boot(log, A, 2);
    run.boot(log, B, 4);
    run
}

#[test]
fn a_lagging_clocks_promise_outlives_a_restart_before_the_time_is_known() {
    let mut log = Vec::new();
    lagging(&mut log);
    let mut run = start(&mut log, None);
    assert!(run.is_live(1) && run.is_live(2));
    let step = run.learns(NOW + 2 * DAY);
    assert_eq!(step.len(), 2);
    assert!(run.is_live(2) && run.is_live(4), "promised this run or the one before");
    assert!(!run.is_live(1), "a right clock promised it, and that time is over");
    log.extend(step);
    let mut later = start(&mut log, Some(NOW + 2 * DAY + LEASE - 1));
    assert!(later.is_live(2) && later.is_live(4));
    assert!(!start(&mut log, Some(NOW + 5 * DAY)).is_live(2), "the box was off for three days with a right clock");
}

#[test]
fn a_lagging_clocks_promise_holds_where_the_time_is_known_at_the_next_start() {
    let mut log = Vec::new();
    lagging(&mut log);
    let mut run = start(&mut log, Some(NOW + 2 * DAY));
    assert!(run.is_live(2) && run.is_live(4) && !run.is_live(1));
    run.pass(LEASE - 1);
    assert!(run.is_live(2));
    let mut again = start(&mut log, Some(NOW + 5 * DAY));
    assert!(!again.is_live(2), "moved once, and written so");
}

#[test]
fn a_step_that_cannot_be_written_is_made_up_for_at_the_next_start() {
    let mut log = Vec::new();
    let step = lagging(&mut log).learns(NOW + 2 * DAY);
    assert_eq!(step.len(), 2);
    // As much of it as a power cut may leave.
    for written in 0..step.len() {
        for right in [None, Some(NOW + 2 * DAY + 10)] {
            let mut log = [&log[..], &step[..written]].concat();
            let mut run = start(&mut log, right);
            assert!(run.is_live(2) && run.is_live(4), "{written} written, at {right:?}");
        }
    }
}

#[test]
fn what_ended_by_a_lagging_clock_stays_ended_when_it_is_set_forward() {
    let mut log = Vec::new();
    let mut run = lagging(&mut log);
    run.pass(LEASE + 5);
    log.extend(run.learns(NOW + 2 * DAY));
    assert!(!run.is_live(2));
    assert!(!start(&mut log, Some(NOW + 4 * DAY)).is_live(2));
}

#[test]
fn a_clock_that_only_seemed_right_moves_all_it_promised() {
    let mut log = Vec::new();
    let mut run = start(&mut log, Some(NOW));
    run.boot(&mut log, A, 1);
    log.extend(run.learns(NOW + DAY));
    assert!(run.is_live(1));
    assert!(start(&mut log, Some(NOW + DAY + 10)).is_live(1));
}

#[test]
fn a_lease_of_a_right_clock_that_a_lagging_one_prolongs_is_written_as_such() {
    let mut log = Vec::new();
    start(&mut log, Some(NOW)).boot(&mut log, A, 1);
    let mut run = start(&mut log, None);
    run.ask(&mut log, Message::new(REQUEST, A).ciaddr(ip(1)));
    run.ask(&mut log, Message::new(REQUEST, A).ciaddr(ip(1)));
    assert_eq!(log.len(), 2, "once");
    assert!(start(&mut log, Some(NOW + 2 * DAY)).is_live(1));
}
