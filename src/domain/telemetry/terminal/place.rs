//! Where the cursor was when a command line was entered, as far as that can be told from the line.

/// How many columns were left in the last row of a prompt and the line typed at it, on a terminal
/// of this width. None when that cannot be told: the line has several rows of its own, or
/// characters that take no or two columns.
pub fn row_left(prompt: &str, line: &str, columns: usize) -> Option<usize> {
    let prompt = strip_ansi_escapes::strip_str(prompt);
    // Only the last line of a prompt stands before what is typed.
    let prompt = prompt.rsplit('\n').next().unwrap_or("");
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if columns == 0 || !plain(prompt) || !plain(line) {
        return None;
    }
    Some(columns - (prompt.len() + line.len()) % columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_row_is_told_for_plain_text_only() {
        let prompt = "\x1b[1;32mroot@toolbox\x1b[0m:~# ";
        assert_eq!(row_left(prompt, "ls", 80), Some(80 - 18));
        assert_eq!(row_left(prompt, &"x".repeat(80), 80), Some(80 - 16));
        assert_eq!(row_left("two rows\r\n# ", "ls", 80), Some(76));
        assert_eq!(row_left(prompt, "for t in a b; do\necho $t\ndone", 80), None);
        assert_eq!(row_left(prompt, "grep größe", 80), None);
        assert_eq!(row_left(prompt, "ls", 0), None);
    }
}
