//! A text in which names and numbers stand apart from words, so that what two tools printed in two
//! labs can be compared: entities by the parts they play, numbers as numbers.

use std::collections::BTreeSet;

use crate::domain::rca::record::Inventory;

/// Stands for a name or a number in the text between them: a character no tool prints.
pub(super) const SLOT: char = '\u{1}';

/// Words after which numbers are ids of brokers.
const BEFORE_ID: &[&str] = &[
    "broker",
    "brokerid",
    "brokers",
    "elr",
    "entity-name",
    "follower",
    "id",
    "isr",
    "lastknownelr",
    "leader",
    "leaderid",
    "node",
    "nodeid",
    "replica",
    "replicaid",
    "replicas",
];

/// Words after which numbers are partitions of the topic named before.
const BEFORE_PARTITION: &[&str] = &["partition", "partitions"];

/// Words after which something stands that no two runs have in common, and that says nothing: ids
/// of processes and threads, and Kafka's random ids.
const BEFORE_CHANCE: &[&str] =
    &["pid", "tid", "nid", "topicid", "directoryid", "clusterid", "producerid", "elapsed", "cpu"];

/// Units that directly follow a number, and what they multiply it by.
const UNITS: &[(&str, f64)] = &[
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("kb", 1024.0),
    ("mb", 1_048_576.0),
    ("gb", 1_073_741_824.0),
    ("kbit", 1e3),
    ("mbit", 1e6),
    ("gbit", 1e9),
    ("bit", 1.0),
    ("ms", 1e-3),
    ("us", 1e-6),
    ("k", 1024.0),
    ("m", 1_048_576.0),
    ("g", 1_073_741_824.0),
    ("t", 1_099_511_627_776.0),
    ("b", 1.0),
    ("s", 1.0),
    ("p", 1.0),
];

/// What stands in a slot.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// The name of a machine, a topic, a group, a partition with its topic, or a client.
    Name(String),
    /// The id of a broker.
    Broker(String),
    /// The number of a partition of this topic.
    Partition(Option<String>, String),
    /// A number, as written, and its value if it is one.
    Number(String, Option<f64>),
    /// Something that is another in every run.
    Chance(String),
}

impl Slot {
    /// As it was written.
    pub(super) fn raw(&self) -> &str {
        match self {
            Self::Name(raw)
            | Self::Broker(raw)
            | Self::Partition(_, raw)
            | Self::Number(raw, _)
            | Self::Chance(raw) => raw,
        }
    }

    /// Its value, if it is a number that measures something.
    pub(super) fn value(&self) -> Option<f64> {
        match self {
            Self::Number(_, value) => *value,
            Self::Name(_) | Self::Broker(_) | Self::Partition(..) | Self::Chance(_) => None,
        }
    }
}

/// A text whose names and numbers are in slots. Runs of blanks are one blank.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    /// The text, [`SLOT`] for each slot.
    pub(super) text: String,
    /// What stands in the slots, in their order.
    pub(super) slots: Vec<Slot>,
}

/// The names that are entities in one run.
#[derive(Debug, Clone)]
pub(super) struct Names {
    names: BTreeSet<String>,
    topics: BTreeSet<String>,
}

impl Names {
    /// The names of what a lab is made of.
    pub(super) fn of(inventory: &Inventory) -> Self {
        let machines = inventory.machines.iter().map(|machine| machine.name.clone());
        let topics: BTreeSet<String> = inventory.topics.keys().cloned().collect();
        let names = machines.chain(topics.iter().cloned()).chain(inventory.groups.iter().cloned());
        Self { names: names.collect(), topics }
    }

    /// Reads a text.
    pub(super) fn read(&self, text: &str) -> Words {
        let mut reader = Reader::of(self);
        for line in text.lines() {
            reader.line(line);
        }
        reader.words.text.truncate(reader.words.text.trim_end().len());
        reader.words
    }

    fn is_entity(&self, word: &str) -> bool {
        let numbered = || {
            let (name, number) = word.rsplit_once('-')?;
            let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
            (is_number && self.names.contains(name)).then_some(())
        };
        self.names.contains(word) || numbered().is_some()
    }
}

/// What the numbers that follow are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Numbers,
    Brokers,
    Partitions,
    Chance,
}

struct Reader<'a> {
    names: &'a Names,
    words: Words,
    topic: Option<String>,
    follows: Follows,
    /// Whether the last word was the number of a partition.
    is_listed: bool,
}

impl<'a> Reader<'a> {
    fn of(names: &'a Names) -> Self {
        Self {
            names,
            words: Words::default(),
            topic: None,
            follows: Follows::Numbers,
            is_listed: false,
        }
    }

    fn line(&mut self, line: &str) {
        self.topic = None;
        self.follows = Follows::Numbers;
        self.is_listed = false;
        let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let mut rest = line;
        while !rest.is_empty() {
            let gap = rest.find(is_part).unwrap_or(rest.len());
            self.between(&rest[..gap]);
            rest = &rest[gap..];
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            self.word(word);
            rest = after;
        }
        self.between(" ");
    }

    /// What stands between words: blanks are one blank.
    fn between(&mut self, gap: &str) {
        for c in gap.chars() {
            if c.is_whitespace() {
                if !self.words.text.is_empty() && !self.words.text.ends_with(' ') {
                    self.words.text.push(' ');
                }
            } else {
                self.words.text.push(c);
            }
        }
        // A list of ids goes on over commas and brackets; after anything else numbers are numbers.
        let goes_on = gap.chars().all(|c| c.is_whitespace() || ",:=\"'[]({".contains(c));
        // A table's next column is no partition: a list of them has commas.
        let ends = self.is_listed && !gap.contains(',');
        if !goes_on || ends {
            self.follows = Follows::Numbers;
        }
        self.is_listed = false;
    }

    fn slot(&mut self, slot: Slot) {
        self.words.text.push(SLOT);
        self.words.slots.push(slot);
    }

    fn word(&mut self, word: &str) {
        if is_uuid(word) {
            return self.slot(Slot::Chance(word.to_owned()));
        }
        // A client's id with a random one behind it.
        if word.len() > 37
            && word.is_char_boundary(word.len() - 36)
            && is_uuid(&word[word.len() - 36..])
        {
            self.word(word[..word.len() - 36].trim_end_matches('-'));
            self.words.text.push('-');
            return self.slot(Slot::Chance(word[word.len() - 36..].to_owned()));
        }
        let plain = word.trim_end_matches(['.', '-']);
        if self.names.is_entity(plain) {
            self.slot(Slot::Name(plain.to_owned()));
            let is_topic = self.names.topics.contains(plain);
            self.topic = is_topic.then(|| plain.to_owned()).or(self.topic.take());
            self.follows = if is_topic { Follows::Partitions } else { Follows::Numbers };
            self.words.text.push_str(&word[plain.len()..]);
            return;
        }
        // A machine's name with a domain or a file's ending.
        if let Some((name, ending)) = plain.split_once('.')
            && self.names.is_entity(name)
        {
            self.slot(Slot::Name(name.to_owned()));
            self.words.text.push('.');
            return self.parts(ending);
        }
        let is_number = !plain.is_empty() && plain.chars().all(|c| c.is_ascii_digit());
        if is_number {
            match self.follows {
                Follows::Brokers => self.slot(Slot::Broker(plain.to_owned())),
                Follows::Partitions => {
                    self.is_listed = true;
                    self.slot(Slot::Partition(self.topic.clone(), plain.to_owned()));
                }
                Follows::Chance => self.slot(Slot::Chance(plain.to_owned())),
                Follows::Numbers => self.parts(plain),
            }
            return self.words.text.push_str(&word[plain.len()..]);
        }
        if self.follows == Follows::Chance {
            self.follows = Follows::Numbers;
            return self.slot(Slot::Chance(word.to_owned()));
        }
        let lower = plain.trim_start_matches('-').to_lowercase();
        let goes_on = self.follows == Follows::Brokers && matches!(lower.as_str(), "from" | "to");
        self.follows = if BEFORE_ID.contains(&lower.as_str()) || goes_on {
            Follows::Brokers
        } else if BEFORE_PARTITION.contains(&lower.as_str()) {
            Follows::Partitions
        } else if BEFORE_CHANCE.contains(&lower.as_str()) {
            Follows::Chance
        } else {
            Follows::Numbers
        };
        self.parts(word);
    }

    /// A word that is no name: its numbers are put into slots.
    fn parts(&mut self, word: &str) {
        if is_hexadecimal(word) {
            return self.slot(Slot::Chance(word.to_owned()));
        }
        let mut rest = word;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            self.words.text.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let mantissa = rest[..end].trim_end_matches('.').len();
            let digits = &rest[..mantissa + exponent_of(&rest[mantissa..])];
            let (unit, factor) = unit_of(&rest[digits.len()..]);
            let written = &rest[..digits.len() + unit];
            let value = digits.parse::<f64>().ok().map(|value| value * factor);
            self.slot(Slot::Number(written.to_owned(), value));
            rest = &rest[written.len()..];
        }
        self.words.text.push_str(rest);
    }
}

/// How long the exponent is that a text begins with, as `E7`: 0 when it begins with none.
fn exponent_of(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['E', 'e']) else { return 0 };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let ends = !rest[digits..].starts_with(|c: char| c.is_alphanumeric());
    if digits > 0 && ends { digits + 1 } else { 0 }
}

/// The unit a text begins with, if nothing else of a word follows: how long it is, and what it
/// multiplies by.
fn unit_of(text: &str) -> (usize, f64) {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let lower = text[..letters].to_lowercase();
    let known = UNITS.iter().find(|(unit, _)| *unit == lower);
    known.map_or((0, 1.0), |(unit, factor)| (unit.len(), *factor))
}

fn is_uuid(word: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = word.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length && part.chars().all(|c| c.is_ascii_hexdigit())
        })
}

/// Addresses and hashes: not what somebody would call a number.
fn is_hexadecimal(word: &str) -> bool {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_long = digits.len() >= 8 && digits.chars().any(|c| c.is_ascii_alphabetic());
    let is_hex = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_hex && (is_long && digits.chars().any(|c| c.is_ascii_digit()) || digits.len() < word.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::record::{Machine, Role};

    fn names() -> Names {
        let machine = |name: &str, role| Machine { name: name.to_owned(), role };
        Names::of(&Inventory {
            machines: vec![
                machine("kafka-2", Role::Broker(2)),
                machine("billing", Role::Service { group: Some("billing".to_owned()) }),
            ],
            topics: [("orders".to_owned(), 6)].into(),
            groups: ["billing".to_owned()].into(),
            ..Inventory::default()
        })
    }

    /// The text with what stands in its slots between angle brackets, by its kind.
    fn read(text: &str) -> String {
        let words = names().read(text);
        let mut slots = words.slots.iter();
        let shown = |slot: &Slot| match slot {
            Slot::Name(raw) => format!("<{raw}>"),
            Slot::Broker(raw) => format!("<broker {raw}>"),
            Slot::Partition(topic, raw) => {
                format!("<{}/{raw}>", topic.as_deref().unwrap_or("?"))
            }
            Slot::Number(_, Some(value)) => format!("<{value}>"),
            Slot::Number(raw, None) => format!("<~{raw}>"),
            Slot::Chance(_) => "<*>".to_owned(),
        };
        let piece = |c: char| match c {
            SLOT => slots.next().map(shown).unwrap_or_default(),
            c => c.to_string(),
        };
        words.text.chars().map(piece).collect()
    }

    #[test]
    fn names_and_ids_are_known_in_all_the_forms_kafka_prints() {
        for (text, want) in [
            (
                "\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,3\tElr: ",
                "Topic: <orders> Partition: <orders/0> Leader: <broker 1> Replicas: <broker 1>,<broker 2>,<broker 3> Isr: <broker 1>,<broker 3> Elr:",
            ),
            (
                "billing   orders   3   1200  5400  4200  billing-2-217f06bd-1c95-46f0-96f6-737986edaa7d /172.30.0.8 billing-2",
                "<billing> <orders> <orders/3> <1200> <5400> <4200> <billing-2>-<*> /<~172.30.0.8> <billing-2>",
            ),
            (
                "billing-1 6 orders:0,1,5 -",
                "<billing-1> <6> <orders>:<orders/0>,<orders/1>,<orders/5> -",
            ),
            (
                "[Partition orders-1 broker=2] Shrinking ISR from 2,1 to 2.",
                "[Partition <orders-1> broker=<broker 2>] Shrinking ISR from <broker 2>,<broker 1> to <broker 2>.",
            ),
            (
                "topic=orders, partition=2, offset=17",
                "topic=<orders>, partition=<orders/2>, offset=<17>",
            ),
            (
                "{\"broker\":1,\"logDirs\":[{\"partition\":\"orders-4\",\"size\":6739}]}",
                "{\"broker\":<broker 1>,\"logDirs\":[{\"partition\":\"<orders-4>\",\"size\":<6739>}]}",
            ),
            ("Dynamic configs for broker 2 are:", "Dynamic configs for broker <broker 2> are:"),
            (
                "(brokerId: 1, endOffset: -1) on kafka-2:9092",
                "(brokerId: <broker 1>, endOffset: -<1>) on <kafka-2>:<9092>",
            ),
        ] {
            assert_eq!(read(text), want);
        }
    }

    #[test]
    fn numbers_have_values_and_what_is_chance_has_none() {
        for (text, want) in [
            ("-Xms32m -Xmx33m", "-Xms<33554432> -Xmx<34603008>"),
            ("rate 1800Kbit burst 16Kb lat 300ms", "rate <1800000> burst <16384> lat <0.3>"),
            ("service.version=2.5.2", "service.version=<~2.5.2>"),
            ("run: kafka: (pid 48) 54s", "run: kafka: (pid <*>) <54>"),
            ("tid=0x00007f788401bb50 nid=0x2a runnable", "tid=<*> nid=<*> runnable"),
            ("TopicId: wKxnGdw_TwS675_9qH2Uqg", "TopicId: <*>"),
            ("consumer_byte_rate=8000.0", "consumer_byte_rate=<8000>"),
            ("consumer_byte_rate=2.0E7", "consumer_byte_rate=<20000000>"),
            ("tmpfs 196608 196608 0 100% /x", "tmpfs <196608> <196608> <0> <100>% /x"),
        ] {
            assert_eq!(read(text), want);
        }
    }
}
