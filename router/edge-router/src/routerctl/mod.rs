//! `routerctl`: asks the daemon and shows its answer. `check`, and `reachability` of a file, need neither daemon nor root.

mod ask;
mod attach;
mod check;
mod confirm;
mod file;
mod history;
mod lease_file;
mod leases;
mod output;
mod refusal;
mod says;

use clap::{Args, Parser, Subcommand};
use edge_control::Client;
use output::Output;
use refusal::Refusal;
use std::{ffi::OsString, path::PathBuf, process::ExitCode};

#[derive(Parser)]
#[command(name = "routerctl", version, about = "Shows and changes what this box routes", max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done, 1 the answer is no (invalid, refused, drifted), 2 usage, 3 the daemon cannot be reached."
)]
struct Cli {
    /// Where the daemon's control socket is
    #[arg(long, global = true, value_name = "DIR", default_value = "/run/edge-router")]
    run_dir: PathBuf,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Networks, uplinks, nodes: one screen, what is wrong first
    Status,
    /// Validate a configuration: every error at once; needs neither daemon nor root
    Check {
        /// The file; `-` is standard input
        #[arg(default_value = "/etc/edge-router.toml")]
        file: PathBuf,
        /// A file with neither network nor uplink in it is an error, too
        #[arg(long)]
        not_empty: bool,
    },
    /// What an apply would do to each object in the kernel, and what that interrupts
    Plan {
        #[command(flatten)]
        of: OfConfig,
        /// Name the objects that stay as they are too
        #[arg(long)]
        all: bool,
    },
    /// What somebody changed by hand: the kernel against what was applied
    Diff,
    /// Bring the kernel to what the configuration says
    Apply(confirm::ApplyOptions),
    /// Keep what `apply --confirm` brought
    Confirm,
    /// Back to what was confirmed last; when nothing waits to be confirmed, to the configuration before
    Revert(confirm::RevertOptions),
    /// The configurations that were in force last: when, by whom, and what changed
    History(history::HistoryOptions),
    /// Who has which address, devices and containers alike
    Leases(leases::LeasesOptions),
    /// Plug a network namespace in, as a container is
    Attach(attach::AttachOptions),
    /// Unplug a network namespace; its address is kept for it
    Detach(attach::DetachOptions),
    /// Who may reach whom
    Reachability {
        /// Of this file (`-` is standard input), without asking the daemon
        file: Option<PathBuf>,
    },
    /// The configuration as a picture: a Mermaid flowchart, for Markdown
    Draw {
        /// The file; `-` is standard input
        #[arg(default_value = "/etc/edge-router.toml")]
        file: PathBuf,
    },
}

#[derive(Args)]
struct OfConfig {
    /// The file, `-` is standard input; the daemon's own when left out
    file: Option<PathBuf>,
}

/// `arguments` with the program's name first.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to be told when neither output takes a word.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(refusal::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match run(cli) {
        Ok(status) => status,
        Err(refusal) => refusal.tell(),
    }
}

fn run(cli: Cli) -> Result<ExitCode, Refusal> {
    let client = Client::new(&cli.run_dir).saying(says::says());
    let out = Output::new(cli.json);
    let told = match cli.command {
        Command::Diff => return ask::diff(&client, &out),
        Command::Check { file, not_empty } => check::check(&file, not_empty, &out),
        Command::Reachability { file: Some(file) } => check::reachability(&file, &out),
        Command::Reachability { file: None } => ask::reachability(&client, &out),
        Command::Draw { file } => check::draw(&file, &out),
        Command::Status => ask::status(&client, &out),
        Command::Leases(options) => leases::leases(&client, &options, &out),
        Command::Plan { of, all } => ask::plan(&client, of.file.as_deref(), all, &out),
        Command::Apply(options) => confirm::apply(&client, &options, &out),
        Command::Confirm => confirm::confirm(&client, &out),
        Command::Revert(options) => confirm::revert(&client, &options, &out),
        Command::History(options) => history::history(&client, &options, &out),
        Command::Attach(options) => attach::attach(&client, options, &out),
        Command::Detach(options) => attach::detach(&client, options, &out),
    };
    told.map(|()| ExitCode::SUCCESS)
}
