//! What needs no Prometheus to be known: refusals and their places, limits, and what the grader
//! asks of a query.

use super::expr::{Expr, Kind};
use super::{Query, Value};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::{
    Labels, Matcher, Point, Series, SeriesSource, SourceError, UnixMs, stale,
};
use std::cell::RefCell;

fn series(name: &str, label: &str, points: &[(UnixMs, f64)]) -> Series {
    Series {
        labels: Labels::of(name, [("broker", label)]),
        points: points.iter().map(|&(at, value)| Point { at, value }).collect(),
    }
}

fn record() -> Vec<Series> {
    vec![
        series("up", "1", &[(0, 1.0), (10_000, 1.0), (20_000, 1.0)]),
        series("up", "2", &[(0, 1.0), (10_000, 0.0), (20_000, 0.0)]),
        series("up", "3", &[(0, 1.0), (10_000, stale())]),
    ]
}

fn parsed(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn value(text: &str, at: UnixMs) -> Value {
    parsed(text).instant(&record(), at).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn shown(text: &str, at: UnixMs) -> String {
    match value(text, at) {
        Value::Vector(elements) => elements
            .iter()
            .map(|(labels, value)| format!("{labels} {value}"))
            .collect::<Vec<_>>()
            .join("; "),
        other => format!("{other:?}"),
    }
}

fn complaints(texts: &[&str]) -> String {
    let complaint =
        |text: &&str| match Query::parse(text).and_then(|query| query.instant(&record(), 20_000)) {
            Ok(value) => format!("{text}\n    is answered: {value:?}"),
            Err(error) => format!("{text}\n    {error}"),
        };
    texts.iter().map(complaint).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_left_out_is_refused_by_name() {
    insta::assert_snapshot!(complaints(&[
        "sum(up) + histogram_quantile(0.9, up)",
        "rat(up[5m])",
        "rate(up[1m])[5m:10s]",
        "quantile_over_time(0.5, sum(up)[5m:10s])",
        "limitk(2, up)",
        "up + on (broker) fill(0) up",
        "{\"my.metric\"}",
        "sum by (\"broker\") (up)",
        "up[300]",
        "up offset 60",
        "up offset +1m",
        "up > 5m",
        "start()",
        "up{broker=\"1\" or broker=\"2\"}",
    ]), @r#"
    sum(up) + histogram_quantile(0.9, up)
        1:11: `histogram_quantile` is not supported: no buckets are recorded here. Kafka's own quantiles are series, `{quantile="0.99"}`, and `_sum` over `_count` is a mean
    rat(up[5m])
        1:1: the function `rat` is not supported; these are: abs, absent, absent_over_time, avg_over_time, ceil, changes, clamp, clamp_max, clamp_min, count_over_time, day_of_month, day_of_week, day_of_year, days_in_month, delta, deriv, floor, hour, idelta, increase, irate, label_join, label_replace, last_over_time, max_over_time, min_over_time, minute, month, predict_linear, present_over_time, quantile_over_time, rate, resets, round, scalar, sort, sort_desc, stddev_over_time, stdvar_over_time, sum_over_time, time, timestamp, vector, year. Did you mean `rate`?
    rate(up[1m])[5m:10s]
        a subquery such as `metric[5m:10s]` stands inside a function of a range
    quantile_over_time(0.5, sum(up)[5m:10s])
        `quantile_over_time` over a subquery is not supported; over a range it is
    limitk(2, up)
        1:1: the aggregation `limitk` is not supported; these are: avg, bottomk, count, count_values, group, max, min, quantile, stddev, stdvar, sum, topk
    up + on (broker) fill(0) up
        1:18: `fill` is not supported; it came with Prometheus 3, and this engine speaks the PromQL of 2.42
    {"my.metric"}
        1:2: the quoted name "my.metric" is not supported; names of metrics and labels are letters, digits and `_`, without quotes
    sum by ("broker") (up)
        1:9: the quoted name "broker" is not supported; names of metrics and labels are letters, digits and `_`, without quotes
    up[300]
        1:4: a duration needs a unit: `300s`, not `300`; units are ms, s, m, h, d, w and y
    up offset 60
        1:11: a duration needs a unit: `60s`, not `60`; units are ms, s, m, h, d, w and y
    up offset +1m
        1:11: `offset +` is not supported; write `offset 5m` to look back, `offset -5m` to look ahead
    up > 5m
        1:6: the duration `5m` stands where a number belongs; durations are supported in `[...]` and after `offset`
    start()
        1:1: the function `start` is not supported; these are: abs, absent, absent_over_time, avg_over_time, ceil, changes, clamp, clamp_max, clamp_min, count_over_time, day_of_month, day_of_week, day_of_year, days_in_month, delta, deriv, floor, hour, idelta, increase, irate, label_join, label_replace, last_over_time, max_over_time, min_over_time, minute, month, predict_linear, present_over_time, quantile_over_time, rate, resets, round, scalar, sort, sort_desc, stddev_over_time, stdvar_over_time, sum_over_time, time, timestamp, vector, year. Did you mean `sort`?
    up{broker="1" or broker="2"}
        1:15: `or` between matchers is not supported; use a pattern, `label=~"a|b"`
    "#);
}

#[test]
fn what_is_no_promql_is_refused_with_its_place() {
    insta::assert_snapshot!(complaints(&[
        "",
        "# only a comment",
        "up up",
        "up == = 1",
        "up +",
        "sum(up",
        "sum((up) + (up)",
        "sum(up # by (x",
        "up)",
        "up{broker=}",
        "up{broker=\"1\"",
        "up{broker}",
        "up ! 1",
        "up $ 1",
        "up{a=\"größe\"} $ 1",
        "sum by broker (up)",
        "up\n  + on (broker)\n  rate(up[5m]) rate",
        "up{broker=~`\\d`} up",
        "rate(up[5x])",
        "1e999",
        "up{broker=~\"(\"}",
    ]), @r#"
        1:1: there is no expression here
    # only a comment
        1:1: there is no expression here
    up up
        1:4: `up` cannot stand here
    up == = 1
        1:7: `=` cannot stand here
    up +
        1:5: the expression ends too early
    sum(up
        1:4: this parenthesis is never closed
    sum((up) + (up)
        1:4: this parenthesis is never closed
    sum(up # by (x
        1:4: this parenthesis is never closed
    up)
        1:3: unexpected right parenthesis ')'
    up{broker=}
        1:11: `}` cannot stand here
    up{broker="1"
        1:3: unexpected end of input inside braces
    up{broker}
        1:4: invalid label matcher, expected label matching operator after 'broker'
    up ! 1
        1:5: unexpected character after '!': ' '
    up $ 1
        1:4: unexpected character: '$'
    up{a="größe"} $ 1
        1:15: unexpected character: '$'
    sum by broker (up)
        1:8: `broker` cannot stand here
    up
      + on (broker)
      rate(up[5m]) rate
        3:16: `rate` cannot stand here
    up{broker=~`\d`} up
        1:18: `up` cannot stand here
    rate(up[5x])
        1:10: bad number or duration syntax: 5x
    1e999
        1:1: `1e999` is not a number, or is too large
    up{broker=~"("}
        1:12: "(" is not a valid regular expression
    "#);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    insta::assert_snapshot!(complaints(&[
        "rate(up)",
        "1 > 2",
        "up and 1",
        "up + bool 1",
        "sum(up[5m])",
        "topk(up, up)",
        "clamp(up, 1)",
        "count_values(\"a-b\", up)",
        "label_replace(up, \"a-b\", \"\", \"\", \"\")",
        "label_replace(up, \"a\", \"\", \"\", \"(\")",
        "up * on () up",
        "up * on () group_left up",
        "up * on () vector(1)",
        "label_replace(up, \"broker\", \"x\", \"\", \"\")",
        "topk(NaN, up)",
        "up[5m] + 1",
    ]), @r#"
    rate(up)
        1:1: expected a range vector in call to function 'rate', got an instant vector
    1 > 2
        comparisons between scalars must use BOOL modifier
    up and 1
        1:4: set operator 'and' not allowed in binary scalar expression
    up + bool 1
        bool modifier can only be used on comparison operators
    sum(up[5m])
        expected an instant vector in aggregation expression, got a range vector
    topk(up, up)
        expected a scalar in aggregation expression, got an instant vector
    clamp(up, 1)
        1:1: expected 3 argument(s) in call to 'clamp', got 2
    count_values("a-b", up)
        "a-b" is not a label name: letters, digits and `_`, not beginning with a digit
    label_replace(up, "a-b", "", "", "")
        "a-b" is not a label name: letters, digits and `_`, not beginning with a digit
    label_replace(up, "a", "", "", "(")
        `(` is not a valid regular expression `label_replace` can use
    up * on () up
        many-to-many matching not allowed: the right side has up{broker="1"} and up{broker="2"} for the same match group {}; name in `on (...)` the labels that tell them apart, or aggregate that side first
    up * on () group_left up
        many-to-many matching not allowed: the right side has up{broker="1"} and up{broker="2"} for the same match group {}; name in `on (...)` the labels that tell them apart, or aggregate that side first
    up * on () vector(1)
        several elements on the left, up{broker="2"} among them, match {} on the right; if that is meant, say so with `group_left`, after `on (...)` or `ignoring (...)`
    label_replace(up, "broker", "x", "", "")
        several series are left with the same labels, up{broker="x"}; select one metric, or aggregate with `sum by (...)` and the like
    topk(NaN, up)
        the number of elements to choose is NaN, which is no whole number
    up[5m] + 1
        binary expression must contain only scalar and instant vector types
    "#);
}

#[test]
fn a_stale_marker_ends_a_series_until_its_next_sample() {
    assert_eq!(shown("up", 9_999), r#"up{broker="1"} 1; up{broker="2"} 1; up{broker="3"} 1"#);
    assert_eq!(shown("up", 10_000), r#"up{broker="1"} 1; up{broker="2"} 0"#);
    assert_eq!(
        shown("count_over_time(up[1m])", 20_000),
        r#"{broker="1"} 3; {broker="2"} 3; {broker="3"} 1"#
    );
}

#[test]
fn a_sample_is_seen_for_five_minutes_and_not_a_millisecond_longer() {
    assert_eq!(shown("up{broker=\"1\"}", 320_000), r#"up{broker="1"} 1"#);
    assert_eq!(shown("up{broker=\"1\"}", 320_001), "");
}

#[test]
fn a_query_holds_when_something_is_found_or_true() {
    let holds = |text: &str| parsed(text).holds(&value(text, 20_000));
    for text in [
        "up",
        "up == 0",
        "up == bool 0",
        "up == bool 0 and up",
        "1",
        "scalar(up{broker=\"1\"})",
        "absent(lag)",
        "max(up > bool 0)",
        "0 < bool 1",
    ] {
        assert!(holds(text), "{text}");
    }
    let none = [
        "up > 1",
        "up > bool 1",
        "0",
        "scalar(lag)",
        "lag",
        "absent(up)",
        "min(up > bool 0)",
        "sort(up > bool 1)",
        "1 < bool 0",
        "up[5m]",
        "\"text\"",
    ];
    for text in none {
        assert!(!holds(text), "{text}");
    }
    // A sum of truths is a quantity again.
    assert!(holds("sum(up > bool 1)"));
}

#[test]
fn a_query_tells_what_it_asks() {
    let query = parsed(
        "sum(rate(a{x=\"1\"}[5m] offset 1m)) > bool 3 or (time() - timestamp(b) == 7 unless {__name__=~\"c.*\"})",
    );
    assert_eq!(query.metrics().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    let selectors: Vec<_> =
        query.selectors().iter().map(|(selector, width)| format!("{selector} {width:?}")).collect();
    assert_eq!(
        selectors,
        ["a{x=\"1\"} offset 1m Some(300000)", "b None", "{__name__=~\"c.*\"} None"]
    );
    let comparisons: Vec<_> = query
        .comparisons()
        .iter()
        .map(|(relation, binary)| format!("{} {}", relation.symbol(), binary.rhs))
        .collect();
    assert_eq!(comparisons, ["> 3", "== 7"]);
    assert!(query.reads_clock() && !parsed("up").reads_clock());
    let kinds =
        ["1 + time()", "up", "up[5m]", "\"x\"", "-up", "-(1)"].map(|text| parsed(text).kind());
    assert_eq!(
        kinds,
        [Kind::Scalar, Kind::Vector, Kind::Range, Kind::Text, Kind::Vector, Kind::Scalar]
    );
}

#[test]
fn an_expression_may_be_changed_and_is_written_out_as_promql() {
    let mut expr = parsed("max by(broker)(up{broker=\"2\"})==0").expr().clone();
    expr.walk_mut(&mut |part| match part {
        Expr::Number(threshold) => *threshold -= 1.5,
        part => part
            .selector_mut()
            .into_iter()
            .for_each(|selector| selector.matchers[1] = Matcher::equal("broker", "a\"b")),
    });
    assert_eq!(Query::from(expr).text(), r#"max by (broker) (up{broker="a\"b"}) == (-1.5)"#);
    let written = |text: &str| parsed(text).expr().to_string();
    assert_eq!(written("((1 + (2 * (3)))) ^ -2 ^ (-up)"), "(1 + 2 * 3) ^ (-(2 ^ (-up)))");
    assert_eq!(written("a*on(x)group_left()(b or c)"), "a * on (x) group_left () (b or c)");
    assert_eq!(written("rate(a[90s] @ end() offset -1h)"), "rate(a[1m30s] @ end() offset -1h)");
    assert_eq!(written("a-(b-c)-d"), "a - (b - c) - d");
    assert_eq!(written("- 1e3 % Inf"), "(-1000) % Inf");
}

#[test]
fn a_range_query_has_a_value_at_each_step() {
    let found = parsed("up == 0").range(&record(), 0, 25_000, 5_000).expect("answered");
    let times: Vec<_> = found
        .iter()
        .map(|one| (one.labels.to_string(), one.points.iter().map(|p| p.at).collect::<Vec<_>>()))
        .collect();
    assert_eq!(times, [("up{broker=\"2\"}".to_owned(), vec![10_000, 15_000, 20_000, 25_000])]);
    let refused = |text: &str, start, end, step| {
        parsed(text).range(&record(), start, end, step).map_err(|error| error.to_string())
    };
    insta::assert_debug_snapshot!([
        refused("up", 0, -1, 1000),
        refused("up", 0, 1, 0),
        refused("up", 0, 11_001, 1),
        refused("up[5m]", 0, 1, 1),
        refused("up", i64::MIN, i64::MAX, 1),
    ], @r#"
    [
        Err(
            "a range query needs an end that is not before its start, and a step above zero",
        ),
        Err(
            "a range query needs an end that is not before its start, and a step above zero",
        ),
        Err(
            "a range query may have 11000 steps at most, this one has 11001; choose a wider step",
        ),
        Err(
            "a range query needs a scalar or an instant vector, not a range or a string",
        ),
        Err(
            "a range query needs an end that is not before its start, and a step above zero",
        ),
    ]
    "#);
}

/// Remembers what was asked of it.
struct Asked<'a>(RefCell<Vec<String>>, &'a Vec<Series>);

impl SeriesSource for Asked<'_> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.0.borrow_mut().push(format!("all {from}..{to}"));
        self.1.select(matchers, from, to)
    }

    fn newest(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.0.borrow_mut().push(format!("newest {from}..{to}"));
        self.1.newest(matchers, from, to)
    }
}

#[test]
fn no_more_is_read_than_the_answer_needs() {
    let record = record();
    let asked = Asked(RefCell::default(), &record);
    parsed("up offset 1s + rate(up[10s]) + up @ 5").instant(&asked, 20_000).expect("answered");
    parsed("up + rate(up[10s]) + up @ 5").range(&asked, 0, 20_000, 1_000).expect("answered");
    let expected = [
        "newest -281000..19000",
        "all 10000..20000",
        "newest -295000..5000",
        "all -300000..20000",
        "all -10000..20000",
        "newest -295000..5000",
    ];
    assert_eq!(*asked.0.borrow(), expected);
}

#[test]
fn too_much_work_is_refused() {
    let many: Vec<_> = (0..300)
        .map(|n| {
            series("many", &n.to_string(), &(0..2000).map(|t| (t * 1000, 1.0)).collect::<Vec<_>>())
        })
        .collect();
    let costly =
        parsed("max_over_time(many[30m])").range(&many, 0, 2_000_000, 1000).expect_err("refused");
    assert_eq!(
        costly.to_string(),
        "this looks at more than 1000 million samples; ask for fewer series, a shorter range or a wider step"
    );
    assert!(parsed("max_over_time(many[30m])").instant(&many, 2_000_000).is_ok());
    assert!(parsed("max_over_time(many[30m] @ 2000)").range(&many, 0, 2_000_000, 1000).is_err());
    // Hours of windows of an hour: 108 million looks, of which little is kept.
    assert!(parsed("count_over_time(many[30m])").range(&many, 0, 2_000_000, 10_000).is_ok());
    let ever_new: Vec<_> = (0..20)
        .map(|n| {
            series(
                "new",
                &n.to_string(),
                &(0..2000).map(|t| (t * 1000, (t * 20 + n) as f64)).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert!(matches!(
        parsed("count_values(\"v\", new)").range(&ever_new, 0, 2_000_000, 1000),
        Err(QueryError::TooCostly(_))
    ));
}
