//! One program: the daemon, `routerctl` (a symbolic link to it), and what the image's init runs.

mod daemon;
mod remove;
mod routerctl;
mod ssh_gate;

use clap::{Parser, Subcommand};
use std::{ffi::OsString, path::Path, process::ExitCode};

#[derive(Parser)]
#[command(name = "edge-router", version, about = "Isolated networks for devices and containers, from one TOML file")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the kernel to what the configuration says and keep it there
    Daemon(daemon::Options),
    /// Take away all that is ours in the kernel and give back what was lent; not on the router's own image
    Remove(remove::Removal),
    /// Listen for ssh on the host and in the router's namespace, and run a server for each connection
    SshGate(ssh_gate::Options),
    /// The same as `routerctl`
    #[command(disable_help_flag = true)]
    Ctl {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.first().and_then(|program| Path::new(program).file_name()).is_some_and(|name| name == "routerctl") {
        return routerctl::main(arguments);
    }
    match Cli::parse_from(arguments).command {
        Command::Daemon(options) => report(daemon::main(options)),
        Command::Remove(options) => report(remove::main(&options)),
        Command::SshGate(options) => report(ssh_gate::main(options)),
        Command::Ctl { arguments } => routerctl::main(std::iter::once("routerctl".into()).chain(arguments).collect()),
    }
}

/// One line, then its causes.
fn report(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("edge-router: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  {cause}");
    }
    ExitCode::FAILURE
}
