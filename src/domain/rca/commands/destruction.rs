//! Commands that destroy what nobody can bring back, or open what must stay closed.

use super::shell;

/// What a command destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destruction {
    /// It deletes a topic.
    DeletesTopic,
    /// It deletes records.
    DeletesRecords,
    /// It moves a group past records it has not processed.
    SkipsRecords,
    /// It deletes a log directory, or makes it anew.
    WipesLog,
    /// It lets a replica outside the ISR lead.
    ElectsUncleanly,
    /// It takes access control away.
    OpensAccess,
}

/// Where brokers keep their logs.
const DATA: &[&str] = &["/data", "/var/lib/kafka", "/kafka-logs", "/tmp/kafka-logs"];

/// What a command line destroys, its inner lines and what it hands to other shells included.
pub fn destroys(line: &str) -> Vec<Destruction> {
    let mut found = Vec::new();
    look(line, 0, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn look(line: &str, depth: usize, found: &mut Vec<Destruction>) {
    if depth > super::DEEPEST {
        return;
    }
    let line = shell::split(line);
    for inner in &line.inner {
        look(inner, depth + 1, found);
    }
    for simple in &line.commands {
        words(&simple.words, depth, found);
    }
}

fn words(all: &[String], depth: usize, found: &mut Vec<Destruction>) {
    // Whatever runs it, `sudo`, `xargs`, `chaoslab exec NODE --`: the command is the first word
    // that is a tool known here.
    let tools = all
        .iter()
        .enumerate()
        .map(|(n, word)| (n, word.rsplit('/').next().unwrap_or(word).trim_end_matches(".sh")));
    for (n, tool) in tools {
        let arguments = &all[n + 1..];
        let has = |wanted: &str| {
            arguments.iter().any(|a| {
                a == wanted || a.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('='))
            })
        };
        let says = |wanted: &str| arguments.iter().any(|a| a.contains(wanted));
        let is_data = |a: &String| {
            DATA.iter().any(|folder| {
                a == folder || a.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let destruction = match tool {
            "sh" | "bash" | "dash" | "eval" => {
                arguments
                    .iter()
                    .filter(|a| a.contains(' '))
                    .for_each(|inner| look(inner, depth + 1, found));
                continue;
            }
            "kafka-topics" if has("--delete") => Destruction::DeletesTopic,
            "kafka-delete-records" => Destruction::DeletesRecords,
            "kafka-consumer-groups"
                if has("--execute")
                    && (has("--to-latest")
                        || has("--shift-by") && !says("-shift-by=-") && !negative(arguments)) =>
            {
                Destruction::SkipsRecords
            }
            "kafka-leader-election" if says("unclean") || says("UNCLEAN") => {
                Destruction::ElectsUncleanly
            }
            "kafka-configs" if has("--alter") && says("unclean.leader.election.enable=true") => {
                Destruction::ElectsUncleanly
            }
            "kafka-acls" if has("--add") && has("--allow-principal") && says("User:*") => {
                Destruction::OpensAccess
            }
            "kafka-storage" if has("format") => Destruction::WipesLog,
            "rm" if arguments.iter().any(is_data) => Destruction::WipesLog,
            "find" if arguments.iter().any(is_data) && has("-delete") => Destruction::WipesLog,
            _ => continue,
        };
        found.push(destruction);
        return;
    }
}

/// Whether offsets are shifted back.
fn negative(arguments: &[String]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "--shift-by" && pair[1].starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_destroys_is_known_however_it_is_run() {
        use Destruction::*;
        for (line, expected) in [
            (
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --delete --topic orders",
                DeletesTopic,
            ),
            ("sudo /opt/kafka/bin/kafka-topics.sh --delete --topic orders", DeletesTopic),
            ("chaoslab exec kafka-1 -- rm -rf /data/orders-0", WipesLog),
            ("bash -c 'cd / && rm -rf /data'", WipesLog),
            (
                "kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders --execute",
                SkipsRecords,
            ),
            (
                "kafka-consumer-groups.sh --group billing --reset-offsets --shift-by 5 --topic orders --execute",
                SkipsRecords,
            ),
            (
                "kafka-leader-election.sh --election-type unclean --topic orders --partition 0",
                ElectsUncleanly,
            ),
            (
                "kafka-configs.sh --alter --entity-type topics --entity-name orders --add-config unclean.leader.election.enable=true",
                ElectsUncleanly,
            ),
            (
                "kafka-acls.sh --add --allow-principal 'User:*' --operation All --topic orders",
                OpensAccess,
            ),
            ("for t in orders; do kafka-topics.sh --delete --topic $t; done", DeletesTopic),
        ] {
            assert_eq!(destroys(line), [expected], "{line}");
        }
    }

    #[test]
    fn what_fixes_or_only_looks_destroys_nothing() {
        for line in [
            "kafka-topics.sh --describe",
            "kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders --dry-run",
            "kafka-consumer-groups.sh --group billing --reset-offsets --shift-by -5 --topic orders --execute",
            "kafka-leader-election.sh --election-type preferred --all-topic-partitions",
            "kafka-acls.sh --add --allow-principal User:app --topic orders --operation Read",
            "kafka-acls.sh --remove --deny-principal User:app --topic orders --operation Read --force",
            "rm /tmp/orders.txt",
            "rm -f /database.txt",
            "tc qdisc del dev eth0 root",
            "grep -- --delete notes.txt",
        ] {
            assert_eq!(destroys(line), [], "{line}");
        }
    }
}
