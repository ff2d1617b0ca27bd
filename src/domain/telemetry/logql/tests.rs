//! Log queries over a few lines.

use super::*;

fn lines() -> Vec<LogLine> {
    let line = |at, node: &str, line: &str| LogLine { at, node: node.into(), line: line.into() };
    vec![
        line(1, "kafka-1", "INFO started"),
        line(2, "kafka-2", "INFO Shrinking ISR from 1,2,3 to 2"),
        line(3, "kafka-2", "INFO Expanding ISR from 2 to 1,2"),
        line(4, "billing", "WARN \"quoted\" C:\\temp größe"),
    ]
}

fn times(query: &str) -> Vec<UnixMs> {
    let query = LogQuery::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    query
        .select(&lines(), 0, 10)
        .expect("lines in memory can be read")
        .iter()
        .map(|line| line.at)
        .collect()
}

#[test]
fn the_selector_chooses_nodes_by_their_whole_name() {
    assert_eq!(times("{node=\"kafka-2\"}"), [2, 3]);
    assert_eq!(times("{node=~\"kafka-.\"}"), [1, 2, 3]);
    assert!(times("{node=~\"kafka\"}").is_empty());
    assert_eq!(times("{node=~\".+\", node!=\"kafka-2\"}"), [1, 4]);
    assert_eq!(times(" { node =~ `.+` , node !~ \"kafka.*\" } "), [4]);
}

#[test]
fn all_filters_must_accept_a_line() {
    assert_eq!(times("{node=~\".+\"} |= \"ISR\""), [2, 3]);
    assert_eq!(times("{node=~\".+\"} |= \"ISR\" != \"Expanding\""), [2]);
    assert_eq!(times("{node=~\".+\"}|~`to \\d$`!=\"x\""), [2]);
    assert_eq!(times("{node=~\".+\"} !~ \"^INFO\""), [4]);
    assert!(times("{node=~\".+\"} |= \"isr\"").is_empty());
    assert_eq!(times("{node=~\".+\"} |~ \"(?i)isr\""), [2, 3]);
}

#[test]
fn several_texts_are_one_filter() {
    assert_eq!(times("{node=~\".+\"} |= \"started\" or \"C:\\\\temp\""), [1, 4]);
    assert_eq!(times("{node=~\".+\"} |= \"ISR\" or \"x\" != \"Expanding\" or \"y\""), [2]);
    assert_eq!(times("{node=~\".+\"} |~ \"(?i)INF\" or \"^WARN\" |= \"s\""), [1]);
    assert_eq!(times("{node=~\".+\"} != \"ISR\" or \"started\""), [4]);
    assert_eq!(times("{node=~\".+\"} !~ \"^I\" or \"x$\""), [4]);
}

#[test]
fn strings_have_the_escapes_of_go_or_none() {
    assert_eq!(times("{node=~\".+\"} |= \"\\\"quoted\\\" C:\\\\temp\""), [4]);
    assert_eq!(times("{node=~\".+\"} |= `\"quoted\" C:\\temp`"), [4]);
    assert!(times("{node=~\".+\"} |= \"gr\\u00f6\\xc3\"").is_empty());
    assert_eq!(times("{node=~\".+\"} |= \"gr\\u00f6\\u00dfe\""), [4]);
}

#[test]
fn the_time_range_has_both_its_ends() {
    let query = LogQuery::parse("{node=~\".+\"}").expect("a query");
    assert_eq!(
        query.select(&lines(), 2, 3).expect("lines").iter().map(|line| line.at).collect::<Vec<_>>(),
        [2, 3]
    );
}

#[test]
fn what_is_wrong_or_left_out_is_refused_with_its_place() {
    let complaint = |text: &&str| format!("{text}\n    {}", LogQuery::parse(text).expect_err(text));
    let texts = [
        "",
        "kafka-2",
        "rate({node=\"kafka-2\"}[5m])",
        "{}",
        "{node!=\"kafka-2\"}",
        "{node=~\".*\"}",
        "{job=\"kafka\"}",
        "{node}",
        "{node=kafka}",
        "{node=\"kafka-2\"",
        "{node=\"kafka-2\" node=\"x\"}",
        "{node=\"kafka-2}",
        "{node=~\"(\"}",
        "{node=\"kafka-2\"} |= ISR",
        "{node=\"kafka-2\"} | json",
        "{node=\"kafka-2\"} ISR",
        "{node=\"kafka-2\"} |> \"x\"",
        "{node=\"kafka-2\"} |= \"a\" or b",
        "{node=\"kafka-2\"}\n  |= \"größe\" |~ \"a{9999}{9999}\"",
        "{node=\"kafka-2\"} |= \"\\é\"",
    ];
    insta::assert_snapshot!(texts.iter().map(complaint).collect::<Vec<_>>().join("\n"), @r#"
        1:1: the query ends here where a selector such as {node="kafka-1"} must be
    kafka-2
        1:1: `kafka` is not supported; a log query is a selector such as {node="kafka-1"} and line filters
    rate({node="kafka-2"}[5m])
        1:1: `rate` is not supported; a log query is a selector such as {node="kafka-1"} and line filters
    {}
        1:1: the selector must name a node, or a pattern that is not empty: {node=~".+"} is every node
    {node!="kafka-2"}
        1:1: the selector must name a node, or a pattern that is not empty: {node=~".+"} is every node
    {node=~".*"}
        1:1: the selector must name a node, or a pattern that is not empty: {node=~".+"} is every node
    {job="kafka"}
        1:2: log lines have no label `job`; the only one is `node`
    {node}
        1:6: here is `}` where `=`, `!=`, `=~` or `!~` must be
    {node=kafka}
        1:7: here is `k` where a string in double quotes or backticks must be
    {node="kafka-2"
        1:16: the query ends here where `,` or `}` must be
    {node="kafka-2" node="x"}
        1:17: here is `n` where `,` or `}` must be
    {node="kafka-2}
        1:7: this string is never closed
    {node=~"("}
        1:8: this is not a valid regular expression: unclosed group
    {node="kafka-2"} |= ISR
        1:21: here is `I` where a string in double quotes or backticks must be
    {node="kafka-2"} | json
        1:18: the stage `| json` is not supported; the line filters |=, !=, |~ and !~ are
    {node="kafka-2"} ISR
        1:18: `ISR` is not supported here; the line filters |=, !=, |~ and !~ are
    {node="kafka-2"} |> "x"
        1:18: here is `|` where one of the line filters |=, !=, |~ and !~ must be
    {node="kafka-2"} |= "a" or b
        1:28: here is `b` where a string in double quotes or backticks must be
    {node="kafka-2"}
      |= "größe" |~ "a{9999}{9999}"
        2:17: this pattern is too large; repeat less
    {node="kafka-2"} |= "\é"
        1:21: this string has an escape that is not known, or a line end
    "#);
}
