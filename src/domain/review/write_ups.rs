//! The write-ups beside a scenario: templates that a run fills, each an analysis of the format
//! learners use.
//!
//! A write-up that proves something by a command says which: a line `<!-- run: exec kafka-2 -- tc
//! -s qdisc show dev eth0 -->` for each, and `{{ command_1 }}`, `{{ command_2 }}`, ... where the
//! claims want their numbers.

use super::{File, expressions};
use crate::domain::fault::truth::Truth;
use crate::domain::rca::analysis::{Claim, resolve};
use crate::domain::rca::document::Document;
use crate::domain::rca::record::{Alert, Command, Facts, Inventory, Objective, Span};
use crate::domain::scenario::source::SourceProblem;
use crate::domain::scenario::{Drawn, Plan, template};
use crate::domain::yaml::{Position, Problem};

/// The right analysis.
pub const REFERENCE: &str = "reference-rca.md";
/// The plausible wrong one.
pub const DECOY: &str = "decoy-rca.md";

/// How many commands a write-up may have run.
const COMMANDS: u32 = 9;
/// Where the facts of a run that is not staged lie: a day in milliseconds, the page in its middle.
const DAY: i64 = 86_400_000;

/// Whether a write-up of this name must pass.
pub fn is_reference(name: &str) -> bool {
    name.starts_with("reference")
}

/// The commands a write-up wants run, as they would be typed after the program's name.
pub fn commands(text: &str) -> Vec<String> {
    let one = |line: &str| {
        Some(line.trim().strip_prefix("<!-- run:")?.strip_suffix("-->")?.trim().to_owned())
    };
    text.lines().filter_map(one).collect()
}

/// The number a recorded run gave to a command of a write-up, when it was run there.
pub fn number_of(command: &str, facts: &Facts) -> Option<u32> {
    let (node, line) = place_and_line(command)?;
    let node = node.or(facts.inventory.toolbox())?;
    facts.commands.iter().find(|c| c.node == node && c.line.trim() == line).map(|c| c.number)
}

/// The machine that an `exec` names, if it names one, and the command line it runs there.
fn place_and_line(command: &str) -> Option<(Option<&str>, &str)> {
    let (node, line) = command.strip_prefix("exec ")?.split_once("-- ")?;
    let named = Some(node.trim()).filter(|node| !node.is_empty());
    Some((named, line.trim()))
}

/// Fills a write-up for a run. A command it wants that was not run there is told.
pub fn filled(text: &str, drawn: &Drawn, facts: &Facts) -> Result<String, String> {
    let mut values = drawn.clone();
    values.insert("run".to_owned(), facts.run.clone());
    // The commands name machines of the run, too.
    let plain = template::fill(&hidden(text), &values)?;
    for (k, command) in (1..).zip(commands(&plain)) {
        let number = number_of(&command, facts)
            .ok_or_else(|| format!("it wants `{command}` run, which was not"))?;
        values.insert(format!("command_{k}"), number.to_string());
    }
    template::fill(text, &values)
}

/// The commands a write-up wants run on a run with these values.
pub fn commands_of(text: &str, drawn: &Drawn) -> Result<Vec<String>, String> {
    Ok(commands(&template::fill(
        &commands(text).iter().map(|c| format!("<!-- run: {c} -->\n")).collect::<String>(),
        drawn,
    )?))
}

/// The lines that give commands, and nothing else.
fn hidden(text: &str) -> String {
    commands(text).iter().map(|c| format!("<!-- run: {c} -->\n")).collect()
}

/// What is wrong with a write-up.
pub(super) fn problems(plan: &Plan, truth: &Truth, name: &str, file: &File) -> Vec<SourceProblem> {
    let told = |at: Position, message: String| SourceProblem {
        path: file.path.clone(),
        problem: Problem { at, message },
    };
    let facts = facts(plan, &file.text);
    let text = match filled(&file.text, &plan.drawn, &facts) {
        Ok(text) => text,
        Err(reason) => return vec![told(super::TOP, reason)],
    };
    let document = match Document::read(text.as_bytes()) {
        Ok(document) => document,
        Err(problems) => return problems.into_iter().map(|p| told(p.at, p.message)).collect(),
    };
    let resolved = resolve(&document, &facts);
    let mut problems: Vec<_> =
        resolved.errors.iter().map(|p| told(p.at, p.message.clone())).collect();
    for item in resolved.analysis.evidence.iter().chain(&resolved.analysis.impact) {
        let queries = match &item.claim {
            Claim::Promql { query, .. } => vec![query],
            Claim::Intervention { before, after, .. } => vec![before, after],
            Claim::Log { .. } | Claim::Command { .. } => Vec::new(),
        };
        let wrong = queries.into_iter().flat_map(expressions::of_query);
        problems.extend(wrong.map(|p| told(item.place, format!("{}: {p}", item.id))));
    }
    let cause = &truth.causes[0];
    let is_right =
        |class: &str| cause.class == class || cause.equivalent.iter().any(|e| e == class);
    let at = document.front.at(&["root_cause".into()]);
    match resolved.analysis.causes.as_slice() {
        [claimed] if is_reference(name) && !is_right(claimed.class.value.id) => {
            problems.push(told(
                at,
                format!(
                    "it names `{}`, and the fault says `{}`",
                    claimed.class.value.id, cause.class
                ),
            ));
        }
        [claimed] if !is_reference(name) && is_right(claimed.class.value.id) => {
            problems.push(told(
                at,
                format!("a decoy must be wrong, and `{}` is right", claimed.class.value.id),
            ));
        }
        _ => {}
    }
    if is_reference(name) && resolved.analysis.evidence.is_empty() {
        problems.push(told(at, "it proves nothing: give it evidence".to_owned()));
    }
    problems
}

/// The facts of a run of this plan, as far as they are known before it is staged: what claims may
/// name.
fn facts(plan: &Plan, text: &str) -> Facts {
    let wanted = commands_of(text, &plan.drawn).unwrap_or_default();
    let inventory = Inventory::of(&plan.topology, &plan.services);
    let command = |(number, run): (u32, String)| {
        let (node, line) = place_and_line(&run).unwrap_or((None, run.as_str()));
        Command {
            number,
            node: node.unwrap_or(&plan.topology.toolbox).to_owned(),
            line: line.to_owned(),
            started: DAY / 2 + 1,
            ended: Some(DAY / 2 + 2),
            exit: Some(0),
            output: String::new(),
            shortened: false,
            changed: None,
        }
    };
    Facts {
        run: "r-000000".to_owned(),
        family: plan.family.clone(),
        recorded: Span { from: 0, to: DAY },
        baseline: Span { from: 0, to: DAY / 4 },
        page: DAY / 2,
        opened: DAY / 2,
        closed: None,
        alert: Alert { name: plan.alert.name.clone(), promql: plan.alert.expr.clone() },
        objectives: plan
            .slo
            .iter()
            .map(|o| Objective { name: o.name.clone(), promql: o.expr.clone(), felt: o.felt })
            .collect(),
        commands: (1..=COMMANDS).zip(wanted).map(command).collect(),
        changes: Vec::new(),
        detections: Vec::new(),
        gaps: Vec::new(),
        inventory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_up_says_which_commands_it_wants_run() {
        let text = "---\n---\n<!-- run: exec kafka-{{ victim }} -- tc -s qdisc show -->\nprose\n<!-- run: exec -- kafka-topics.sh --describe -->\n";
        let drawn: Drawn = [("victim".to_owned(), "2".to_owned())].into();
        let wanted = commands_of(text, &drawn).expect("it can be filled");
        assert_eq!(
            wanted,
            ["exec kafka-2 -- tc -s qdisc show", "exec -- kafka-topics.sh --describe"]
        );
    }
}
