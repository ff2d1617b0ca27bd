//! What the grader knows and the learner does not: computed from the value that drives the
//! injection, committed to when the run opens, opened at the end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::rca::record::Span;
use crate::domain::rca::vocab::{self, Component};
use crate::domain::telemetry::promql::Query;

/// The truth about one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// What the injected faults say of themselves: one, or several that are independent. Never
    /// empty: nothing broken is a cause, too.
    pub causes: Vec<Account>,
    /// From the injection to the first instant at which anyone could see an effect; none when
    /// nothing ever happened.
    pub onset: Option<Span>,
    /// How many times slower than usual the fault shows itself: distances to the onset are divided
    /// by it. At least 1.
    pub slow: u32,
    /// The change that started it.
    pub trigger: Trigger,
    /// The causes that show the same symptom in this family.
    pub look_alikes: Vec<LookAlike>,
    /// Events that happened beside the chain and are no mistake to name.
    pub accepted_events: Vec<Effect>,
    /// What was already so before the fault, and how it counts as a cause.
    pub preconditions: Vec<Precondition>,
    /// Seconds within which the undoing of the cause shows.
    pub heals_within_s: u32,
}

/// What a fault says of itself, as it was injected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The class of the vocabulary that names its mechanism.
    pub class: String,
    /// Classes that name it as well.
    pub equivalent: Vec<String>,
    /// Where it originates, and what else one could name.
    pub place: Place,
    /// What it led to: causes before effects.
    pub chain: Vec<Effect>,
    /// Whether restarting the process is what cures it.
    pub cured_by_restart: bool,
    /// Preventions of the vocabulary that fit it.
    pub preventions: Vec<String>,
}

/// The components of a cause.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where it originates, each with other names that are as right.
    pub must: BTreeMap<Component, Vec<Component>>,
    /// Near it: half right.
    pub near: Vec<Component>,
    /// Where it only shows.
    pub victims: Vec<Component>,
}

impl Place {
    /// Where it originates, by every name that is right.
    pub fn origins(&self) -> impl Iterator<Item = &Component> {
        self.must.iter().flat_map(|(place, aliases)| std::iter::once(place).chain(aliases))
    }
}

/// A step of a causal chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The event of the vocabulary.
    pub event: String,
    /// The components it happens on, any of which names it.
    pub on: Vec<Component>,
    /// The PromQL that holds while it is so.
    pub shows: String,
    /// The steps it follows from, by their place in the chain; none for the first.
    #[serde(default)]
    pub after: Vec<usize>,
}

/// Another cause of the same symptom, and what tells it from this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAlike {
    /// Its class.
    pub class: String,
    /// What tells the two apart, in a sentence.
    pub says: String,
    /// The PromQL that holds for this cause and not for the other.
    pub split_by: String,
}

/// The change that started a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// An entry of the change feed: 4 for `C4`.
    Change(u32),
    /// A change that the feed does not list.
    NotListed,
}

/// Something that was so before the fault and that an analysis might name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precondition {
    /// The class under which it would be named.
    pub class: String,
    /// How it counts.
    pub counts: Counts,
    /// Why.
    pub reason: String,
}

/// How naming a precondition as the cause counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// As right as the class itself.
    Equivalent,
    /// It made the fault possible or worse, and belongs to the contributing factors.
    Contributing,
    /// It has nothing to do with it.
    Rejected,
}

/// Bytes hashed before salt and truth, so that the hash can mean nothing else.
const DOMAIN: &[u8] = b"chaoslab/truth/v1\0";

impl Truth {
    /// Whether the run is a control: nothing was broken, or it healed by itself.
    pub fn is_control(&self) -> bool {
        self.causes.iter().all(|cause| vocab::domain(&cause.class) == "none")
    }

    /// Where its causes originate, by every name that is right.
    pub fn origins(&self) -> impl Iterator<Item = &Component> {
        self.causes.iter().flat_map(|cause| cause.place.origins())
    }

    /// The truth in canonical JSON (RFC 8785).
    ///
    /// Fails only when a number in it has no canonical form, which none of its fields can hold.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_jcs::to_vec(self)
    }

    /// The commitment: SHA-256 over a fixed prefix, the salt and the canonical truth, in
    /// hexadecimal. It can be published before the truth is told and checked after.
    pub fn commitment(&self, salt: &[u8; 32]) -> Result<String, serde_json::Error> {
        let digest = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(salt)
            .chain_update(self.canonical()?)
            .finalize();
        Ok(hex(&digest))
    }

    /// What is wrong in it, for authors: classes, events and preventions that do not exist, queries
    /// that are none, chains that point forward.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let classes =
            self.causes.iter().flat_map(|c| std::iter::once(&c.class).chain(&c.equivalent));
        let others = self
            .look_alikes
            .iter()
            .map(|l| &l.class)
            .chain(self.preconditions.iter().map(|p| &p.class));
        problems.extend(classes.chain(others).filter_map(|id| vocab::class(id).err()));
        for effect in self.causes.iter().flat_map(|c| &c.chain).chain(&self.accepted_events) {
            problems.extend(vocab::event(&effect.event).err());
            problems.extend(
                Query::parse(&effect.shows)
                    .err()
                    .map(|error| format!("`{}` is shown by no PromQL: {error}", effect.event)),
            );
        }
        problems.extend(
            self.causes
                .iter()
                .flat_map(|c| &c.preventions)
                .filter_map(|id| vocab::prevention(id).err()),
        );
        for other in &self.look_alikes {
            problems.extend(
                Query::parse(&other.split_by)
                    .err()
                    .map(|error| format!("`{}` is split by no PromQL: {error}", other.class)),
            );
        }
        if self.causes.is_empty() {
            problems.push("a truth needs a cause; `none.healthy` is one".to_owned());
        }
        for cause in &self.causes {
            for (place, effect) in cause.chain.iter().enumerate() {
                if effect.after.iter().any(|before| *before >= place) {
                    problems.push(format!("`{}`, step {place} of the chain, follows from a step that is not before it", effect.event));
                }
            }
            if vocab::domain(&cause.class) != "none"
                && (cause.place.must.is_empty() || cause.chain.is_empty())
            {
                problems.push(format!(
                    "`{}` needs a component where it originates and a chain",
                    cause.class
                ));
            }
        }
        problems
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Component {
        Component::parse(text).expect("it is right")
    }

    fn truth() -> Truth {
        let effect = |event: &str, on: &str, after: &[usize]| Effect {
            event: event.into(),
            on: vec![component(on)],
            shows: "up == 0".into(),
            after: after.to_vec(),
        };
        Truth {
            causes: vec![Account {
                class: "network.capacity.link_capped".into(),
                equivalent: vec![],
                place: Place {
                    must: BTreeMap::from([(
                        component("link:kafka-2"),
                        vec![component("broker:2")],
                    )]),
                    near: vec![],
                    victims: vec![component("broker:1")],
                },
                chain: vec![
                    effect("link.saturated", "link:kafka-2", &[]),
                    effect("isr.shrunk", "partition:orders-1", &[0]),
                ],
                cured_by_restart: false,
                preventions: vec!["alert.link_saturated".into()],
            }],
            onset: Some(Span { from: 1_000, to: 2_000 }),
            slow: 1,
            trigger: Trigger::Change(4),
            look_alikes: vec![LookAlike {
                class: "storage.disk.slow".into(),
                says: "Its disk is quick.".into(),
                split_by: "up == 1".into(),
            }],
            accepted_events: vec![],
            preconditions: vec![],
            heals_within_s: 30,
        }
    }

    #[test]
    fn a_commitment_can_be_checked_by_hand() {
        let canonical =
            String::from_utf8(truth().canonical().expect("it is data")).expect("JSON is text");
        insta::assert_snapshot!(canonical, @r#"{"accepted_events":[],"causes":[{"chain":[{"after":[],"event":"link.saturated","on":["link:kafka-2"],"shows":"up == 0"},{"after":[0],"event":"isr.shrunk","on":["partition:orders-1"],"shows":"up == 0"}],"class":"network.capacity.link_capped","cured_by_restart":false,"equivalent":[],"place":{"must":{"link:kafka-2":["broker:2"]},"near":[],"victims":["broker:1"]},"preventions":["alert.link_saturated"]}],"heals_within_s":30,"look_alikes":[{"class":"storage.disk.slow","says":"Its disk is quick.","split_by":"up == 1"}],"onset":{"from":1000,"to":2000},"preconditions":[],"slow":1,"trigger":{"change":4}}"#);
        insta::assert_snapshot!(truth().commitment(&[7; 32]).expect("it is data"), @"cf25b56c2690995e118debc27d4778016184a79e6c866a13fd75d4b5cd55cd2a");
    }

    #[test]
    fn any_other_truth_or_salt_is_another_commitment() {
        let same = truth().commitment(&[7; 32]).ok();
        let other = Truth { slow: 2, ..truth() };
        assert_eq!(same, truth().commitment(&[7; 32]).ok());
        assert_ne!(same, truth().commitment(&[8; 32]).ok());
        assert_ne!(same, other.commitment(&[7; 32]).ok());
    }

    #[test]
    fn a_truth_is_read_back_as_it_was_written() {
        let text = truth().canonical().expect("it is data");
        assert_eq!(serde_json::from_slice::<Truth>(&text).expect("it is a truth"), truth());
    }

    #[test]
    fn names_that_do_not_exist_are_told() {
        let mut wrong = truth();
        wrong.causes[0].class = "network.link_capped".into();
        wrong.causes[0].chain[0].after = vec![1];
        wrong.causes[0].chain[1].event = "isr.shrank".into();
        wrong.causes[0].chain[1].shows = "up ==".into();
        assert!(truth().problems().is_empty());
        insta::assert_snapshot!(wrong.problems().join("\n"), @r"
        unknown class `network.link_capped`; did you mean `network.capacity.link_capped`? (`chaoslab vocab classes --search WORD` lists them)
        unknown event `isr.shrank`; did you mean `isr.shrunk`? (`chaoslab vocab events --search WORD` lists them)
        `isr.shrank` is shown by no PromQL: 1:6: the expression ends too early
        `link.saturated`, step 0 of the chain, follows from a step that is not before it
        ");
    }
}
