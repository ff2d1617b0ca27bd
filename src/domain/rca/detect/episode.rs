//! From what was seen of one thing, second by second, to when something was the matter with it, and
//! what of that is told as one.

use std::collections::BTreeMap;

use crate::domain::rca::vocab::Component;
use crate::domain::telemetry::series::{Labels, UnixMs};

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

/// A thing a rule watches, in some seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// What it is known by from one stretch of seconds to the next.
    pub thing: String,
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
    /// A thing that is told for itself and of which there is one on a component.
    pub fn alone(on: Component, states: Vec<(UnixMs, State)>) -> Self {
        Self {
            thing: on.to_string(),
            on: vec![on],
            company: Timeline::default(),
            note: String::new(),
            states,
        }
    }

    /// A thing that is told for itself and is this series.
    pub fn series(labels: &Labels, on: Component, states: Vec<(UnixMs, State)>) -> Self {
        Self { thing: labels.to_string(), ..Self::alone(on, states) }
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

/// A stretch of one thing that is to be told, before what belongs together is told as one.
#[derive(Debug, Clone)]
struct Stretch {
    company: String,
    on: Vec<Component>,
    note: String,
    from: UnixMs,
    established: UnixMs,
    to: Option<UnixMs>,
}

/// How it stands with one thing in whose matter something is.
#[derive(Debug, Clone, Copy)]
struct Current {
    from: UnixMs,
    /// Its place among the stretches, once it is established.
    place: Option<usize>,
    calm_since: Option<UnixMs>,
}

/// What the things of a rule went through, as far as their seconds were seen.
#[derive(Debug)]
pub struct Episodes {
    patience: Patience,
    current: BTreeMap<String, Current>,
    stretches: Vec<Stretch>,
}

impl Episodes {
    /// Nothing was seen yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, current: BTreeMap::new(), stretches: Vec::new() }
    }

    /// What was seen next of these things. Seconds of a thing come in their order.
    pub fn see(&mut self, watched: Vec<Watched>) {
        for thing in watched {
            let mut current = self.current.remove(&thing.thing);
            for (at, state) in &thing.states {
                current = self.next(current, &thing, *at, *state);
            }
            if let Some(current) = current {
                self.current.insert(thing.thing, current);
            }
        }
    }

    /// How it stands with a thing after one more second.
    fn next(
        &mut self,
        current: Option<Current>,
        thing: &Watched,
        at: UnixMs,
        state: State,
    ) -> Option<Current> {
        match (state, current) {
            (State::Active(since), None) => {
                let now = Current { from: since, place: None, calm_since: None };
                Some(self.established(now, thing, at))
            }
            (State::Active(_), Some(mut now)) => {
                now.calm_since = None;
                if let Some(place) = now.place {
                    self.stretches[place].to = None;
                }
                Some(self.established(now, thing, at))
            }
            (State::Calm, Some(mut now)) => {
                let calm_since = *now.calm_since.get_or_insert(at);
                // What was not established is forgotten.
                let place = now.place?;
                self.stretches[place].to = Some(calm_since);
                (at - calm_since < self.patience.quiet).then_some(now)
            }
            (State::Calm, None) => None,
            (State::Unseen, current) => current,
        }
    }

    /// The same, to be told from now on if it has lasted long enough.
    fn established(&mut self, mut now: Current, thing: &Watched, at: UnixMs) -> Current {
        if now.place.is_none() && at - now.from >= self.patience.hold {
            now.place = Some(self.stretches.len());
            self.stretches.push(Stretch {
                company: thing.company.at(at).cloned().unwrap_or_default(),
                on: thing.on.clone(),
                note: thing.note.clone(),
                from: now.from,
                established: at,
                to: None,
            });
        }
        now
    }

    /// What is to be told, each company's together.
    pub fn told(&self) -> Vec<Episode> {
        let mut by_company: BTreeMap<(&str, &[Component]), Vec<&Stretch>> = BTreeMap::new();
        for stretch in &self.stretches {
            // Without a company a thing is its own.
            let alone = if stretch.company.is_empty() { &stretch.on[..] } else { &[] };
            by_company.entry((&stretch.company, alone)).or_default().push(stretch);
        }
        let together = self.patience.together;
        let mut episodes = Vec::new();
        for ((company, _), mut members) in by_company {
            members.sort_by_key(|m| (m.established, m.from));
            let mut rest = &members[..];
            while let Some(first) = rest.first().map(|m| m.established) {
                let (group, after) =
                    rest.split_at(rest.partition_point(|m| m.established - first <= together));
                episodes.push(told_as_one(company, group, first + together));
                rest = after;
            }
        }
        episodes
    }
}

fn told_as_one(company: &str, group: &[&Stretch], established: UnixMs) -> Episode {
    let mut on: Vec<Component> = group.iter().flat_map(|m| m.on.clone()).collect();
    on.sort_by_key(in_human_order);
    on.dedup();
    let mut notes: Vec<&str> =
        group.iter().map(|m| m.note.as_str()).filter(|n| !n.is_empty()).collect();
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
