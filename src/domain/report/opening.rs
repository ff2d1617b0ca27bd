//! The truth, told: what broke and where, how it unfolded and when each step was seen, and what
//! tells it from its look-alikes.

use serde::Serialize;

use super::{ReportError, Sealed, Staged};
use crate::domain::fault::truth::{Account, Counts, LookAlike, Precondition, Trigger, hex};
use crate::domain::grade::{Seen, seen};
use crate::domain::rca::check::query_command;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Facts, Record, Span};
use crate::domain::rca::vocab::{self, Component};
use crate::domain::scenario::Level;
use crate::domain::telemetry::series::UnixMs;

/// The most stretches in which a step was seen that are told one by one.
const STRETCHES: usize = 3;

/// The truth in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opened {
    /// What broke, each with what the class means and where it originates.
    pub causes: Vec<Cause>,
    /// When it began.
    pub began: String,
    /// What started it.
    pub trigger: String,
    /// The steps, in order.
    pub chain: Vec<Step>,
    /// What it could have been, and was not.
    pub look_alikes: Vec<Other>,
    /// The scenario that was staged, `isr-shrink/capped-link`.
    pub scenario: String,
    /// The seed it was drawn with.
    pub seed: u64,
    /// The level of the drill, 1 to 4.
    pub level: Level,
    /// The command that stages the same again.
    pub again: String,
    /// What was so before.
    pub preconditions: Vec<String>,
    /// How to check that nothing of this was changed after the run opened.
    pub commitment: Commitment,
}

/// A cause in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// Its class.
    pub class: String,
    /// What the class means.
    pub says: String,
    /// Where it originates, each with its other names.
    pub places: Vec<String>,
    /// Where it showed.
    pub victims: Vec<String>,
}

/// A step of the chain in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Its event.
    pub event: String,
    /// What the event means.
    pub says: String,
    /// Where it happened.
    pub on: String,
    /// When it was seen.
    pub when: String,
    /// The command that shows it.
    pub look: String,
}

/// A look-alike in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Other {
    /// Its class.
    pub class: String,
    /// What tells it from the cause.
    pub says: String,
    /// The command that shows it.
    pub look: String,
}

/// A commitment opened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Commitment {
    /// What was published when the run opened.
    pub hash: String,
    /// The salt it was made with.
    pub salt: String,
    /// Whether it is the SHA-256 over the truth and its salt.
    pub verified: bool,
    /// Commands with which anyone can check it.
    pub recipe: Vec<String>,
}

/// Puts the truth into words, with what the record shows of it.
pub fn open(sealed: &Sealed<'_>, record: &Record<'_>) -> Result<Opened, ReportError> {
    let (truth, facts) = (sealed.truth, record.facts);
    let page = facts.page;
    let chain = seen(truth, record)?.iter().map(|seen| step(seen, page)).collect();
    let began = match truth.onset {
        Some(onset) => {
            format!("between {} and {}", since_page(onset.from, page), since_page(onset.to, page))
        }
        None => "nothing began".to_owned(),
    };
    // Where the look-alikes differ is looked at half way from the onset to the page.
    let middle = truth.onset.map_or(page, |onset| onset.to + (page - onset.to).max(0) / 2);
    let look_alike = |other: &LookAlike| Other {
        class: other.class.clone(),
        says: other.says.clone(),
        look: query_command(&other.split_by, middle, page),
    };
    let Staged { family, scenario, seed, level } = sealed.staged;
    Ok(Opened {
        causes: truth.causes.iter().map(cause).collect(),
        began,
        trigger: trigger(truth.trigger, facts),
        chain,
        look_alikes: truth.look_alikes.iter().map(look_alike).collect(),
        scenario: format!("{family}/{scenario}"),
        seed,
        level,
        again: format!(
            "chaoslab start {family} --scenario {scenario} --seed {seed} --level {level}"
        ),
        preconditions: truth.preconditions.iter().map(precondition).collect(),
        commitment: commitment(sealed, &facts.run)?,
    })
}

fn cause(account: &Account) -> Cause {
    let place = |(must, aliases): (&Component, &Vec<Component>)| match aliases.as_slice() {
        [] => must.to_string(),
        aliases => format!("{must} (or {})", names(aliases).join(", ")),
    };
    Cause {
        class: account.class.clone(),
        says: vocab::class(&account.class).map(|class| class.says.to_owned()).unwrap_or_default(),
        places: account.place.must.iter().map(place).collect(),
        victims: names(&account.place.victims),
    }
}

/// A step of the chain, and when it was seen before the learner changed anything.
fn step(seen: &Seen<'_>, page: UnixMs) -> Step {
    let effect = seen.effect;
    let one =
        |span: &Span| format!("{} to {}", since_page(span.from, page), since_page(span.to, page));
    let when = match seen.spans.as_slice() {
        [] => "not seen".to_owned(),
        spans if spans.len() <= STRETCHES => {
            spans.iter().map(one).collect::<Vec<_>>().join(", and ")
        }
        [first, .., last] => format!(
            "{} to {}, with breaks",
            since_page(first.from, page),
            since_page(last.to, page)
        ),
        [only] => one(only),
    };
    Step {
        event: effect.event.clone(),
        says: vocab::event(&effect.event).map(|event| event.says.to_owned()).unwrap_or_default(),
        on: names(&effect.on).join(", "),
        when,
        look: query_command(&effect.shows, seen.first().unwrap_or(page), page),
    }
}

fn trigger(trigger: Trigger, facts: &Facts) -> String {
    let number = match trigger {
        Trigger::NotListed => return "a change that the feed does not list".to_owned(),
        Trigger::Change(number) => number,
    };
    match facts.changes.iter().find(|change| change.number == number) {
        Some(change) => {
            format!("change C{number} at {}: {}", since_page(change.at, facts.page), change.what)
        }
        None => format!("change C{number}"),
    }
}

fn precondition(precondition: &Precondition) -> String {
    let counts = match precondition.counts {
        Counts::Equivalent => "counts as the cause",
        Counts::Contributing => "contributed",
        Counts::Rejected => "has no part in it",
    };
    format!("`{}` {counts}: {}", precondition.class, precondition.reason)
}

fn commitment(sealed: &Sealed<'_>, run: &str) -> Result<Commitment, ReportError> {
    let salt = hex(sealed.salt);
    let truth =
        format!("chaoslab report {run} --format json | jq -jcS .opening.truth > truth.json");
    let hash = format!(
        "{{ printf 'chaoslab/truth/v1\\0'; printf {salt} | xxd -r -p; cat truth.json; }} | sha256sum"
    );
    Ok(Commitment {
        hash: sealed.commitment.to_owned(),
        salt,
        verified: sealed.truth.commitment(sealed.salt)? == sealed.commitment,
        recipe: vec![truth, hash],
    })
}

fn names(components: &[Component]) -> Vec<String> {
    components.iter().map(ToString::to_string).collect()
}
