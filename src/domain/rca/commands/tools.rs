//! The tools a learner may use, and which of their uses change the lab. One table; what is not in
//! it is unknown.

use super::{Change, arguments};

/// How a tool is judged by its arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// It only reads the lab.
    Reads,
    /// It passes on what it is given, or what stands in the files it names.
    Passes,
    /// What it prints is of its own making.
    Prints,
    /// It prints nothing, and changes nothing but the shell it runs in.
    Silent,
    /// It prints its arguments: lines of the learner's own between what tools print.
    Says,
    /// It changes the lab when its arguments, all together, say so.
    ChangesIf(Change, fn(&[String]) -> bool),
    /// Every use changes the lab.
    Changes(Change),
    /// A use with one of these arguments changes the lab, any other only reads.
    ReadsUnless(&'static [(&'static str, Change)]),
    /// A use with one of these arguments only reads, any other changes the lab.
    ChangesUnless(Change, &'static [&'static str]),
    /// It writes the files it names.
    Writes,
    /// It runs the command its further arguments make; with the options that take a value.
    Runs(&'static [&'static str]),
    /// A shell: it runs the text after `-c`.
    Shell,
    /// What it prints is what its program makes of its input: passed on when the program only
    /// selects.
    Rewrites,
    /// It walks over files and may delete them or run a command on each.
    Finds,
    /// The lab's own program.
    Lab,
}

use Change::*;
use Rule::*;

/// The rule of the tool with this name, `.sh` left out for Kafka's.
pub(super) fn rule(name: &str) -> Option<(&'static str, Rule)> {
    let bare = name.strip_suffix(".sh").filter(|n| n.starts_with("kafka-")).unwrap_or(name);
    TOOLS
        .iter()
        .flat_map(|(names, rule)| names.iter().map(move |n| (*n, *rule)))
        .find(|(n, _)| *n == bare)
}

const TOOLS: &[(&[&str], Rule)] = &[
    // Kafka's own
    (
        &["kafka-topics"],
        ReadsUnless(&[("--alter", Topics), ("--create", Topics), ("--delete", Topics)]),
    ),
    (&["kafka-configs"], ReadsUnless(&[("--alter", Config)])),
    (
        &["kafka-consumer-groups", "kafka-share-groups", "kafka-streams-groups"],
        // Resetting without --execute is a rehearsal.
        ReadsUnless(&[
            ("--execute", Offsets),
            ("--delete", Offsets),
            ("--delete-offsets", Offsets),
        ]),
    ),
    (
        &["kafka-reassign-partitions"],
        // --verify also removes throttles, unless told not to.
        ReadsUnless(&[("--execute", Placement), ("--cancel", Placement), ("--verify", Placement)]),
    ),
    (&["kafka-leader-election"], Changes(Placement)),
    (&["kafka-acls"], ReadsUnless(&[("--add", Access), ("--remove", Access)])),
    (
        &["kafka-delegation-tokens"],
        ReadsUnless(&[("--create", Access), ("--renew", Access), ("--expire", Access)]),
    ),
    (
        &["kafka-transactions"],
        ReadsUnless(&[("abort", Transactions), ("forceTerminateTransaction", Transactions)]),
    ),
    (
        &["kafka-features"],
        ReadsUnless(&[("upgrade", Config), ("downgrade", Config), ("disable", Config)]),
    ),
    (
        &["kafka-metadata-quorum"],
        ReadsUnless(&[("add-controller", Config), ("remove-controller", Config)]),
    ),
    (&["kafka-cluster"], ReadsUnless(&[("unregister", Config)])),
    (&["kafka-client-metrics"], ReadsUnless(&[("--alter", Config), ("--delete", Config)])),
    (&["kafka-storage"], ReadsUnless(&[("format", Files)])),
    (&["kafka-console-consumer", "kafka-consumer-perf-test"], ReadsUnless(&[("--group", Offsets)])),
    (&["kafka-console-share-consumer"], Changes(Offsets)),
    (
        &[
            "kafka-console-producer",
            "kafka-producer-perf-test",
            "kafka-verifiable-producer",
            "kafka-e2e-latency",
        ],
        Changes(Records),
    ),
    (&["kafka-verifiable-consumer"], Changes(Offsets)),
    (&["kafka-delete-records"], Changes(Records)),
    (&["kafka-server-stop", "kafka-server-start"], Changes(Restart)),
    (
        &[
            "kafka-broker-api-versions",
            "kafka-dump-log",
            "kafka-get-offsets",
            "kafka-groups",
            "kafka-jmx",
            "kafka-log-dirs",
            "kafka-metadata-shell",
        ],
        Reads,
    ),
    (&["kcat"], ReadsUnless(&[("-P", Records), ("-G", Offsets)])),
    // The JVM
    (
        &["jcmd"],
        ReadsUnless(&[
            ("VM.set_flag", Config),
            ("JVMTI.agent_load", Config),
            ("ManagementAgent.start", Config),
        ]),
    ),
    (&["jinfo"], ChangesIf(Config, arguments::sets_flag)),
    (&["jstack", "jmap", "jstat", "jps", "jhsdb", "jfr"], Reads),
    // Network
    (&["tc"], ReadsUnless(NETWORK_VERBS)),
    (&["ip"], ReadsUnless(NETWORK_VERBS)),
    (&["iptables", "ip6tables"], ChangesIf(Network, arguments::changes_rules)),
    (&["nft"], ChangesUnless(Network, &["list", "monitor"])),
    (&["iptables-save", "ip6tables-save"], Reads),
    (&["iptables-restore", "ip6tables-restore"], Changes(Network)),
    (
        &["conntrack"],
        ReadsUnless(&[("-D", Network), ("-F", Network), ("-U", Network), ("-I", Network)]),
    ),
    (
        &["ethtool"],
        ReadsUnless(&[
            ("-K", Network),
            ("-s", Network),
            ("-G", Network),
            ("-C", Network),
            ("-A", Network),
        ]),
    ),
    (&["ss"], ReadsUnless(&[("-K", Network), ("--kill", Network)])),
    (
        &[
            "tcpdump",
            "tshark",
            "netstat",
            "lsof",
            "ping",
            "traceroute",
            "tracepath",
            "mtr",
            "dig",
            "host",
            "nslookup",
            "getent",
        ],
        Reads,
    ),
    (&["openssl", "journalctl"], Reads),
    (&["curl"], ChangesIf(Config, arguments::sends)),
    // Processes and machines
    (&["kill"], ChangesUnless(Signal, &["-0", "-3", "-QUIT", "-SIGQUIT", "-l"])),
    (&["pkill", "killall"], ChangesUnless(Signal, &["-0", "-3", "-QUIT", "-SIGQUIT"])),
    (&["sv"], ChangesUnless(Restart, &["status", "s", "check", "quit", "q"])),
    (
        &["systemctl", "service"],
        ChangesUnless(
            Restart,
            &[
                "cat",
                "is-active",
                "is-enabled",
                "is-failed",
                "list-timers",
                "list-unit-files",
                "list-units",
                "show",
                "status",
                "--status-all",
            ],
        ),
    ),
    (&["reboot", "shutdown", "halt", "poweroff", "runsv", "runsvdir", "chpst"], Changes(Restart)),
    (&["renice"], Changes(Config)),
    (&["chrt", "taskset"], ChangesIf(Config, arguments::schedules)),
    (&["ionice"], ChangesIf(Config, arguments::sets_io_class)),
    (&["prlimit"], ChangesIf(Config, arguments::sets_limit)),
    (&["sysctl"], ChangesIf(Config, arguments::sets_kernel_value)),
    (&["date"], ChangesIf(Config, arguments::sets_clock)),
    (&["dmesg"], ReadsUnless(&[("-C", Files), ("-c", Files), ("--clear", Files)])),
    (
        &["mount"],
        ReadsUnless(&[("-o", Files), ("--bind", Files), ("-t", Files), ("--move", Files)]),
    ),
    (&["swapon"], ChangesIf(Files, arguments::turns_swap_on)),
    (&["umount", "swapoff", "fallocate", "mkfs", "logger"], Changes(Files)),
    (
        &[
            "df",
            "du",
            "free",
            "hostname",
            "id",
            "iostat",
            "last",
            "ls",
            "lsblk",
            "mpstat",
            "nproc",
            "pgrep",
            "pidof",
            "pidstat",
            "pmap",
            "ps",
            "pstree",
            "sar",
            "slabtop",
            "stat",
            "strace",
            "top",
            "htop",
            "uname",
            "uptime",
            "vmstat",
            "w",
            "who",
            "whoami",
            "findmnt",
            "numactl",
            "lscpu",
            "file",
            "readlink",
            "realpath",
            "md5sum",
            "sha256sum",
            "cksum",
        ],
        Reads,
    ),
    // Text
    (
        &[
            "cat", "column", "cmp", "comm", "diff", "egrep", "fgrep", "grep", "head", "hexdump",
            "less", "more", "nl", "od", "sort", "strings", "tac", "tail", "uniq", "wc", "xxd",
            "view", "zcat", "zgrep", "zless",
        ],
        Passes,
    ),
    (
        &[
            "awk", "gawk", "mawk", "cut", "jq", "sed", "tr", "paste", "rev", "fold", "fmt", "perl",
            "expand", "join",
        ],
        Rewrites,
    ),
    (&["find"], Finds),
    (&["echo", "printf"], Says),
    (
        &[
            ":", "bg", "break", "cd", "clear", "continue", "disown", "exit", "false", "fg",
            "local", "logout", "read", "reset", "return", "set", "shift", "shopt", "sleep", "stty",
            "test", "tput", "trap", "true", "umask", "unset", "wait", "[", "[[", "let",
        ],
        Silent,
    ),
    (
        &[
            "basename", "bc", "command", "dirname", "expr", "help", "history", "jobs", "man",
            "popd", "printenv", "pushd", "pwd", "seq", "type", "ulimit", "whereis", "which", "yes",
        ],
        Prints,
    ),
    // Files
    (
        &[
            "cp", "mv", "rm", "rmdir", "mkdir", "touch", "chmod", "chown", "chgrp", "ln",
            "truncate", "dd", "install", "tee", "rsync", "vi", "vim", "vim.tiny", "nano", "ed",
            "emacs", "shred", "tar", "gzip", "gunzip", "unzip", "patch", "split", "wget", "mktemp",
        ],
        Writes,
    ),
    // What runs other commands
    (&["sudo"], Runs(&["-u", "-g", "-h", "-p", "-C", "-T", "--user", "--group"])),
    (&["env"], Runs(&["-u", "-C", "--unset", "--chdir"])),
    (
        &["nohup", "setsid", "stdbuf", "builtin", "exec", "chronic", "unbuffer"],
        Runs(&["-i", "-o", "-e", "-a"]),
    ),
    (&["nice"], Runs(&["-n", "--adjustment"])),
    (&["timeout"], Runs(&["-s", "-k", "--signal", "--kill-after"])),
    (&["watch"], Runs(&["-n", "--interval"])),
    (&["xargs"], Runs(&["-n", "-I", "-P", "-L", "-d", "-s", "-a"])),
    (&["nsenter"], Runs(&["-t", "--target", "-S", "-G"])),
    (&["bash", "sh", "dash", "eval"], Shell),
    (&["chaoslab"], Lab),
];

const NETWORK_VERBS: &[(&str, Change)] = &[
    ("add", Network),
    ("append", Network),
    ("change", Network),
    ("chg", Network),
    ("del", Network),
    ("delete", Network),
    ("flush", Network),
    ("replace", Network),
    ("set", Network),
];
