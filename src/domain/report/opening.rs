//! The truth, told: what broke and where, how it went on and when each step was seen, and what
//! tells it from its look-alikes.

use serde::Serialize;

use super::{ReportError, Sealed, Staged};
use crate::domain::fault::truth::{Counts, Trigger, hex};
use crate::domain::rca::check::holding;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Record, Span};
use crate::domain::rca::vocab;
use crate::domain::telemetry::promql::Query;

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
    /// Whether truth and salt give that hash.
    pub verified: bool,
    /// Commands with which anyone can check it.
    pub recipe: Vec<String>,
}

/// Puts the truth into words, with what the record shows of it.
pub fn open(sealed: &Sealed<'_>, record: &Record<'_>) -> Result<Opened, ReportError> {
    let (truth, facts) = (sealed.truth, record.facts);
    let page = facts.page;
    let says = |id: &str| vocab::class(id).map(|class| class.says.to_owned()).unwrap_or_default();
    let list = |components: &[vocab::Component]| {
        components.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let causes = truth.causes.iter().map(|cause| Cause {
        class: cause.class.clone(),
        says: says(&cause.class),
        places: cause
            .place
            .must
            .iter()
            .map(|(must, aliases)| match aliases.as_slice() {
                [] => must.to_string(),
                aliases => format!("{must} (or {})", list(aliases).join(", ")),
            })
            .collect(),
        victims: list(&cause.place.victims),
    });
    let until = facts.first_change().map_or(facts.recorded.to, |change| change.started);
    let mut chain = Vec::new();
    for effect in truth.causes.iter().flat_map(|cause| &cause.chain) {
        let seen = match Query::parse(&effect.shows) {
            Ok(query) => {
                holding(&query, record.series, Span { from: facts.recorded.from, to: until })?
            }
            Err(_) => Vec::new(),
        };
        let when = match (seen.first(), seen.last()) {
            (Some(first), Some(last)) => {
                format!("{} to {}", since_page(first.from, page), since_page(last.to, page))
            }
            _ => "not seen".to_owned(),
        };
        chain.push(Step {
            event: effect.event.clone(),
            says: vocab::event(&effect.event)
                .map(|event| event.says.to_owned())
                .unwrap_or_default(),
            on: list(&effect.on).join(", "),
            when,
            look: look(&effect.shows, seen.first().map_or(page, |span| span.from), page),
        });
    }
    let middle = truth.onset.map_or(page, |onset| onset.to + (page - onset.to).max(0) / 2);
    let look_alikes = truth.look_alikes.iter().map(|other| Other {
        class: other.class.clone(),
        says: other.says.clone(),
        look: look(&other.split_by, middle, page),
    });
    let trigger = match truth.trigger {
        Trigger::NotListed => "a change that the feed does not list".to_owned(),
        Trigger::Change(number) => {
            match facts.changes.iter().find(|change| change.number == number) {
                Some(change) => {
                    format!("change C{number} at {}: {}", since_page(change.at, page), change.what)
                }
                None => format!("change C{number}"),
            }
        }
    };
    let Staged { family, scenario, seed } = sealed.staged;
    let counts = |counts| match counts {
        Counts::Equivalent => "counts as the cause",
        Counts::Contributing => "contributed",
        Counts::Rejected => "has no part in it",
    };
    Ok(Opened {
        causes: causes.collect(),
        began: match truth.onset {
            Some(onset) => format!(
                "between {} and {}",
                since_page(onset.from, page),
                since_page(onset.to, page)
            ),
            None => "nothing began".to_owned(),
        },
        trigger,
        chain,
        look_alikes: look_alikes.collect(),
        scenario: format!("{family}/{scenario}"),
        seed,
        again: format!("chaoslab start {family} --scenario {scenario} --seed {seed}"),
        preconditions: truth
            .preconditions
            .iter()
            .map(|p| format!("`{}` {}: {}", p.class, counts(p.counts), p.reason))
            .collect(),
        commitment: Commitment {
            hash: sealed.commitment.to_owned(),
            salt: hex(sealed.salt),
            verified: truth.commitment(sealed.salt)? == sealed.commitment,
            recipe: vec![
                format!(
                    "chaoslab report {} --format json | jq -jcS .opening.truth > truth.json",
                    facts.run
                ),
                format!(
                    "{{ printf 'chaoslab/truth/v1\\0'; printf {} | xxd -r -p; cat truth.json; }} | sha256sum",
                    hex(sealed.salt)
                ),
            ],
        },
    })
}

fn look(promql: &str, at: i64, page: i64) -> String {
    crate::domain::rca::check::query_command(promql, at, page)
}
