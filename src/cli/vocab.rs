//! `chaoslab vocab`: the closed vocabularies a write-up is written in, the same for every run.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::context::Context;
use super::exit::Failure;
use crate::domain::rca::vocab::{Entry, Vocabulary};
use crate::drill::vocab::search;

/// Arguments of `vocab`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab vocab classes --search 'hot partition'\n  chaoslab vocab events --search isr\n  chaoslab vocab components --json"
)]
pub struct Arguments {
    /// Which vocabulary: causes, kinds of components, effects, measures
    #[arg(value_parser = PossibleValuesParser::new(Vocabulary::ALL.iter().map(|(word, _)| *word)))]
    vocabulary: String,
    /// Only entries that plain words find, as `oom` or `too slow`, the best first
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let (word, vocabulary) = Vocabulary::ALL
        .iter()
        .find(|(word, _)| *word == arguments.vocabulary)
        .expect("the parser knows no other");
    let wanted = arguments.search.as_deref().unwrap_or("");
    let entries = search(*vocabulary, word, wanted)?;
    if context.output.json {
        return context.output.value(&entries);
    }
    let heading: &[&str] = match vocabulary {
        Vocabulary::Classes => &["class", "mechanism", "also written"],
        Vocabulary::Components => &["component", "meaning", ""],
        Vocabulary::Events => &["event", "what can be seen", "on"],
        Vocabulary::Preventions => &["prevention", "measure", ""],
    };
    context.output.table(heading, entries.iter().map(row))
}

fn row(entry: &Entry) -> Vec<String> {
    let more = if entry.on.is_empty() { entry.also.join(", ") } else { entry.on.join(", ") };
    let says = if entry.group { format!("({})", entry.says) } else { entry.says.to_owned() };
    vec![entry.id.to_owned(), says, more]
}
