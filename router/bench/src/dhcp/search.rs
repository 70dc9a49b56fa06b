use crate::{load::Outcome, pace::Pace};
use anyhow::Result;

/// A rate holds where no more than this is lost, in percent.
const LOST: f64 = 1.0;
/// Where the search for an unknown rate begins, exchanges a second, and how far it steps until it knows two bounds.
const FIRST: f64 = 400.0;
const STEP: f64 = 4.0;
/// The same for one that is about known, as parts of it.
const NEAR: f64 = 0.6;
const NEAR_STEP: f64 = 1.6;
/// A server that cannot do this many is not worth more time.
const LEAST: f64 = 1.0;

/// The highest rate at which no more than [`LOST`] is lost in one of [`Pace::tries`], or that at which those exchanges ended if it is lower, and
/// whether the generator was the limit. `about`: what it was the last time.
pub fn search(pace: Pace, about: Option<f64>, mut probe: impl FnMut(f64) -> Result<Outcome>) -> Result<(f64, bool)> {
    let (first, step) = about.map_or((FIRST, STEP), |about| (about * NEAR, NEAR_STEP));
    let mut holds = |rate: f64| -> Result<Option<Outcome>> {
        for _ in 0..pace.tries {
            let it = probe(rate)?;
            let (begun, ended, lost) = (it.rate, it.ended, it.drop_percent());
            eprintln!(
                "  {rate:8.0}/s: {begun:8.0}/s begun, {ended:8.0}/s ended, {lost:5.2} % lost, p50 {:?}, p99 {:?}",
                it.p50, it.p99
            );
            if lost <= LOST {
                return Ok(Some(it));
            }
        }
        Ok(None)
    };
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let (mut rate, mut best) = (first, 0.0_f64);
    while bad / good > pace.fine && rate >= LEAST {
        if let Some(held) = holds(rate)? {
            best = best.max(held.ended.min(held.rate).min(rate));
            if held.rate < 0.9 * rate {
                return Ok((best, true));
            }
            good = rate;
        } else {
            bad = rate;
        }
        rate = match (good == 0.0, bad.is_infinite()) {
            (true, _) => bad / step,
            (_, true) => good * step,
            _ => (good * bad).sqrt(),
        };
    }
    Ok((best, false))
}
