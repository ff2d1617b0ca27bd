//! Where a quote stands in a text: names by the parts they play, numbers as numbers.

use super::casting::Casting;
use super::words::{SLOT, Slot, Words};

/// The slots of a text in which the slots of a quote were found.
pub(super) type Match<'w> = Vec<&'w Slot>;

/// Lines as one text.
pub(super) fn joined(lines: &[Words]) -> Words {
    let mut whole = Words::default();
    for line in lines.iter().filter(|line| !line.text.is_empty()) {
        if !whole.text.is_empty() {
            whole.text.push(' ');
        }
        whole.text.push_str(&line.text);
        whole.slots.extend(line.slots.iter().cloned());
    }
    whole
}

/// Whether what stands there between two others does not begin or end within a list of numbers.
pub(super) fn is_whole(text: &str, from: usize, to: usize) -> bool {
    let ends = text[from..to].ends_with(SLOT);
    let begins = text[from..to].starts_with(SLOT);
    let goes_on = |rest: &str| rest.strip_prefix(',').is_some_and(|rest| rest.starts_with(SLOT));
    let went_on = |rest: &str| rest.strip_suffix(',').is_some_and(|rest| rest.ends_with(SLOT));
    !(ends && goes_on(&text[to..]) || begins && went_on(&text[..from]))
}

/// The places of a text at which a quote stands as it is; with `whole`, not within a list.
pub(super) fn in_order<'w>(
    quote: &Words,
    text: &'w Words,
    casting: &Casting,
    whole: bool,
) -> Vec<Match<'w>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.text[from..].find(&quote.text) {
        let start = from + at;
        let before = text.text[..start].matches(SLOT).count();
        let slots = &text.slots[before..before + quote.slots.len()];
        let fits_all = quote.slots.iter().zip(slots).all(|(a, b)| fits(a, b, casting));
        if fits_all && (!whole || is_whole(&text.text, start, start + quote.text.len())) {
            found.push(slots.iter().collect());
        }
        let next = text.text[start..].chars().next().map_or(1, char::len_utf8);
        from = start + next;
        if quote.text.is_empty() {
            break;
        }
    }
    found
}

/// A line that has all words of a quote, in whatever order.
pub(super) fn in_any_order<'w>(
    quote: &Words,
    line: &'w Words,
    casting: &Casting,
) -> Option<Match<'w>> {
    let (wanted, there) = (tokens(quote), tokens(line));
    let mut found = Vec::new();
    for (text, slots) in wanted {
        let (_, fitting) = there.iter().find(|(other, others)| {
            *other == text && slots.iter().zip(*others).all(|(a, b)| fits(a, b, casting))
        })?;
        found.extend(fitting.iter());
    }
    Some(found)
}

/// The words of a text between blanks, each with its slots.
fn tokens(words: &Words) -> Vec<(&str, &[Slot])> {
    let mut used = 0;
    let mut tokens = Vec::new();
    for token in words.text.split(' ').filter(|token| !token.is_empty()) {
        let count = token.matches(SLOT).count();
        tokens.push((token, &words.slots[used..used + count]));
        used += count;
    }
    tokens
}

/// Whether what stands in a recording's slot is, under the run's names, what the quote has there.
/// Any number is as good as another, but none is nothing.
fn fits(quoted: &Slot, there: &Slot, casting: &Casting) -> bool {
    match there {
        Slot::Name(_) | Slot::Broker(_) | Slot::Partition(Some(_), _) => {
            casting.called(there).as_deref() == Some(quoted.raw())
        }
        Slot::Number(_, Some(value)) => match quoted {
            Slot::Name(_) => false,
            Slot::Broker(_) | Slot::Partition(..) | Slot::Chance(_) => true,
            Slot::Number(_, quoted) => quoted.is_none_or(|q| (q == 0.0) == (*value == 0.0)),
        },
        Slot::Number(_, None) | Slot::Partition(None, _) | Slot::Chance(_) => {
            !matches!(quoted, Slot::Name(_))
        }
    }
}
