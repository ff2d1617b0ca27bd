//! A grade as people are shown it: nothing in it that cannot be seen, and nothing twice.

use std::collections::BTreeSet;

use crate::domain::grade::Grade;

/// The grade with characters that would act instead of being seen written out, and with what was
/// looked at told where it first comes up only.
pub(super) fn shown(grade: &Grade) -> Grade {
    let mut grade = grade.clone();
    for evidence in &mut grade.evidence {
        for text in [&mut evidence.reason, &mut evidence.observed, &mut evidence.why] {
            *text = visible(text);
        }
        evidence.look = visible(&evidence.look);
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for loss in &mut grade.losses {
        for text in [&mut loss.says, &mut loss.observed, &mut loss.look] {
            *text = visible(text);
        }
        if !seen.insert(loss.look.clone()) {
            loss.look.clear();
            loss.observed.clear();
        }
    }
    for gate in &mut grade.gates {
        gate.why = visible(&gate.why);
    }
    for damage in &mut grade.collateral {
        (damage.says, damage.look) = (visible(&damage.says), visible(&damage.look));
    }
    grade.notes.iter_mut().for_each(|note| *note = visible(note));
    grade
}

/// A text whose characters are all seen: control characters, those that turn the direction of
/// writing round, and those without a width are written as their numbers.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(is_hidden) {
        return text.to_owned();
    }
    let written = |c: char| match is_hidden(c) {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    text.chars().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_turn_a_text_round_is_written_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}[1m\u{200b}c\n"), "a\\u{202e}b\\u{1b}[1m\\u{200b}c\n");
        assert_eq!(visible("plain, und größer"), "plain, und größer");
    }
}
