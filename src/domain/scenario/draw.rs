//! What a seed chooses. Every choice is drawn by its own name, so that adding one never changes
//! another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A seed: the same seed stages the same lab.
pub type Seed = u64;

/// The values drawn for a run, by name: what templates may use.
pub type Drawn = BTreeMap<String, String>;

/// A value that a seed chooses: one of a list, or a number of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The values to choose from.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// The smallest number.
    #[serde(default)]
    pub from: Option<i64>,
    /// The largest number.
    #[serde(default)]
    pub to: Option<i64>,
    /// The distance between two numbers of the range, 1 unless given.
    #[serde(default)]
    pub step: Option<i64>,
    /// A name drawn before that this choice must differ from.
    #[serde(default)]
    pub unlike: Option<String>,
}

impl Choice {
    /// Every value it can take, in order; the reason when it can take none.
    pub fn values(&self) -> Result<Vec<String>, String> {
        match (self.one_of.is_empty(), self.from, self.to) {
            (false, None, None) => Ok(self.one_of.clone()),
            (true, Some(from), Some(to)) => {
                let step = self.step.unwrap_or(1);
                if step < 1 || from > to {
                    return Err(format!(
                        "the range from {from} to {to} in steps of {step} is empty"
                    ));
                }
                Ok((0..=(to - from) / step).map(|k| (from + k * step).to_string()).collect())
            }
            _ => Err("give either `one_of` or `from` and `to`".to_owned()),
        }
    }
}

/// A number below `n` that depends on the seed and on what it is for, and on nothing else.
pub fn pick(seed: Seed, purpose: &str, n: usize) -> usize {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(purpose.as_bytes());
    let digest = hash.finalize();
    let bytes: [u8; 8] = digest[..8].try_into().expect("a SHA-256 digest has 32 bytes");
    (u64::from_be_bytes(bytes) % n.max(1) as u64) as usize
}

/// The items in an order that depends on the seed and the purpose.
pub fn shuffle<T>(seed: Seed, purpose: &str, mut items: Vec<T>) -> Vec<T> {
    let mut shuffled = Vec::with_capacity(items.len());
    while !items.is_empty() {
        let at = pick(seed, &format!("{purpose}/{}", items.len()), items.len());
        shuffled.push(items.remove(at));
    }
    shuffled
}

/// Draws every choice. `scope` keeps the choices of a family apart from those of its scenarios.
pub fn draw(
    seed: Seed,
    scope: &str,
    choices: &BTreeMap<String, Choice>,
    known: &Drawn,
) -> Result<Drawn, Vec<(String, String)>> {
    let mut drawn = known.clone();
    let mut problems = Vec::new();
    // Those that must be unlike another come after it.
    let (dependent, free): (Vec<_>, Vec<_>) = choices.iter().partition(|(_, c)| c.unlike.is_some());
    for (name, choice) in free.into_iter().chain(dependent) {
        let taken = choice.unlike.as_ref().map(|other| drawn.get(other).cloned().ok_or(other));
        let values = match (choice.values(), taken) {
            (Err(reason), _) => Err(reason),
            (_, Some(Err(other))) => {
                Err(format!("it must be unlike `{other}`, which is not drawn before it"))
            }
            (Ok(values), Some(Ok(other))) => {
                Ok(values.into_iter().filter(|v| *v != other).collect::<Vec<_>>())
            }
            (Ok(values), None) => Ok(values),
        };
        match values {
            Ok(values) if values.is_empty() => {
                problems.push((name.clone(), "there is nothing left to choose".to_owned()))
            }
            Ok(values) => {
                drawn.insert(
                    name.clone(),
                    values[pick(seed, &format!("{scope}/{name}"), values.len())].clone(),
                );
            }
            Err(reason) => problems.push((name.clone(), reason)),
        }
    }
    if problems.is_empty() { Ok(drawn) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(values: &[&str]) -> Choice {
        Choice {
            one_of: values.iter().map(|v| (*v).to_owned()).collect(),
            from: None,
            to: None,
            step: None,
            unlike: None,
        }
    }

    #[test]
    fn a_seed_always_draws_the_same_and_choices_do_not_disturb_each_other() {
        let mut choices: BTreeMap<_, _> = [("victim".to_owned(), one_of(&["1", "2", "3"]))].into();
        let before = draw(7, "family", &choices, &Drawn::new()).expect("can be drawn");
        choices.insert("topic".to_owned(), one_of(&["orders", "payments"]));
        let after = draw(7, "family", &choices, &Drawn::new()).expect("can be drawn");
        assert_eq!(before["victim"], after["victim"]);
        assert_eq!(after, draw(7, "family", &choices, &Drawn::new()).expect("can be drawn"));
    }

    #[test]
    fn every_value_is_drawn_by_some_seed() {
        let choices = [(
            "n".to_owned(),
            Choice { one_of: vec![], from: Some(10), to: Some(30), step: Some(10), unlike: None },
        )]
        .into();
        let seen: std::collections::BTreeSet<_> = (0..100)
            .map(|s| draw(s, "f", &choices, &Drawn::new()).expect("can be drawn")["n"].clone())
            .collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["10", "20", "30"]);
    }

    #[test]
    fn a_choice_can_be_made_unlike_another() {
        let choices = [
            ("a".to_owned(), one_of(&["1", "2"])),
            ("b".to_owned(), Choice { unlike: Some("a".to_owned()), ..one_of(&["1", "2"]) }),
        ]
        .into();
        for seed in 0..50 {
            let drawn = draw(seed, "f", &choices, &Drawn::new()).expect("can be drawn");
            assert_ne!(drawn["a"], drawn["b"]);
        }
    }

    #[test]
    fn an_impossible_choice_is_told_by_name() {
        let choices = [(
            "n".to_owned(),
            Choice { one_of: vec![], from: Some(3), to: Some(1), step: None, unlike: None },
        )]
        .into();
        let problems = draw(1, "f", &choices, &Drawn::new()).expect_err("cannot be drawn");
        assert_eq!(
            problems,
            [("n".to_owned(), "the range from 3 to 1 in steps of 1 is empty".to_owned())]
        );
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items = shuffle(3, "x", (0..20).collect());
        assert_ne!(items, (0..20).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..20).collect::<Vec<_>>());
    }
}
