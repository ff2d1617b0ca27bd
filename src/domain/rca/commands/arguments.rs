//! Tools of which no single word says whether they read or change: their arguments are looked at
//! together.

/// Letters of all options that stand behind one dash, as `-nvL`.
fn letters(arguments: &[String]) -> impl Iterator<Item = char> + '_ {
    let is_short = |a: &&String| a.starts_with('-') && !a.starts_with("--");
    arguments.iter().filter(is_short).flat_map(|a| a.chars().skip(1))
}

/// The arguments that are no options.
fn plain(arguments: &[String]) -> impl Iterator<Item = &str> + '_ {
    arguments.iter().map(String::as_str).filter(|a| !a.starts_with('-'))
}

fn has_any(arguments: &[String], options: &[&str]) -> bool {
    arguments.iter().any(|a| options.contains(&a.split('=').next().unwrap_or(a)))
}

/// `jinfo -flag +Name`, `-flag Name=value`; `-flag Name` shows it.
pub(super) fn sets_flag(arguments: &[String]) -> bool {
    let flag = arguments.iter().position(|a| a == "-flag").and_then(|at| arguments.get(at + 1));
    flag.is_some_and(|flag| flag.starts_with(['+', '-']) || flag.contains('='))
}

/// `iptables` with a letter that changes rules; `-nvxL` lists them. Values of options are no
/// letters of theirs: they follow after a blank.
pub(super) fn changes_rules(arguments: &[String]) -> bool {
    let long = [
        "--append",
        "--delete",
        "--delete-chain",
        "--flush",
        "--insert",
        "--new-chain",
        "--policy",
        "--rename-chain",
        "--replace",
        "--zero",
    ];
    letters(arguments).any(|c| "ADEFINPRXZ".contains(c)) || has_any(arguments, &long)
}

/// `taskset`, `chrt`: with `-p` a value before the process is set, without it is shown; anything
/// else is run under new terms.
pub(super) fn schedules(arguments: &[String]) -> bool {
    let is_of_process = letters(arguments).any(|c| c == 'p') || has_any(arguments, &["--pid"]);
    let shows_limits = letters(arguments).any(|c| c == 'm') || has_any(arguments, &["--max"]);
    !shows_limits && (!is_of_process || plain(arguments).count() > 1)
}

/// `ionice` with a class or a level, or running something; `ionice -p PID` shows them.
pub(super) fn sets_io_class(arguments: &[String]) -> bool {
    let sets = letters(arguments).any(|c| matches!(c, 'c' | 'n'))
        || has_any(arguments, &["--class", "--classdata"]);
    let is_of_process = letters(arguments).any(|c| c == 'p') || has_any(arguments, &["--pid"]);
    sets || !is_of_process && plain(arguments).next().is_some()
}

/// `prlimit --nofile=1024`; a limit without a value is shown.
pub(super) fn sets_limit(arguments: &[String]) -> bool {
    let is_value = |a: &String| {
        let (option, value) = a.split_once('=').unwrap_or((a.as_str(), ""));
        !value.is_empty() && !matches!(option, "--pid" | "--output" | "-p" | "-o")
    };
    let has_process = arguments.iter().any(|a| a.starts_with("--pid") || a.starts_with("-p"));
    arguments.iter().any(is_value) || !has_process && plain(arguments).next().is_some()
}

/// `sysctl name=value`, with `-w` or without, or from files.
pub(super) fn sets_kernel_value(arguments: &[String]) -> bool {
    plain(arguments).any(|a| a.contains('='))
        || letters(arguments).any(|c| matches!(c, 'w' | 'p' | 'f'))
        || has_any(arguments, &["--write", "--load", "--system"])
}

/// `date -s`, `date --set`; in `-Iseconds` and `-d yesterday` letters are values.
pub(super) fn sets_clock(arguments: &[String]) -> bool {
    let valued = |c: &char| !matches!(c, 'I' | 'd' | 'f' | 'r');
    let short = arguments.iter().filter(|a| a.starts_with('-') && !a.starts_with("--"));
    let mut letters = short.flat_map(|a| a.chars().skip(1).take_while(valued));
    letters.any(|c| c == 's') || has_any(arguments, &["--set"])
}

/// `swapon` without `--show` and with something to turn on.
pub(super) fn turns_swap_on(arguments: &[String]) -> bool {
    let shows = has_any(arguments, &["--show", "-s", "--summary"]);
    let all = has_any(arguments, &["-a", "--all"]);
    !shows && (all || plain(arguments).next().is_some())
}

/// `curl` with a body or another method than reading.
pub(super) fn sends(arguments: &[String]) -> bool {
    let reading = ["GET", "HEAD"];
    let method = arguments.iter().position(|a| a == "-X" || a == "--request");
    let other = method
        .and_then(|at| arguments.get(at + 1))
        .is_some_and(|method| !reading.contains(&method.as_str()));
    let body = ["--data", "--data-binary", "--data-raw", "--form", "--upload-file", "--json"];
    let short = ["-d", "-F", "-T"];
    other
        || has_any(arguments, &body)
        || arguments.iter().any(|a| short.iter().any(|option| a.starts_with(option)))
}
