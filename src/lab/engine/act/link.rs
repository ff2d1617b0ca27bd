//! What a machine may send: the queueing discipline at the root of its interface.

use serde::Deserialize;

use crate::domain::fault::LinkShape;
use crate::lab::engine::{EngineError, Exec, Lab, QUICKLY};

/// A machine's only interface.
const INTERFACE: &str = "eth0";
/// What the kernel sets by itself.
const KERNELS_OWN: [&str; 4] = ["noqueue", "pfifo_fast", "fq_codel", "mq"];

/// How the link of a machine is shaped; `None` when it is not.
pub(super) async fn shape(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
) -> Result<Option<LinkShape>, EngineError> {
    let argv = ["tc", "-j", "qdisc", "show", "dev", INTERFACE];
    let shown = engine.run_ok(lab, node, &argv, QUICKLY).await?;
    root_shape(&shown).map_err(|why| EngineError::NotRemembered {
        what: format!("the queueing discipline of {node}"),
        why,
    })
}

/// Shapes the link of a machine, or leaves it to the kernel.
pub(super) async fn set(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    shape: Option<LinkShape>,
) -> Result<(), EngineError> {
    let Some(LinkShape { rate_kbit, burst_kb, latency_ms }) = shape else {
        // Deleting what is the kernel's own is refused.
        if self::shape(engine, lab, node).await?.is_some() {
            let argv = ["tc", "qdisc", "del", "dev", INTERFACE, "root"];
            engine.run_ok(lab, node, &argv, QUICKLY).await?;
        }
        return Ok(());
    };
    let (rate, burst, latency) =
        (format!("{rate_kbit}kbit"), format!("{burst_kb}kb"), format!("{latency_ms}ms"));
    let argv = ["tc", "qdisc", "replace", "dev", INTERFACE, "root", "tbf"];
    let settings = ["rate", &rate, "burst", &burst, "latency", &latency];
    engine.run_ok(lab, node, &[&argv[..], &settings].concat(), QUICKLY).await.map(|_| ())
}

/// A line of `tc -j qdisc show`.
#[derive(Debug, Deserialize)]
struct Qdisc {
    kind: String,
    #[serde(default)]
    root: bool,
    #[serde(default)]
    options: Options,
}

/// What a token bucket is set to: bytes a second, bytes, microseconds. The kernel rounds the last
/// two down, by less than a unit they are set in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    rate: u64,
    burst: u64,
    lat: u64,
}

fn root_shape(shown: &str) -> Result<Option<LinkShape>, String> {
    let qdiscs: Vec<Qdisc> =
        serde_json::from_str(shown).map_err(|e| format!("tc shows what is not understood: {e}"))?;
    let Some(root) = qdiscs.into_iter().find(|qdisc| qdisc.root) else { return Ok(None) };
    if KERNELS_OWN.contains(&root.kind.as_str()) {
        return Ok(None);
    }
    if root.kind != "tbf" {
        return Err(format!("it is {}, and only tbf can be set again", root.kind));
    }
    let Options { rate, burst, lat } = root.options;
    let number = |value: u64| u32::try_from(value).map_err(|e| format!("{value}: {e}"));
    Ok(Some(LinkShape {
        rate_kbit: number((rate * 8 + 500) / 1000)?,
        burst_kb: number(burst.div_ceil(1024))?,
        latency_ms: number(lat.div_ceil(1000))?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shaped_link_is_remembered_and_the_kernels_own_is_not() {
        let own = r#"[{"kind":"noqueue","handle":"0:","root":true,"refcnt":2,"options":{}}]"#;
        assert_eq!(root_shape(own), Ok(None));
        assert_eq!(root_shape("[]"), Ok(None));
        // As the kernel rounds 1234kbit, burst 16kb, latency 77ms.
        let tbf = r#"[{"kind":"tbf","handle":"8001:","root":true,"refcnt":3,
            "options":{"rate":154250,"burst":16383,"lat":76999}}]"#;
        let shape = LinkShape { rate_kbit: 1234, burst_kb: 16, latency_ms: 77 };
        assert_eq!(root_shape(tbf), Ok(Some(shape)));
    }

    #[test]
    fn what_cannot_be_set_again_is_refused() {
        let htb = r#"[{"kind":"htb","handle":"8002:","root":true,"refcnt":3,
            "options":{"r2q":10,"default":"0x1","direct_packets_stat":0,"direct_qlen":1000}}]"#;
        assert!(root_shape(htb).is_err_and(|why| why.contains("it is htb")));
    }
}
