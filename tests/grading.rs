//! The grader on recorded runs, without Docker: what must not pass does not, whatever run it is handed in for.

mod program;

use chaoslab::domain::grade::{Comparison, Terms, grade};
use chaoslab::domain::rca::document::{Document, Form};
use chaoslab::domain::rca::template;
use chaoslab::domain::recording::Recording;
use chaoslab::domain::review::seen::marked;
use chaoslab::domain::review::write_ups::{REFERENCE, is_reference};
use chaoslab::lab::library::Library;
use chaoslab::lab::recording;
use program::root;

fn library() -> Library {
    Library::at(&root()).expect("the checkout is a library")
}

fn recordings() -> Vec<Recording> {
    recording::all(&root().join(recording::FOLDER), None).expect("every recording can be read")
}

/// The text of the right analysis for a recorded run, filled.
fn reference(library: &Library, recording: &Recording) -> String {
    let head = &recording.head;
    let text = library.write_up(&head.family, &head.scenario, REFERENCE).expect("it has a reference");
    chaoslab::domain::review::write_ups::filled(&text, &head.drawn, &head.facts).expect("it can be filled")
}

fn passes(text: &str, recording: &Recording) -> bool {
    let Ok(document) = Document::read(text.as_bytes()) else { return false };
    grade(&document, &recording.record(), &recording.head.truth, &Comparison::default(), &Terms::default()).is_ok_and(|grade| grade.passed)
}

#[test]
fn an_untouched_template_does_not_pass() {
    for recording in recordings() {
        for form in [Form::Short, Form::Full] {
            let text = template::new(form, "alice", &recording.record()).expect("readable");
            assert!(!passes(&text, &recording), "{}", recording.name());
        }
    }
}

#[test]
fn claims_without_words_pass_and_words_without_claims_do_not() {
    let library = library();
    for recording in recordings() {
        let text = reference(&library, &recording);
        let end = text[3..].find("\n---").expect("front matter") + 3 + "\n---".len();
        assert!(passes(&text[..end], &recording), "{}: the claims alone", recording.name());
        assert!(!passes(&text[end..], &recording), "{}: the prose alone", recording.name());
    }
}

#[test]
fn a_right_analysis_of_another_family_does_not_pass() {
    let library = library();
    for recording in recordings() {
        for family in library.families().into_iter().filter(|f| *f != recording.head.family) {
            let files = library.family_files(&family).expect("readable");
            for scenario in &files.scenarios {
                let drawn = library.plan(&family, &scenario.slug, recording.head.seed).expect("a plan").drawn;
                for (name, file) in scenario.write_ups.iter().filter(|(name, _)| is_reference(name)) {
                    let marked = marked(name, &file.text, &drawn, &recording.record(), &recording.head.truth).expect("readable");
                    // A control is a control in every family: whether it healed is the same question.
                    let same = recording.class()
                        == library
                            .plan(&family, &scenario.slug, recording.head.seed)
                            .map(|p| p.fault.primitive().truth(p.target()).class)
                            .unwrap_or_default();
                    assert!(
                        same || !marked.passed,
                        "{}: {family}/{}/{name} passed with {}",
                        recording.name(),
                        scenario.slug,
                        marked.told()
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_changed_in_a_right_analysis_fails_it() {
    let library = library();
    for recording in recordings() {
        let text = reference(&library, &recording);
        let class = recording.class();
        let other = if class == "storage.disk.slow" { "broker.cpu.starved" } else { "storage.disk.slow" };
        let wrong = text.replace(&format!("class: {class}\n"), &format!("class: {other}\n"));
        assert_ne!(wrong, text, "{}: the class was not found", recording.name());
        assert!(!passes(&wrong, &recording), "{}: with another class", recording.name());
        let both = text.replace(&format!("  - class: {class}\n"), &format!("  - class: {other}\n  - class: {class}\n"));
        assert!(!passes(&both, &recording), "{}: with two classes", recording.name());
    }
}
