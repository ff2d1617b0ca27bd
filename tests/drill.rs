//! Whole drills on a real engine: staged, seen with a learner's tools, fixed by a learner's
//! commands, graded, taken down.

mod program;

use std::fs;
use std::time::Duration;

use program::{NOTHING, Program, standing, until};

/// Starts a run and returns its id.
fn start(program: &Program, family: &str, scenario: &str, seed: &str) -> String {
    program.ok(&["start", family, "--scenario", scenario, "--seed", seed]);
    program.json(&["status"])["run"].as_str().expect("an id").to_owned()
}

fn objectives_met(program: &Program) -> bool {
    let status = program.json(&["status"]);
    let objectives = status["objectives"].as_array().expect("a list");
    !objectives.is_empty() && objectives.iter().all(|o| o["holds"] == true)
}

/// Writes the scenario's own analysis and grades it.
fn submit(program: &Program, name: &str) -> i32 {
    let text = program.ok(&["author", "write-up", name]);
    let path = program.home().join(name);
    fs::write(&path, text).expect("written");
    let path = path.display().to_string();
    // Claims about the time after the page are made when that time has come.
    until("every claim to be verifiable", Duration::from_secs(60), || {
        (!program.run(&["rca", "check", &path]).out.contains("UNVERIFIABLE")).then_some(())
    });
    program.run(&["submit", &path]).code
}

#[test]
fn a_capped_link_is_staged_seen_fixed_and_graded() {
    let program = Program::new();
    let run = start(&program, "isr-shrink", "capped-link", "3");
    let seen = program.ok(&[
        "exec",
        "--",
        "kafka-topics.sh",
        "--describe",
        "--under-replicated-partitions",
    ]);
    assert!(seen.contains("Isr:"), "a plain kafka-topics.sh shows the broken cluster:\n{seen}");
    assert!(!objectives_met(&program));

    let shrunk = until("a detection of what paged", Duration::from_secs(30), || {
        let events = program.json(&["events"]);
        events.as_array().expect("a list").iter().find(|e| e["event"] == "isr.shrunk").cloned()
    });
    assert!(shrunk["on"].as_array().is_some_and(|on| {
        on.iter().any(|c| c.as_str().is_some_and(|c| c.starts_with("partition:")))
    }));
    let number = shrunk["id"].as_str().expect("a number").to_owned();

    // Restarting Kafka does not cure the link.
    let shaped = |program: &Program| {
        program.ok(&["exec", "kafka-1", "--", "tc", "qdisc", "show", "dev", "eth0"]).contains("tbf")
    };
    assert!(shaped(&program));
    program.ok(&["node", "kafka-1", "restart"]);
    assert!(shaped(&program), "the machine stayed as it was");

    program.ok(&["exec", "kafka-1", "--", "tc", "qdisc", "del", "dev", "eth0", "root"]);
    until("recovery", Duration::from_secs(90), || objectives_met(&program).then_some(()));
    // A number stands for the same, whatever happened since; only its end was added.
    let events = program.json(&["events"]);
    let same = events
        .as_array()
        .expect("a list")
        .iter()
        .find(|e| e["id"] == *number)
        .expect("still there");
    assert_eq!(
        (&same["event"], &same["on"], &same["from"]),
        (&shrunk["event"], &shrunk["on"], &shrunk["from"])
    );
    assert_eq!(submit(&program, "reference-rca.md"), 0);
    for file in ["grade.json", "report.html", "submitted.md"] {
        assert!(program.run_folder(&run).join(file).exists(), "{file}");
    }
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);
    assert!(program.ok(&["report"]).contains("PASSED"));
    assert!(program.ok(&["report", "--format", "csv"]).starts_with("run,passed,total,item"));
    assert!(program.ok(&["report", "--format", "junit"]).contains("<testsuite "));
    disputed(&program, &run);
}

/// A finding is disputed, and the grade waits for a person until one has answered.
fn disputed(program: &Program, run: &str) {
    let before = program.json(&["report"])["grade"].clone();
    let finding =
        before["losses"][0]["loss"].as_str().expect("a reference has small flaws").to_owned();
    assert_eq!(program.run(&["report", "--dispute", "L99", "why"]).code, 2);
    let disputed = program.run(&["report", "--dispute", &finding, "the record shows it"]);
    assert_eq!(disputed.code, 7, "{}", disputed.err);
    assert!(disputed.err.contains("overrides.yaml"), "{}", disputed.err);
    assert_eq!(program.run(&["report"]).code, 7);
    let answers = program.run_folder(run).join("overrides.yaml");
    fs::write(&answers, format!("- {{finding: {finding}, struck: true}}\n")).expect("writable");
    let unsigned = program.run(&["report"]);
    assert_eq!(unsigned.code, 4);
    assert!(unsigned.err.contains("overrides.yaml:1:"), "{}", unsigned.err);
    fs::write(
        &answers,
        format!("- {{finding: {finding}, struck: true, by: dana, reason: it does}}\n"),
    )
    .expect("writable");
    let after = program.json(&["report"])["grade"].clone();
    assert_eq!(
        after["total"].as_u64(),
        Some(
            before["total"].as_u64().expect("points")
                + before["losses"][0]["lost"].as_u64().expect("points")
        )
    );
}

#[test]
fn a_slow_consumer_is_staged_seen_fixed_and_graded_after_stop() {
    let program = Program::new();
    let run = start(&program, "consumer-lag", "slow-processing", "7");
    let status = program.json(&["status"]);
    let machines: Vec<_> = status["machines"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["name"].as_str().expect("a name").to_owned())
        .collect();
    let group = machines.last().expect("a consumer").clone();
    let seen =
        program.ok(&["exec", "--", "kafka-consumer-groups.sh", "--describe", "--group", &group]);
    assert!(seen.contains("LAG"), "{seen}");
    let refused = program.run(&["service", &group, "set", "service.version=9.9.9"]);
    assert!(refused.code == 2 && refused.err.contains("There are 2."), "{}", refused.err);
    program.ok(&["exec", &group, "--", "sv", "quit", &group]);
    let dumped = || program.ok(&["logs", &group, "--grep", "doing=process partition="]);
    until("a dump of its members", Duration::from_secs(20), || {
        dumped().contains("polled_s_ago").then_some(())
    });
    let told = program.ok(&["service", &group, "rollback"]);
    assert!(told.contains(" is running again, "), "{told}");
    until("recovery", Duration::from_secs(120), || objectives_met(&program).then_some(()));

    let history = program.ok(&["history", "--mutating"]);
    assert!(
        history.contains("rollback") && !history.contains("kafka-consumer-groups"),
        "{history}"
    );
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);
    // People write the post-mortem after the incident.
    assert!(program.ok(&["query", "up", "--at", "T+00:00:01"]).contains("kafka-1"));
    assert!(program.ok(&["logs", &group, "--grep", "progress"]).contains("order_avg_ms"));
    assert_eq!(program.run(&["exec", "--", "ls"]).code, 9);
    assert_eq!(submit(&program, "reference-rca.md"), 0);
    assert_eq!(program.run(&["submit"]).code, 9, "the truth is open");
}

#[test]
fn nothing_a_learner_sees_names_the_cause() {
    let program = Program::new();
    let run = start(&program, "isr-shrink", "capped-link", "3");
    let words = ["capped-link", "link_cap", "link-cap", "inject", "chaos-", " fault", "sabotage"];
    let mut seen = vec![
        ("status", program.ok(&["status", "--json"])),
        ("page", program.ok(&["status", "--page"])),
        ("page as JSON", program.ok(&["status", "--page", "--json"])),
        ("history", program.ok(&["history", "--json"])),
        ("runs", program.ok(&["runs", "--json"])),
        ("changes", program.ok(&["changes", "--json"])),
        ("events", program.ok(&["events", "--json"])),
        (
            "processes",
            String::from_utf8_lossy(
                &std::process::Command::new("ps")
                    .args(["axww", "-o", "args"])
                    .output()
                    .expect("ps")
                    .stdout,
            )
            .into_owned(),
        ),
    ];
    for node in ["toolbox", "kafka-1", "kafka-2", "controller"] {
        let script = "ps axww -o args; env; cat /proc/1/environ; cat /etc/hosts /etc/kafka/* 2>/dev/null; ls -R /etc /opt /usr/local /var/log /root /tmp; tc qdisc; iptables-save 2>/dev/null; cat /var/log/kafka/*.log 2>/dev/null; true";
        seen.push((node, program.ok(&["-q", "exec", node, "--", "sh", "-c", script])));
    }
    // The folder of the run, sealed files included, as an editor or `grep -r` would show it.
    for entry in walk(&program.run_folder(&run)) {
        let bytes = fs::read(&entry).unwrap_or_default();
        seen.push((
            "a file of the run",
            format!("{}\n{}", entry.display(), String::from_utf8_lossy(&bytes)),
        ));
    }
    for (place, text) in &seen {
        for word in words {
            // What this test itself typed stands in the history and in the record.
            let found = text.lines().find(|l| {
                l.contains(word)
                    && !l.contains("grep")
                    && !l.contains("nothing_a_learner_sees")
                    && !l.contains("--scenario")
            });
            assert!(
                found.is_none(),
                "{place}: `{word}` in {:?}",
                found.map(|f| f.chars().take(200).collect::<String>())
            );
        }
    }
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    entries.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}
