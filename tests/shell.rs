//! The recorded shell on a real lab, used through a terminal, through a pipe, and through one that
//! is torn away.

mod program;

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use program::terminal::Terminal;
use program::{NOTHING, Program, standing, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The end of a prompt, after its colours.
const PROMPT: &str = "\x1b[0m# ";

fn shell(program: &Program, machine: &str) -> Terminal {
    let mut terminal = Terminal::open(&program.command(&["shell", machine]), 100, 30);
    terminal.until(PROMPT);
    terminal
}

/// Types a line and gives what is shown up to the next prompt.
fn enter(terminal: &mut Terminal, line: &str) -> String {
    terminal.type_in(&format!("{line}\r"));
    terminal.until("\r\n");
    terminal.until(PROMPT)
}

/// The newest entry of the record with this command line.
fn entry(program: &Program, line: &str) -> Option<Value> {
    let history = program.json(&["history"]);
    history.as_array().expect("a list").iter().rev().find(|c| c["command"] == line).cloned()
}

fn recorded(program: &Program, line: &str) -> Value {
    entry(program, line)
        .unwrap_or_else(|| panic!("`{line}` is not in the record:\n{}", program.ok(&["history"])))
}

/// Whether something with this command line runs on a machine.
fn runs(program: &Program, machine: &str, line: &str) -> bool {
    program
        .ok(&["-q", "exec", machine, "--", "ps", "axww", "-o", "args"])
        .lines()
        .any(|l| l == line)
}

fn pid(terminal: &mut Terminal) -> Pid {
    Pid::from_child(terminal.program())
}

#[test]
fn a_shell_is_a_terminal_and_every_command_of_it_is_recorded() {
    let program = Program::new();
    assert_eq!(program.run(&["shell"]).code, 9, "there is no run");
    program.ok(&["start", "consumer-lag", "--scenario", "slow-processing", "--seed", "7"]);
    let run = program.json(&["status"])["run"].as_str().expect("an id").to_owned();
    let outcome = program.run(&["shell", "kafak-1"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("did you mean kafka-1?"), "{}", outcome.err);

    on_a_terminal(&program);
    in_a_shell_inside(&program);
    what_was_a_look(&program);
    what_was_a_change(&program);
    torn_away(&program);
    from_a_script(&program);

    on_a_dead_machine(&program, &run);

    let mut left_open = shell(&program, "toolbox");
    program.ok(&["stop"]);
    assert_eq!(left_open.ended(), Some(9));
    assert!(left_open.everything().contains("was stopped"), "{}", left_open.everything());
    assert_eq!(standing(&run), NOTHING);
    assert_eq!(program.run(&["shell"]).code, 9, "the run was stopped");
}

fn on_a_terminal(program: &Program) {
    let mut terminal = shell(program, "toolbox");
    assert!(!terminal.echoes(), "keys are the machine's");
    assert!(
        enter(&mut terminal, "stty size").contains("30 100\r\n"),
        "the size is right before the first prompt"
    );
    terminal.resize(120, 40);
    until("the new size", Duration::from_secs(20), || {
        enter(&mut terminal, "stty size").contains("40 120\r\n").then_some(())
    });

    let topics = enter(&mut terminal, "kafka-topics.sh --list; (exit 3)");
    let command = recorded(program, "kafka-topics.sh --list; (exit 3)");
    assert!(
        topics.contains("payments\r\n") && topics.contains(&format!("[#{}]", command["number"])),
        "{topics}"
    );
    assert_eq!(
        (&command["kind"], &command["node"], &command["exit"]),
        (&"shell".into(), &"toolbox".into(), &3.into())
    );
    let output = command["output"].as_str().expect("text");
    assert!(
        output.contains("payments\r\n") && !output.contains("root@"),
        "output without prompts: {output:?}"
    );

    assert!(enter(&mut terminal, "ls /").contains("\x1b[01;34m"), "colours");
    enter(&mut terminal, "kafka-topics.sh --delete --topic no-such-topic");
    assert!(!program.ok(&["history", "--mutating"]).contains("no-such-topic"), "it failed");

    // Ctrl-C is the machine's.
    terminal.type_in("sleep 100\r");
    until("the sleep to begin", Duration::from_secs(10), || {
        runs(program, "toolbox", "sleep 100").then_some(())
    });
    terminal.type_in("\x03");
    terminal.until(PROMPT);
    assert_eq!(recorded(program, "sleep 100")["exit"], 130);

    // Somebody who knows the marks, but not the session, says nothing. Bytes that are no text are
    // shown as they are.
    let forged = r"printf '\033]133;C;guessed;1;1795561230574159;Zm9yZ2Vk\a\0\1\2\n'";
    let shown = enter(&mut terminal, forged);
    assert!(
        shown.contains("\x1b]133;C;guessed;1;1795561230574159;Zm9yZ2Vk\x07\0\x01\x02\r\n"),
        "{shown:?}"
    );
    assert!(entry(program, "forged").is_none());
    assert!(recorded(program, forged)["output"].as_str().expect("text").contains("Zm9yZ2Vk"));

    enter(&mut terminal, "echo \"session $TERM_SESSION_ID.\"");
    let id = recorded(program, "echo \"session $TERM_SESSION_ID.\"")["output"]
        .as_str()
        .expect("text")
        .to_owned();
    let id = id.trim().trim_start_matches("session ").trim_end_matches('.').to_owned();
    assert_eq!(id.len(), 32, "{id:?}");
    let everything = terminal.everything();
    assert!(!everything.contains(&format!(";{id}")), "a mark came through: {everything:?}");

    terminal.type_in("exit 4\r");
    assert_eq!(terminal.ended(), Some(4));
    assert!(terminal.echoes(), "the terminal is given back");
    assert_eq!(recorded(program, "exit 4")["exit"], 4);
}

fn in_a_shell_inside(program: &Program) {
    let mut terminal = shell(program, "kafka-1");
    enter(&mut terminal, "bash");
    let outer = recorded(program, "bash");
    assert_eq!((&outer["node"], &outer["ended"]), (&"kafka-1".into(), &Value::Null));
    assert!(enter(&mut terminal, "echo inner $((6 * 7))").contains("inner 42"));
    let inner = recorded(program, "echo inner $((6 * 7))");
    assert_eq!((&inner["output"], &inner["exit"]), (&"inner 42\r\n".into(), &0.into()));
    enter(&mut terminal, "exit 5");
    assert_eq!(recorded(program, "bash")["exit"], 5);
    // Ctrl-D ends the session.
    terminal.type_in("\x04");
    assert_eq!(terminal.ended(), Some(5), "the code of the last command, as with any shell");
}

fn what_was_a_look(program: &Program) {
    let mut terminal = shell(program, "kafka-1");
    for line in [
        "date -Iseconds",
        "iptables -nvxL",
        "jinfo -flag MaxHeapSize $(pgrep -x java)",
        "swapon --show",
        "prlimit --pid 1",
        "taskset -cp 1",
        "ionice -p 1",
        "vi --version",
        "kafka-topics.sh --describe | tee out.log",
        "tar czf /tmp/k.tgz /var/log/kafka",
        "kafka-leader-election.sh --help",
        "systemctl is-active kafka",
        "kafka-console-consumer.sh --topic payments --max-messages 1",
        "sv restart nothing",
        "tc qdisc del dev eth0 root",
        "kafka-configs.sh --alter --entity-type topics --entity-name nowhere --add-config retention.ms=1",
        "kafka-leader-election.sh --election-type preferred --all-topic-partitions",
        "touch /etc/kafka/server.properties",
        "sh -c 'cat /etc/kafka/server.properties'",
        "sleep 300 & kill %1",
    ] {
        enter(&mut terminal, line);
        let command = recorded(program, line);
        assert_eq!(command["mutating"], false, "`{line}` was a look: {command}");
    }
    terminal.type_in("exit\r");
    assert!(terminal.ended().is_some());
}

/// Whether the record says that a command changed something, in a line that begins so.
fn changed(command: &Value, line: &str) -> bool {
    let changed = command["changed"].as_array();
    changed.into_iter().flatten().any(|l| l.as_str().is_some_and(|l| l.starts_with(line)))
}

fn what_was_a_change(program: &Program) {
    let mut terminal = shell(program, "kafka-1");
    // No line of it is seen, and what it does is.
    for line in ["sh", "tc qdisc add dev eth0 root pfifo limit 999"] {
        terminal.type_in(&format!("{line}\r"));
        terminal.until("\r\n");
        terminal.until("# ");
    }
    terminal.type_in("exit\r");
    terminal.until("queueing added: qdisc pfifo");
    terminal.until(PROMPT);
    let unseen = recorded(program, "sh");
    assert!(changed(&unseen, "kafka-1: queueing added: qdisc pfifo"), "{unseen}");
    for (line, change) in [
        ("tc qdisc del dev eth0 root", "kafka-1: queueing removed: qdisc pfifo"),
        ("iptables -A OUTPUT -p tcp --dport 1 -j DROP", "kafka-1: packet filter added: filter -A"),
        ("cd /etc/kafka; echo x > note; cd", "kafka-1: /etc/kafka/note created"),
        ("touch /var/lib/kafka/note", "kafka-1: /var/lib/kafka/note created"),
        ("renice -n 1 -p $(pgrep -x java)", "kafka-1: limit of kafka: nice: 0 -> 1"),
        ("kill -STOP $(pgrep -x java)", "kafka-1: process kafka stopped"),
        ("kill -CONT $(pgrep -x java)", "kafka-1: process kafka continued"),
        (
            "kafka-configs.sh --alter --entity-type topics --entity-name payments --add-config \
             segment.ms=86400001",
            "config of topic payments, segment.ms: ",
        ),
        (
            "kafka-configs.sh --alter --entity-type broker-loggers --entity-name 1 --add-config \
             kafka.server.ReplicaManager=DEBUG",
            "log level of broker 1, kafka.server.ReplicaManager: ",
        ),
        (
            "kafka-configs.sh --alter --entity-type clients --entity-name nobody --add-config \
             consumer_byte_rate=1000000",
            "quota of client-id nobody, consumer_byte_rate: none -> 1000000",
        ),
        (
            "kafka-topics.sh --create --topic notes --partitions 2",
            "topic notes: none -> 2 partitions",
        ),
    ] {
        let shown = enter(&mut terminal, line);
        let command = recorded(program, line);
        assert!(changed(&command, change), "`{line}` changed something: {command}");
        assert!(shown.contains(&format!("[#{}] changed ", command["number"])), "{shown}");
    }
    // A broker that starts may not answer in time to be compared: then the words decide.
    enter(&mut terminal, "sv restart kafka");
    let restarted = recorded(program, "sv restart kafka");
    assert_eq!(restarted["mutating"], true, "{restarted}");
    terminal.type_in("exit\r");
    assert!(terminal.ended().is_some());
}

fn torn_away(program: &Program) {
    for (signal, code) in
        [(Signal::KILL, None), (Signal::TERM, Some(130)), (Signal::HUP, Some(130))]
    {
        let mut terminal = shell(program, "kafka-1");
        terminal.type_in("sleep 321 & sleep 322\r");
        until("both to run", Duration::from_secs(10), || {
            runs(program, "kafka-1", "sleep 322").then_some(())
        });
        assert!(runs(program, "kafka-1", "sleep 321"));
        kill_process(pid(&mut terminal), signal).expect("signalled");
        assert_eq!(terminal.ended(), code);
        until("all of it to end", Duration::from_secs(15), || {
            let left = ["sleep 321", "sleep 322", "bash"]
                .iter()
                .any(|line| runs(program, "kafka-1", line));
            (!left).then_some(())
        });
        until("the record of it", Duration::from_secs(10), || {
            let command = recorded(program, "sleep 321 & sleep 322");
            (command["ended"] != Value::Null && command["exit"] == Value::Null).then_some(())
        });
        // Against SIGKILL nobody can do anything.
        assert!(
            terminal.echoes() || signal == Signal::KILL,
            "{signal:?}: the terminal is given back"
        );
    }
}

fn on_a_dead_machine(program: &Program, run: &str) {
    let docker = |arguments: &[&str]| {
        std::process::Command::new("docker").args(arguments).output().expect("docker")
    };
    assert!(docker(&["stop", &format!("{run}-kafka-3")]).status.success());
    let look = "grep ^node.id /etc/kafka/server.properties; ls /var/lib/kafka/data/__cluster_metadata-0 /var/log/kafka; pgrep java";
    let mut shell = program.command(&["shell", "kafka-3"]);
    let mut shell = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    shell
        .stdin
        .take()
        .expect("piped")
        .write_all(format!("{look}\ndmesg >/dev/null\n").as_bytes())
        .expect("written");
    let output = shell.wait_with_output().expect("it ends");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(err.contains("kafka-3 is down: it ended with exit code 0"), "{err}");
    assert!(
        out.contains("node.id=3") && out.contains("quorum-state") && out.contains("server.log"),
        "{out}"
    );
    assert_eq!(output.status.code(), Some(0), "the kernel's messages can be read: {err}");
    let command = recorded(program, look);
    assert_eq!(
        (&command["node"], &command["exit"]),
        (&"kafka-3".into(), &1.into()),
        "recorded as the machine's own; nothing runs"
    );
    let left =
        docker(&["ps", "--all", "--quiet", "--filter", &format!("name={run}-kafka-3-rescue")]);
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "it ends with its shell");
    assert!(docker(&["start", &format!("{run}-kafka-3")]).status.success());
}

fn from_a_script(program: &Program) {
    let mut shell = program.command(&["shell"]);
    let mut shell = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let script = "echo from a script!\nls /nonexistent\ncat <<END\nof lines\nEND\n(exit 6)\n";
    shell.stdin.take().expect("piped").write_all(script.as_bytes()).expect("written");
    let output = shell.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text,
        "from a script!\nls: cannot access '/nonexistent': No such file or directory\nof lines\n"
    );
    assert_eq!(output.status.code(), Some(6));
    let command = recorded(program, "ls /nonexistent");
    assert_eq!(command["exit"], 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("[#{}]", command["number"])));
    assert_eq!(recorded(program, "cat <<END\nof lines\nEND")["output"], "of lines\n");

    // Input that goes on does not keep a command from ending.
    let mut exec = program
        .command(&["exec", "--", "hostname"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let status =
        until("the command to end", Duration::from_secs(20), || exec.try_wait().expect("a child"));
    assert!(status.success() && exec.stdin.is_some());
}
