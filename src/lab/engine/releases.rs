//! The releases of a service on its machine.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use super::{EngineError, Exec, Files, Lab, QUICKLY};
use crate::domain::workload::{Behaviour, release_path, releases_path};

/// A release as a file: its path and its content.
pub fn built(service: &str, version: &str, behaviour: &Behaviour) -> (String, Vec<u8>) {
    // The standard library's random keys: a build is no secret, it only has to differ.
    let mut nonce = [0; 32];
    for part in nonce.chunks_mut(8) {
        part.copy_from_slice(&RandomState::new().hash_one(version).to_be_bytes());
    }
    (release_path(service, version), behaviour.build(nonce))
}

/// The versions of a service that are on its machine.
pub async fn installed(
    engine: &impl Exec,
    lab: &Lab,
    service: &str,
) -> Result<BTreeSet<String>, EngineError> {
    let folder = releases_path(service);
    let listed = engine.run_ok(lab, service, &["ls", "-1", &folder], QUICKLY).await?;
    Ok(listed.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect())
}

/// What the code of a release does.
pub(super) async fn behaviour(
    engine: &impl Files,
    lab: &Lab,
    service: &str,
    version: &str,
) -> Result<Behaviour, EngineError> {
    let path = release_path(service, version);
    let bytes = engine.read_bytes(lab, service, &path).await?;
    Behaviour::of_release(&bytes).ok_or_else(|| EngineError::NotRemembered {
        what: format!("release {version} of {service}"),
        why: format!("{path} is no release any more"),
    })
}

/// Removes all versions of a service but these; that they are gone is as good.
pub(super) async fn keep_only(
    engine: &impl Exec,
    lab: &Lab,
    service: &str,
    versions: &BTreeSet<String>,
) -> Result<(), EngineError> {
    let added = &installed(engine, lab, service).await? - versions;
    let folders: Vec<_> =
        added.iter().map(|version| format!("{}/{version}", releases_path(service))).collect();
    if folders.is_empty() {
        return Ok(());
    }
    let argv = ["rm", "-rf"].into_iter().chain(folders.iter().map(String::as_str));
    engine.run_ok(lab, service, &argv.collect::<Vec<_>>(), QUICKLY).await.map(|_| ())
}
