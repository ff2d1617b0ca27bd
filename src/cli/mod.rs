//! What a person types. One file per command; every exit code is in `exit`.

mod author;
mod changes;
mod completions;
mod context;
mod doctor;
mod events;
mod exec;
pub mod exit;
mod hint;
mod history;
mod image;
mod input;
mod keep;
mod list;
mod logs;
mod metrics;
mod node;
pub mod output;
mod page;
mod playbook;
mod query;
mod rca;
mod report;
mod runs;
mod service;
mod shell;
mod show;
mod start;
mod status;
mod stop;
mod submit;
mod vocab;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::context::Context;
use self::exit::{Exit, Failure};
use self::output::Output;
use crate::drill::choose::Home;

/// What a newcomer types first.
const FIRST_STEPS: &str = "Example: chaoslab start consumer-lag, and when the page is out: chaoslab shell, chaoslab rca new, chaoslab submit";

/// A troubleshooting simulator for Apache Kafka: really broken clusters, and a root-cause analysis
/// that is checked.
#[derive(Debug, Parser)]
#[command(name = "chaoslab", version, arg_required_else_help = true, max_term_width = 110, after_help = FIRST_STEPS)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
    /// The run meant: the live one unless given, else the latest that is not graded
    #[arg(long, global = true, value_name = "ID")]
    run: Option<String>,
    /// No remarks on standard error
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Tell more on standard error; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check engine, image, memory, disk and leftovers, and say what to do
    #[command(after_help = "Example: chaoslab doctor")]
    Doctor,
    /// The lab image
    #[command(subcommand)]
    Image(image::Command),
    /// List the families: symptom, level, minutes
    #[command(after_help = "Example: chaoslab list")]
    List,
    /// Show a family: its brief, its lab
    Show(show::Arguments),
    /// Stage a drill; returns when the page is out
    Start(start::Arguments),
    /// How the run stands: nodes, services, alert, objectives
    Status(status::Arguments),
    /// Open a recorded shell on a machine of the lab
    Shell(shell::Arguments),
    /// Run one recorded command on a machine of the lab
    Exec(exec::Arguments),
    /// The numbered record of what was run
    History(history::Arguments),
    /// Log lines of a machine
    Logs(logs::Arguments),
    /// Ask the recording in PromQL
    Query(query::Arguments),
    /// The metrics there are: names, labels, meanings
    Metrics(metrics::Arguments),
    /// Numbered detections over the record
    Events(events::Arguments),
    /// The change feed
    #[command(after_help = "Example: chaoslab changes")]
    Changes,
    /// Look at a service, change its configuration, stop, start or restart it
    Service(service::Arguments),
    /// Restart the Kafka process of a node
    Node(node::Arguments),
    /// The next hint; it costs points, and says how many first
    Hint(hint::Arguments),
    /// How to investigate a symptom
    Playbook(playbook::Arguments),
    /// The vocabularies a write-up is written in
    Vocab(vocab::Arguments),
    /// The write-up: begin it, add to it, have its claims verified
    #[command(subcommand)]
    Rca(rca::Command),
    /// Hand the write-up in and have it graded
    Submit(submit::Arguments),
    /// Show a graded run again
    Report(report::Arguments),
    /// Tear a run down and leave nothing on the engine
    Stop(stop::Arguments),
    /// The runs on this machine
    #[command(after_help = "Example: chaoslab runs")]
    Runs,
    /// For authors of scenarios
    #[command(subcommand)]
    Author(author::Command),
    /// Print completions for a shell
    Completions(completions::Arguments),
    /// Keep a run (started by `start`)
    #[command(hide = true)]
    Keep(keep::Arguments),
}

/// What is wrong with the arguments of a command line, if anything; the program's name is left out.
fn unreadable(arguments: &[String]) -> Option<String> {
    let error = Cli::try_parse_from(
        std::iter::once("chaoslab").chain(arguments.iter().map(String::as_str)),
    )
    .err()?;
    Some(
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned(),
    )
}

/// Runs the command line and returns its exit code.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed, not refused. That nobody reads them is fine.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let output = Output { json: cli.global.json, quiet: cli.global.quiet };
    // A panic has been told by its hook; what is left is the exit code of a bug.
    let Ok(done) = catch_unwind(AssertUnwindSafe(|| dispatch(cli, output))) else {
        return ExitCode::from(Exit::Bug as u8);
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.told() {
                output::warn(text);
            }
            failure.code()
        }
    }
}

fn dispatch(cli: Cli, output: Output) -> Result<(), Failure> {
    if let Command::Keep(arguments) = cli.command {
        return keep::run(&arguments);
    }
    tell_more(cli.global.verbose);
    let context = Context { home: Home::from_environment()?, output, run: cli.global.run };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("start the runtime"))?;
    runtime.block_on(async {
        match cli.command {
            Command::Doctor => doctor::run(&context).await,
            Command::Image(command) => image::run(&context, &command).await,
            Command::List => list::run(&context),
            Command::Show(arguments) => show::run(&context, &arguments),
            Command::Start(arguments) => start::run(&context, &arguments).await,
            Command::Status(arguments) => status::run(&context, &arguments).await,
            Command::Shell(arguments) => shell::run(&context, &arguments).await,
            Command::Exec(arguments) => exec::run(&context, &arguments).await,
            Command::History(arguments) => history::run(&context, &arguments),
            Command::Logs(arguments) => logs::run(&context, &arguments).await,
            Command::Query(arguments) => query::run(&context, &arguments).await,
            Command::Metrics(arguments) => metrics::run(&context, &arguments),
            Command::Events(arguments) => events::run(&context, &arguments).await,
            Command::Changes => changes::run(&context),
            Command::Service(arguments) => service::run(&context, &arguments).await,
            Command::Node(arguments) => node::run(&context, &arguments).await,
            Command::Hint(arguments) => hint::run(&context, &arguments),
            Command::Playbook(arguments) => playbook::run(&context, &arguments),
            Command::Vocab(arguments) => vocab::run(&context, &arguments),
            Command::Rca(command) => rca::run(&context, &command),
            Command::Submit(arguments) => submit::run(&context, &arguments),
            Command::Report(arguments) => report::run(&context, &arguments),
            Command::Stop(arguments) => stop::run(&context, &arguments).await,
            Command::Runs => runs::run(&context),
            Command::Author(command) => author::run(&context, &command).await,
            Command::Completions(arguments) => completions::run(&context, &arguments),
            Command::Keep(_) => unreachable!("dispatched above"),
        }
    })
}

/// `-v` tells what the program does, on standard error. What is staged is the keeper's affair and
/// stays in its own log.
fn tell_more(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
}
