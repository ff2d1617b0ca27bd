//! Whatever text is given as a query, the answer is a value or a sentence: no panic, no overflow of
//! the stack, no memory blow-up.

#[allow(dead_code)]
#[path = "promql/fixture.rs"]
mod fixture;
#[path = "promql/random.rs"]
mod random;

use chaoslab::domain::telemetry::logql::LogQuery;
use chaoslab::domain::telemetry::promql::Query;
use fixture::EPOCH;
use random::Expressions;

#[test]
fn a_random_expression_is_answered_and_written_out_as_it_was_read() {
    let series = fixture::series(include_str!("promql/series.txt"));
    let mut expressions = Expressions::of_seed(1);
    let mut answered = 0;
    for _ in 0..3000 {
        let text = expressions.next(5);
        let Ok(query) = Query::parse(&text) else { continue };
        let written = Query::from(query.expr().clone());
        let again = Query::parse(written.text())
            .unwrap_or_else(|error| panic!("`{text}` became `{written}`: {error}"));
        // NaN is no equal of itself, so expressions are compared by how they are written.
        assert_eq!(again.expr().to_string(), written.text(), "`{text}`");
        answered += usize::from(query.instant(&series, EPOCH + 300_000).is_ok());
        let _ = query.range(&series, EPOCH, EPOCH + 600_000, 60_000);
    }
    assert!(answered > 1500, "only {answered} expressions had an answer, so this shows little");
}

#[test]
fn a_soup_of_tokens_gives_an_answer_or_an_error() {
    const PIECES: [&str; 64] = [
        "up",
        "lag",
        "sum",
        "topk",
        "rate",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "5m",
        "10",
        "1e999",
        "0x",
        "NaN",
        "Inf",
        "\"x\"",
        "'\\",
        "`\\d`",
        "\"",
        "`",
        "by",
        "on",
        "without",
        "ignoring",
        "group_left",
        "bool",
        "offset",
        "@",
        "start",
        "end",
        "()",
        "-",
        "+",
        "*",
        "^",
        "%",
        "==",
        "!=",
        "=~",
        "!~",
        "=",
        ",",
        ":",
        ";",
        "#",
        "\n",
        " ",
        "é",
        "\u{0}",
        "and",
        "or",
        "unless",
        "atan2",
        "time",
        "label_replace",
        "count_values",
        "fill",
        "limitk",
        "\\",
        "$",
        "..",
        "\u{10ffff}",
    ];
    let mut expressions = Expressions::of_seed(2);
    for _ in 0..60_000 {
        let mut text = String::new();
        for _ in 0..expressions.below(12) {
            text.push_str(expressions.one_of(&PIECES));
            text.push_str(expressions.one_of(&["", " "]));
        }
        let _ = Query::parse(&text).map(|query| query.to_string());
        let _ = LogQuery::parse(&text);
        let _ = LogQuery::parse(&format!("{{node=\"a\"}} {text}"));
        let _ = LogQuery::parse(&format!("{{node=~{text}}} |= {text}"));
    }
}

#[test]
fn a_damaged_expression_gives_an_answer_or_an_error() {
    let questions = fixture::questions(include_str!("promql/expressions.promql"));
    let mut expressions = Expressions::of_seed(3);
    for question in &questions {
        for _ in 0..20 {
            let mut chars: Vec<char> = question.expression.chars().collect();
            let place = expressions.below(chars.len());
            match expressions.below(3) {
                0 => drop(chars.remove(place)),
                1 => chars.insert(
                    place,
                    expressions
                        .one_of(&["(", ")", "\"", "{", "[", "-", "0", "\\", "ß"])
                        .chars()
                        .next()
                        .unwrap_or('x'),
                ),
                _ => chars.truncate(place),
            }
            let _ = Query::parse(&chars.into_iter().collect::<String>());
        }
    }
}

/// On the two megabytes of stack a thread of the test runner has.
#[test]
fn deep_and_wide_expressions_are_refused_or_answered() {
    let around =
        |open: &str, close: &str, n: usize| format!("{}up{}", open.repeat(n), close.repeat(n));
    let cases = [
        (true, around("(", ")", 99)),
        (false, around("(", ")", 2000)),
        (true, around("-", "", 90)),
        (false, around("-", "", 900)),
        (false, around("-", "", 4000)),
        (true, around("abs(", ")", 90)),
        (false, around("abs(", ")", 800)),
        (false, around("sum(", ")", 500)),
        (false, around("sum by (a) (sum without (b) (", "))", 120)),
        (true, around("", " + 1", 90)),
        (false, around("", " + 1", 498)),
        (false, around("2 ^ ", "", 499)),
        (false, around("", "[5m]", 300)),
        (false, around("", " offset 1m", 400)),
        (false, "(".repeat(4096)),
        (false, "{".repeat(4096)),
        (false, "up{".repeat(1000)),
        (false, "1".repeat(4096)),
        (false, "é".repeat(2048)),
        (false, "up ".repeat(1_000_000)),
        (false, format!("up{{job=~\"{}\"}}", "(a{1000}){1000}")),
        (false, format!("up{{{}}}", vec!["job=~\"a.{100}\""; 100].join(","))),
        (false, format!("label_replace(up, \"a\", \"b\", \"c\", \"{}\")", "(a{1000}){1000}")),
        (
            false,
            format!(
                "{}up{}",
                "label_replace(".repeat(20),
                ", \"job\", \"$1$1\", \"job\", \"(.*)\")".repeat(20)
            ),
        ),
    ];
    let series = fixture::series(include_str!("promql/series.txt"));
    for (answered, text) in cases {
        let outcome = Query::parse(&text).and_then(|query| query.instant(&series, EPOCH + 100_000));
        assert_eq!(
            outcome.is_ok(),
            answered,
            "`{}...`: {outcome:?}",
            text.chars().take(40).collect::<String>()
        );
    }
}
