//! One record with given bytes, written by an ordinary client.

use std::time::Duration;

use crate::lab::engine::{EngineError, Exec, Lab};

/// How long a client may take to write one record: kcat gives up by itself after 300 s only.
const PRODUCES_WITHIN: Duration = Duration::from_secs(60);

/// Writes a record with the toolbox's own client.
pub(super) async fn produce(
    engine: &impl Exec,
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
