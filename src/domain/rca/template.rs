//! What a learner starts from: the questions of a form, with what the record already knows filled
//! in. Nothing here depends on a truth.

use minijinja::{Environment, UndefinedBehavior, context};

use super::check::since_when_met;
use super::document::Form;
use super::moment::since_page;
use super::record::Record;
use crate::domain::telemetry::series::SourceError;
use crate::domain::yaml;

const SHORT: &str = include_str!("../../../rca-templates/short.md");
const FULL: &str = include_str!("../../../rca-templates/full.md");

/// A new document of this form. Filled in are the run, the author, when it was noticed, when
/// objectives saw users relieved and all well again, and the commands that changed something.
///
/// Fails only when the record cannot be read.
pub fn new(form: Form, author: &str, record: &Record<'_>) -> Result<String, SourceError> {
    let facts = record.facts;
    let met = |felt: Option<bool>| {
        let objectives = facts.objectives.iter().filter(|o| felt.is_none_or(|felt| o.felt == felt));
        let since = since_when_met(objectives, record)?;
        // What was met all along tells of no relief.
        Ok(since
            .filter(|at| *at > facts.page)
            .map(|at| since_page(at, facts.page))
            .unwrap_or_default())
    };
    let changes: Vec<u32> =
        facts.commands.iter().filter(|c| c.is_change()).map(|c| c.number).collect();
    let scalar = |text: &str| yaml::flow(&text).expect("a text is data");
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let filled = environment.render_str(
        match form {
            Form::Short => SHORT,
            Form::Full => FULL,
        }
        .trim_end(),
        context! {
            run => scalar(&facts.run),
            author => scalar(author),
            detected => since_page(facts.page, facts.page),
            mitigated => met(Some(true))?,
            recovered => met(None)?,
            changes => changes,
        },
    );
    Ok(filled.expect("the templates name only what they are given") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::check::check;
    use crate::domain::rca::document::{Addition, Document, Evidence, Hypothesis, add};
    use crate::domain::rca::sample::{self, Sample};

    fn filled(form: Form, run: &Sample) -> String {
        new(form, "Zoë: \"the fixer\"", &run.record()).expect("a record in memory can be read")
    }

    #[test]
    fn what_the_record_knows_is_filled_in() {
        let head = |text: &str| text.lines().take(18).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(head(&filled(Form::Full, &sample::isr_shrink())), @r#"
        ---
        rca: 1
        form: full
        run: r-7f3a91
        author: 'Zoë: "the fixer"'
        severity:               # SEV1, the worst, to SEV5
        timeline:               # times with offset, or distances to the page, as T-00:00:40
          onset:                # first effect of the fault
          detected: T+00:00:00  # the page
          mitigated:   # users no longer felt it, as the objectives saw it
          recovered: T+00:05:32.137  # redundancy whole, no backlog
        root_cause:
          - class:              # chaoslab vocab classes --search WORD
            component: []       # where it originates, as [broker:2]: chaoslab vocab components
            trigger:            # change:C1, an entry of chaoslab changes, or not_listed
        evidence: []            # the first eight count: chaoslab rca add evidence, or by hand:
        #  - {id: E1, promql: 'a condition that holds', at: T-00:00:10}
        #  - {id: E2, log: '{node="kafka-1"} |= "a text"', from: T-00:01:00, to: T+00:01:00, min: 1}
        "#);
        let short = filled(Form::Short, &sample::slow_consumer());
        insta::assert_snapshot!(short.lines().skip(1).take_while(|l| *l != "---").collect::<Vec<_>>().join("\n"), @r#"
        rca: 1
        form: short             # six answers: class, component, onset, up to three pieces of evidence, one class ruled out, the fix
        run: r-7f3a91
        author: 'Zoë: "the fixer"'
        timeline:
          onset:                # first effect of the fault: a time with offset, or the distance to the page, as T-00:00:40
        root_cause:
          - class:              # chaoslab vocab classes --search WORD
            component: []       # where it originates, as [broker:2]: chaoslab vocab components
        evidence: []            # chaoslab rca add evidence, or by hand:
        #  - {id: E1, promql: 'a condition that holds', at: T-00:00:10}
        #  - {id: E2, log: '{node="kafka-1"} |= "a text"', from: T-00:01:00, to: T+00:01:00, min: 1}
        #  - {id: E3, command: 4, contains: 'a text of its output'}
        hypotheses: []          # one class that it is not, and the evidence that says so:
        #  - {id: H1, class: , verdict: ruled_out, by: [E2]}
        mitigation:
          - action:             # what you did
            commands: [22]
        "#);
        assert!(
            filled(Form::Short, &sample::isr_shrink().without_commands())
                .contains("mitigation: []  ")
        );
    }

    #[test]
    fn an_untouched_template_says_what_is_missing() {
        for form in [Form::Short, Form::Full] {
            let run = sample::isr_shrink();
            let document =
                Document::read(filled(form, &run).as_bytes()).expect("a template can be read");
            assert_eq!(document.front.value.author.as_deref(), Some("Zoë: \"the fixer\""));
            let checked = check(&document, &run.record()).expect("it can be read");
            let errors: String = checked.resolved.errors.iter().map(|p| format!("{p}\n")).collect();
            assert!(errors.contains("name the cause") && errors.lines().count() == 1, "{errors}");
        }
    }

    #[test]
    fn a_template_can_be_added_to() {
        let run = sample::isr_shrink();
        for form in [Form::Short, Form::Full] {
            let template = filled(form, &run);
            let evidence = Evidence {
                command: Some(4),
                contains: Some("qdisc tbf".into()),
                ..Evidence::default()
            };
            let hypothesis = Hypothesis {
                id: None,
                class: Some("storage.disk.slow".into()),
                verdict: None,
                by: vec!["E1".into()],
            };
            let added = add(&template, &Addition::Evidence(evidence)).expect("it can be added");
            let added = add(&added, &Addition::Hypothesis(hypothesis)).expect("it can be added");
            let kept: Vec<_> = added.lines().filter(|line| !line.starts_with("  - {")).collect();
            let changed =
                template.lines().zip(kept).filter(|(before, after)| before != after).count();
            assert_eq!(changed, 2, "{added}");
            assert_eq!(
                Document::read(added.as_bytes()).expect("it is right").front.value.evidence[0]
                    .id
                    .as_deref(),
                Some("E1")
            );
        }
    }
}
