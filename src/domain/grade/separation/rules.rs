//! A tool's output in the words that all tools with this answer have in common.

use super::view::Subject;

/// A tool's output in the words that all tools with this answer have in common.
pub(super) fn in_common_words(subject: &Subject, text: &str) -> String {
    match subject {
        Subject::Filter => text.lines().map(rule_words).collect::<Vec<_>>().join("\n"),
        _ => text.to_owned(),
    }
}

/// A packet filter rule, as `iptables -S` and `iptables -vnL` both say it: its target, its
/// protocol, and what it matches.
fn rule_words(line: &str) -> String {
    const FILLING: &[&str] = &[
        "-A",
        "-p",
        "-m",
        "-j",
        "-s",
        "-d",
        "-i",
        "-o",
        "--",
        "*",
        "0.0.0.0/0",
        "anywhere",
        "all",
        "packets,",
        "bytes)",
        "packets",
        "bytes",
        "LOG-level",
    ];
    let words: Vec<&str> =
        line.split_whitespace().map(|w| w.trim_matches(['"', '(', ')'])).collect();
    if let ["-P", chain, target] = words.as_slice() {
        return format!("Chain {chain} policy {target}");
    }
    let is_count = |word: &str| {
        word.trim_end_matches(['K', 'M', 'G', ',']).chars().all(|c| c.is_ascii_digit())
    };
    let mut kept: Vec<String> = Vec::new();
    let mut rest = words.into_iter();
    while let Some(word) = rest.next() {
        match word {
            "--dport" => kept.extend(rest.next().map(|port| format!("dpt:{port}"))),
            "--sport" => kept.extend(rest.next().map(|port| format!("spt:{port}"))),
            word if FILLING.contains(&word) || is_count(word) => {}
            word => kept.push(word.trim_start_matches("--").to_owned()),
        }
    }
    kept.join(" ")
}
