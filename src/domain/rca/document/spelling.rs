//! The same thing in the ways people write it: one word or a list, a number with or without quotes,
//! `SEV-2` or `P2`, a sentence where an entry could stand.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Severity;

/// A list; one left empty after its key is an empty list.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of words, or a single one. `broker: 2` is the word `broker:2`.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let words = deserializer.deserialize_any(Words { joined_by: ":" })?;
    Ok(words)
}

/// Texts, one or a list of them. An entry `class: NAME` is that name, another one its text.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = deserializer.deserialize_any(Words { joined_by: ": " })?;
    Ok(texts
        .into_iter()
        .map(|t| t.strip_prefix("class: ").map_or(t.clone(), str::to_owned))
        .collect())
}

/// A name, or several in a list.
pub(super) fn names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let names = deserializer.deserialize_any(Words { joined_by: ": " })?;
    Ok(Some(names.join(", ")).filter(|names| !names.is_empty()))
}

struct Words {
    /// What stands between key and value of a word that YAML takes for a mapping.
    joined_by: &'static str,
}

impl<'de> Visitor<'de> for Words {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a list of words")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, word: &str) -> Result<Self::Value, E> {
        Ok(vec![word.to_owned()])
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            all.push([key.as_str(), self.joined_by, &value].concat());
        }
        Ok(all)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(more) = words.next_element_seed(Nested(self.joined_by))? {
            all.extend(more);
        }
        Ok(all)
    }
}

/// An entry of a list of words, which is no list itself.
struct Nested(&'static str);

impl<'de> serde::de::DeserializeSeed<'de> for Nested {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, entry: D) -> Result<Self::Value, D::Error> {
        struct Entry(Words);
        impl<'de> Visitor<'de> for Entry {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word")
            }
            fn visit_str<E>(self, word: &str) -> Result<Self::Value, E> {
                Ok(vec![word.to_owned()])
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(vec![number.to_string()])
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                self.0.visit_map(map)
            }
        }
        entry.deserialize_any(Entry(Words { joined_by: self.0 }))
    }
}

/// What can be told in a sentence instead of fields.
pub(super) trait Told {
    /// The entry that says no more than this.
    fn told(text: &str) -> Self;
}

/// A list of entries, each a mapping or a sentence; or one of them alone.
pub(super) fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de> + Told>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Entry<T>(T);
    impl<'de, T: Deserialize<'de> + Told> Deserialize<'de> for Entry<T> {
        fn deserialize<D: Deserializer<'de>>(entry: D) -> Result<Self, D::Error> {
            let one = entry.deserialize_any(Entries::<T>(PhantomData, false))?;
            one.into_iter().next().map(Self).ok_or_else(|| Error::custom("this entry is empty"))
        }
    }
    struct Entries<T>(PhantomData<T>, bool);
    impl<'de, T: Deserialize<'de> + Told> Visitor<'de> for Entries<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(if self.1 { "a list" } else { "a mapping, or a sentence" })
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(vec![T::told(text)])
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(|entry| vec![entry])
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(Entry(entry)) = entries.next_element()? {
                all.push(entry);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(Entries(PhantomData, true))
}

impl Severity {
    /// Reads `SEV2`, `sev-2`, `P2`, `S2` or `2`. The error says what to write.
    pub fn parse(written: &str) -> Result<Self, String> {
        let plain: String = written.chars().filter(|c| c.is_alphanumeric()).collect();
        let plain = plain.to_ascii_uppercase();
        let prefixes = ["SEVERITY", "SEV", "PRIORITY", "PRIO", "P", "S"];
        let number = prefixes.iter().find_map(|p| plain.strip_prefix(p)).unwrap_or(&plain);
        Ok(match number {
            "0" | "1" => Self::SEV1,
            "2" => Self::SEV2,
            "3" => Self::SEV3,
            "4" => Self::SEV4,
            "5" => Self::SEV5,
            _ => {
                return Err(format!(
                    "`{written}` is not a severity: write SEV1, the worst, to SEV5"
                ));
            }
        })
    }
}
