//! The grader on recorded runs, without Docker: what must not pass does not, whatever run it is
//! handed in for.

mod program;

use chaoslab::domain::grade::{Comparison, Terms, grade};
use chaoslab::domain::rca::document::{Document, Form};
use chaoslab::domain::rca::template;
use chaoslab::domain::recording::Recording;
use chaoslab::domain::review::seen::{Paper, marked};
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
    let text =
        library.write_up(&head.family, &head.scenario, REFERENCE).expect("it has a reference");
    chaoslab::domain::review::write_ups::filled(&text, &head.drawn, &head.facts)
        .expect("it can be filled")
}

/// What a recorded run is compared with: all recordings of its family.
fn comparison(recording: &Recording) -> Comparison {
    let head = &recording.head;
    let family = recording::all(&root().join(recording::FOLDER), Some(&head.family))
        .expect("every recording can be read");
    Comparison::of(head.roles.clone(), head.drawn.clone(), &head.scenario, &head.truth, family)
}

fn passes(text: &str, recording: &Recording, with: &Comparison) -> bool {
    let Ok(document) = Document::read(text.as_bytes()) else { return false };
    grade(&document, &recording.record(), &recording.head.truth, with, &Terms::default())
        .is_ok_and(|grade| grade.passed)
}

#[test]
fn an_untouched_template_does_not_pass() {
    for recording in recordings() {
        let with = comparison(&recording);
        for form in [Form::Short, Form::Full] {
            let text = template::new(form, "alice", &recording.record()).expect("readable");
            assert!(!passes(&text, &recording, &with), "{}", recording.name());
        }
    }
}

#[test]
fn claims_without_words_pass_and_words_without_claims_do_not() {
    let library = library();
    for recording in recordings() {
        let with = comparison(&recording);
        let text = reference(&library, &recording);
        let end = text[3..].find("\n---").expect("front matter") + 3 + "\n---".len();
        assert!(passes(&text[..end], &recording, &with), "{}: the claims alone", recording.name());
        assert!(!passes(&text[end..], &recording, &with), "{}: the prose alone", recording.name());
    }
}

#[test]
fn a_right_analysis_of_another_family_does_not_pass() {
    let library = library();
    for recording in recordings() {
        let with = comparison(&recording);
        for family in library.families().into_iter().filter(|f| *f != recording.head.family) {
            let files = library.family_files(&family).expect("readable");
            for scenario in &files.scenarios {
                let drawn = library
                    .plan(&family, &scenario.slug, recording.head.seed)
                    .expect("a plan")
                    .drawn;
                for (name, file) in scenario.write_ups.iter().filter(|(name, _)| is_reference(name))
                {
                    let marked = marked(
                        Paper { name, template: &file.text, drawn: &drawn },
                        &recording.record(),
                        &recording.head.truth,
                        &with,
                        &Terms::default(),
                    )
                    .expect("readable");
                    // A control is a control in every family: whether it healed is the same
                    // question.
                    let same = recording.class()
                        == library
                            .plan(&family, &scenario.slug, recording.head.seed)
                            .map(|p| p.account().class)
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
        let with = comparison(&recording);
        let text = reference(&library, &recording);
        let class = recording.class();
        let other =
            if class == "storage.disk.slow" { "broker.cpu.starved" } else { "storage.disk.slow" };
        let wrong = text.replace(&format!("class: {class}\n"), &format!("class: {other}\n"));
        assert_ne!(wrong, text, "{}: the class was not found", recording.name());
        assert!(!passes(&wrong, &recording, &with), "{}: with another class", recording.name());
        let both = text.replace(
            &format!("  - class: {class}\n"),
            &format!("  - class: {other}\n  - class: {class}\n"),
        );
        assert!(!passes(&both, &recording, &with), "{}: with two classes", recording.name());
    }
}

/// A document with these claims about a recorded run, its class and place right.
fn claiming(recording: &Recording, claims: &[String]) -> String {
    let head = &recording.head;
    let place = head.truth.origins().next().map(ToString::to_string).unwrap_or_default();
    let evidence: String = claims
        .iter()
        .enumerate()
        .map(|(n, claim)| format!("  - {{id: E{n}, {claim}}}\n"))
        .collect();
    format!(
        "---\nrca: 1\nform: full\ntimeline: {{onset: T-00:00:20}}\nroot_cause: [{{class: {}, component: [\"{place}\"]}}]\nevidence:\n{evidence}---\n",
        recording.class()
    )
}

#[test]
fn no_document_is_too_heavy_to_grade() {
    let recordings = recordings();
    let one = |family: &str| {
        let of_family = |r: &&Recording| r.head.family == family && !r.class().starts_with("none");
        recordings.iter().find(of_family).expect("it is recorded")
    };
    let at = |n: usize| format!("T+00:00:{:02}", n % 12);
    let everybody = |n: usize| {
        format!(
            "promql: 'kafka_consumer_last_poll_seconds_ago{{client_id=~\".*-1\"}} >= 0 and on () kafka_topic_partition_replica_in_sync{{partition=\"{}\",broker=\"2\"}} >= 0 and on () up{{node=\"kafka-3\"}} == {}', at: {}",
            n % 6,
            n % 2,
            at(n)
        )
    };
    let subquery = |n: usize| {
        format!(
            "promql: 'max_over_time((sum(rate(kafka_log_log_logendoffset[{}s])) + sum(rate(kafka_network_requestmetrics_requests_total[5m])))[5m:1s]) > 0', at: {}",
            200 + n,
            at(n)
        )
    };
    let lines = |n: usize| {
        format!(
            "log: '{{node=~\".+\"}} |~ \"(a|b|c).*(d|e|f).*{n}\"', from: T-00:02:00, to: T+00:02:00"
        )
    };
    let wide = |n: usize| {
        format!("promql: 'rate(kafka_log_log_logendoffset[5m]) > 1e{}', at: {}", n % 9 + 9, at(n))
    };
    for family in ["consumer-lag", "isr-shrink"] {
        let recording = one(family);
        let with = comparison(recording);
        let of = |claim: &dyn Fn(usize) -> String| (0..64).map(claim).collect::<Vec<_>>();
        for (name, claims) in [
            ("everybody", of(&everybody)),
            ("subqueries", of(&subquery)),
            ("lines", of(&lines)),
            ("wide windows", of(&wide)),
        ] {
            let text = claiming(recording, &claims);
            let document = Document::read(text.as_bytes()).expect("it is YAML");
            let began = std::time::Instant::now();
            let graded = grade(
                &document,
                &recording.record(),
                &recording.head.truth,
                &with,
                &Terms::default(),
            )
            .unwrap_or_else(|error| panic!("{error}"));
            // How long it takes is measured, not asserted.
            println!("{family}, 64 times {name}: {} ms", began.elapsed().as_millis());
            assert!(!graded.passed);
            let costly =
                |e: &&chaoslab::domain::grade::Evidence| e.reason.starts_with("verifying it takes");
            for piece in graded.evidence.iter().filter(costly) {
                assert_eq!(piece.verdict, "unverifiable", "{}", piece.reason);
            }
        }
    }
}
