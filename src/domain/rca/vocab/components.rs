//! Where a fault can originate: kinds of components and how one is written.

use std::fmt;

/// A kind of component, named by the word before the first colon.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // KINDS says what each one is.
pub enum Kind {
    Broker,
    Topic,
    Partition,
    Group,
    Service,
    Controller,
    Listener,
    Link,
    Disk,
    Principal,
    Quota,
    Transaction,
    Plugin,
}

/// What the vocabulary tells of a kind.
#[derive(Debug, Clone, Copy)]
pub struct KindEntry {
    /// The kind.
    pub kind: Kind,
    /// Its word.
    pub word: &'static str,
    /// An example of a component of this kind.
    pub example: &'static str,
    /// What stands after the colon.
    pub says: &'static str,
    /// What people type when they look for it, separated by commas; no other names for it.
    pub found_by: &'static str,
}

impl KindEntry {
    const fn found_by(self, found_by: &'static str) -> Self {
        Self { found_by, ..self }
    }
}

/// Every kind.
pub const KINDS: &[KindEntry] = &[
    entry(
        Kind::Broker,
        "broker",
        "broker:2",
        "A broker, by its id: its process, memory, processor time or configuration.",
    ).found_by("kafka server, node, jvm, heap, machine"),
    entry(
        Kind::Topic,
        "topic",
        "topic:orders",
        "A topic, by its name: its configuration or assignment.",
    ).found_by("queue, stream"),
    entry(Kind::Partition, "partition", "partition:orders-3", "A partition, as topic-number.").found_by("shard, hot partition"),
    entry(Kind::Group, "group", "group:billing", "A consumer or share group, by its id.").found_by("consumer group, share group, consumers"),
    entry(
        Kind::Service,
        "service",
        "service:billing",
        "An application, by the name `chaoslab status` shows.",
    ).found_by("application, app, consumer, producer, client, deployment"),
    entry(Kind::Controller, "controller", "controller:100", "A controller, by its node id.").found_by("quorum, kraft, metadata, voter"),
    entry(
        Kind::Listener,
        "listener",
        "listener:kafka-2/EXTERNAL",
        "A listener of a machine, as machine/LISTENER.",
    ).found_by("port, advertised address, endpoint"),
    entry(
        Kind::Link,
        "link",
        "link:kafka-2",
        "A machine's network connection, by the machine's name.",
    ).found_by("network, nic, interface, bandwidth, firewall"),
    entry(
        Kind::Disk,
        "disk",
        "disk:kafka-2",
        "A machine's data disk; one of several directories as machine/directory: `disk:kafka-2/d2`.",
    ).found_by("volume, filesystem, log directory, storage, mount"),
    entry(
        Kind::Principal,
        "principal",
        "principal:User:app",
        "Who authenticates, as Kafka writes principals.",
    ).found_by("user, identity, acl, account"),
    entry(
        Kind::Quota,
        "quota",
        "quota:client-id=billing",
        "A quota, by its entity: `user=`, `client-id=`, `ip=`, joined by commas.",
    ).found_by("rate limit, client id"),
    entry(Kind::Transaction, "transaction", "transaction:ledger-1", "A transactional id.").found_by("transactional id, exactly once"),
    entry(
        Kind::Plugin,
        "plugin",
        "plugin:audit",
        "Code loaded into a broker, client or worker, by its configured name.",
    ).found_by("authorizer, interceptor, connector, jar, reporter"),
];

const fn entry(
    kind: Kind,
    word: &'static str,
    example: &'static str,
    says: &'static str,
) -> KindEntry {
    KindEntry { kind, word, example, says, found_by: "" }
}

impl Kind {
    /// The word before the colon.
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|k| k.kind == self).expect("KINDS lists every kind").word
    }

    /// The kind of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        KINDS.iter().find(|k| k.word == word).map(|k| k.kind)
    }
}

/// A component, as `kind:name`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Component {
    /// Its kind.
    pub kind: Kind,
    /// Its name, as the kind writes it.
    pub name: String,
}

impl Component {
    /// The component of this kind and name.
    pub fn of(kind: Kind, name: impl fmt::Display) -> Self {
        Self { kind, name: name.to_string() }
    }

    /// Reads `kind:name`. The error says what is wrong with it; whether the lab has such a
    /// component is another question.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((word, name)) = text.split_once(':') else {
            return Err(format!(
                "`{text}` is not a component: write its kind and its name, as `broker:2` or `link:kafka-2`"
            ));
        };
        let Some(kind) = Kind::of_word(word) else {
            let meant = crate::domain::yaml::nearest(word, KINDS.iter().map(|k| k.word));
            let meant = meant.map(|m| format!("; did you mean `{m}`?")).unwrap_or_default();
            let kinds: Vec<_> = KINDS.iter().map(|k| k.word).collect();
            return Err(format!(
                "unknown kind of component `{word}`, expected one of {}{meant}",
                kinds.join(", ")
            ));
        };
        let component = Self::of(kind, name);
        if component.is_well_formed() {
            Ok(component)
        } else {
            let entry = KINDS.iter().find(|k| k.kind == kind).expect("KINDS lists every kind");
            Err(format!(
                "`{text}` is not written as a {word} is: `{}`. {}",
                entry.example, entry.says
            ))
        }
    }

    /// The topic and the number of a partition.
    pub fn topic_partition(&self) -> Option<(&str, u32)> {
        let (topic, number) =
            self.name.rsplit_once('-').filter(|_| self.kind == Kind::Partition)?;
        Some((topic, number.parse().ok()?))
    }

    fn is_well_formed(&self) -> bool {
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let number = |name: &str| {
            !name.is_empty() && name.len() < 10 && name.chars().all(|c| c.is_ascii_digit())
        };
        match self.kind {
            Kind::Broker | Kind::Controller => number(&self.name),
            Kind::Partition => {
                self.name.rsplit_once('-').is_some_and(|(topic, n)| plain(topic) && number(n))
            }
            Kind::Topic | Kind::Link => plain(&self.name),
            Kind::Listener => self
                .name
                .split_once('/')
                .is_some_and(|(node, listener)| plain(node) && plain(listener)),
            Kind::Disk => plain(self.name.split('/').next().unwrap_or("")),
            Kind::Principal => self
                .name
                .split_once(':')
                .is_some_and(|(kind, name)| plain(kind) && !name.is_empty()),
            Kind::Quota => self.name.split(',').all(|part| {
                part.split_once('=')
                    .is_some_and(|(entity, _)| matches!(entity, "user" | "client-id" | "ip"))
            }),
            Kind::Group | Kind::Service | Kind::Transaction | Kind::Plugin => !self.name.is_empty(),
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.name)
    }
}

impl TryFrom<String> for Component {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Component> for String {
    fn from(component: Component) -> Self {
        component.to_string()
    }
}
