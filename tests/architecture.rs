//! The rooms of the code and their order, what each may touch, and which library is named where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, lowest first: a room uses only rooms before it. Those above may use all of the
/// domain.
const DOMAIN: [&str; 11] = [
    "yaml",
    "topology",
    "workload",
    "telemetry",
    "rca",
    "fault",
    "recording",
    "grade",
    "scenario",
    "review",
    "report",
];
const ABOVE: [&str; 3] = ["lab", "drill", "cli"];
/// Of those above, the first that is a door: all after the drill.
const FIRST_DOOR: usize = 2;

/// What a door does, so that two doors can call the same functions.
const NOT_IN_DRILL: [&str; 8] = [
    "println!",
    "eprintln!",
    "print!",
    "io::stdout",
    "io::stderr",
    "clap::",
    "comfy_table",
    "ctrl_c",
];

/// What a door has from the drill alone, besides everything of the lab.
const NOT_IN_A_DOOR: [&str; 3] = ["rusqlite", "bollard", "kafka_protocol"];

/// What the domain must not touch: I/O, the clock, concurrency.
const NOT_IN_DOMAIN: [&str; 14] = [
    "std::fs",
    "std::io",
    "std::net::Tcp",
    "std::env::",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "async ",
    "println!",
    "eprintln!",
];

/// One library per job, named in one room only: the library, as it stands in code, and where it
/// may.
const NAMED_IN: [(&str, &[&str]); 11] = [
    ("bollard::", &["src/lab/engine/docker/"]),
    ("serde_yaml::", &["src/domain/yaml/"]),
    ("saphyr_parser::", &["src/domain/yaml/"]),
    ("promql_parser::", &["src/domain/telemetry/"]),
    ("minijinja::", &["src/domain/scenario/template.rs", "src/domain/rca/template.rs"]),
    ("maud::", &["src/domain/report/"]),
    ("csv::", &["src/domain/report/"]),
    ("rusqlite::", &["src/lab/store/"]),
    // The service speaks it where librdkafka cannot: hundreds of producers a second.
    ("kafka_protocol::", &["src/lab/kafka/", "src/bin/service/short_lived/"]),
    ("rdkafka::", &["src/bin/service/"]),
    ("comfy_table::", &["src/cli/output.rs"]),
];

struct Source {
    path: String,
    /// The module's path: `domain`, `rca`, `check`.
    module: Vec<String>,
    text: String,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new("src"), &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let shown = path.display().to_string();
            let inner = shown
                .trim_start_matches("src/")
                .trim_end_matches(".rs")
                .trim_end_matches("/mod")
                .trim_end_matches("lib");
            let module = inner.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect();
            let text = fs::read_to_string(&path).expect("text");
            found.push(Source { path: shown, module, text: without_comments(&text) });
        }
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect()
}

/// Every path in the text that begins with `crate::` or `super::`, braces expanded, as modules from
/// the root.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in source.text.match_indices(start) {
            let before = source.text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            for path in expand(&source.text[at..]) {
                paths.push(resolve(&source.module, &path));
            }
        }
    }
    paths
}

/// `a::{b::c, d}` as `a::b::c` and `a::d`; stops where the path does.
fn expand(text: &str) -> Vec<Vec<String>> {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let head: Vec<String> =
        text[..end].split("::").filter(|p| !p.is_empty()).map(str::to_owned).collect();
    if !text[end..].starts_with('{') || !text[..end].ends_with("::") {
        return vec![head];
    }
    let mut depth = 0;
    let mut begin = end + 1;
    let mut items = Vec::new();
    for (k, c) in text[end..].char_indices().map(|(k, c)| (k + end, c)) {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => {
                items.push(&text[begin..k]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => {
                items.push(&text[begin..k]);
                begin = k + 1;
            }
            _ => {}
        }
    }
    let joined = |tail: Vec<String>| head.iter().cloned().chain(tail).collect();
    items.into_iter().flat_map(|item| expand(item.trim()).into_iter().map(joined)).collect()
}

fn resolve(module: &[String], path: &[String]) -> Vec<String> {
    let mut at =
        if path.first().is_some_and(|p| p == "crate") { Vec::new() } else { module.to_vec() };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => drop(at.pop()),
            name => at.push(name.to_owned()),
        }
    }
    at
}

/// The room a module belongs to, and its height.
fn room(module: &[String]) -> Option<(String, usize)> {
    let first = module.first()?;
    if let Some(height) = ABOVE.iter().position(|r| r == first) {
        return Some((first.clone(), DOMAIN.len() + height));
    }
    let inner = module.get(1).filter(|_| first == "domain")?;
    let height = DOMAIN.iter().position(|r| r == inner)?;
    Some((inner.clone(), height))
}

#[test]
fn every_file_is_in_a_listed_room() {
    for source in sources() {
        let is_door = ["src/lib.rs", "src/main.rs", "src/domain/mod.rs"]
            .contains(&source.path.as_str())
            || source.path.starts_with("src/bin/");
        assert!(
            is_door || room(&source.module).is_some(),
            "{} is in no room: name the room in tests/architecture.rs and say what it is for",
            source.path
        );
        for word in ["util", "helpers", "common", "manager", "misc"] {
            assert!(
                !source.module.iter().any(|m| m == word),
                "{}: `{word}` says nothing of what is in it",
                source.path
            );
        }
    }
}

#[test]
fn a_room_uses_only_rooms_before_it() {
    let mut wrong = Vec::new();
    let mut edges = BTreeSet::new();
    for source in sources() {
        let Some((own, height)) = room(&source.module) else { continue };
        for path in paths(&source) {
            let Some((other, its_height)) = room(&path) else { continue };
            if its_height > height {
                wrong.push(format!(
                    "{}: `{own}` uses `{}`, but the room `{other}` comes after it",
                    source.path,
                    path.join("::")
                ));
            }
            edges.insert((own.clone(), other));
        }
    }
    for known in [
        ("grade", "fault"),
        ("rca", "telemetry"),
        ("scenario", "yaml"),
        ("lab", "scenario"),
        ("drill", "lab"),
        ("cli", "drill"),
    ] {
        let known = (known.0.to_owned(), known.1.to_owned());
        assert!(
            edges.contains(&known),
            "{known:?} is not seen any more: are imports still understood?"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.path.starts_with("src/domain/")) {
        for word in NOT_IN_DOMAIN {
            if source.text.contains(word) {
                wrong.push(format!("{}: `{word}` has no place in the domain", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_drill_leaves_showing_and_asking_to_the_doors() {
    let mut wrong = Vec::new();
    let sources = sources();
    let named = |source: &Source, words: &[&str], whose: &str| -> Vec<String> {
        let words = words.iter().filter(|word| source.text.contains(**word));
        words.map(|word| format!("{}: `{word}` is {whose}", source.path)).collect()
    };
    for source in sources.iter().filter(|s| s.path.starts_with("src/drill/")) {
        wrong.extend(named(source, &NOT_IN_DRILL, "a door's affair"));
    }
    let is_door = |s: &&Source| {
        s.module.first().is_some_and(|room| ABOVE[FIRST_DOOR..].contains(&room.as_str()))
    };
    for source in sources.iter().filter(is_door) {
        wrong.extend(named(source, &NOT_IN_A_DOOR, "the drill's affair"));
        // The engine, the record and the keeper are reached through the drill.
        for path in paths(source).iter().filter(|p| p.first().is_some_and(|room| room == "lab")) {
            wrong.push(format!("{}: `{}` is the drill's affair", source.path, path.join("::")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_library_is_named_in_one_room() {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources() {
        for (library, places) in NAMED_IN {
            if source.text.contains(library) {
                *seen.entry(library).or_default() += 1;
                if !places.iter().any(|place| source.path.starts_with(place)) {
                    wrong.push(format!(
                        "{}: `{library}` is named outside {}",
                        source.path,
                        places.join(" and ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (library, _) in NAMED_IN {
        assert!(
            seen.contains_key(library),
            "`{library}` is named nowhere: is the rule out of date?"
        );
    }
}

#[test]
fn an_engine_knows_no_fault_and_a_fault_no_engine() {
    for source in sources() {
        let paths: Vec<_> = paths(&source).iter().map(|p| p.join("::")).collect();
        if source.path.starts_with("src/lab/engine/") {
            assert!(
                !paths.iter().any(|p| p.starts_with("domain::fault::primitive")),
                "{} names a primitive",
                source.path
            );
        }
        if source.path.starts_with("src/domain/rca/") {
            assert!(
                !source.text.contains("Truth"),
                "{} names the truth, which an analysis is checked without",
                source.path
            );
        }
    }
}

#[test]
fn waiting_has_one_place() {
    let allowed = ["src/lab/wait.rs", "src/lab/keeper/mod.rs", "src/bin/"];
    for source in sources().iter().filter(|s| !allowed.iter().any(|a| s.path.starts_with(a))) {
        assert!(
            !source.text.contains("sleep("),
            "{} sleeps: wait for a condition with `lab::wait::until`",
            source.path
        );
    }
}

/// Words that stop readers, from the table in CONTRIBUTING.md: the quoted ones of its left column.
fn refused() -> Vec<String> {
    let text = fs::read_to_string("CONTRIBUTING.md").expect("text");
    let table = text.split("| not | but |").nth(1).expect("the table of words");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|')).skip(1);
    let quoted = |row: &str| -> Vec<String> {
        let left = row.split('|').nth(1).unwrap_or_default();
        left.split('`').skip(1).step_by(2).map(str::to_lowercase).collect()
    };
    rows.flat_map(quoted).collect()
}

fn written(path: &Path, found: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        let kinds = ["rs", "md", "yaml", "sh", "toml"];
        let is_text = path.extension().is_some_and(|e| kinds.iter().any(|kind| e == *kind));
        let is_table = path == Path::new("CONTRIBUTING.md");
        found.extend((is_text && !is_table).then(|| path.to_owned()));
        return;
    }
    let entries = fs::read_dir(path).expect("a folder");
    entries.for_each(|entry| written(&entry.expect("an entry").path(), found));
}

#[test]
fn what_people_read_is_plain_operations_english() {
    let refused = refused();
    assert!(refused.len() > 15, "{refused:?}");
    let mut files = Vec::new();
    for place in [
        "src",
        "docs",
        "playbooks",
        "scenarios",
        "rca-templates",
        "docker",
        "tests",
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Makefile",
    ] {
        written(Path::new(place), &mut files);
    }
    assert!(files.len() > 300, "the texts were not found");
    let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("text").to_lowercase();
        let there: Vec<_> = refused.iter().filter(|words| text.contains(*words)).collect();
        for (number, line) in text.lines().enumerate().filter(|_| !there.is_empty()) {
            for words in &there {
                let stands = line.match_indices(words.as_str()).any(|(at, _)| {
                    is_apart(line[..at].chars().next_back())
                        && is_apart(line[at + words.len()..].chars().next())
                });
                if stands {
                    found.push(format!("{}:{}: `{words}`", path.display(), number + 1));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "say it plainly (the table in CONTRIBUTING.md):\n{}",
        found.join("\n")
    );
}
