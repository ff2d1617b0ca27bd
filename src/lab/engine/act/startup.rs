//! What a machine starts Kafka with.

use std::collections::BTreeMap;

use super::KAFKA;
use crate::domain::fault::Prior;
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{EngineError, Exec, Files, Lab};

const SERVER_PROPERTIES: &str = "/etc/kafka/server.properties";
const JVM_ENV: &str = "/etc/kafka/jvm.env";

pub(super) async fn found(
    engine: &(impl Exec + Files),
    lab: &Lab,
    node: &str,
) -> Result<Prior, EngineError> {
    Ok(Prior::Startup {
        node: node.to_owned(),
        properties: engine.read_file(lab, node, SERVER_PROPERTIES).await?,
        jvm: engine.read_file(lab, node, JVM_ENV).await?,
        running: supervisor::runs(engine, lab, node, KAFKA).await?,
    })
}

/// Changes what Kafka is started with, and restarts it.
pub(super) async fn change(
    engine: &(impl Exec + Files),
    lab: &Lab,
    node: &str,
    properties: &BTreeMap<String, Option<String>>,
    jvm: &BTreeMap<String, Option<String>>,
) -> Result<(), EngineError> {
    let server = edited(&engine.read_file(lab, node, SERVER_PROPERTIES).await?, properties);
    let env = edited(&engine.read_file(lab, node, JVM_ENV).await?, jvm);
    put(engine, lab, node, (server, env), true).await
}

/// Writes `server.properties` and `jvm.env`, and starts Kafka anew with them, or stops it.
pub(super) async fn put(
    engine: &(impl Exec + Files),
    lab: &Lab,
    node: &str,
    (properties, jvm): (String, String),
    running: bool,
) -> Result<(), EngineError> {
    let files = [(SERVER_PROPERTIES.to_owned(), properties), (JVM_ENV.to_owned(), jvm)];
    engine.write_files(lab, node, &files).await?;
    let control = if running { Control::Restart } else { Control::Stop };
    supervisor::control(engine, lab, node, KAFKA, control).await
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
