//! The program from outside, without an engine: what it prints, what it refuses, and with which
//! exit code.

mod program;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use program::{Program, root};

#[test]
fn without_arguments_it_tells_what_it_can() {
    let outcome = Program::new().run(&[]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("Usage: chaoslab"), "{}", outcome.err);
}

#[test]
fn every_command_has_help_with_an_example() {
    let program = Program::new();
    for command in [
        "doctor",
        "list",
        "changes",
        "runs",
        "playbook",
        "shell",
        "show",
        "start",
        "status",
        "exec",
        "history",
        "logs",
        "query",
        "metrics",
        "events",
        "vocab",
        "service",
        "node",
        "submit",
        "report",
        "stop",
        "completions",
        "hint",
    ] {
        let help = program.ok(&[command, "--help"]);
        assert!(help.contains("Example"), "`{command} --help` has no example:\n{help}");
    }
}

#[test]
fn what_nobody_reads_changes_no_exit_code() {
    let program = Program::new();
    for (arguments, code) in [(&["show", "isr-shink"], 2), (&["status", "-q"], 9)] {
        let mut child = program
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn data_is_json_where_it_is_asked_for() {
    let program = Program::new();
    assert_eq!(program.json(&["show", "isr-shrink"])["playbook"], "isr-shrink");
    assert_eq!(program.json(&["playbook", "isr-shrink"])["symptom"], "isr-shrink");
    assert!(program.json(&["playbook"]).as_array().is_some_and(|all| all.len() >= 4));
}

#[test]
fn families_are_listed_and_no_cause_is() {
    let program = Program::new();
    let told = [
        program.ok(&["list"]),
        program.ok(&["list", "--json"]),
        program.ok(&["show", "isr-shrink"]),
        program.ok(&["show", "consumer-lag", "--json"]),
    ]
    .join("\n");
    assert!(told.contains("isr-shrink") && told.contains("Data does not arrive in time"), "{told}");
    for family in fs::read_dir(root().join("scenarios")).expect("there") {
        for entry in fs::read_dir(family.expect("an entry").path()).expect("there") {
            let slug = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            if slug != "family.yaml" {
                assert!(!told.contains(&slug), "`{slug}` names a cause");
            }
        }
    }
}

#[test]
fn an_unknown_family_is_a_usage_error_with_near_names() {
    let outcome = Program::new().without_engine().run(&["start", "isr-shink"]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome.err, @"chaoslab: there is no family `isr-shink`, did you mean `isr-shrink`?; `chaoslab list` shows all: consumer-lag, isr-shrink, leader-skew, memory-pressure");
}

#[test]
fn without_an_engine_it_says_how_to_get_one() {
    let program = Program::new().without_engine();
    for command in [&["start", "isr-shrink"][..], &["doctor"]] {
        let outcome = program.run(command);
        assert_eq!(outcome.code, 5, "{command:?}: {}", outcome.err);
        let told = outcome.out + &outcome.err;
        assert!(
            told.contains("/nowhere/docker.sock") && told.contains("docker.io"),
            "{command:?}: {told}"
        );
    }
    assert!(!program.home().join("runs").exists(), "nothing was begun");
}

#[test]
fn without_a_run_commands_say_how_to_begin_one() {
    let program = Program::new().without_engine();
    for command in [
        &["status"][..],
        &["query", "up"],
        &["events"],
        &["logs", "kafka-1"],
        &["exec", "--", "ls"],
        &["rca", "new"],
        &["submit"],
        &["changes"],
    ] {
        let outcome = program.run(command);
        assert_eq!(outcome.code, 9, "{command:?}: {}", outcome.err);
        assert!(outcome.err.contains("chaoslab start FAMILY"), "{command:?}: {}", outcome.err);
    }
    assert_eq!(program.run(&["stop"]).code, 0, "stopping nothing is done");
    assert_eq!(program.ok(&["runs"]), "no runs yet: `chaoslab start FAMILY` begins one\n");
}

#[test]
fn a_query_that_is_no_promql_is_refused_with_its_place() {
    let outcome = Program::new().run(&["query", "rate(up[5m]"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("1:"), "{}", outcome.err);
}

#[test]
fn metrics_are_listed_and_searched() {
    let program = Program::new().without_engine();
    let all = program.json(&["metrics"]);
    assert!(all.as_array().is_some_and(|all| all.len() > 100));
    insta::assert_snapshot!(program.ok(&["metrics", "kafka_consumergroup_lag*"]), @"
    name                         labels                         unit     type   meaning
    kafka_consumergroup_lag      consumergroup,topic,partition  records  gauge  high watermark minus committed offset
    kafka_consumergroup_lag_sum  consumergroup,topic            records  gauge  lag over the topic's partitions
    ");
    assert_eq!(program.json(&["metrics", "LAG committed"])[0]["name"], "kafka_consumergroup_lag");
    let lag = program.json(&["metrics", "kafka_consumergroup_la?"]);
    let labels: Vec<_> = lag[0]["labels"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|l| l["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        (labels, &lag[0]["unit"], &lag[0]["type"]),
        (vec!["consumergroup", "topic", "partition"], &"records".into(), &"gauge".into())
    );

    let mistyped = program.run(&["metrics", "underreplicatedpartitons"]);
    assert_eq!((mistyped.code, mistyped.out.as_str()), (2, ""));
    insta::assert_snapshot!(mistyped.err, @"chaoslab: no metric matches `underreplicatedpartitons`; did you mean `kafka_server_replicamanager_underreplicatedpartitions`, `kafka_cluster_partition_underreplicated`, `kafka_topic_partition_under_replicated_partition`? (`chaoslab metrics` lists all)");
}

#[test]
fn vocabularies_need_no_run() {
    let program = Program::new().without_engine();
    for (vocabulary, known) in [
        ("classes", "network.capacity.link_capped"),
        ("components", "link:kafka-2"),
        ("events", "isr.shrunk"),
        ("preventions", "alert.at_min_isr"),
    ] {
        let entries = program.json(&["vocab", vocabulary]);
        let ids: Vec<_> = entries
            .as_array()
            .expect("a list")
            .iter()
            .map(|e| e["id"].as_str().expect("a name"))
            .collect();
        assert!(ids.contains(&known), "{vocabulary}: {ids:?}");
        assert!(program.ok(&["vocab", vocabulary]).contains(known));
    }
    insta::assert_snapshot!(program.ok(&["vocab", "events", "--search", "ISR"]), @"
    event           what can be seen                              on
    isr.shrunk      Replicas left the ISR.                        partition, topic, broker
    isr.below_min   The ISR is smaller than min.insync.replicas.  partition, topic
    leader.unclean  A replica outside the ISR was elected.        partition, topic
    ");
    assert!(program.ok(&["vocab", "events", "--search", "shrnk"]).contains("isr.shrunk"));
    let plain = program.ok(&["vocab", "classes", "--search", "Hot-Partitions"]);
    assert!(plain.contains("client.producer.skewed_keys"), "{plain}");
    let nothing = program.run(&["vocab", "events", "--search", "zzzz"]);
    assert_eq!(nothing.code, 2);
    insta::assert_snapshot!(nothing.err, @"chaoslab: none of the events matches `zzzz` (`chaoslab vocab events` lists all)");
    let unknown = program.run(&["vocab", "event"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("'events'"), "{}", unknown.err);
}

#[test]
fn a_broken_scenario_is_told_with_all_its_problems_at_once() {
    let checkout = tempfile::tempdir().expect("a folder");
    let folder = checkout.path().join("scenarios/isr-shrink");
    fs::create_dir_all(folder.join("capped-link")).expect("made");
    let text = fs::read_to_string(root().join("scenarios/isr-shrink/family.yaml")).expect("there");
    let text = text
        .replace("  severity: page", "  severty: page")
        .replace("hold_seconds: 8", "hold_seconds: soon");
    fs::write(folder.join("family.yaml"), &text).expect("written");
    fs::copy(
        root().join("scenarios/isr-shrink/capped-link/scenario.yaml"),
        folder.join("capped-link/scenario.yaml"),
    )
    .expect("copied");
    let outcome = Program::new().with("CHAOSLAB_LIBRARY", checkout.path()).run(&[
        "start",
        "isr-shrink",
        "--dry-run",
    ]);
    assert_eq!(outcome.code, 4, "{}", outcome.err);
    let line = |what: &str| 1 + text.lines().position(|l| l.contains(what)).expect("there");
    let (alert, steady) = (line("severty"), line("hold_seconds: soon"));
    let problems = outcome
        .err
        .replace(&checkout.path().display().to_string(), "")
        .replace(&format!("yaml:{}:", alert - 1), "yaml:NAME:")
        .replace(&format!("yaml:{alert}:"), "yaml:SEVERITY:")
        .replace(&format!("yaml:{steady}:"), "yaml:HOLD:");
    insta::assert_snapshot!(problems, @r#"
    /scenarios/isr-shrink/family.yaml:NAME:3: alert: missing field `severity`
    /scenarios/isr-shrink/family.yaml:SEVERITY:3: alert: unknown field `severty`, expected one of `name`, `severity`, `expr`, `for_seconds`, `summary`, `description`; did you mean `severity`?
    /scenarios/isr-shrink/family.yaml:HOLD:17: steady.hold_seconds: invalid type: string "soon", expected u32
    "#);
}

#[test]
fn a_dry_run_of_one_seed_is_always_the_same_plan() {
    let program = Program::new().without_engine();
    let plan = |seed| program.ok(&["start", "isr-shrink", "--seed", seed, "--dry-run"]);
    assert_eq!(plan("7"), plan("7"));
    assert_ne!(plan("7"), plan("8"));
    assert!(!program.home().join("runs").exists());
}

#[test]
fn a_corrupt_or_newer_run_is_refused_by_name_and_untouched() {
    let program = Program::new().without_engine();
    for (id, text, says) in
        [("r-0000aa", "{\"format\": 1", "cannot be read"), ("r-0000bb", "", "cannot be read")]
    {
        fs::create_dir_all(program.run_folder(id)).expect("made");
        let path = program.run_folder(id).join("run.json");
        fs::write(&path, text).expect("written");
        for command in
            [&["status", "--run", id][..], &["stop", "--run", id], &["query", "up", "--run", id]]
        {
            let outcome = program.run(command);
            assert_eq!(outcome.code, 8, "{command:?}: {}", outcome.err);
            assert!(
                outcome.err.contains(&path.display().to_string()) && outcome.err.contains(says),
                "{command:?}: {}",
                outcome.err
            );
        }
        assert_eq!(fs::read_to_string(&path).expect("there"), text);
    }
    assert!(program.ok(&["runs"]).contains("unreadable"));
}

#[test]
fn a_run_that_is_not_there_is_refused_with_near_names() {
    let program = Program::new();
    let outcome = program.run(&["status", "--run", "r-123456"]);
    assert_eq!(outcome.code, 9);
    assert!(outcome.err.contains("there is no run `r-123456`"), "{}", outcome.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let program = Program::new();
    let mut child = program
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let status = child.wait().expect("ends");
    let mut err = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("text");
    assert_eq!((status.code(), err.as_str()), (Some(0), ""));
}

#[test]
fn completions_are_made_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(Program::new().ok(&["completions", shell]).contains("chaoslab"));
    }
}

#[test]
fn hints_are_taken_in_turn_and_say_first_what_they_cost() {
    use chaoslab::lab::library::Library;
    use chaoslab::lab::run::{Home, RunFile, RunState};

    let program = Program::new();
    let mut plan = Library::at(&root())
        .expect("readable")
        .plan("isr-shrink", "capped-link", 3)
        .expect("a plan");
    plan.hints = ["Who is missing where?", "Look at the way out.", "Its link is full."]
        .map(str::to_owned)
        .to_vec();
    let mut file = RunFile::new("r-7f3a91", "isr-shrink", "image", 1_000_000);
    (file.state, file.opened_at) = (RunState::Closed, Some(1_000_000));
    let run = Home::at(program.home()).create(&file).expect("made");
    run.sealed().write("plan", &plan).expect("sealed");

    let refused = program.run(&["hint"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    insta::assert_snapshot!(refused.err, @r"
    hint 1 of 3 costs 2 points of 100 when r-7f3a91 is graded
    chaoslab: a hint costs points: say `--yes` to take it
    ");
    assert_eq!(run.read().expect("readable").hints, 0);
    assert_eq!(program.ok(&["hint", "--yes"]), "Who is missing where?\n");
    let second = program.json(&["hint", "--yes"]);
    assert_eq!(
        (&second["hint"], &second["cost"], &second["spent"]),
        (&"Look at the way out.".into(), &5.into(), &7.into())
    );
    let third = program.run(&["hint", "--yes"]);
    insta::assert_snapshot!(third.out + &third.err, @r"
    Its link is full.
    hint 3 of 3 costs 8 points of 100 when r-7f3a91 is graded
    more on this symptom: chaoslab playbook isr-shrink
    ");
    let none = program.run(&["hint", "--yes"]);
    assert_eq!((none.code, run.read().expect("readable").hints), (9, 3));
    insta::assert_snapshot!(none.err, @"chaoslab: all hints were taken in r-7f3a91; `chaoslab playbook isr-shrink` says how this symptom is investigated");
    // The folder tells that hints were taken and not which.
    assert!(!fs::read_to_string(run.folder().join("run.json")).expect("readable").contains("link"));

    run.update(|file| file.given_up = true).expect("written");
    assert_eq!(program.run(&["hint", "--yes"]).code, 9);
}

#[test]
fn when_the_time_is_over_nothing_is_handed_in_any_more() {
    use chaoslab::lab::run::{Home, RunFile, RunState};

    let program = Program::new().without_engine();
    let wrong = program.run(&["start", "isr-shrink", "--time-limit", "soon"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("`soon` is not a duration; write it as `45m` or `2h`"),
        "{}",
        wrong.err
    );

    let mut file = RunFile::new("r-7f3a91", "isr-shrink", "image", 1_000_000);
    (file.state, file.opened_at, file.time_limit_ms) =
        (RunState::Open, Some(1_000_000), Some(45 * 60_000));
    let run = Home::at(program.home()).create(&file).expect("made");
    for command in [
        &["exec", "--", "ls"][..],
        &["shell"],
        &["service", "billing", "stop"],
        &["node", "kafka-1", "restart"],
        &["hint", "--yes"],
    ] {
        let outcome = program.run(command);
        assert_eq!(outcome.code, 9, "{command:?}: {}", outcome.err);
        assert!(
            outcome.err.contains("the time of r-7f3a91 is over: it was limited to 45 min"),
            "{command:?}: {}",
            outcome.err
        );
    }

    // An hour is left of this one: what it is refused for is something else.
    let limit = jiff::Timestamp::now().as_millisecond() - 1_000_000 + 3_600_000;
    run.update(|file| file.time_limit_ms = Some(limit)).expect("written");
    assert!(!program.run(&["hint", "--yes"]).err.contains("is over"));
}

#[test]
fn all_content_is_accepted_by_the_check_of_authors() {
    let outcome =
        Program::new().with("CHAOSLAB_LIBRARY", root()).without_engine().run(&["author", "check"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
}

#[test]
fn a_scenario_that_was_begun_is_accepted_and_says_what_is_left_to_write() {
    let checkout = tempfile::tempdir().expect("a folder");
    for folder in ["scenarios/consumer-lag", "playbooks"] {
        fs::create_dir_all(checkout.path().join(folder)).expect("made");
    }
    for file in ["scenarios/consumer-lag/family.yaml", "playbooks/consumer-lag.md"] {
        fs::copy(root().join(file), checkout.path().join(file)).expect("copied");
    }
    let program = Program::new().with("CHAOSLAB_LIBRARY", checkout.path()).without_engine();
    program.ok(&["author", "new", "consumer-lag", "slow-handler"]);
    let folder = checkout.path().join("scenarios/consumer-lag/slow-handler");
    for file in ["scenario.yaml", "reference-rca.md", "decoy-rca.md"] {
        assert!(fs::read_to_string(folder.join(file)).expect("there").contains("TODO"), "{file}");
    }
    program.ok(&["author", "check", "consumer-lag"]);
    assert_eq!(
        program.run(&["author", "new", "consumer-lag", "slow-handler"]).code,
        9,
        "it is there already"
    );
    assert_eq!(program.run(&["author", "new", "consumer-lag", "Slow Handler"]).code, 2);

    let path = folder.join("scenario.yaml");
    let wrong = fs::read_to_string(&path)
        .expect("there")
        .replace("_seconds_sum{service=", "_second_sum{service=")
        .replace("process.canary", "process.canry");
    fs::write(&path, wrong).expect("written");
    let outcome = program.run(&["author", "check", "consumer-lag"]);
    assert_eq!(outcome.code, 4);
    for told in [
        "did you mean `kafka_consumer_processing_seconds_sum`",
        "did you mean `process.canary_deploy`",
        "scenario.yaml:",
    ] {
        assert!(outcome.err.contains(told), "{}", outcome.err);
    }
}

#[test]
fn a_playbook_shows_the_method_and_its_causes_where_nothing_is_ungraded() {
    let program = Program::new().without_engine();
    let method = program.ok(&["playbook", "isr-shrink"]);
    assert!(method.contains("--causes") && !method.contains("| cause"), "{method}");
    let outcome = program.run(&["playbook", "isr-shrink", "--causes"]);
    assert!(outcome.code == 0 && outcome.out.contains("| cause"), "{}", outcome.err);
    assert!(!outcome.err.contains("costs"), "{}", outcome.err);
}

#[test]
fn the_table_of_causes_costs_points_and_a_drill_that_is_not_graded_is_not_spoiled() {
    let program = Program::new().without_engine();
    let folder = program.home().join("runs/r-0a0a0a");
    fs::create_dir_all(&folder).expect("made");
    let run = |known: bool, graded: &str| {
        let text = format!(
            r#"{{"format": 1, "id": "r-0a0a0a", "family": "isr-shrink", "state": "closed", "created_at": 1, "opened_at": 2, "closed_at": 3, "known": {known}, "graded": {graded}, "image": "image"}}"#
        );
        fs::write(folder.join("run.json"), text).expect("written");
    };
    run(false, "null");
    let outcome = program.run(&["playbook", "isr-shrink", "--causes"]);
    assert_eq!(outcome.code, 2, "nobody can answer: {}", outcome.err);
    assert!(outcome.err.contains("costs 5 points of 100 when r-0a0a0a is graded"));
    assert!(!outcome.out.contains("| cause"), "{}", outcome.out);
    program.ok(&["playbook", "isr-shrink", "--causes", "--yes"]);
    let state = fs::read_to_string(folder.join("run.json")).expect("there");
    assert!(state.contains(r#""causes_read": true"#), "{state}");
    let again = program.run(&["playbook", "isr-shrink", "--causes"]);
    assert!(again.code == 0 && !again.err.contains("costs"), "it is paid for: {}", again.err);

    let author = |code: i32| {
        for arguments in [
            &["start", "isr-shrink", "--dry-run", "--seed", "7"][..],
            &["author", "record", "/dev/null/x"],
            &["author", "write-up", "reference-rca.md"],
        ] {
            let outcome = program.run(arguments);
            let spoils = outcome.err.contains("it would give away what r-0a0a0a is about");
            assert_eq!(spoils, code == 9, "{arguments:?}: {}", outcome.err);
            assert!(!spoils || outcome.code == 9, "{arguments:?}: {}", outcome.code);
        }
    };
    author(9);
    // Another family, or a seed that nobody chose, tells nothing of it.
    program.ok(&["start", "leader-skew", "--dry-run", "--seed", "7"]);
    program.ok(&["start", "isr-shrink", "--dry-run"]);
    run(true, "null");
    author(0);
    run(false, r#"{"score": 80000, "passed": true}"#);
    author(0);
    let exam = program.run(&["start", "isr-shrink", "--profile", "exam", "--seed", "7"]);
    assert!(exam.code == 2 && exam.err.contains("--seed"), "{}", exam.err);
}
