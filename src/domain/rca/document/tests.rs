use super::*;

const SHORT: &str = "---
rca: 1
form: short          # five minutes
run: r-7f3a91
timeline:
  onset: T-00:00:40
root_cause:
  - class: network.capacity.link_capped
    component: [link:kafka-2]
evidence:
  - {id: E1, promql: 'up == 1', at: T+00:01:00}
  # one more to come
hypotheses: []
---
## Root cause and mechanism
The link of kafka-2 was capped (E1, not E12).
```
## not a heading
```
## Lessons
";

fn problems(file: &str) -> String {
    let problems = Document::read(file.as_bytes()).expect_err("the file is wrong");
    problems.iter().map(|p| format!("{p}\n")).collect()
}

#[test]
fn a_document_knows_its_claims_their_places_and_its_sections() {
    let document = Document::read(SHORT.as_bytes()).expect("it is right");
    assert_eq!(document.front.value.root_cause[0].component, ["link:kafka-2"]);
    assert_eq!(
        document.front.at(&["evidence".into(), 0.into(), "promql".into()]),
        Position { line: 11, column: 22 }
    );
    assert_eq!(
        document.place_inside(&["evidence".into(), 0.into(), "promql".into()], 3),
        Position { line: 11, column: 26 }
    );
    let section = document.section("root cause and Mechanism").expect("it is there");
    assert_eq!(section.line, 15);
    assert!(section.cites("E1") && section.cites("E12") && !section.cites("E"));
    assert_eq!(
        document.sections.iter().map(|s| s.heading.as_str()).collect::<Vec<_>>(),
        ["Root cause and mechanism", "Lessons"]
    );
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let windows = format!("\u{feff}{}", SHORT.replace('\n', "\r\n"));
    let document = Document::read(windows.as_bytes()).expect("it is right");
    assert_eq!(
        document.front.value,
        Document::read(SHORT.as_bytes()).expect("it is right").front.value
    );
    assert_eq!(document.front.at(&["evidence".into(), 0.into(), "promql".into()]).line, 11);
}

#[test]
fn every_problem_is_told_with_its_place_in_the_file() {
    insta::assert_snapshot!(problems("---\nrca: 1\nform: shrt\ntimelin: {}\nevidence:\n  - {id: E1, promql: 1, att: x}\n---\n"), @r"
    3:7: form: unknown variant `shrt`, expected `short` or `full`; did you mean `short`?
    4:1: unknown field `timelin`, expected one of `rca`, `form`, `run`, `author`, `severity`, `timeline`, `root_cause`, `evidence`, `causal_chain`, `impact`, `hypotheses`, `contributing_factors`, `mitigation`, `prevention`, `title`, `tags`, `status`, `date`, `services`, `links`; did you mean `timeline`?
    6:25: evidence[0]: unknown field `att`, expected one of `id`, `promql`, `at`, `log`, `from`, `to`, `min`, `absent`, `command`, `contains`, `intervention`, `before`, `after`; did you mean `at`?
    ");
    insta::assert_snapshot!(problems("---\nrca: 2\nform: short\n---\n"), @"2:6: this document is of format 2, this program reads format 1");
    insta::assert_snapshot!(problems("---\nrca: 1\nrca: 1\nform: short\n---\n"), @"3:1: the key `rca` is given twice, first on line 2");
    insta::assert_snapshot!(problems("---\nrca: 1\nform: full\ncausal_chain: [V7, {evnt: x}, 7]\n---\n"), @r"
    4:20: causal_chain[1]: missing field `event`
    4:21: causal_chain[1]: unknown field `evnt`, expected one of `event`, `on`, `at`, `evidence`; did you mean `event`?
    4:31: causal_chain[2]: invalid type: integer `7`, expected the number of a detection as `V7`, or `{event: ..., on: ..., at: ...}`
    ");
}

#[test]
fn what_is_no_analysis_is_refused_with_what_to_do() {
    insta::assert_snapshot!(problems("The disk was full.\n"), @"1:1: an analysis begins with its claims: a line `---`, YAML, and another line `---` (`chaoslab rca new` writes one)");
    insta::assert_snapshot!(problems("---\nrca: 1\n"), @"1:1: the front matter that begins here does not end: a line `---` is missing below the claims");
    insta::assert_snapshot!(problems("---\n---\n"), @"2:1: there is nothing here");
    insta::assert_snapshot!(problems(""), @"1:1: an analysis begins with its claims: a line `---`, YAML, and another line `---` (`chaoslab rca new` writes one)");
    let bomb = "---\nrca: 1\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n";
    insta::assert_snapshot!(problems(bomb), @r"
    3:4: anchors are not used here: write the value out
    4:4: anchors are not used here: write the value out
    4:8: aliases are not used here: write the value out
    4:12: aliases are not used here: write the value out
    5:5: aliases are not used here: write the value out
    5:9: aliases are not used here: write the value out
    ");
    insta::assert_snapshot!(problems(&format!("---\nrca: {}1\n---\n", "[".repeat(50_000))), @"2:261: this is not YAML: recursion limit exceeded");
    insta::assert_snapshot!(Document::read(&[b'-', b'-', b'-', b'\n', 0xff]).unwrap_err()[0], @"2:1: this byte is not UTF-8 text");
    insta::assert_snapshot!(Document::read(&vec![b'x'; LARGEST + 1]).unwrap_err()[0], @"1:1: the file has 1000001 bytes, more than the 1000000 an analysis may have");
}

#[test]
fn what_people_write_is_read_as_they_mean_it() {
    let file = "---
rca: 1
form: full
title: Billing behind
tags: [kafka, billing]
status: resolved
author: [alice, bob]
severity: SEV-2
timeline: {acknowledged: T+00:01:00, escalated: T+00:03:00}
root_cause:
  - class: quota.missing
    component: [broker: 2]
  - class: quota.client_throttled
    component: broker:2
  - {class: x, component: {broker: 2}}
evidence:
  - {id: E1, command: 4, contains: 134217728}
  - {id: E2, command: 4, contains: 1.50}
contributing_factors:
  - class: replication.acks_one_loss
  - one disk: too small
mitigation: restarted the broker
prevention:
  - alert on the age of records
  - {action: alert.quorum, due: 2026-12}
---
";
    let front = Document::read(file.as_bytes()).expect("it is right").front.value;
    assert_eq!(front.author.as_deref(), Some("alice, bob"));
    assert_eq!(front.severity.as_deref(), Some("SEV-2"));
    assert!(front.root_cause.iter().all(|cause| cause.component == ["broker:2"]));
    let quoted: Vec<_> = front.evidence.iter().map(|e| e.contains.as_deref()).collect();
    assert_eq!(quoted, [Some("134217728"), Some("1.50")]);
    assert_eq!(front.contributing_factors, ["replication.acks_one_loss", "one disk: too small"]);
    assert_eq!(front.mitigation[0].action.as_deref(), Some("restarted the broker"));
    assert_eq!(front.prevention[0].action.as_deref(), Some("alert on the age of records"));
    assert_eq!(front.prevention[1].due.as_deref(), Some("2026-12"));
}

#[test]
fn a_severity_is_read_in_any_usual_spelling() {
    for written in ["SEV2", "sev-2", "Sev 2", "P2", "p2", "S2", "2", "Severity 2"] {
        assert_eq!(Severity::parse(written), Ok(Severity::SEV2), "{written}");
    }
    assert_eq!(Severity::parse("P0"), Ok(Severity::SEV1));
    insta::assert_snapshot!(Severity::parse("high").unwrap_err(), @"`high` is not a severity: write SEV1, the worst, to SEV5");
}

#[test]
fn prose_alone_or_claims_alone_are_readable() {
    assert!(
        Document::read(b"---\nrca: 1\nform: full\n---").expect("it is right").sections.is_empty()
    );
}

fn evidence() -> Addition {
    Addition::Evidence(Evidence {
        promql: Some("up{node=\"kafka-2\"} == 0".into()),
        at: Some("T+00:02:00".into()),
        ..Default::default()
    })
}

#[test]
fn adding_touches_nothing_else() {
    let added = add(SHORT, &evidence()).expect("it can be added");
    let new = "  - {id: E2, promql: 'up{node=\"kafka-2\"} == 0', at: T+00:02:00}\n";
    assert_eq!(added.replace(new, ""), SHORT);
    insta::assert_snapshot!(added.lines().skip(9).take(4).collect::<Vec<_>>().join("\n"), @r#"
    evidence:
      - {id: E1, promql: 'up == 1', at: T+00:01:00}
      - {id: E2, promql: 'up{node="kafka-2"} == 0', at: T+00:02:00}
      # one more to come
    "#);
}

#[test]
fn adding_works_however_the_list_is_written() {
    let hypothesis = || {
        Addition::Hypothesis(Hypothesis {
            id: None,
            class: Some("quota.missing".into()),
            verdict: Some(Verdict::RuledOut),
            by: vec!["E1".into()],
        })
    };
    let head = "---\nrca: 1\n";
    for (written, want) in [
        (
            "hypotheses: []  # none yet\nform: short\n",
            "hypotheses:   # none yet\n  - {id: H1, class: quota.missing, verdict: ruled_out, by: [E1]}\nform: short\n",
        ),
        (
            "hypotheses:\n#  - example\nform: short\n",
            "hypotheses:\n  - {id: H1, class: quota.missing, verdict: ruled_out, by: [E1]}\n#  - example\nform: short\n",
        ),
        (
            "hypotheses: ~\n",
            "hypotheses: \n  - {id: H1, class: quota.missing, verdict: ruled_out, by: [E1]}\n",
        ),
        (
            "form: short\n",
            "form: short\nhypotheses:\n  - {id: H1, class: quota.missing, verdict: ruled_out, by: [E1]}\n",
        ),
        (
            "hypotheses: [{id: H4}]\n",
            "hypotheses: [{id: H4}, {id: H5, class: quota.missing, verdict: ruled_out, by: [E1]}]\n",
        ),
        (
            "hypotheses: [\n  {id: H4},\n]\n",
            "hypotheses: [\n  {id: H4}, {id: H5, class: quota.missing, verdict: ruled_out, by: [E1]},\n]\n",
        ),
        (
            "hypotheses:\n- id: H2\n  class: x  # why\n\n# end\nform: short\n",
            "hypotheses:\n- id: H2\n  class: x  # why\n- {id: H3, class: quota.missing, verdict: ruled_out, by: [E1]}\n\n# end\nform: short\n",
        ),
        (
            "hypotheses:\n    -\n        id: H2\nform: short\n",
            "hypotheses:\n    -\n        id: H2\n    - {id: H3, class: quota.missing, verdict: ruled_out, by: [E1]}\nform: short\n",
        ),
        (
            "hypotheses:\n  - id: H2\n    class: |\n      x\n      y\nform: short\n",
            "hypotheses:\n  - id: H2\n    class: |\n      x\n      y\n  - {id: H3, class: quota.missing, verdict: ruled_out, by: [E1]}\nform: short\n",
        ),
    ] {
        let file = |matter: &str| format!("{head}{matter}---\nprose\n");
        assert_eq!(add(&file(written), &hypothesis()).as_deref(), Ok(file(want).as_str()));
        let windows = add(&file(written).replace('\n', "\r\n"), &hypothesis());
        assert_eq!(windows.as_deref(), Ok(file(want).replace('\n', "\r\n").as_str()));
    }
}

#[test]
fn everything_that_can_be_added_is_read_back() {
    let event = Event {
        event: "isr.shrunk".into(),
        on: "partition:orders-1".into(),
        at: Some("T-00:00:14".into()),
        evidence: vec!["E1".into()],
    };
    let additions = [
        evidence(),
        Addition::Impact(Evidence {
            command: Some(2),
            contains: Some("a: 'b' # c".into()),
            ..Evidence::default()
        }),
        Addition::Detection("V7".into()),
        Addition::Event(event),
        Addition::Mitigation(Mitigation {
            action: Some("lifted the cap: \"tc\"".into()),
            commands: vec![22],
        }),
        Addition::Prevention(Prevention {
            action: Some("alert.at_min_isr".into()),
            owner: Some("a b".into()),
            due: Some("2026-12-01".into()),
            done_when: None,
        }),
    ];
    let file = additions
        .iter()
        .fold(SHORT.to_owned(), |file, addition| add(&file, addition).expect("it can be added"));
    let front = Document::read(file.as_bytes()).expect("it is right").front.value;
    assert_eq!(
        (front.evidence.len(), front.impact[0].id.as_deref(), front.causal_chain.len()),
        (2, Some("I1"), 2)
    );
    assert_eq!(front.impact[0].contains.as_deref(), Some("a: 'b' # c"));
    assert_eq!(
        (front.mitigation[0].commands.as_slice(), front.prevention[0].due.as_deref()),
        ([22].as_slice(), Some("2026-12-01"))
    );
}

#[test]
fn what_cannot_be_added_to_is_left_alone() {
    insta::assert_snapshot!(add("---\nrca: 1\nevidence: none\n---\n", &evidence()).unwrap_err(), @"3:11: `evidence` must be a list; there is something else here");
    insta::assert_snapshot!(add("no claims", &evidence()).unwrap_err(), @"1:1: an analysis begins with its claims: a line `---`, YAML, and another line `---` (`chaoslab rca new` writes one)");
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn setting_an_answer_touches_nothing_else() {
    let field = |word| Field::of_word(word).expect("a field");
    let form = "---
rca: 1
form: short  # five minutes
timeline:
  onset:                # first effect
root_cause:
  - class:              # chaoslab vocab classes
    component: []       # where
---
prose
";
    let mut file = form.to_owned();
    for (word, value) in [
        ("class", "quota.missing"),
        ("class", "storage.disk.slow"),
        ("component", "broker:2 disk:kafka-2"),
        ("onset", "T-00:00:40"),
        ("mitigated", "T+00:04:00"),
        ("trigger", "change:C2"),
        ("severity", "p2"),
        ("author", "Zoë Q"),
    ] {
        let once = set(&file, field(word), &words(value)).expect("it can be set");
        assert_eq!(set(&once, field(word), &words(value)).as_deref(), Ok(once.as_str()), "{word}");
        file = once;
    }
    insta::assert_snapshot!(file, @"
    ---
    rca: 1
    form: short  # five minutes
    timeline:
      onset: T-00:00:40                # first effect
      mitigated: T+00:04:00
    root_cause:
      - class: storage.disk.slow              # chaoslab vocab classes
        component: [broker:2, disk:kafka-2]       # where
        trigger: change:C2
    severity: SEV2
    author: 'Zoë Q'
    ---
    prose
    ");
    let windows = set(&form.replace('\n', "\r\n"), field("class"), &words("quota.missing"));
    let plain = set(form, field("class"), &words("quota.missing"));
    assert_eq!(windows.ok(), plain.ok().map(|text| text.replace('\n', "\r\n")));
}

#[test]
fn an_answer_is_set_however_its_place_is_written() {
    let set = |matter: &str, word: &str, value: &str| {
        let file = format!("---\nrca: 1\n{matter}---\n");
        let set = super::set(&file, Field::of_word(word).expect("a field"), &words(value));
        set.map(|text| text.replacen("---\nrca: 1\n", "", 1).replace("---\n", ""))
    };
    for (matter, word, value, wanted) in [
        ("", "onset", "T-00:00:01", "timeline:\n  onset: T-00:00:01\n"),
        (
            "timeline:\nform: short\n",
            "onset",
            "T-00:00:01",
            "timeline:\n  onset: T-00:00:01\nform: short\n",
        ),
        ("timeline: {}\n", "onset", "T-00:00:01", "timeline: {onset: T-00:00:01}\n"),
        ("timeline: {detected: a}\n", "onset", "b", "timeline: {detected: a, onset: b}\n"),
        ("timeline:\n  onset: 'x' # y\n", "onset", "b", "timeline:\n  onset: b # y\n"),
        ("", "class", "a.b", "root_cause:\n  - class: a.b\n"),
        ("root_cause: []\n", "class", "a.b", "root_cause: [{class: a.b}]\n"),
        (
            "root_cause: [{class: x}]\n",
            "component",
            "broker:1",
            "root_cause: [{class: x, component: ['broker:1']}]\n",
        ),
        (
            "root_cause:\n- class: x\n  component:\n  - broker:1\n  # end\n",
            "component",
            "broker:2",
            "root_cause:\n- class: x\n  component: ['broker:2']\n  # end\n",
        ),
    ] {
        let wanted = wanted.replace("'broker:1'", "broker:1").replace("'broker:2'", "broker:2");
        assert_eq!(set(matter, word, value).as_deref(), Ok(wanted.as_str()), "{matter}");
    }
    insta::assert_snapshot!(set("severity: SEV1\n", "severity", "high").unwrap_err(), @"3:11: `high` is not a severity: write SEV1, the worst, to SEV5");
    insta::assert_snapshot!(Field::of_word("clas").unwrap_err(), @"`clas` cannot be set; did you mean `class`? These can: class, component, trigger, onset, detected, acknowledged, escalated, mitigated, recovered, severity, author, title, form");
}

#[test]
fn removing_an_entry_touches_nothing_else() {
    let two = add(SHORT, &evidence()).expect("it can be added");
    assert_eq!(remove(&two, "E2").as_deref(), Ok(SHORT));
    let none = remove(SHORT, "E1").expect("it can be removed");
    let was = "evidence:\n  - {id: E1, promql: 'up == 1', at: T+00:01:00}\n";
    assert_eq!(none, SHORT.replace(was, "evidence: []\n"));
    for (matter, id, wanted) in [
        ("impact: [{id: I1}, {id: I2}]\n", "I1", "impact: [{id: I2}]\n"),
        ("impact: [{id: I1}, {id: I2}]\n", "I2", "impact: [{id: I1}]\n"),
        ("impact: [{id: I1}]\n", "I1", "impact: []\n"),
        ("causal_chain:\n- V1\n- V2 # x\n", "V2", "causal_chain:\n- V1\n"),
        (
            "hypotheses:\n- id: H1\n  class: |\n    x\n# y\n- id: H2\n",
            "H1",
            "hypotheses:\n# y\n- id: H2\n",
        ),
        ("prevention:\n- a\n- b\n", "prevention:2", "prevention:\n- a\n"),
    ] {
        let file = |matter: &str| format!("---\nrca: 1\n{matter}---\n");
        assert_eq!(remove(&file(matter), id).as_deref(), Ok(file(wanted).as_str()));
    }
    insta::assert_snapshot!(remove(&two, "E7").unwrap_err(), @"2:1: there is no entry `E7` to remove; there are: E1, E2");
}
