//! All points can be reached in every scenario: the best document that can be made of a recorded
//! run, its look-alikes and a repair gets them.

mod program;

use std::collections::BTreeMap;
use std::fmt::Write;

use chaoslab::domain::fault::truth::Trigger;
use chaoslab::domain::grade::{Comparison, Evidence, Grade, Terms, grade, seen};
use chaoslab::domain::rca::check::{holding, since_when_met};
use chaoslab::domain::rca::document::Document;
use chaoslab::domain::rca::moment::since_page;
use chaoslab::domain::rca::record::{Command, Facts, Record, Span};
use chaoslab::domain::recording::{Phase, Recording};
use chaoslab::domain::review::write_ups::{REFERENCE, filled};
use chaoslab::domain::telemetry::catalogue::{self, Kind};
use chaoslab::domain::telemetry::promql::Query;
use chaoslab::domain::telemetry::series::{
    MatchOp, Matcher, NAME, Point, Series, SeriesSource, SourceError, is_stale, stale,
};
use chaoslab::lab::library::Library;
use chaoslab::lab::recording;
use program::root;

/// For how long a repaired run goes on, in seconds.
const AFTER: i64 = 150;
/// What the best document gets at least, in thousandths.
const NEARLY_ALL: u32 = 99_000;
/// How many pieces are weighed at once.
const AT_ONCE: usize = 8;
/// How many lines of outputs are tried as quotes.
const QUOTES: usize = 24;

/// A recorded run, repaired: what was healthy before goes on after its end.
struct Repaired {
    series: ByName,
    facts: Facts,
}

/// Series by the name of their metric.
#[derive(Default)]
struct ByName(BTreeMap<String, Vec<Series>>);

impl SeriesSource for ByName {
    fn select(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Series>, SourceError> {
        let name = matchers.iter().find_map(|m| match &m.op {
            MatchOp::Equal(name) if m.label == NAME => Some(name),
            _ => None,
        });
        let of_name = name.and_then(|name| self.0.get(name));
        of_name.map_or(Ok(Vec::new()), |series| series.select(matchers, from, to))
    }
}

impl Repaired {
    fn of(recording: &Recording) -> Self {
        let mut facts = recording.head.facts.clone();
        let end = facts.recorded.to;
        let mut series = recording.telemetry.select(&[], i64::MIN, i64::MAX).expect("in memory");
        let is_control = recording.head.truth.is_control();
        for one in series.iter_mut().filter(|_| !is_control) {
            go_on(one, facts.baseline, end);
        }
        let mut by_name = ByName::default();
        for one in series {
            by_name.0.entry(one.labels.name().to_owned()).or_default().push(one);
        }
        let series = by_name;
        if is_control {
            return Self { series, facts };
        }
        facts.recorded.to = end + AFTER * 1000;
        facts.closed = Some(facts.recorded.to);
        facts.commands.push(Command {
            number: 900,
            node: "toolbox".to_owned(),
            line: "kafka-configs.sh --alter --entity-type brokers --entity-default".to_owned(),
            started: end + 100,
            ended: Some(end + 300),
            exit: Some(0),
            output: String::new(),
            shortened: false,
            changed: None,
        });
        Self { series, facts }
    }
}

/// Lets a series go on as in the healthy time: what counts goes on counting, what was not there
/// ends.
fn go_on(series: &mut Series, baseline: Span, end: i64) {
    let healthy: Vec<Point> =
        series.points.iter().filter(|p| baseline.contains(p.at)).copied().collect();
    let alive = |p: &&Point| !is_stale(p.value);
    let (Some(first), Some(last)) = (healthy.iter().find(alive), healthy.iter().rev().find(alive))
    else {
        series.points.push(Point { at: end + 1, value: stale() });
        return;
    };
    let name = series.labels.name();
    let counts = catalogue::find(name).is_some_and(|m| m.kind == Kind::Counter)
        || name.contains("offset") && !name.contains("lag");
    let now = series.points.iter().rev().find(alive).map_or(last.value, |p| p.value);
    let length = (baseline.to - baseline.from) / 1000;
    for second in 1..=AFTER {
        let at = baseline.from + second % length.max(1) * 1000;
        let then = healthy.iter().rev().filter(alive).find(|p| p.at <= at).unwrap_or(first);
        let rounds = (second / length.max(1)) as f64;
        let value = match counts {
            true => now + (then.value - first.value) + rounds * (last.value - first.value),
            false => then.value,
        };
        series.points.push(Point { at: end + second * 1000, value });
    }
}

/// A document in the making.
struct Draft<'a> {
    recording: &'a Recording,
    facts: Facts,
    series: &'a ByName,
    library: &'a Library,
}

impl Draft<'_> {
    fn record<'r>(&'r self) -> Record<'r> {
        Record { series: self.series, logs: &self.recording.telemetry, facts: &self.facts }
    }

    fn time(&self, at: i64) -> String {
        since_page(at, self.facts.page)
    }

    /// Everything beside the evidence, which goes where `EVIDENCE` stands, and the hypotheses.
    fn file(&self, evidence: &[String], hypotheses: &str) -> String {
        let (truth, facts) = (&self.recording.head.truth, &self.facts);
        let record = self.record();
        let cause = &truth.causes[0];
        let onset = truth.onset.map_or(String::new(), |o| {
            format!("onset: {}, ", self.time(o.from + (o.to - o.from) / 2))
        });
        let felt = facts.objectives.iter().filter(|o| o.felt);
        let met = since_when_met(facts.objectives.iter(), &record).expect("readable");
        let alert = Query::parse(&facts.alert.promql).expect("an alert");
        let fired = holding(&alert, self.series, facts.recorded).expect("readable");
        let quiet = fired.unwrap_or_default().last().map_or(facts.recorded.from, |s| s.to + 1000);
        let recovered = met.map_or(quiet, |met| met.max(quiet));
        let users = since_when_met(felt.clone(), &record).expect("readable");
        let mitigated = if felt.count() == 0 { Some(recovered) } else { users };
        let mitigated =
            mitigated.filter(|at| *at > facts.page).map_or("null".to_owned(), |at| self.time(at));
        let trigger = match truth.trigger {
            Trigger::Change(number) => format!("change:C{number}"),
            Trigger::NotListed => "not_listed".to_owned(),
        };
        let places: Vec<String> =
            cause.place.must.keys().map(|place| format!("\"{place}\"")).collect();
        let mut text = format!(
            "---\nrca: 1\nform: full\ntimeline: {{{onset}detected: {}, mitigated: {mitigated}, recovered: {}}}\n",
            self.time(facts.page),
            self.time(recovered),
        );
        if truth.is_control() {
            let _ = writeln!(text, "root_cause: [{{class: {}}}]", cause.class);
        } else {
            let _ = writeln!(
                text,
                "root_cause: [{{class: {}, component: [{}], trigger: {trigger}}}]",
                cause.class,
                places.join(", ")
            );
            text += "causal_chain:\n";
            let chain = seen(truth, &record).expect("readable");
            for step in chain.iter().filter(|step| !step.spans.is_empty()).take(8) {
                let _ = writeln!(
                    text,
                    "  - {{event: {}, on: \"{}\", at: {}}}",
                    step.effect.event,
                    step.effect.on[0],
                    self.time(step.spans[0].from)
                );
            }
        }
        text += "evidence:\n";
        for (n, piece) in evidence.iter().enumerate() {
            let _ = writeln!(text, "  - {{id: E{}, {piece}}}", n + 1);
        }
        let during = fired_at(self);
        text += "impact:\n";
        let _ = writeln!(
            text,
            "  - {{id: I1, promql: '{}', at: {}}}",
            quoted(&facts.alert.promql),
            self.time(during)
        );
        let other = "sum(up) > 0";
        let _ = writeln!(text, "  - {{id: I2, promql: '{other}', at: {}}}", self.time(during));
        text += hypotheses;
        text += "prevention:\n";
        for measure in &cause.preventions {
            let _ = writeln!(
                text,
                "  - {{action: {measure}, owner: team, due: 2027-01-31, done_when: \"it is\"}}"
            );
        }
        if cause.preventions.is_empty() {
            text = text.replace("prevention:\n", "");
        }
        text += "---\n## Root cause and mechanism\nE1, E2 and E3 show it.\n";
        text
    }

    fn graded(&self, evidence: &[String], hypotheses: &str, with: &Comparison) -> Grade {
        let text = self.file(evidence, hypotheses);
        let document = Document::read(text.as_bytes()).unwrap_or_else(|p| panic!("{p:?}\n{text}"));
        grade(&document, &self.record(), &self.recording.head.truth, with, &Terms::default())
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", self.recording.name()))
    }

    /// Whatever may be evidence: what the reference and the signatures say, the steps of the chain,
    /// and lines of outputs that are gone after the repair.
    fn candidates(&mut self) -> Vec<String> {
        let head = &self.recording.head;
        let mut candidates = Vec::new();
        let reference = self.library.write_up(&head.family, &head.scenario, REFERENCE);
        let reference = reference.and_then(|text| filled(&text, &head.drawn, &head.facts).ok());
        let read = reference.and_then(|text| Document::read(text.as_bytes()).ok());
        for entry in read.iter().flat_map(|document| &document.front.value.evidence) {
            if entry.command.is_none() && entry.intervention.is_none() {
                let mut entry = entry.clone();
                entry.id = None;
                let json = serde_json::to_string(&entry).expect("it is data");
                candidates.push(json.trim_matches(['{', '}']).replacen("\"id\":null,", "", 1));
            }
        }
        let witnessed = self.time(head.phases.witnessed);
        let plan = self.library.plan(&head.family, &head.scenario, head.seed).expect("a plan");
        for signature in &plan.signatures {
            candidates.push(format!("promql: '{}', at: {witnessed}", quoted(&signature.expr)));
        }
        for step in seen(&head.truth, &self.record()).expect("readable") {
            if let Some(span) = step.spans.last() {
                let at = self.time(span.from + (span.to - span.from) / 2);
                candidates.push(format!("promql: '{}', at: {at}", quoted(&step.effect.shows)));
            }
        }
        let objectives = self.facts.objectives.clone();
        for objective in objectives {
            candidates.push(format!("promql: '{}', at: {witnessed}", quoted(&objective.promql)));
        }
        candidates
    }

    /// Lines that a battery's output has while it is broken and not after.
    fn quotes(&mut self) -> Vec<String> {
        let head = &self.recording.head;
        let mut quotes = Vec::new();
        for taken in head.battery.iter().filter(|t| t.phase == Phase::Steady && t.exit == 0) {
            let same = |t: &&chaoslab::domain::recording::Taken| {
                t.phase == Phase::Recovered && t.machine == taken.machine && t.line == taken.line
            };
            let after = head.battery.iter().find(same).map_or("", |t| t.output.as_str());
            let bare = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
            let gone = |line: &&str| {
                line.chars().filter(|c| c.is_alphabetic()).count() > 8
                    && line.len() < 200
                    && !after.lines().any(|other| bare(other) == bare(line))
            };
            let number = 100 + self.facts.commands.len() as u32;
            let mut found = taken.output.lines().filter(gone).take(2).peekable();
            if found.peek().is_none() || quotes.len() >= QUOTES {
                continue;
            }
            for line in found {
                let text = line.trim().replace('\\', "\\\\").replace('"', "\\\"");
                let text = text.replace('\t', "\\t");
                quotes.push(format!("command: {number}, contains: \"{text}\""));
            }
            self.facts.commands.push(Command {
                number,
                node: taken.machine.clone(),
                line: taken.line.clone(),
                started: head.phases.steady.from + 5_000,
                ended: Some(head.phases.steady.from + 6_000),
                exit: Some(0),
                output: taken.output.clone(),
                shortened: false,
                changed: None,
            });
        }
        quotes
    }
}

/// PromQL as it stands between single quotes in YAML.
fn quoted(promql: &str) -> String {
    promql.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "''")
}

/// An instant at which the alert's condition held.
fn fired_at(draft: &Draft<'_>) -> i64 {
    let alert = Query::parse(&draft.facts.alert.promql).expect("an alert");
    let held = holding(&alert, draft.series, draft.facts.recorded).expect("readable");
    held.unwrap_or_default().last().map_or(draft.facts.page, |span| span.from)
}

/// The pieces that together are worth most and rule out two other causes.
fn chosen(weighed: &[(String, Evidence)], others: &[String]) -> (Vec<String>, String) {
    let mut by_worth: Vec<&(String, Evidence)> = weighed.iter().collect();
    by_worth.sort_by_key(|(_, piece)| std::cmp::Reverse(piece.worth));
    let mut pieces: Vec<&(String, Evidence)> = by_worth.iter().take(2).copied().collect();
    let source = pieces[0].1.source;
    // The third from another kind of source, if one is as good.
    let other = by_worth.iter().skip(2).find(|(_, p)| p.source != source);
    let third = match pieces.iter().all(|(_, p)| p.source == source) {
        true => other.or(by_worth.get(2)),
        false => by_worth.get(2),
    };
    pieces.extend(third.copied());
    let mut hypotheses = Vec::new();
    for class in others.iter().filter(|class| !class.starts_with("none.")) {
        let rules_out = |(_, piece): &&(String, Evidence)| piece.apart_from.contains(class);
        let by = pieces.iter().position(|piece| rules_out(piece)).or_else(|| {
            let more = by_worth.iter().find(|piece| rules_out(piece))?;
            pieces.push(more);
            Some(pieces.len() - 1)
        });
        if let Some(by) = by.filter(|_| hypotheses.len() < 2) {
            hypotheses.push(format!("{{class: {class}, by: [E{}]}}", by + 1));
        }
    }
    pieces.truncate(AT_ONCE);
    let hypotheses = format!("hypotheses: [{}]\n", hypotheses.join(", "));
    (pieces.into_iter().map(|(text, _)| text.clone()).collect(), hypotheses)
}

#[test]
fn all_points_can_be_reached_in_every_scenario() {
    let library = Library::at(&root()).expect("the checkout is a library");
    let all = recording::all(&root().join(recording::FOLDER), None).expect("readable");
    let mut one_of_each: BTreeMap<(String, String), &Recording> = BTreeMap::new();
    for recording in &all {
        let head = &recording.head;
        one_of_each.entry((head.family.clone(), head.scenario.clone())).or_insert(recording);
    }
    let (mut told, mut short) = (String::new(), 0);
    for recording in one_of_each.into_values() {
        let head = &recording.head;
        let family = all
            .iter()
            .filter(|r| r.head.family == head.family && r.name() != recording.name())
            .cloned()
            .collect();
        let (roles, drawn) = (head.roles.clone(), head.drawn.clone());
        let with = Comparison::of(roles, drawn, &head.scenario, &head.truth, family);
        let repaired = Repaired::of(recording);
        let facts = repaired.facts.clone();
        let mut draft = Draft { recording, facts, series: &repaired.series, library: &library };
        let others: Vec<String> = with.recorded().into_iter().map(str::to_owned).collect();
        let mut weighed: Vec<(String, Evidence)> = Vec::new();
        let mut left = draft.candidates();
        left.extend(draft.quotes());
        // As many are weighed as are needed.
        let grade = loop {
            let some: Vec<String> = left.drain(..left.len().min(AT_ONCE)).collect();
            let graded = draft.graded(&some, "", &with);
            weighed.extend(some.into_iter().zip(graded.evidence));
            let (pieces, hypotheses) = chosen(&weighed, &others);
            let grade = draft.graded(&pieces, &hypotheses, &with);
            if left.is_empty() || grade.total >= NEARLY_ALL {
                break grade;
            }
        };
        println!("{}: {} of {}", recording.name(), f64::from(grade.total) / 1000.0, weighed.len());
        let _ = writeln!(told, "{}: {}", recording.name(), f64::from(grade.total) / 1000.0);
        if grade.total < NEARLY_ALL {
            short += 1;
            for loss in &grade.losses {
                let _ = writeln!(
                    told,
                    "    -{} {}: {} | {}",
                    loss.lost, loss.item, loss.says, loss.observed
                );
            }
            for gate in grade.gates.iter().filter(|gate| !gate.passed) {
                let _ = writeln!(told, "    {}: {}", gate.gate, gate.why);
            }
        }
    }
    assert_eq!(short, 0, "{told}");
}
