//! `family.yaml`, as one seed fills it.

use super::words::Words;
use super::{FamilyFiles, Found, expressions, feed};
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
    for (path, problem) in feed::problems(&family.changes) {
        tell(&path, problem);
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
        let services = family
            .services
            .iter()
            .enumerate()
            .map(|(k, s)| (vec![Step::Key("services"), Step::Item(k)], &s.description));
        let changes = feed::texts(&family.changes);
        for (path, text) in told.into_iter().chain(annotations).chain(changes).chain(services) {
            if let Some(word) = words.given_away_by(text) {
                tell(&path, format!("the learner reads this, and it gives `{word}` away"));
            }
        }
    }
}

/// What the first hint asks is the same for all causes, or it would say which kind it is: whether
/// the alert still holds is asked in controls alone.
pub(super) fn first_hints(files: &FamilyFiles, found: &mut Found) {
    let mut first: Option<(&str, String)> = None;
    for scenario in &files.scenarios {
        // What cannot be read is told elsewhere.
        let (family, source) = (files.family.source(), scenario.scenario.source());
        let Ok(read) = texts(&scenario.slug, family, source, 0) else { continue };
        let document = &read.scenario;
        let Some(hint) = document.value.hints.first() else { continue };
        match &first {
            None => first = Some((&scenario.slug, hint.clone())),
            Some((_, same)) if same == hint => {}
            Some((slug, other)) => {
                let message = format!(
                    "the first hint is the same for all causes of a family; that of {slug} is \
                     `{other}`"
                );
                found.add(source.problem(document, &["hints".into(), 0.into()], message));
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
