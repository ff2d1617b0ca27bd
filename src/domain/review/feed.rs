//! `changes:` of a family: what its change feeds are drawn from.

use std::collections::BTreeSet;

use crate::domain::fault::Action;
use crate::domain::scenario::feed::Stock;
use crate::domain::yaml::Step;

/// A learner reads none of a text again within three drills, of seven entries each at most; with
/// room to draw from.
const OTHERS: usize = 40;
/// A kind is listed once in a drill at most; one more than in three drills.
const TEXTS_OF_A_KIND: usize = 4;
/// From level 3 on a drill has one of each.
const FROM_LEVEL_3: usize = 4;

type Placed<T> = (Vec<Step<'static>>, T);

/// All texts a feed may tell, and who logs them.
pub(super) fn texts(stock: &Stock) -> Vec<(Vec<Step<'_>>, &String)> {
    let kinds = stock.kinds.iter().flat_map(|(name, kind)| {
        let path = vec![Step::Key("changes"), Step::Key("kinds"), Step::Key(name)];
        kind.say.iter().chain(&kind.by).map(move |text| (path.clone(), text))
    });
    let lists =
        [("others", &stock.others), ("decoys", &stock.decoys), ("misleading", &stock.misleading)];
    let works = lists.into_iter().flat_map(|(name, works)| {
        works.iter().enumerate().flat_map(move |(k, work)| {
            let path = vec![Step::Key("changes"), Step::Key(name), Step::Item(k)];
            [(path.clone(), &work.say), (path, &work.by)]
        })
    });
    kinds.chain(works).collect()
}

/// What makes feeds short of texts, tell one twice, or need more than every engine can do.
pub(super) fn problems(stock: &Stock) -> Vec<Placed<String>> {
    let at = |name| vec![Step::Key("changes"), Step::Key(name)];
    let mut problems = Vec::new();
    let lists = [
        ("others", stock.others.len(), OTHERS),
        ("decoys", stock.decoys.len(), FROM_LEVEL_3),
        ("misleading", stock.misleading.len(), FROM_LEVEL_3),
        ("disturbances", stock.disturbances.len(), 1),
    ];
    for (name, there, needed) in lists {
        if there < needed {
            problems.push((at(name), format!("give {needed} at least; there are {there}")));
        }
    }
    for (name, kind) in &stock.kinds {
        if kind.say.len() < TEXTS_OF_A_KIND || kind.by.is_empty() {
            let message = format!(
                "`{name}` needs {TEXTS_OF_A_KIND} texts at least and somebody who logs them"
            );
            problems.push((at("kinds"), message));
        }
    }
    let mut told = BTreeSet::new();
    let says = stock.kinds.values().flat_map(|kind| &kind.say);
    let works = [&stock.others, &stock.decoys, &stock.misleading].into_iter().flatten();
    for say in says.chain(works.map(|work| &work.say)) {
        if !told.insert(say) {
            let message = format!("`{say}` is there twice");
            problems.push((vec![Step::Key("changes")], message));
        }
    }
    if let Some(action) = actions(stock).find(|action| action.requires().is_some()) {
        let message = format!("not every engine can do what is harmless here: {action:?}");
        problems.push((vec![Step::Key("changes")], message));
    }
    problems
}

/// All that a feed of this stock may really do.
fn actions(stock: &Stock) -> impl Iterator<Item = &Action> {
    let works = [&stock.others, &stock.decoys, &stock.misleading].into_iter().flatten();
    let of_kinds = stock.kinds.values().flat_map(|kind| &kind.actions);
    let besides = stock.disturbances.iter().flat_map(|besides| &besides.actions);
    of_kinds.chain(works.flat_map(|work| &work.actions)).chain(besides)
}
