use super::{
    Output, Refusal,
    ask::{now, request, wait},
};
use clap::Args;
use edge_api::{ApplyRequest, CONFIRM_WITHIN, RevertRequest};
use edge_control::{Client, ClientError};
use edge_report::render;
use std::path::PathBuf;

#[derive(Args)]
pub struct ApplyOptions {
    /// The file, `-` is standard input; the daemon's own when left out
    file: Option<PathBuf>,
    /// Go back by itself unless `routerctl confirm` comes in this time: 60s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    confirm: Option<u32>,
    /// Also where it ends ssh sessions, or where there is nothing in the file
    #[arg(long, conflicts_with = "confirm")]
    force: bool,
}

#[derive(Args)]
pub struct RevertOptions {
    /// To this configuration of `routerctl history`
    number: Option<u64>,
    /// Return by itself unless `routerctl confirm` comes in this time: 60s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = seconds, requires = "number")]
    confirm: Option<u32>,
    /// Also where it ends ssh sessions; what waits to be confirmed goes back without it
    #[arg(long, conflicts_with = "confirm")]
    force: bool,
}

pub fn apply(client: &Client, options: &ApplyOptions, out: &Output) -> Result<(), Refusal> {
    let config = request(options.file.as_deref())?.config;
    let request = ApplyRequest { config, confirm_within: options.confirm, force: options.force };
    out.show(&wait(refusal_shown(client.apply(&request), out))?, render::apply)
}

pub fn confirm(client: &Client, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.confirm())?, |confirmed, _| render::confirmed(confirmed))
}

pub fn revert(client: &Client, options: &RevertOptions, out: &Output) -> Result<(), Refusal> {
    let request = RevertRequest { to: options.number, confirm_within: options.confirm, force: options.force };
    out.show(&wait(refusal_shown(client.revert(&request), out))?, |report, color| render::reverted(report, now(), color))
}

/// What is asked for with `--json` has an object for who is connected, too.
async fn refusal_shown<T>(answer: impl Future<Output = Result<T, ClientError>>, out: &Output) -> Result<T, ClientError> {
    let answer = answer.await;
    if let Err(ClientError::Refused(body)) = &answer
        && body.guarded.is_some()
    {
        // What cannot be written is told by standard error all the same.
        let _ = out.show(body, |_, _| String::new());
    }
    answer
}

/// `90s`, `5m`, `1h` → seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
    let (number, unit) = unit.ok_or("write a number with s, m or h, as in 60s or 5m")?;
    let number: u32 = number.parse().map_err(|_| "write a number with s, m or h, as in 60s or 5m")?;
    let seconds = number.saturating_mul(*unit);
    if !CONFIRM_WITHIN.contains(&seconds) {
        return Err(format!("from {}s to {}h", CONFIRM_WITHIN.start(), CONFIRM_WITHIN.end() / 3600));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_bounds() {
        for (text, wanted) in [("60s", 60), ("90s", 90), ("5m", 300), ("24h", 86_400), ("5s", 5)] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for text in ["", "s", "60", "4s", "0s", "25h", "-5m", "1m30s", "5 m", "99999999999h", "4294967295h", "5ß"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
