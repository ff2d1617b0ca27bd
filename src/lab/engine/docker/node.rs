//! What is done on a node itself: its Kafka process and what that starts with, its packet filter,
//! its disk, jobs beside Kafka.

use std::collections::BTreeMap;
use std::time::Duration;

use super::DockerEngine;
use crate::domain::fault::{Prior, Signal};
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{EngineError, Exec, Files, Lab, QUICKLY};
use crate::lab::wait;

const SERVER_PROPERTIES: &str = "/etc/kafka/server.properties";
const JVM_ENV: &str = "/etc/kafka/jvm.env";
/// How long a job may take to end: what it has handed to the disk is written first.
const JOB_ENDS_WITHIN: Duration = Duration::from_secs(60);
/// How long a disk may take to fill where writes are limited ...
const FILLS_WITHIN: Duration = Duration::from_secs(300);
/// ... and a client to write one record: kcat gives up by itself after 300 s only.
const PRODUCES_WITHIN: Duration = Duration::from_secs(60);

/// What Kafka is started with.
pub(super) async fn startup(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
) -> Result<Prior, EngineError> {
    let properties = engine.read_file(lab, node, SERVER_PROPERTIES).await?;
    Ok(Prior::Startup { properties, jvm: engine.read_file(lab, node, JVM_ENV).await? })
}

/// Changes what Kafka is started with, and restarts it.
pub(super) async fn reconfigure(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    properties: &BTreeMap<String, Option<String>>,
    jvm: &BTreeMap<String, Option<String>>,
) -> Result<(), EngineError> {
    let (server, env) = (
        engine.read_file(lab, node, SERVER_PROPERTIES).await?,
        engine.read_file(lab, node, JVM_ENV).await?,
    );
    restart_with(engine, lab, node, edited(&server, properties), edited(&env, jvm)).await
}

/// Restarts Kafka with these files.
pub(super) async fn restart_with(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    properties: String,
    jvm: String,
) -> Result<(), EngineError> {
    engine
        .write_files(
            lab,
            node,
            &[(SERVER_PROPERTIES.to_owned(), properties), (JVM_ENV.to_owned(), jvm)],
        )
        .await?;
    supervisor::control(engine, lab, node, "kafka", Control::Restart).await
}

/// Lines of `KEY=value` with these keys changed or removed; all else stays, and new keys come last.
fn edited(text: &str, changes: &BTreeMap<String, Option<String>>) -> String {
    let mut left = changes.clone();
    let mut lines = Vec::new();
    for line in text.lines() {
        let key = line.split('=').next().unwrap_or("").trim();
        match left.remove(key) {
            Some(Some(value)) => lines.push(format!("{key}={value}")),
            Some(None) => {}
            None => lines.push(line.to_owned()),
        }
    }
    lines.extend(left.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?))));
    lines.join("\n") + "\n"
}

/// Sends a signal to Kafka's process. It is not the machine's first process, whose signals the
/// kernel would ignore.
pub(super) async fn signal(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    signal: Signal,
) -> Result<(), EngineError> {
    engine
        .run_ok(lab, node, &["pkill", &format!("-{}", signal.name()), "-x", "java"], QUICKLY)
        .await
        .map(|_| ())
}

fn rule<'a>(deed: &'a str, matching: &'a [String]) -> Vec<&'a str> {
    let mut argv = vec!["iptables", deed, "OUTPUT"];
    argv.extend(matching.iter().map(String::as_str));
    argv.extend(["-j", "DROP"]);
    argv
}

/// Whether the node's packet filter has the rule.
pub(super) async fn drops_packets(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<bool, EngineError> {
    Ok(engine.run(lab, node, &rule("-C", matching), QUICKLY).await?.exit == 0)
}

/// Adds the rule.
pub(super) async fn drop_packets(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<(), EngineError> {
    engine.run_ok(lab, node, &rule("-A", matching), QUICKLY).await.map(|_| ())
}

/// Removes the rule; that it is gone is as good.
pub(super) async fn pass_packets(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<(), EngineError> {
    if drops_packets(engine, lab, node, matching).await? {
        engine.run_ok(lab, node, &rule("-D", matching), QUICKLY).await?;
    }
    Ok(())
}

/// Whether there is a file or folder of this path.
pub(super) async fn has_file(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    path: &str,
) -> Result<bool, EngineError> {
    Ok(engine.run(lab, node, &["test", "-e", path], QUICKLY).await?.exit == 0)
}

/// Removes a file; that it is gone is as good.
pub(super) async fn remove_file(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    path: &str,
) -> Result<(), EngineError> {
    engine.run_ok(lab, node, &["rm", "-f", path], QUICKLY).await.map(|_| ())
}

/// Fills the file system of a path with a file there, but for so many KiB: nearly all at once, the
/// rest in steps, for what else lies there goes on growing meanwhile.
pub(super) async fn fill_disk(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    path: &str,
    leave_kib: u32,
) -> Result<(), EngineError> {
    let script = r#"folder=$(dirname "$1"); mkdir -p "$folder"
        room() { echo "$(($(df --output=avail -k "$folder" | tail -n 1) - $2))"; }
        bulk=$(($(room "$1" "$2") - 4096))
        [ "$bulk" -le 0 ] || fallocate -l "${bulk}KiB" "$1" || exit
        while left=$(room "$1" "$2"); [ "$left" -gt 0 ]; do
            head -c "$((left < 64 ? left : 64))K" /dev/zero 2>/dev/null >>"$1" || break
        done"#;
    engine
        .run_ok(lab, node, &["sh", "-c", script, "sh", path, &leave_kib.to_string()], FILLS_WITHIN)
        .await
        .map(|_| ())
}

/// The folder of a supervised job.
pub(super) fn service_folder(job: &str) -> String {
    format!("/etc/sv/{job}")
}

/// Starts a job under the machine's supervisor.
pub(super) async fn start_job(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    job: &str,
    script: &str,
) -> Result<(), EngineError> {
    let folder = service_folder(job);
    let run = format!("{folder}/run");
    engine
        .write_files(lab, node, &[(run.clone(), format!("#!/bin/sh\nexec 2>&1\n{script}\n"))])
        .await?;
    engine.run_ok(lab, node, &["chmod", "755", &run], QUICKLY).await?;
    engine
        .run_ok(lab, node, &["ln", "-sfn", &folder, &format!("/etc/service/{job}")], QUICKLY)
        .await?;
    supervisor::await_up(engine, lab, node, job).await
}

/// Stops a job and removes it.
pub(super) async fn remove_job(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    job: &str,
) -> Result<(), EngineError> {
    let folder = service_folder(job);
    if has_file(engine, lab, node, &folder).await? {
        // Its supervisor keeps files in the folder until it ends, too; without the link it is not
        // started again.
        let script = r#"rm -f "/etc/service/$1"; sv force-shutdown "$2"; rm -rf "$2""#;
        let mut last = String::new();
        let gone = wait::until(JOB_ENDS_WITHIN, Duration::from_millis(500), async || {
            last = engine
                .run(lab, node, &["sh", "-c", script, "sh", job, &folder], JOB_ENDS_WITHIN)
                .await?
                .text;
            Ok::<_, EngineError>((!has_file(engine, lab, node, &folder).await?).then_some(()))
        });
        let late = |last| EngineError::Late {
            what: format!("{job} gone from {node}"),
            seconds: JOB_ENDS_WITHIN.as_secs(),
            last,
        };
        return gone.await?.ok_or_else(|| late(last));
    }
    Ok(())
}

/// Writes a record with the toolbox's own client.
pub(super) async fn produce(
    engine: &DockerEngine,
    lab: &Lab,
    topic: &str,
    partition: u32,
    value: &str,
) -> Result<(), EngineError> {
    let escaped: String = value
        .as_bytes()
        .chunks(2)
        .map(|pair| format!("\\x{}", String::from_utf8_lossy(pair)))
        .collect();
    // Bash's printf knows \x, and kcat takes all of its input as one record when the delimiter does
    // not occur in it.
    let script = r#"printf "$1" >/tmp/.record && kcat -P -F /etc/kcat.conf -t "$2" -p "$3" /tmp/.record; status=$?; rm -f /tmp/.record; exit $status"#;
    let argv = ["bash", "-c", script, "bash", &escaped, topic, &partition.to_string()];
    engine.run_ok(lab, lab.toolbox(), &argv, PRODUCES_WITHIN).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing_touches_only_the_named_keys() {
        let text = "# heap\nKAFKA_HEAP_OPTS=\"-Xmx192m\"\nA=1\nB=2\n";
        let changes = [
            ("KAFKA_HEAP_OPTS".to_owned(), Some("\"-Xmx27m\"".to_owned())),
            ("B".to_owned(), None),
            ("C".to_owned(), Some("3".to_owned())),
        ];
        assert_eq!(
            edited(text, &changes.into()),
            "# heap\nKAFKA_HEAP_OPTS=\"-Xmx27m\"\nA=1\nC=3\n"
        );
    }
}
