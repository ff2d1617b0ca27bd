//! What a learner's own words in a command line make of its output: lines that `echo` put between
//! those of tools, and programs that only select from what they are given.

/// A line that `echo` or `printf` printed, as far as the command line says it: fixed pieces, with
/// something unknown between each two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pieces: Vec<String>,
}

impl Said {
    /// The line a command printed; none when it may have printed more or less than one line.
    pub(super) fn of(tool: &str, arguments: &[String]) -> Option<Self> {
        let text = match tool {
            "printf" => {
                let (format, _) = arguments.split_first()?;
                let format = format.strip_suffix("\\n")?;
                if format.contains('\\') {
                    return None;
                }
                // Whatever is put in for `%s` is unknown.
                let mut pieces = format.split('%');
                let first = pieces.next().unwrap_or("").to_owned();
                let rest = pieces.map(|piece| {
                    piece
                        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
                        .chars()
                        .skip(1)
                });
                rest.fold(first, |text, piece| format!("{text}${}", piece.collect::<String>()))
            }
            _ if arguments.iter().any(|a| a.contains('\\')) => return None,
            _ if arguments.first().is_some_and(|a| a.starts_with('-') && a.len() < 4) => {
                return None;
            }
            _ => arguments.join(" "),
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Self { pieces: pieces(&text) })
    }

    /// Whether it may have printed this line, in which runs of blanks are one blank.
    pub fn may_be(&self, line: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return line.is_empty() };
        let Some((last, between)) = rest.split_last() else { return line == first };
        let Some(mut line) = line.strip_prefix(first.as_str()) else { return false };
        for piece in between {
            match line.find(piece.as_str()) {
                Some(at) => line = &line[at + piece.len()..],
                None => return false,
            }
        }
        line.ends_with(last.as_str())
    }
}

/// The fixed pieces of a text, taken apart where the shell puts something in: variables,
/// substitutions, patterns of file names.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' => {
                match chars.peek() {
                    Some('{') => while chars.next().is_some_and(|c| c != '}') {},
                    Some('(') => while chars.next().is_some_and(|c| c != ')') {},
                    _ => while chars.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {},
                }
                pieces.push(String::new());
            }
            '*' | '?' | '[' | ']' | '{' | '}' | '~' | '!' => pieces.push(String::new()),
            c => pieces.last_mut().expect("there is one from the start").push(c),
        }
    }
    pieces
}

/// Whether a program only selects from what it is given: columns, lines, blanks. A literal with
/// letters or digits in it, or a substitution, can make any text.
pub(super) fn selects(tool: &str, arguments: &[String]) -> bool {
    let is_plain = |a: &String| !a.chars().any(char::is_alphanumeric);
    match tool {
        "awk" | "gawk" | "mawk" => {
            let makes = |a: &String| {
                let functions =
                    ["printf", "sub(", "substr", "sprintf", "system", "getline", "toupper"];
                functions.iter().any(|function| a.contains(function)) || a.contains("| \"")
            };
            !arguments.iter().any(|a| a.starts_with("-v") || makes(a) || has_literal(a))
        }
        "sed" | "jq" => {
            !arguments.iter().any(|a| a.contains("s/") || a.contains("y/") || a.contains('"'))
        }
        "cut" => !arguments.iter().any(|a| a.starts_with("--output-delimiter")),
        // Blanks and signs are squeezed, dropped or put for each other.
        "tr" => {
            let sets = arguments.iter().filter(|a| !a.starts_with('-'));
            let named =
                |a: &&String| a.starts_with("[:") || matches!(a.as_str(), "\\n" | "\\t" | "\\r");
            sets.filter(|a| !named(a)).all(is_plain)
        }
        "paste" | "expand" | "fold" | "fmt" => !arguments
            .iter()
            .any(|a| a.starts_with("-d") && a.chars().skip(2).any(char::is_alphanumeric)),
        _ => false,
    }
}

/// Whether there are letters or digits in a text between double quotes.
fn has_literal(program: &str) -> bool {
    let spaces = program.replace("\\t", " ").replace("\\n", " ");
    spaces.split('"').skip(1).step_by(2).any(|inside| inside.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(tool: &str, arguments: &[&str], line: &str) -> Option<bool> {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        Said::of(tool, &arguments).map(|said| said.may_be(line))
    }

    #[test]
    fn what_a_learner_says_is_known_when_it_is_printed() {
        assert_eq!(may_be("echo", &["==  $b"], "== 3"), Some(true));
        assert_eq!(may_be("echo", &["== $b"], "Topic: orders Isr: 1,3"), Some(false));
        assert_eq!(may_be("echo", &["Isr: 1,3"], "Isr: 1,3"), Some(true));
        assert_eq!(may_be("echo", &["Isr:", "$x"], "Isr: 1,3"), Some(true));
        assert_eq!(may_be("echo", &["$x"], "anything at all"), Some(true));
        assert_eq!(may_be("echo", &[], ""), Some(true));
        assert_eq!(may_be("printf", &["--- %s ---\\n", "x"], "--- kafka-2 ---"), Some(true));
        assert_eq!(may_be("echo", &["-n", "x"], "x"), None);
        assert_eq!(may_be("printf", &["%s", "x"], "x"), None);
        assert_eq!(may_be("echo", &["a\\nb"], "b"), None);
    }

    #[test]
    fn selecting_makes_no_text() {
        let selects = |tool: &str, argument: &str| super::selects(tool, &[argument.to_owned()]);
        assert!(selects("awk", "{print $2\" \"$6}") && selects("tr", "-s") && selects("tr", " "));
        assert!(selects("cut", "-f6") && selects("sed", "/Isr/p") && selects("tr", "\\n"));
        assert!(!selects("awk", "{print \"Isr: 1\"}") && !selects("tr", "abc"));
        assert!(!selects("sed", "s/3/1,3/") && !selects("rev", "") && !selects("perl", "-ne"));
    }
}
