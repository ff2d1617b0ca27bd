//! PromQL of content: it must be a condition, and ask for metrics and labels that a lab records.

use crate::domain::telemetry::catalogue::{self, Metric};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Expr, Grouping, Kind, MatchingLabels};
use crate::domain::telemetry::series::NAME;
use crate::domain::yaml::nearest;

/// What is wrong with an expression, a sentence each.
pub(super) fn problems(promql: &str) -> Vec<String> {
    let query = match Query::parse(promql) {
        Ok(query) => query,
        Err(error) => return vec![format!("this PromQL cannot be read: {error}")],
    };
    of_query(&query)
}

/// What is wrong with a query that could be read.
pub(super) fn of_query(query: &Query) -> Vec<String> {
    let mut problems = Vec::new();
    if matches!(query.kind(), Kind::Range | Kind::Text) {
        problems.push("this is no condition: compare a value with something".to_owned());
    }
    let mut asked: Vec<&Metric> = Vec::new();
    for (selector, _) in query.selectors() {
        let Some(name) = selector.metric() else {
            problems.push("a selector names no metric".to_owned());
            continue;
        };
        let Some(metric) = catalogue::find(name) else {
            let near = nearest(name, catalogue::metrics().iter().map(|m| m.name));
            let near = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            problems
                .push(format!("no metric is called `{name}`{near} (docs/metrics.md lists them)"));
            continue;
        };
        for matcher in
            selector.matchers.iter().filter(|m| m.label != NAME && !metric.has_label(&m.label))
        {
            let labels: Vec<_> = metric.labels.iter().map(|l| l.name).collect();
            problems.push(format!(
                "`{name}` has no label `{}`; it has {}",
                matcher.label,
                labels.join(", ")
            ));
        }
        asked.push(metric);
    }
    let mut used: Vec<String> = Vec::new();
    let mut made: Vec<String> = Vec::new();
    query.expr().walk(&mut |expr| match expr {
        Expr::Aggregate(_, Grouping::By(labels) | Grouping::Without(labels), _) => {
            used.extend(labels.iter().cloned())
        }
        Expr::Binary(binary) => match &binary.matching.labels {
            MatchingLabels::On(labels) | MatchingLabels::Ignoring(labels) => {
                used.extend(labels.iter().cloned())
            }
        },
        Expr::LabelReplace(_, relabel) => made.push(relabel.target.clone()),
        _ => {}
    });
    for label in used.iter().filter(|l| !made.contains(l) && !asked.iter().any(|m| m.has_label(l)))
    {
        problems.push(format!("no metric in it has the label `{label}`"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_must_be_those_of_the_catalogue() {
        let told = |promql: &str| problems(promql).join("\n");
        assert_eq!(told("sum by (node) (up{job=\"kafka\"}) == 4"), "");
        assert_eq!(told("sum(rate(up{job=\"kafka\"}[5s])) / on (node) group_left () up > 1"), "");
        insta::assert_snapshot!(told("sum by (brokr) (upp{jbo=\"kafka\"}) > up{jbo=\"kafka\"}"), @r"
        no metric is called `upp`; did you mean `up`? (docs/metrics.md lists them)
        `up` has no label `jbo`; it has job, node, instance
        no metric in it has the label `brokr`
        ");
        assert!(told("up ==").starts_with("this PromQL cannot be read: 1:6"));
        assert_eq!(told("up[5s]"), "this is no condition: compare a value with something");
    }
}
