//! The causes: a tree of dotted names, domain first. Leaves are mechanisms; what stands above them
//! is for an analysis that got only so far.

mod access;
mod around;
mod broker;
mod client;
mod cluster;
mod groups;
mod network;
mod none;
mod storage;

use std::sync::LazyLock;

pub use groups::GROUPS;

/// A cause an analysis may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Its dotted name.
    pub id: &'static str,
    /// The mechanism, in one sentence.
    pub says: &'static str,
    /// The other places of the tree where the same mechanism belongs; each is accepted for the
    /// name.
    pub also: &'static [&'static str],
    /// What people type when they look for it, separated by commas. For searching only: none of
    /// these is accepted as a name.
    pub found_by: &'static str,
}

impl Class {
    const fn found_by(self, found_by: &'static str) -> Self {
        Self { found_by, ..self }
    }
}

const fn class(id: &'static str, says: &'static str) -> Class {
    Class { id, says, also: &[], found_by: "" }
}

const fn shared(id: &'static str, also: &'static [&'static str], says: &'static str) -> Class {
    Class { also, ..class(id, says) }
}

/// The leaves: every mechanism an analysis can name.
pub static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    [
        none::NONE,
        broker::BROKER,
        network::NETWORK,
        storage::STORAGE,
        cluster::CLUSTER,
        client::CLIENT,
        access::ACCESS,
        around::AROUND,
    ]
    .concat()
});
