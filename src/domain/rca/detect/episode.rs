//! From what was seen of one thing, second by second, to when something was the matter with it, and
//! what of that is told as one.

use std::collections::BTreeMap;

use crate::domain::rca::vocab::Component;
use crate::domain::telemetry::series::UnixMs;

/// What a rule says of a thing at one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing could be seen of it: what was, goes on.
    Unseen,
    /// Nothing is the matter.
    Calm,
    /// Something is, since then: seconds back where a rule has to look at a stretch of time to
    /// tell.
    Active(UnixMs),
}

impl State {
    /// Active since this very second, or calm.
    pub fn at(at: UnixMs, active: bool) -> Self {
        if active { Self::Active(at) } else { Self::Calm }
    }

    /// What two looks at the same thing say together.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Active(a), Self::Active(b)) => Self::Active(a.min(b)),
            (active @ Self::Active(_), _) | (_, active @ Self::Active(_)) => active,
            (Self::Calm, _) | (_, Self::Calm) => Self::Calm,
            (Self::Unseen, Self::Unseen) => Self::Unseen,
        }
    }
}

/// A thing a rule watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Where a detection is made.
    pub on: Vec<Component>,
    /// What is in the same company may be told as one: `led by broker 1`. Said with its time, since
    /// that may change.
    pub company: Timeline<String>,
    /// What is added of this one: `broker 2`.
    pub note: String,
    /// What the rule says of it, in the order of time.
    pub states: Vec<(UnixMs, State)>,
}

impl Watched {
    /// A thing that is told for itself.
    pub fn alone(on: Component, states: Vec<(UnixMs, State)>) -> Self {
        Self { on: vec![on], company: Timeline::default(), note: String::new(), states }
    }

    /// The company of all things of a rule, told with these words.
    pub fn all_of(words: &str) -> Timeline<String> {
        Timeline::always(words.to_owned())
    }

    /// The same, told with this.
    pub fn noting(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// A value that holds from one instant to the next one listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline<T>(Vec<(UnixMs, T)>);

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + PartialEq> Timeline<T> {
    /// One value for all times.
    pub fn always(value: T) -> Self {
        Self(vec![(UnixMs::MIN, value)])
    }

    /// Values from their times on, in the order of time.
    pub fn of(values: impl IntoIterator<Item = (UnixMs, T)>) -> Self {
        let mut steps: Vec<(UnixMs, T)> = Vec::new();
        for (at, value) in values {
            if steps.last().is_none_or(|(_, last)| *last != value) {
                steps.push((at, value));
            }
        }
        Self(steps)
    }

    /// The value at this instant, if one was known by then.
    pub fn at(&self, at: UnixMs) -> Option<&T> {
        let next = self.0.partition_point(|(from, _)| *from <= at);
        self.0.get(next.checked_sub(1)?).map(|(_, value)| value)
    }

    /// The same times with other values.
    pub fn map<U>(&self, change: impl Fn(&T) -> U) -> Timeline<U> {
        Timeline(self.0.iter().map(|(at, value)| (*at, change(value))).collect())
    }
}

/// How long something has to last, and what belongs together; milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// It is told once it has lasted this long.
    pub hold: i64,
    /// It is over once nothing was the matter for this long; until then it is the same again.
    pub quiet: i64,
    /// What begins within this of the first in its company is told with it.
    pub together: i64,
}

/// One stretch in which something was the matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Where.
    pub on: Vec<Component>,
    /// What can be said of it in a few words.
    pub told: String,
    /// When it began.
    pub from: UnixMs,
    /// When it was over, if it is.
    pub to: Option<UnixMs>,
    /// When it was clear that it is to be told, which is when it gets its number: no second after
    /// it can change that.
    pub established: UnixMs,
}

/// A stretch of one thing, before what belongs together is told as one.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: UnixMs,
    established: UnixMs,
    to: Option<UnixMs>,
    /// The thing, by its place among what is watched.
    thing: usize,
}

/// The stretches of one thing.
fn stretches(thing: usize, states: &[(UnixMs, State)], patience: Patience) -> Vec<Stretch> {
    struct Current {
        from: UnixMs,
        established: Option<UnixMs>,
        calm_since: Option<UnixMs>,
    }
    let mut done = Vec::new();
    let mut current: Option<Current> = None;
    for (at, state) in states {
        match (state, &mut current) {
            (State::Active(since), None) => {
                let established = (at - since >= patience.hold).then_some(*at);
                current = Some(Current { from: *since, established, calm_since: None });
            }
            (State::Active(_), Some(now)) => {
                now.calm_since = None;
                if now.established.is_none() && at - now.from >= patience.hold {
                    now.established = Some(*at);
                }
            }
            (State::Calm, Some(now)) => {
                let calm_since = *now.calm_since.get_or_insert(*at);
                match now.established {
                    None => current = None,
                    Some(established) if at - calm_since >= patience.quiet => {
                        done.push(Stretch {
                            from: now.from,
                            established,
                            to: Some(calm_since),
                            thing,
                        });
                        current = None;
                    }
                    Some(_) => {}
                }
            }
            (State::Calm, None) | (State::Unseen, _) => {}
        }
    }
    let last = current.and_then(|c| {
        Some(Stretch { from: c.from, established: c.established?, to: c.calm_since, thing })
    });
    done.into_iter().chain(last).collect()
}

/// What a rule's things went through, each company's together.
pub fn episodes(watched: &[Watched], patience: Patience) -> Vec<Episode> {
    let mut by_company: BTreeMap<(String, Vec<Component>), Vec<Stretch>> = BTreeMap::new();
    for (k, thing) in watched.iter().enumerate() {
        for stretch in stretches(k, &thing.states, patience) {
            let company = thing.company.at(stretch.established).cloned().unwrap_or_default();
            // Without a company a thing is its own.
            let alone = if company.is_empty() { thing.on.clone() } else { Vec::new() };
            by_company.entry((company, alone)).or_default().push(stretch);
        }
    }
    let mut episodes = Vec::new();
    for ((company, _), mut members) in by_company {
        members.sort_by_key(|m| (m.established, m.from, m.thing));
        while let Some(first) = members.first().map(|m| m.established) {
            let end = members.partition_point(|m| m.established - first <= patience.together);
            let group: Vec<Stretch> = members.drain(..end).collect();
            episodes.push(told_as_one(&company, &group, watched, first + patience.together));
        }
    }
    episodes
}

fn told_as_one(
    company: &str,
    group: &[Stretch],
    watched: &[Watched],
    established: UnixMs,
) -> Episode {
    let mut on: Vec<Component> = group.iter().flat_map(|m| watched[m.thing].on.clone()).collect();
    on.sort_by_key(in_human_order);
    on.dedup();
    let mut notes: Vec<&str> =
        group.iter().map(|m| watched[m.thing].note.as_str()).filter(|n| !n.is_empty()).collect();
    notes.sort_unstable();
    notes.dedup();
    let told = [company, &notes.join(", ")]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    let ends: Option<Vec<UnixMs>> = group.iter().map(|m| m.to).collect();
    Episode {
        on,
        told,
        from: group.iter().map(|m| m.from).min().unwrap_or(established),
        to: ends.and_then(|ends| ends.into_iter().max()),
        established,
    }
}

/// `orders-2` before `orders-10`.
pub fn in_human_order(component: &Component) -> (crate::domain::rca::vocab::Kind, String, u64) {
    let stem = component.name.trim_end_matches(|c: char| c.is_ascii_digit());
    (component.kind, stem.to_owned(), component.name[stem.len()..].parse().unwrap_or(0))
}
