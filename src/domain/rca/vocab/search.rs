//! Looking up a vocabulary in plain words: by names, by what people type instead (`found_by`), and
//! by the sentence. Plural, case, hyphens and small slips of the finger do not matter.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;

/// Words that say nothing about what is looked for.
const SILENT: &[&str] = &[
    "a", "an", "and", "any", "are", "at", "be", "because", "by", "for", "from", "has", "have",
    "in", "is", "it", "its", "my", "of", "on", "or", "our", "that", "the", "there", "this", "to",
    "too", "was", "were", "what", "which", "who", "with",
];

/// Words that say how much or whether: they help to choose, but nothing has to have them.
const GRADING: &[&str] = &[
    "always", "enough", "few", "high", "less", "low", "many", "more", "much", "no", "not", "only",
    "still", "very",
];

/// What such a word, or one that no entry has, is worth beside the others.
const ASIDE: f64 = 0.3;

/// What a word is worth by where an entry has it: in its names, in what it is found by, in the
/// sentence.
const IN_NAME: f64 = 1.0;
const IN_FOUND_BY: f64 = 0.8;
const IN_SENTENCE: f64 = 0.4;

/// What a word is worth by how it was found: as a beginning, with another ending, as a slip of the
/// finger.
const BEGINS: f64 = 0.6;
const ENDS_OTHERWISE: f64 = 0.5;
const MISTYPED: f64 = 0.7;

/// How much more it counts that a whole phrase is the entry's than that its words occur there.
const PHRASE: f64 = 3.0;

/// What a group is worth beside a mechanism that is found by the same words.
const GROUP: f64 = 0.8;

/// The share of what was asked for that an entry must have when none has all of it.
const PART: f64 = 0.5;

/// How many entries are shown that have only a part of what was asked for.
const PARTIAL: usize = 8;

/// The entries that match, the best first: those with every word, else those with most of them.
pub(super) fn search(entries: Vec<Entry>, pattern: &str) -> Vec<Entry> {
    let known: Vec<Known> = entries.iter().map(Known::of).collect();
    let dictionary = Dictionary::of(&known);
    let asked = dictionary.asked(pattern);
    if asked.is_empty() {
        return if pattern.trim().is_empty() { entries } else { Vec::new() };
    }
    let weighed: Vec<_> = asked.iter().map(|word| (word, dictionary.weight(word))).collect();
    let all: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    let must = |word: &Asked| !word.grades || asked.iter().all(|other| other.grades);
    let wanted = || weighed.iter().filter(|(word, _)| must(word));
    let needed: f64 = wanted().map(|(_, weight)| weight).sum();
    let mut found: Vec<(f64, f64, Entry)> = Vec::new();
    for (entry, known) in entries.into_iter().zip(&known) {
        let has = wanted().filter(|(word, _)| known.worth(word) > 0.0);
        let share = has.map(|(_, weight)| weight).sum::<f64>() / needed;
        let words: f64 = weighed.iter().map(|(word, weight)| known.worth(word) * weight).sum();
        let phrase = known.phrases.iter().map(|p| dictionary.alike(p, &asked)).fold(0.0, f64::max);
        let score = (words / all + PHRASE * phrase) * if entry.group { GROUP } else { 1.0 };
        found.push((share, score, entry));
    }
    let whole = |share: f64| share > 0.999;
    if found.iter().any(|(share, ..)| whole(*share)) {
        found.retain(|(share, ..)| whole(*share));
    } else {
        found.retain(|(share, ..)| *share >= PART);
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    if !found.first().is_some_and(|(share, ..)| whole(*share)) {
        found.truncate(PARTIAL);
    }
    found.into_iter().map(|(.., entry)| entry).collect()
}

/// An entry's words, each as its stem.
struct Known {
    name: BTreeSet<String>,
    found_by: BTreeSet<String>,
    sentence: BTreeSet<String>,
    phrases: Vec<BTreeSet<String>>,
}

impl Known {
    fn of(entry: &Entry) -> Self {
        let names = || std::iter::once(entry.id).chain(entry.also.iter().copied());
        let last = |id: &'static str| id.rsplit('.').next().unwrap_or(id);
        let phrases: Vec<BTreeSet<String>> = entry
            .found_by
            .split(',')
            .chain(names())
            .chain(names().map(last))
            .map(|phrase| stems(phrase).into_iter().collect())
            .filter(|phrase: &BTreeSet<String>| !phrase.is_empty())
            .collect();
        Self {
            name: names().flat_map(stems).collect(),
            found_by: stems(entry.found_by).into_iter().collect(),
            sentence: stems(entry.says).into_iter().collect(),
            phrases,
        }
    }

    fn words(&self) -> impl Iterator<Item = &String> {
        self.name.iter().chain(&self.found_by).chain(&self.sentence)
    }

    /// What a word is worth here: 0 when it does not occur.
    fn worth(&self, asked: &Asked) -> f64 {
        let places =
            [(&self.name, IN_NAME), (&self.found_by, IN_FOUND_BY), (&self.sentence, IN_SENTENCE)];
        let best =
            |words: &BTreeSet<String>| words.iter().map(|word| asked.is(word)).fold(0.0, f64::max);
        places.into_iter().map(|(words, worth)| worth * best(words)).fold(0.0, f64::max)
    }
}

/// A word that was asked for, as its stem.
struct Asked {
    stem: String,
    /// What it was probably meant to be, when no entry has it.
    meant: Vec<String>,
    /// Whether it only says how much or whether.
    grades: bool,
}

impl Asked {
    fn is(&self, word: &str) -> f64 {
        if self.stem == word {
            1.0
        } else if self.meant.iter().any(|meant| meant == word) {
            MISTYPED
        } else if self.stem.len() >= 3 && word.starts_with(&self.stem) {
            BEGINS
        } else if word.len() >= 5 && self.stem.starts_with(word) {
            ENDS_OTHERWISE
        } else {
            0.0
        }
    }
}

/// Every word of a vocabulary, and how many entries have it.
struct Dictionary {
    entries: usize,
    words: BTreeMap<String, usize>,
}

impl Dictionary {
    fn of(known: &[Known]) -> Self {
        let mut words = BTreeMap::new();
        for entry in known {
            for word in entry.words().collect::<BTreeSet<_>>() {
                *words.entry(word.clone()).or_default() += 1;
            }
        }
        Self { entries: known.len(), words }
    }

    /// The words of a pattern; two that are written as one here, or one that is two, as the
    /// vocabulary has them.
    fn asked(&self, pattern: &str) -> Vec<Asked> {
        let mut written = words(pattern);
        let mut at = 0;
        while at + 1 < written.len() {
            let joined = [written[at].as_str(), &written[at + 1]].concat();
            let known = |word: &String| self.words.contains_key(&stemmed(word));
            if known(&joined) && !(known(&written[at]) && known(&written[at + 1])) {
                written.splice(at..at + 2, [joined]);
            }
            at += 1;
        }
        let parted = written.into_iter().flat_map(|word| self.parted(word));
        let mut asked: Vec<Asked> = Vec::new();
        for stem in parted {
            if asked.iter().all(|before| before.stem != stem) {
                let grades = GRADING.iter().any(|word| stemmed(word) == stem);
                asked.push(Asked { meant: self.meant(&stem), grades, stem });
            }
        }
        asked
    }

    /// Whether a word, or one that begins with it, is known.
    fn knows(&self, stem: &str) -> bool {
        let from = self.words.range(stem.to_owned()..).next();
        self.words.contains_key(stem)
            || stem.len() >= 3 && from.is_some_and(|(word, _)| word.starts_with(stem))
    }

    /// The stem of a word, or of the two it is made of when only those are known.
    fn parted(&self, word: String) -> Vec<String> {
        let stem = stemmed(&word);
        if !self.knows(&stem) {
            for (at, _) in word.char_indices().filter(|(at, _)| *at >= 3) {
                let parts = [&word[..at], &word[at..]].map(stemmed);
                if parts.iter().all(|p| p.len() >= 3 && self.words.contains_key(p)) {
                    return parts.to_vec();
                }
            }
        }
        vec![stem]
    }

    /// The words that an unknown one was probably meant to be.
    fn meant(&self, stem: &str) -> Vec<String> {
        let slips = match stem.chars().count() {
            0..=3 => return Vec::new(),
            4..=7 => 1,
            _ => 2,
        };
        if self.knows(stem) {
            return Vec::new();
        }
        let near = |word: &&String| strsim::damerau_levenshtein(stem, word) <= slips;
        self.words.keys().filter(near).cloned().collect()
    }

    /// How much a word tells: one that few entries have tells more.
    fn weight(&self, asked: &Asked) -> f64 {
        let having = |stem: &String| self.words.get(stem).copied();
        let entries = having(&asked.stem).or_else(|| asked.meant.iter().filter_map(having).max());
        let is_aside = asked.grades || entries.is_none() && !self.knows(&asked.stem);
        self.rarity(entries.unwrap_or(1)) * if is_aside { ASIDE } else { 1.0 }
    }

    fn rarity(&self, entries: usize) -> f64 {
        (1.0 + self.entries as f64 / entries.max(1) as f64).ln()
    }

    /// The share of two phrases that is in both, by weight.
    fn alike(&self, phrase: &BTreeSet<String>, asked: &[Asked]) -> f64 {
        let weight = |word: &String| self.rarity(self.words.get(word).copied().unwrap_or(1));
        let whole: f64 = phrase.iter().map(weight).sum();
        let mut common = 0.0;
        let mut alone = 0.0;
        for word in asked {
            match phrase.iter().max_by(|a, b| word.is(a).total_cmp(&word.is(b))) {
                Some(best) if word.is(best) > 0.0 => common += word.is(best) * weight(best),
                Some(_) | None => alone += self.weight(word),
            }
        }
        common / (whole + alone)
    }
}

/// The words of a text that say something, in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && !SILENT.contains(&word.as_str())).collect()
}

/// Those words without their endings.
fn stems(text: &str) -> Vec<String> {
    words(text).iter().map(|word| stemmed(word)).collect()
}

/// A word without plural, tense and adverb, so that `throttles`, `throttled` and `throttling` are
/// one.
fn stemmed(word: &str) -> String {
    let cut = |ending: &str| word.strip_suffix(ending).filter(|rest| rest.chars().count() >= 3);
    let doubled = |rest: &str| {
        let mut back = rest.chars().rev();
        match (back.next(), back.next()) {
            (Some(a), Some(b)) if a == b && !"lsz".contains(a) => {
                rest[..rest.len() - a.len_utf8()].to_owned()
            }
            _ => rest.to_owned(),
        }
    };
    let rest = if let Some(rest) = cut("ies").or_else(|| cut("y")) {
        format!("{rest}i")
    } else if let Some(rest) = cut("ing").or_else(|| cut("ed")) {
        doubled(rest)
    } else if let Some(rest) = cut("s").filter(|rest| !rest.ends_with(['s', 'u', 'i'])) {
        rest.to_owned()
    } else {
        word.to_owned()
    };
    rest.strip_suffix('e').filter(|rest| rest.len() >= 3).map_or(rest.clone(), str::to_owned)
}
