//! Words that would give a cause away: its folder's name and its class.

use crate::domain::rca::vocab::domain;

/// Words of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    slug: String,
    class: String,
}

impl Words {
    /// The words of a scenario, by its folder and class.
    pub fn of(slug: &str, class: &str) -> Self {
        Self { slug: slug.to_owned(), class: class.to_owned() }
    }

    /// What in a text that is the same for all causes, or tells what was changed, names the cause.
    /// Whoever words a change feed says that a limit was set, not that it starves; a control has
    /// nothing to hide but its folder.
    pub fn given_away_by(&self, text: &str) -> Option<String> {
        let text_words = words(text);
        let has_all =
            |phrase: &[String]| !phrase.is_empty() && phrase.iter().all(|w| text_words.contains(w));
        let slug = words(&self.slug);
        if text_words.windows(slug.len().max(1)).any(|w| w == slug) {
            return Some(self.slug.clone());
        }
        let last = self.class.rsplit('.').next().unwrap_or("");
        (domain(&self.class) != "none" && has_all(&words(last))).then(|| last.to_owned())
    }
}

/// The words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_class_give_a_cause_away_and_a_change_does_not() {
        let cause = Words::of("slow-upload", "network.capacity.link_capped");
        assert_eq!(cause.given_away_by("host profile bulk-egress applied to kafka-2"), None);
        assert_eq!(
            cause.given_away_by("The link of kafka-2 was capped").as_deref(),
            Some("link_capped")
        );
        assert_eq!(cause.given_away_by("a slow upload").as_deref(), Some("slow-upload"));
        assert_eq!(
            Words::of("restarted-broker", "none.self_healed")
                .given_away_by("self healed, broker restarted"),
            None
        );
    }
}
