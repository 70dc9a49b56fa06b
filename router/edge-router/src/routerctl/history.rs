use super::{
    Output, Refusal,
    ask::{now, wait},
};
use clap::{Args, Subcommand};
use edge_control::Client;
use edge_report::render;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryOptions {
    /// Print this one, as it was applied
    number: Option<u64>,
    #[command(subcommand)]
    command: Option<HistoryCommand>,
}

#[derive(Subcommand)]
enum HistoryCommand {
    /// What differs between two of them, as `diff -u` shows it
    Diff {
        /// The one
        from: u64,
        /// The other; what is in force when left out
        to: Option<u64>,
    },
}

pub fn history(client: &Client, options: &HistoryOptions, out: &Output) -> Result<(), Refusal> {
    match (&options.command, options.number) {
        (Some(HistoryCommand::Diff { from, to }), _) => out.show(&wait(client.history_diff(*from, *to))?, render::history_diff),
        (None, Some(number)) => out.show(&wait(client.history_text(number))?, |text, _| render::history_text(text)),
        (None, None) => out.show(&wait(client.history())?, |history, color| render::history(history, now(), color)),
    }
}
