//! `family.yaml`, as one seed fills it.

use super::words::Words;
use super::{FamilyFiles, Found, expressions};
use crate::domain::scenario::source::{family_text, texts};
use crate::domain::yaml::Step;

pub(super) fn review(files: &FamilyFiles, seed: u64, found: &mut Found) {
    let (document, _) = match family_text(files.family.source(), seed) {
        Ok(read) => read,
        Err(problems) => return problems.into_iter().for_each(|p| found.add(p)),
    };
    let family = &document.value;
    let source = files.family.source();
    let mut tell = |path: &[Step<'_>], message: String| {
        found.add(source.problem(&document, path, message));
    };
    for problem in expressions::problems(&family.alert.expr) {
        tell(&["alert".into(), "expr".into()], problem);
    }
    for (k, condition) in family.steady.conditions.iter().enumerate() {
        expressions::problems(condition)
            .into_iter()
            .for_each(|p| tell(&["steady".into(), "conditions".into(), k.into()], p));
    }
    for (k, objective) in family.slo.iter().enumerate() {
        expressions::problems(&objective.expr)
            .into_iter()
            .for_each(|p| tell(&["slo".into(), k.into(), "expr".into()], p));
    }
    if family.slo.is_empty() {
        tell(
            &["slo".into()],
            "a family needs an objective: without one nobody can tell when it is repaired"
                .to_owned(),
        );
    }
    for words in causes(files, seed) {
        let alert = &family.alert;
        let told = [("title", &family.title), ("brief", &family.brief)]
            .map(|(key, text)| (vec![Step::Key(key)], text));
        let annotations = [
            ("name", &alert.name),
            ("summary", &alert.summary),
            ("description", &alert.description),
        ];
        let annotations =
            annotations.map(|(key, text)| (vec![Step::Key("alert"), Step::Key(key)], text));
        let innocent = family
            .innocent
            .iter()
            .enumerate()
            .map(|(k, i)| (vec![Step::Key("innocent"), Step::Item(k)], &i.what));
        let services = family
            .services
            .iter()
            .enumerate()
            .map(|(k, s)| (vec![Step::Key("services"), Step::Item(k)], &s.description));
        for (path, text) in told.into_iter().chain(annotations).chain(innocent).chain(services) {
            if let Some(word) = words.given_away_by(text) {
                tell(&path, format!("the learner reads this, and it gives `{word}` away"));
            }
        }
    }
}

/// The words of every cause of the family that can be read.
fn causes(files: &FamilyFiles, seed: u64) -> Vec<Words> {
    let of = |scenario: &super::ScenarioFiles| {
        let read =
            texts(&scenario.slug, files.family.source(), scenario.scenario.source(), seed).ok()?;
        let plan = super::scenario::plan(files, scenario, seed).ok()?;
        let class = read.scenario.value.fault.primitive().truth(plan.target()).class;
        Some(Words::of(&scenario.slug, &class))
    };
    files.scenarios.iter().filter_map(of).collect()
}
