//! Questions to the daemon.

use super::{Output, Refusal, file, refusal::NO};
use edge_api::ConfigRequest;
use edge_control::{Client, ClientError};
use edge_report::render;
use std::{
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

pub fn status(client: &Client, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.status())?, |status, color| render::status(status, now(), color))
}

pub fn reachability(client: &Client, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.reachability())?, render::reachability)
}

pub fn plan(client: &Client, file: Option<&Path>, all: bool, out: &Output) -> Result<(), Refusal> {
    out.show(&wait(client.plan(&request(file)?))?, |report, color| render::plan(report, all, color))
}

/// The answer is no when something has drifted.
pub fn diff(client: &Client, out: &Output) -> Result<ExitCode, Refusal> {
    let report = wait(client.diff())?;
    out.show(&report, render::diff)?;
    Ok(if report.drifted == 0 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// A file is judged here already, so that its mistakes look as `check` shows them and the daemon is not bothered.
pub fn request(file: Option<&Path>) -> Result<ConfigRequest, Refusal> {
    let config = file.map(file::read).transpose()?;
    config.as_ref().map(file::parse).transpose()?;
    Ok(ConfigRequest { config })
}

pub fn wait<T>(answer: impl Future<Output = Result<T, ClientError>>) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Refusal::no(format!("cannot wait for an answer: {error}")))?;
    Ok(runtime.block_on(answer)?)
}

/// Unix seconds; a clock before 1970 is as good as one at 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
