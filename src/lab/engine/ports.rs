//! Ports of the loopback nobody else uses.

use std::collections::BTreeMap;
use std::net::TcpListener;

use super::EngineError;

/// Whether so many ports are free on the loopback, or why not.
pub fn free(count: usize) -> Result<(), EngineError> {
    choose((0..count).map(|number| number.to_string())).map(|_| ())
}

/// Ports free on the loopback now, one for each name. Another program may take one before it is
/// published: then the start of the container says so.
pub(super) fn choose(
    names: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, u16>, EngineError> {
    let none =
        |e: std::io::Error| EngineError::Exhausted(format!("no free port on 127.0.0.1: {e}"));
    // All are held until all are known, so that none is given twice.
    let held: Vec<_> = names
        .map(|name| Ok((name, TcpListener::bind("127.0.0.1:0")?)))
        .collect::<Result<_, _>>()
        .map_err(none)?;
    held.iter()
        .map(|(name, listener)| Ok((name.clone(), listener.local_addr()?.port())))
        .collect::<Result<_, _>>()
        .map_err(none)
}
