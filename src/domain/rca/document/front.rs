//! The front matter as typed in: its fields and nothing about whether they are right.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::spelling::{Told, entries, list, names, one_or_more, texts};

/// Everything between the two `---` lines.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// The format's version, 1.
    pub rca: u32,
    /// How much the write-up answers.
    pub form: Form,
    /// The run it is about.
    #[serde(default)]
    pub run: Option<String>,
    /// Who wrote it; several joined by commas.
    #[serde(default, deserialize_with = "names")]
    pub author: Option<String>,
    /// How bad it was, in any usual spelling.
    #[serde(default)]
    pub severity: Option<String>,
    /// When it began, was noticed, stopped hurting and was over.
    #[serde(default)]
    pub timeline: Option<Timeline>,
    /// What broke.
    #[serde(default, deserialize_with = "list")]
    pub root_cause: Vec<Cause>,
    /// What shows it.
    #[serde(default, deserialize_with = "list")]
    pub evidence: Vec<Evidence>,
    /// How the cause led to the symptom.
    #[serde(default, deserialize_with = "list")]
    pub causal_chain: Vec<Link>,
    /// What users felt.
    #[serde(default, deserialize_with = "list")]
    pub impact: Vec<Evidence>,
    /// Other causes considered.
    #[serde(default, deserialize_with = "list")]
    pub hypotheses: Vec<Hypothesis>,
    /// What made it possible or worse, in words or by class.
    #[serde(default, deserialize_with = "texts")]
    pub contributing_factors: Vec<String>,
    /// What was done about it.
    #[serde(default, deserialize_with = "entries")]
    pub mitigation: Vec<Mitigation>,
    /// What keeps it from coming back.
    #[serde(default, deserialize_with = "entries")]
    pub prevention: Vec<Prevention>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub title: Option<IgnoredAny>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub tags: Option<IgnoredAny>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub status: Option<IgnoredAny>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub date: Option<IgnoredAny>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub services: Option<IgnoredAny>,
    /// For people, whatever stands there.
    #[serde(default)]
    pub links: Option<IgnoredAny>,
}

/// How much a write-up answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Six things: class, component, onset, evidence, one class ruled out, the fix.
    Short,
    /// Everything.
    Full,
}

impl Form {
    /// How many pieces of evidence count.
    pub fn evidence_counted(self) -> usize {
        match self {
            Self::Short => 3,
            Self::Full => 8,
        }
    }
}

/// How bad an incident was, 1 the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Severity {
    SEV1,
    SEV2,
    SEV3,
    SEV4,
    SEV5,
}

/// The times of an incident, as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// First effect of the fault.
    #[serde(default)]
    pub onset: Option<String>,
    /// When somebody knew.
    #[serde(default)]
    pub detected: Option<String>,
    /// When somebody took it on.
    #[serde(default)]
    pub acknowledged: Option<String>,
    /// When more people were called.
    #[serde(default)]
    pub escalated: Option<String>,
    /// When users no longer felt it; none if they still do.
    #[serde(default)]
    pub mitigated: Option<String>,
    /// When redundancy was whole and no backlog left; none if not.
    #[serde(default)]
    pub recovered: Option<String>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// A class of the vocabulary.
    #[serde(default)]
    pub class: Option<String>,
    /// Where it originates.
    #[serde(default, deserialize_with = "one_or_more")]
    pub component: Vec<String>,
    /// `change:C4`, or `not_listed`.
    #[serde(default)]
    pub trigger: Option<String>,
}

/// A claim a program can verify: exactly one of `promql`, `log`, `command` and `intervention`, with
/// the fields it takes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its name in the document.
    #[serde(default)]
    pub id: Option<String>,
    /// A PromQL condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promql: Option<String>,
    /// When the condition held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// A log selector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// From when on lines are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many lines there are at least; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// Whether the claim is that there is no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<bool>,
    /// The number of a recorded command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<u32>,
    /// A text in that command's output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The number of a recorded command that changed something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervention: Option<u32>,
    /// What held before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What holds since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// One link of a causal chain.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// An entry of `chaoslab events`, as `V7`.
    Detected(String),
    /// An event, told.
    Told(ToldEvent),
}

/// An event of a causal chain.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldEvent {
    /// An event of the vocabulary.
    pub event: String,
    /// The components it happened on.
    #[serde(default, deserialize_with = "one_or_more")]
    pub on: Vec<String>,
    /// When.
    #[serde(default)]
    pub at: Option<String>,
    /// Ids of the evidence that shows it.
    #[serde(default, deserialize_with = "one_or_more")]
    pub evidence: Vec<String>,
}

/// A cause considered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Its name in the document.
    #[serde(default)]
    pub id: Option<String>,
    /// A class of the vocabulary.
    #[serde(default)]
    pub class: Option<String>,
    /// What became of it.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Ids of the evidence that decides it.
    #[serde(default, deserialize_with = "one_or_more")]
    pub by: Vec<String>,
}

/// What became of a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Verdict {
    RuledOut,
    Confirmed,
    Open,
}

/// Something done about the incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mitigation {
    /// What was done, in words.
    #[serde(default)]
    pub action: Option<String>,
    /// Numbers of the recorded commands that did it.
    #[serde(default, deserialize_with = "list")]
    pub commands: Vec<u32>,
}

impl Told for Mitigation {
    fn told(text: &str) -> Self {
        Self { action: Some(text.to_owned()), commands: Vec::new() }
    }
}

/// A measure against its return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prevention {
    /// A prevention of the vocabulary, or one in words.
    #[serde(default)]
    pub action: Option<String>,
    /// Who does it.
    #[serde(default)]
    pub owner: Option<String>,
    /// By when: a date, a month, or words.
    #[serde(default)]
    pub due: Option<String>,
    /// How one will know.
    #[serde(default)]
    pub done_when: Option<String>,
}

impl Told for Prevention {
    fn told(text: &str) -> Self {
        Self { action: Some(text.to_owned()), owner: None, due: None, done_when: None }
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Links;
        impl<'de> Visitor<'de> for Links {
            type Value = Link;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "the number of a detection as `V7`, or `{event: ..., on: ..., at: ...}`",
                )
            }
            fn visit_str<E>(self, number: &str) -> Result<Link, E> {
                Ok(Link::Detected(number.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Link, A::Error> {
                ToldEvent::deserialize(MapAccessDeserializer::new(map)).map(Link::Told)
            }
        }
        deserializer.deserialize_any(Links)
    }
}
