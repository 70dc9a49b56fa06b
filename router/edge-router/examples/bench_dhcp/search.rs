use crate::load::Outcome;
use anyhow::Result;

/// A rate holds where no more than this is lost, in percent.
const LOST: f64 = 1.0;
/// A shared machine's disk and CPU stall now and then, which is not the server's doing.
const TRIES: u32 = 2;
/// Where the search begins, exchanges a second, how far it steps until it knows two bounds, and how fine it ends.
const FIRST: f64 = 400.0;
const STEP: f64 = 4.0;
const FINE: f64 = 1.05;
/// A server that cannot do this many is not worth more time.
const LEAST: f64 = 1.0;

/// The highest rate at which no more than [`LOST`] is lost in one of [`TRIES`], and whether the generator was the limit.
pub fn search(mut probe: impl FnMut(f64) -> Result<Outcome>) -> Result<(f64, bool)> {
    let mut holds = |rate: f64| -> Result<(bool, f64)> {
        let mut reached = 0.0;
        for _ in 0..TRIES {
            let outcome = probe(rate)?;
            let (lost, p99) = (outcome.drop_percent(), outcome.p99);
            eprintln!("  {rate:8.0}/s: {:8.0}/s begun, {lost:5.2} % lost, p50 {:?}, p99 {p99:?}", outcome.rate, outcome.p50);
            reached = outcome.rate;
            if lost <= LOST {
                return Ok((true, reached));
            }
        }
        Ok((false, reached))
    };
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let mut rate = FIRST;
    while bad / good > FINE && rate >= LEAST {
        let (held, reached) = holds(rate)?;
        if held && reached < 0.9 * rate {
            return Ok((reached, true));
        }
        if held {
            good = rate
        } else {
            bad = rate
        }
        rate = match (good == 0.0, bad.is_infinite()) {
            (true, _) => bad / STEP,
            (_, true) => good * STEP,
            _ => (good * bad).sqrt(),
        };
    }
    Ok((good, false))
}
