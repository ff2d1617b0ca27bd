//! The closed vocabularies a write-up is written in, the same for every run.

use super::error::{DrillError, InvalidRequest};
use crate::domain::rca::vocab::{Entry, Vocabulary};

/// The entries whose name, other names or meaning contain every word; all of them for none. `word`
/// is what the vocabulary is called.
pub fn search(
    vocabulary: Vocabulary,
    word: &'static str,
    wanted: &str,
) -> Result<Vec<Entry>, DrillError> {
    let entries = vocabulary.search(wanted);
    if entries.is_empty() {
        let near = vocabulary.near(wanted).map(str::to_owned).into_iter().collect();
        return Err(
            InvalidRequest::NoEntry { vocabulary: word, wanted: wanted.to_owned(), near }.into()
        );
    }
    Ok(entries)
}
