//! The twin of a learner's command in a recording: what the battery printed of the one who plays
//! the same part when it was asked the same question, or the log of its machine.
//!
//! A quote is compared by its words. Names are those of whoever plays the part, and a number may be
//! another, unless it is what the fault changed: then it is asked whether it changed there, too.

use std::collections::BTreeMap;

use super::Said;
use super::cast::Cast;
use super::casting::Casting;
use super::demand::{Demand, demand, is_healthy};
use super::fit::{Match, in_any_order, in_order, is_whole, joined};
use super::rules::in_common_words;
use super::view::{Answer, Subject, View};
use super::words::{Names, SLOT, Slot, Words};
use crate::domain::rca::check::Effort;
use crate::domain::rca::commands::ran;
use crate::domain::rca::record::{Command, Inventory};
use crate::domain::recording::{Phase, Recording, Taken};
use crate::domain::telemetry::log::LogSource;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// Exit codes of a command that was ended before it had printed all.
const ENDED: [i64; 2] = [124, 137];
/// What stands in a line about the battery's own processes.
const BATTERY: &str = "timeout -k 1 ";
/// What stands in a recorded output where some of it was left out.
const LEFT_OUT: &str = " bytes left out]";

/// A text that a learner's command printed, ready to be looked for in recordings.
pub(super) struct Quote<'a> {
    command: &'a Command,
    contains: &'a str,
    views: Vec<View>,
    names: Names,
    /// Whether the lists of ids it ends with or begins with are whole where it was printed.
    has_whole_lists: bool,
    /// What is asked of each number of the quote in recordings of other causes.
    demands: Vec<Demand>,
}

/// An output of the battery, read.
struct Output {
    lines: Vec<Words>,
    /// All lines, for quotes that go over several.
    whole: Words,
    answer: Answer,
    is_complete: bool,
}

/// What the battery's twin of a command printed on one machine: while it was broken, and after.
#[derive(Default)]
struct Twins {
    steady: Vec<Output>,
    recovered: Vec<Output>,
}

impl<'a> Quote<'a> {
    pub(super) fn of(command: &'a Command, contains: &'a str, inventory: &Inventory) -> Self {
        let views: Vec<View> = ran(&command.line).iter().flat_map(View::of).collect();
        let names = Names::of(inventory);
        let printed = names.read(&command.output);
        let quote = names.read(contains).text;
        let mut places = printed.text.match_indices(&quote).peekable();
        let has_whole_lists = places.peek().is_none()
            || places.any(|(at, text)| is_whole(&printed.text, at, at + text.len()));
        Self { command, contains, views, names, has_whole_lists, demands: Vec::new() }
    }

    /// Learns from the recordings of the true cause which numbers are the point of the quote.
    pub(super) fn learn(&mut self, own: &[(&Recording, Vec<Casting>)]) {
        let mut seen: Vec<(Vec<Slot>, Option<Vec<Slot>>)> = Vec::new();
        for (recording, castings) in own {
            let all = self.twins(recording, castings);
            let shown = castings.iter().find_map(|casting| {
                let twins = all.get(self.machine(casting)?)?;
                let steady = self.nearest(&twins.steady, casting)?;
                Some((steady, self.nearest(&twins.recovered, casting)))
            });
            seen.extend(shown);
        }
        let count = seen.first().map_or(0, |(steady, _)| steady.len());
        self.demands = (0..count).map(|at| demand(&seen, at)).collect();
    }

    /// Whether the twin of the command printed the text.
    pub(super) fn printed(
        &self,
        recording: &Recording,
        castings: &[Casting],
        until: UnixMs,
        effort: &Effort<'_>,
    ) -> Result<Said, SourceError> {
        let mut said = Said::False;
        if self.views.is_empty() || castings.is_empty() {
            return Ok(Said::Unknown);
        }
        if self.views.iter().any(|view| view.subject == Subject::Log) {
            said = self.logged(recording, castings, until, effort)?;
        }
        if self.views.iter().all(|view| view.subject == Subject::Log) {
            return Ok(said);
        }
        let all = self.twins(recording, castings);
        for casting in castings {
            let twins = self.machine(casting).and_then(|machine| all.get(machine));
            said = said.or(twins.map_or(Said::Unknown, |twins| self.said(twins, casting)));
        }
        Ok(said)
    }

    /// What the outputs of one machine say.
    fn said(&self, twins: &Twins, casting: &Casting) -> Said {
        if twins.steady.is_empty() {
            return Said::Unknown;
        }
        let healthy = self.nearest(&twins.recovered, casting);
        let quoted = self.words().slots;
        let is_met = |found: &Match<'_>| {
            found.iter().enumerate().all(|(at, slot)| {
                let Some(there) = slot.value() else { return true };
                let healthy = healthy.as_ref().and_then(|slots| slots.get(at)?.value());
                let quoted = quoted.get(at).and_then(Slot::value);
                let demand = self.demands.get(at).unwrap_or(&Demand::Any);
                demand.is_met(there, healthy) && !is_healthy(quoted, there, healthy)
            })
        };
        let mut said = Said::False;
        for output in &twins.steady {
            let found = self.found(output, casting);
            said = said.or(match found.iter().any(is_met) {
                true => Said::True,
                // Numbers that are the point are other ones there: that is an answer.
                false if !found.is_empty() => Said::False,
                false if output.is_complete && output.answer.whole => Said::False,
                false => Said::Unknown,
            });
        }
        said
    }

    /// The name of the machine that plays the part of the one the command ran on; of no matter when
    /// the command is about the whole cluster.
    fn machine<'c>(&self, casting: &'c Casting) -> Option<&'c str> {
        if self.views.iter().all(View::is_of_cluster) {
            return Some("");
        }
        let named = self.views.iter().find_map(|view| view.machine.as_deref());
        casting.player(named.unwrap_or(&self.command.node))
    }

    /// The outputs of a recording that answer the command's questions, by machine; those about the
    /// whole cluster under no name.
    fn twins<'r>(
        &self,
        recording: &'r Recording,
        castings: &[Casting],
    ) -> BTreeMap<&'r str, Twins> {
        let names = Names::of(&recording.head.facts.inventory);
        let mut all: BTreeMap<&str, Twins> = BTreeMap::new();
        // Names of files and topics are the same in all castings.
        let Some(casting) = castings.first() else { return all };
        let is_of_cluster = self.views.iter().all(View::is_of_cluster);
        for taken in &recording.head.battery {
            let asked = ran(&casting.text(&taken.line));
            let others: Vec<View> = asked.iter().flat_map(View::of).collect();
            let answer = others.iter().find_map(|other| {
                self.views.iter().find_map(|view| Some((view, view.answered_by(&other.subject)?)))
            });
            let Some((view, answer)) = answer else { continue };
            let output = self.read(taken, view, answer, &names, casting);
            let twins = all.entry(if is_of_cluster { "" } else { &taken.machine }).or_default();
            match taken.phase {
                Phase::Steady => twins.steady.push(output),
                Phase::Recovered => twins.recovered.push(output),
            }
        }
        all
    }

    fn read(
        &self,
        taken: &Taken,
        view: &View,
        answer: Answer,
        names: &Names,
        casting: &Casting,
    ) -> Output {
        let is_about = |line: &Words| {
            view.topic.as_deref().is_none_or(|topic| {
                line.slots.iter().any(|slot| casting.called(slot).as_deref() == Some(topic))
            })
        };
        let text = in_common_words(&view.subject, &taken.output);
        let printed = text.lines().filter(|line| !line.contains(BATTERY));
        let lines: Vec<Words> = printed.map(|line| names.read(line)).filter(is_about).collect();
        let whole = joined(&lines);
        let is_complete = !ENDED.contains(&taken.exit) && !taken.output.contains(LEFT_OUT);
        Output { lines, whole, answer, is_complete }
    }

    /// The quote as a view of this kind is compared.
    fn words(&self) -> Words {
        let subject = self.views.first().map(|view| &view.subject);
        let text = subject.map(|subject| in_common_words(subject, self.contains));
        self.names.read(&text.unwrap_or_else(|| self.contains.to_owned()))
    }

    /// Where the quote stands in an output.
    fn found<'w>(&self, output: &'w Output, casting: &Casting) -> Vec<Match<'w>> {
        let quote = self.words();
        let mut found: Vec<Match<'w>> = Vec::new();
        let whole = self.has_whole_lists;
        for line in &output.lines {
            found.extend(in_order(&quote, line, casting, whole));
        }
        if found.is_empty() {
            found.extend(in_order(&quote, &output.whole, casting, whole));
        }
        if found.is_empty() && (output.answer.other_columns || self.is_rearranged()) {
            let lines = output.lines.iter();
            found.extend(lines.filter_map(|line| in_any_order(&quote, line, casting)));
        }
        found
    }

    /// The finding whose numbers are most like the quote's.
    fn nearest(&self, outputs: &[Output], casting: &Casting) -> Option<Vec<Slot>> {
        let quote = self.words();
        let alike = |found: &Match<'_>| {
            found.iter().zip(&quote.slots).filter(|(there, here)| there.raw() == here.raw()).count()
        };
        let all = outputs.iter().flat_map(|output| self.found(output, casting));
        // Of several as much alike the first: only more is better.
        let best = all.reduce(|best, one| if alike(&one) > alike(&best) { one } else { best })?;
        Some(best.into_iter().cloned().collect())
    }

    /// Whether the line puts the columns of a tool into another order, or leaves some out.
    fn is_rearranged(&self) -> bool {
        let tools = ["awk", "gawk", "mawk", "cut", "jq", "uniq", "paste", "column", "tr", "sed"];
        ran(&self.command.line)
            .iter()
            .filter_map(|ran| ran.words.first())
            .any(|tool| tools.contains(&tool.rsplit('/').next().unwrap_or(tool)))
    }

    /// Whether the log of the machine has a line with the text, numbers aside.
    fn logged(
        &self,
        recording: &Recording,
        castings: &[Casting],
        until: UnixMs,
        effort: &Effort<'_>,
    ) -> Result<Said, SourceError> {
        let quote = self.words();
        let names = Names::of(&recording.head.facts.inventory);
        let fragment = quote.text.split([SLOT, ' ']).max_by_key(|part| part.len()).unwrap_or("");
        let mut read: BTreeMap<&str, Vec<Words>> = BTreeMap::new();
        let mut said = Said::False;
        for casting in castings {
            let named = self.views.iter().find_map(|view| view.machine.as_deref());
            let Some(machine) = casting.player(named.unwrap_or(&self.command.node)) else {
                said = said.or(Said::Unknown);
                continue;
            };
            if !read.contains_key(machine) {
                let cast = Cast { recording, casting, texts: false, effort };
                let from = recording.head.facts.recorded.from;
                let called = named.unwrap_or(&self.command.node);
                let lines = cast.lines(&|node| node == called, from, until)?;
                let lines = lines.iter().filter(|line| line.line.contains(fragment));
                let lines = lines.map(|line| names.read(&line.line)).collect();
                read.insert(machine, lines);
            }
            let lines = &read[machine];
            let is_there =
                lines.iter().any(|line| !in_order(&quote, line, casting, false).is_empty());
            said = said.or(if is_there { Said::True } else { Said::False });
        }
        Ok(said)
    }
}

/// Whether what a command line shows is shown by one of these, or stands in a log: only then can
/// recordings say what else shows it.
pub fn has_twin<'a>(line: &str, mut battery: impl Iterator<Item = &'a str>) -> bool {
    let views: Vec<View> = ran(line).iter().flat_map(View::of).collect();
    views.iter().any(|view| view.subject == Subject::Log)
        || battery.any(|other| {
            let others: Vec<View> = ran(other).iter().flat_map(View::of).collect();
            others.iter().any(|other| views.iter().any(|v| v.answered_by(&other.subject).is_some()))
        })
}
