use super::*;

const ID: &str = "3f2a";

fn command(shell: u32, line: &str) -> String {
    use base64::Engine;
    let line = base64::engine::general_purpose::STANDARD.encode(line);
    format!("\x1b]133;C;{ID};{shell};1795561230574159;{line}\x07")
}

fn ended(shell: u32, exit: i64) -> String {
    format!("\x1b]133;D;{ID};{shell};{exit}\x07")
}

fn prompt(text: &str) -> String {
    format!("\x1b]133;A;{ID}\x07{text}\x1b]133;B;{ID}\x1b\\")
}

/// A session as it is told: what is shown, and what is recorded, pieces of the same put together.
fn told(chunks: &[&[u8]], shown: Shown, exit: Option<i64>) -> (String, Vec<String>) {
    let mut session = Session::new(ID, shown);
    let mut events: Vec<Event> = chunks.iter().flat_map(|chunk| session.take(chunk)).collect();
    events.extend(session.end(exit));
    let (mut terminal, mut record): (Vec<u8>, Vec<String>) = Default::default();
    for event in events {
        match event {
            Event::Show(bytes) => terminal.extend(bytes),
            Event::Begin(Begin::Typed { line, prompt, at }) => {
                record.push(format!("{at} {prompt}{line}"))
            }
            Event::Begin(Begin::Unmarked) => record.push("unmarked".to_owned()),
            Event::Print(text) => match record.last_mut() {
                Some(last) if last.starts_with("| ") => last.push_str(&text),
                _ => record.push(format!("| {text}")),
            },
            Event::End { exit } => {
                record.push(exit.map_or("cut off".to_owned(), |code| format!("= {code}")))
            }
        }
    }
    (String::from_utf8_lossy(&terminal).into_owned(), record)
}

fn whole(stream: &str) -> (String, Vec<String>) {
    told(&[stream.as_bytes()], Shown::Everything, Some(0))
}

fn two_commands() -> String {
    [
        &ended(7, 0),
        &prompt("$ "),
        "ls\r\n",
        &command(7, "ls"),
        "orders  größe\r\n",
        &ended(7, 0),
        &prompt("$ "),
        "\r\n",
        &ended(7, 0),
        &prompt("$ "),
        "false\r\n",
        &command(7, "false"),
        &ended(7, 1),
        &prompt("$ "),
        "exit\r\n",
    ]
    .concat()
}

#[test]
fn commands_have_their_output_and_exit_code_and_the_terminal_no_marks() {
    let (terminal, record) = whole(&two_commands());
    assert_eq!(terminal, "$ ls\r\norders  größe\r\n$ \r\n$ false\r\n$ exit\r\n");
    assert_eq!(
        record,
        ["1795561230574 $ ls", "| orders  größe\r\n", "= 0", "1795561230574 $ false", "= 1"]
    );
}

#[test]
fn it_does_not_matter_how_the_stream_is_cut() {
    let stream = [
        &two_commands(),
        "\x1b[1m\x1b]0;title\x07 ]133;A \x1b\x1b",
        &prompt("# "),
        &command(7, "a;b\nc"),
        "\x1b",
    ]
    .concat();
    let bytes = stream.as_bytes();
    let expected = whole(&stream);
    for one in 0..=bytes.len() {
        for other in (one..=bytes.len()).step_by(7) {
            let cut = [&bytes[..one], &bytes[one..other], &bytes[other..]];
            assert_eq!(
                told(&cut, Shown::Everything, Some(0)),
                expected,
                "cut at {one} and {other}"
            );
        }
    }
    for length in [1, 2, 3, 5, 8, 13] {
        let chunks: Vec<&[u8]> = bytes.chunks(length).collect();
        assert_eq!(told(&chunks, Shown::Everything, Some(0)), expected, "pieces of {length}");
    }
}

#[test]
fn marks_without_the_id_are_output() {
    let forged = "\x1b]133;C;3f2b;7;1;bHM=\x07\x1b]133;D;;7;0\x07\x1b]133;A\x07\x1b]133;C;3f2ab;7;1;bHM=\x07";
    let stream = [&prompt("$ "), &command(7, "cat marks"), forged, &ended(7, 0)].concat();
    let (terminal, record) = whole(&stream);
    assert_eq!(terminal, format!("$ {forged}"));
    assert_eq!(record, ["1795561230574 $ cat marks", &format!("| {forged}"), "= 0"]);
}

#[test]
fn marks_with_the_id_that_say_nothing_are_output() {
    let wrong = [
        format!("\x1b]133;C;{ID};7;1;not base64\x07"),
        format!("\x1b]133;C;{ID};-7;1;bHM=\x07"),
        format!("\x1b]133;D;{ID};7\x07"),
        format!("\x1b]133;A;{ID};more\x07"),
        format!("\x1b]133;C;{ID};7;1;bH\nM=\x07"),
        format!("\x1b]133;E;{ID}\x07"),
        format!("\x1b]133;B;{ID}\x1b["),
        format!("\x1b]133;C;{ID};7;1;{}", "A".repeat(200_000)),
    ];
    for text in wrong {
        let (terminal, record) = whole(&format!("{}{text}", command(7, "cat marks")));
        assert_eq!(terminal, text);
        assert_eq!(record, ["1795561230574 cat marks", &format!("| {text}"), "= 0"]);
    }
}

#[test]
fn a_shell_in_a_shell_has_its_commands_inside() {
    let stream = [
        &command(7, "bash; echo after"),
        &ended(9, 0),
        &prompt("$ "),
        &command(9, "ls"),
        "inner\r\n",
        &ended(9, 0),
        &prompt("$ "),
        "exit\r\nafter\r\n",
        &ended(7, 0),
    ];
    let (_, record) = whole(&stream.concat());
    let expected = [
        "1795561230574 bash; echo after",
        "1795561230574 $ ls",
        "| inner\r\n",
        "= 0",
        "| exit\r\nafter\r\n",
        "= 0",
    ];
    assert_eq!(record, expected);
}

#[test]
fn a_shell_that_ends_ends_its_command_with_its_code() {
    let inner = [
        &command(7, "bash"),
        &ended(9, 0),
        &prompt("$ "),
        &command(9, "exit 3"),
        "exit\r\n",
        &ended(7, 3),
    ]
    .concat();
    let (_, record) = whole(&inner);
    assert_eq!(
        record,
        ["1795561230574 bash", "1795561230574 $ exit 3", "| exit\r\n", "= 3", "= 3"]
    );
    let (_, record) = told(&[command(7, "exit 4").as_bytes()], Shown::Everything, Some(4));
    assert_eq!(record, ["1795561230574 exit 4", "= 4"]);
    let (_, record) = told(&[command(7, "sleep 100").as_bytes()], Shown::Everything, None);
    assert_eq!(record, ["1795561230574 sleep 100", "cut off"]);
}

#[test]
fn a_command_whose_end_is_not_told_ends_with_the_next_of_its_shell() {
    let (_, record) =
        whole(&[command(7, "PROMPT_COMMAND="), command(7, "ls"), ended(7, 0)].concat());
    assert_eq!(record, ["1795561230574 PROMPT_COMMAND=", "cut off", "1795561230574 ls", "= 0"]);
}

#[test]
fn unmarked_output_is_kept() {
    let (terminal, record) = told(&[b"# uname\r\nLinux\r\n# "], Shown::Everything, Some(0));
    assert_eq!(terminal, "# uname\r\nLinux\r\n# ");
    assert_eq!(record, ["unmarked", "| # uname\r\nLinux\r\n# ", "= 0"]);

    let (_, record) =
        whole(&["warning: no such user\r\n", &ended(7, 0), &prompt("$ "), "exit\r\n"].concat());
    assert_eq!(record, ["unmarked", "| warning: no such user\r\n", "cut off"]);

    // Somebody turned the marks off.
    let (_, record) =
        whole(&[&prompt("$ "), "unset PS0 PROMPT_COMMAND\r\n$ uname\r\nLinux\r\n$ "].concat());
    assert_eq!(record, ["unmarked", "| unset PS0 PROMPT_COMMAND\r\n$ uname\r\nLinux\r\n$ ", "= 0"]);
}

#[test]
fn a_script_sees_what_commands_print_and_no_prompts() {
    let (terminal, record) = told(&[two_commands().as_bytes()], Shown::OutputOnly, Some(1));
    assert_eq!(terminal, "orders  größe\r\n");
    assert_eq!(record.len(), 5);
}

#[test]
fn bytes_that_are_no_text_are_shown_as_they_are_and_recorded_as_well_as_can_be() {
    let mut session = Session::new(ID, Shown::Everything);
    session.take(command(7, "cat noise").as_bytes());
    let mut events: Vec<Event> = [&b"a\xff\xe2"[..], b"\x82", b"\xac\xf0\x9f", b"x"]
        .iter()
        .flat_map(|c| session.take(c))
        .collect();
    events.extend(session.end(None));
    let shown: Vec<u8> = events
        .iter()
        .flat_map(|e| if let Event::Show(bytes) = e { bytes.clone() } else { Vec::new() })
        .collect();
    let printed: String = events
        .iter()
        .map(|e| if let Event::Print(text) = e { text.as_str() } else { "" })
        .collect();
    assert_eq!(shown, b"a\xff\xe2\x82\xac\xf0\x9fx");
    assert_eq!(printed, "a\u{fffd}€\u{fffd}x");
}
