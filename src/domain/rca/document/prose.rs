//! The prose below the front matter, by its headings. It is for people: nothing is read out of it
//! but which evidence a section cites.

/// The headings of a full write-up.
pub const HEADINGS: &[&str] = &[
    "Summary",
    "Impact",
    "Timeline",
    "Root cause and mechanism",
    "Hypotheses considered",
    "Mitigation",
    "Prevention",
    "Lessons",
];

/// A heading of the second level and the text under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading, without its marks.
    pub heading: String,
    /// The heading's line in the file, from 1.
    pub line: usize,
    /// All up to the next heading of the same level.
    pub text: String,
}

impl Section {
    /// Whether the text names this evidence id as a word of its own.
    pub fn cites(&self, id: &str) -> bool {
        self.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == id)
    }
}

/// Sections of the prose, whose first line is line `first_line` of the file.
pub(super) fn sections(prose: &str, first_line: usize) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut fenced = false;
    for (number, row) in prose.lines().enumerate() {
        fenced ^= row.trim_start().starts_with("```");
        match row.strip_prefix("## ").filter(|_| !fenced) {
            Some(heading) => sections.push(Section {
                heading: heading.trim().to_owned(),
                line: first_line + number,
                text: String::new(),
            }),
            None => {
                if let Some(section) = sections.last_mut() {
                    section.text.push_str(row);
                    section.text.push('\n');
                }
            }
        }
    }
    sections
}
