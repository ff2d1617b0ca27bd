//! Which key a record carries, and so which partition it goes to.

use std::str::FromStr;

use rand_chacha::rand_core::Rng;

/// How many tenants there are when the property does not say.
const TENANTS: u32 = 10_000;

/// The longest key taken, so that an order always fits its smallest size.
const LONGEST: usize = 64;

/// How keys are chosen. Tenants are named `tenant-1`, `tenant-2`, ...
#[derive(Debug, Clone, PartialEq)]
pub enum KeyDistribution {
    /// No key: the `partitioner` spreads the records.
    None,
    /// Every tenant as often as any other.
    Uniform {
        /// How many tenants.
        tenants: u32,
    },
    /// One key takes a share of all records, the others are uniform.
    Skewed {
        /// The frequent key.
        key: String,
        /// Its share of the records, 0 to 1.
        share: f64,
    },
}

impl KeyDistribution {
    /// The next record's key.
    pub fn draw(&self, chance: &mut impl Rng) -> Option<String> {
        match self {
            Self::None => None,
            Self::Uniform { tenants } => Some(tenant(chance, *tenants)),
            Self::Skewed { key, share } if fraction(chance) < *share => Some(key.clone()),
            Self::Skewed { .. } => Some(tenant(chance, TENANTS)),
        }
    }
}

fn tenant(chance: &mut impl Rng, tenants: u32) -> String {
    format!("tenant-{}", (fraction(chance) * f64::from(tenants)) as u32 + 1)
}

/// A number from 0 up to, not including, 1.
fn fraction(chance: &mut impl Rng) -> f64 {
    f64::from(chance.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

impl FromStr for KeyDistribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match (kind, rest) {
            ("none", "") => Ok(Self::None),
            ("uniform", "") => Ok(Self::Uniform { tenants: TENANTS }),
            ("uniform", count) => match count.parse() {
                Ok(tenants) if tenants > 0 => Ok(Self::Uniform { tenants }),
                _ => Err(format!("`{count}` is not a number of keys")),
            },
            ("skewed", rest) => {
                let (key, share) = rest
                    .rsplit_once(':')
                    .ok_or("`skewed` needs a key and its share, as in skewed:tenant-42:0.9")?;
                let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                if key.is_empty() || key.len() > LONGEST || !key.chars().all(plain) {
                    return Err(format!(
                        "`{key}` is not a key: up to {LONGEST} letters, digits, `.`, `_` and `-`"
                    ));
                }
                match share.parse() {
                    Ok(share) if (0.0..=1.0).contains(&share) => {
                        Ok(Self::Skewed { key: key.to_owned(), share })
                    }
                    _ => Err(format!("`{share}` is not a share between 0 and 1")),
                }
            }
            _ => Err(format!("`{text}` is none of none, uniform, uniform:COUNT, skewed:KEY:SHARE")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    fn counts(distribution: &str, draws: u32) -> BTreeMap<Option<String>, u32> {
        let distribution: KeyDistribution = distribution.parse().unwrap();
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut counts = BTreeMap::new();
        for _ in 0..draws {
            *counts.entry(distribution.draw(&mut chance)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn no_keys() {
        assert_eq!(counts("none", 10), BTreeMap::from([(None, 10)]));
    }

    #[test]
    fn uniform_keys_are_all_used_alike() {
        let counts = counts("uniform:20", 20_000);
        assert_eq!(counts.len(), 20);
        assert!(counts.values().all(|n| (850..1150).contains(n)), "{counts:?}");
        assert!(
            counts.contains_key(&Some("tenant-1".to_owned()))
                && counts.contains_key(&Some("tenant-20".to_owned()))
        );
    }

    #[test]
    fn a_skewed_key_takes_its_share() {
        let counts = counts("skewed:tenant-42:0.9", 20_000);
        assert!((17_800..18_200).contains(&counts[&Some("tenant-42".to_owned())]));
        assert!(counts.len() > 1000);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let refusal = |text: &str| text.parse::<KeyDistribution>().unwrap_err();
        assert_eq!(
            refusal("zipf"),
            "`zipf` is none of none, uniform, uniform:COUNT, skewed:KEY:SHARE"
        );
        assert_eq!(refusal("uniform:0"), "`0` is not a number of keys");
        assert_eq!(
            refusal("skewed:a"),
            "`skewed` needs a key and its share, as in skewed:tenant-42:0.9"
        );
        assert_eq!(
            refusal("skewed:a b:0.5"),
            "`a b` is not a key: up to 64 letters, digits, `.`, `_` and `-`"
        );
        assert_eq!(refusal("skewed:a:1.5"), "`1.5` is not a share between 0 and 1");
    }
}
