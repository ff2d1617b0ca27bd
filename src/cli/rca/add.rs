//! `chaoslab rca add`: one entry more, everything else in the file byte for byte as it was.

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::document::{
    self, Event, Evidence, Hypothesis, Mitigation, Prevention, Verdict,
};
use crate::drill::Chosen;
use crate::drill::cite::{self, Quote};
use crate::drill::write_up::Change;

/// What to add.
#[derive(Debug, Subcommand)]
pub enum Addition {
    /// A claim that proves the cause
    #[command(
        after_help = "Examples:\n  chaoslab rca add evidence --promql 'up{node=\"kafka-2\"} == 0' --at T+00:00:10\n  chaoslab rca add evidence --command 17 --contains 'throttled.rate=100000'\n  chaoslab rca add evidence --from-history 17 --line 3"
    )]
    Evidence(Claim),
    /// A claim that shows what users felt
    Impact(Claim),
    /// Another cause, ruled out
    #[command(
        after_help = "Example: chaoslab rca add hypothesis --class broker.process.frozen --by E2"
    )]
    Hypothesis {
        /// Its class
        #[arg(long)]
        class: String,
        /// Evidence that rules it out
        #[arg(long, value_name = "ID")]
        by: Vec<String>,
    },
    /// A step of the causal chain
    #[command(
        after_help = "Example: chaoslab rca add event isr.shrunk --on topic:orders --evidence E1\n         chaoslab rca add event V7"
    )]
    Event {
        /// An event of the vocabulary, or a detection (V7)
        event: String,
        /// The component it happened on
        #[arg(long)]
        on: Option<String>,
        /// When
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: Option<String>,
        /// Evidence that shows it
        #[arg(long, value_name = "ID")]
        evidence: Vec<String>,
    },
    /// What was done
    Mitigation {
        /// In words
        action: String,
        /// The commands that did it
        #[arg(long, value_name = "NUMBER")]
        command: Vec<u32>,
    },
    /// What keeps it from happening again
    Prevention {
        /// An entry of the vocabulary
        action: String,
        /// Who does it
        #[arg(long)]
        owner: Option<String>,
        /// Until when
        #[arg(long)]
        due: Option<String>,
        /// How one sees that it is done
        #[arg(long)]
        done_when: Option<String>,
    },
}

/// A claim about the record.
#[derive(Debug, Args)]
pub struct Claim {
    /// PromQL that holds at a time
    #[arg(long, requires = "at", conflicts_with_all = ["log", "command", "intervention"])]
    promql: Option<String>,
    /// That time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// A LogQL selector that finds lines
    #[arg(long, requires = "from", conflicts_with_all = ["command", "intervention"])]
    log: Option<String>,
    /// From when
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Until when
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
    /// At least so many lines
    #[arg(long)]
    min: Option<u32>,
    /// No such line
    #[arg(long, conflicts_with = "min")]
    absent: bool,
    /// A recorded command
    #[arg(long, value_name = "NUMBER", requires = "contains", conflicts_with = "intervention")]
    command: Option<u32>,
    /// What its output contains
    #[arg(long)]
    contains: Option<String>,
    /// Quote this command of the history; a query as it was asked
    #[arg(
        long,
        value_name = "NUMBER",
        conflicts_with_all = ["promql", "log", "command", "intervention"]
    )]
    from_history: Option<u32>,
    /// The line of its output that is quoted
    #[arg(long, value_name = "NUMBER", requires = "from_history", conflicts_with = "contains")]
    line: Option<usize>,
    /// A recorded command that changed something
    #[arg(long, value_name = "NUMBER", requires_all = ["before", "after"])]
    intervention: Option<u32>,
    /// What held before it
    #[arg(long, value_name = "PROMQL")]
    before: Option<String>,
    /// What held after it
    #[arg(long, value_name = "PROMQL")]
    after: Option<String>,
}

impl Claim {
    fn evidence(&self, chosen: &Chosen) -> Result<Evidence, Failure> {
        if let Some(number) = self.from_history {
            let quote = match (&self.contains, self.line) {
                (Some(text), _) => Quote::Text(text.clone()),
                (None, Some(line)) => Quote::Line(line),
                (None, None) => Quote::Whole,
            };
            return Ok(cite::command(chosen, number, &quote)?);
        }
        Ok(Evidence {
            id: None,
            promql: self.promql.clone(),
            at: self.at.clone(),
            log: self.log.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            min: self.min,
            absent: self.absent.then_some(true),
            command: self.command,
            contains: self.contains.clone(),
            intervention: self.intervention,
            before: self.before.clone(),
            after: self.after.clone(),
        })
    }
}

impl Addition {
    fn entry(&self, chosen: &Chosen) -> Result<document::Addition, Failure> {
        Ok(match self {
            Self::Evidence(claim) => document::Addition::Evidence(claim.evidence(chosen)?),
            Self::Impact(claim) => document::Addition::Impact(claim.evidence(chosen)?),
            Self::Hypothesis { class, by } => document::Addition::Hypothesis(Hypothesis {
                id: None,
                class: Some(class.clone()),
                verdict: Some(Verdict::RuledOut),
                by: by.clone(),
            }),
            Self::Event { event, on: None, .. } if event.starts_with('V') => {
                document::Addition::Detection(event.clone())
            }
            Self::Event { on: None, .. } => {
                return Err(Failure::Usage(
                    "an event happens on a component: give it with --on, `isr.shrunk --on topic:orders`".to_owned(),
                ));
            }
            Self::Event { event, on: Some(on), at, evidence } => document::Addition::Event(Event {
                event: event.clone(),
                on: on.clone(),
                at: at.clone(),
                evidence: evidence.clone(),
            }),
            Self::Mitigation { action, command } => document::Addition::Mitigation(Mitigation {
                action: Some(action.clone()),
                commands: command.clone(),
            }),
            Self::Prevention { action, owner, due, done_when } => {
                document::Addition::Prevention(Prevention {
                    action: Some(action.clone()),
                    owner: owner.clone(),
                    due: due.clone(),
                    done_when: done_when.clone(),
                })
            }
        })
    }
}

pub fn run(context: &Context, addition: &Addition) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let addition = addition.entry(&chosen)?;
    super::change(context, &chosen, &Change::Add(Box::new(addition)))
}
