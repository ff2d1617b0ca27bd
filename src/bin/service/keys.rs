//! Which key a record carries, and so which partition it goes to.

use rand_chacha::rand_core::Rng;

use crate::release::FrequentKey;

/// How many tenants there are. They are named `tenant-1`, `tenant-2`, ...
const TENANTS: u32 = 10_000;

/// The next record's key: a tenant, each as often as any other but for one, if there is one.
pub fn draw(frequent: Option<&FrequentKey>, chance: &mut impl Rng) -> String {
    match frequent {
        Some(key) if fraction(chance) * 100.0 < f64::from(key.percent) => key.key.clone(),
        Some(_) | None => format!("tenant-{}", (fraction(chance) * f64::from(TENANTS)) as u32 + 1),
    }
}

/// A number from 0 up to, not including, 1.
fn fraction(chance: &mut impl Rng) -> f64 {
    f64::from(chance.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    fn counts(frequent: Option<&FrequentKey>, draws: u32) -> BTreeMap<String, u32> {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut counts = BTreeMap::new();
        for _ in 0..draws {
            *counts.entry(draw(frequent, &mut chance)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn tenants_are_all_used_alike() {
        let counts = counts(None, 1_000_000);
        assert_eq!(counts.len(), 10_000);
        assert!(counts.values().all(|n| (50..160).contains(n)), "{counts:?}");
        assert!(counts.contains_key("tenant-1") && counts.contains_key("tenant-10000"));
    }

    #[test]
    fn a_frequent_key_takes_its_share() {
        let key = FrequentKey { key: "tenant-42".to_owned(), percent: 90 };
        let counts = counts(Some(&key), 20_000);
        assert!((17_800..18_200).contains(&counts["tenant-42"]));
        assert!(counts.len() > 1000);
    }
}
