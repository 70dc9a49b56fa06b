use super::{
    Output, Refusal,
    ask::{request, wait},
};
use clap::Args;
use edge_api::{ApplyRequest, CONFIRM_WITHIN};
use edge_control::Client;
use edge_report::render;
use std::path::PathBuf;

#[derive(Args)]
pub struct ApplyOptions {
    /// The file, `-` is standard input; the daemon's own when left out
    file: Option<PathBuf>,
    /// Go back by itself unless `routerctl confirm` comes in this time: 60s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    confirm: Option<u32>,
}

pub fn apply(client: &Client, options: &ApplyOptions, out: &Output) -> Result<(), Refusal> {
    let config = request(options.file.as_deref())?.config;
    out.show(&wait(client.apply(&ApplyRequest { config, confirm_within: options.confirm }))?, render::apply)
}

pub fn confirm(client: &Client, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.confirm())?, |confirmed, _| render::confirmed(confirmed))
}

pub fn revert(client: &Client, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.revert())?, render::reverted)
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
