//! The page: an alert as Alertmanager would word it, a service map, how to reach things, what to do
//! next.

use std::fmt::Write;

use super::context::Context;
use super::exit::Failure;
use super::status::length;
use crate::domain::rca::moment::rfc3339;
use crate::domain::workload::ServiceRole;
use crate::drill::Chosen;
use crate::drill::page::{Page, page};

pub fn print(context: &Context, chosen: &Chosen) -> Result<(), Failure> {
    let page = page(chosen)?;
    context.output.text(&context.output.either(&page, || text(context, &page)))
}

fn text(context: &Context, told: &Page) -> String {
    let mut page = String::new();
    let mut line =
        |text: String| writeln!(page, "{text}").expect("writing to a string does not fail");
    let bold = |text: &str| context.output.bold(text);
    let alert = &told.alert;
    line(String::new());
    let state = &told.alert_state;
    let (label, holds) =
        if state.holds { ("[FIRING:1]", "firing") } else { ("[RESOLVED]", "resolved") };
    line(bold(&format!("{label} {} ({})", alert.name, alert.severity)));
    line(format!("  {}", alert.summary));
    line(format!("  {}", alert.description.trim()));
    line(format!("  expr: {}", alert.expr));
    if let Some(at) = told.paged_at {
        line(format!("  paged: {}  (this is T+00:00:00)", rfc3339(at / 1000 * 1000)));
    }
    line(format!("  state: {holds} for {}", length(state.since_seconds)));
    line(String::new());
    line(told.brief.clone());
    line(String::new());
    line(bold("Services"));
    for service in &told.configured {
        let topics = service.topics().collect::<Vec<_>>().join(", ");
        let flow = match service.role {
            ServiceRole::Producer => format!("{} -> {topics}", service.name),
            ServiceRole::Consumer => {
                format!("{topics} -> {} (group {})", service.name, service.group().unwrap_or("-"))
            }
        };
        line(format!("  {flow}: {}", service.description));
    }
    line(format!("  cluster: {}", told.nodes.join(", ")));
    line(String::new());
    line(bold("Where to look"));
    let first = told.brokers.first().map_or("kafka-1", String::as_str);
    for (command, says) in [
        (
            "chaoslab shell".to_owned(),
            "kafka-*.sh, kcat and friends, on a machine of its own".to_owned(),
        ),
        (
            format!("chaoslab shell {first}"),
            "a node: logs in /var/log/kafka, jcmd, ss, tc, tcpdump".to_owned(),
        ),
        ("chaoslab changes".to_owned(), "what was changed lately".to_owned()),
        (
            "chaoslab events".to_owned(),
            "what the record shows, by number: ISR, leaders, restarts, errors, lag".to_owned(),
        ),
        (format!("chaoslab logs {first} --since T-00:01:00"), "what it logged".to_owned()),
        (
            "chaoslab query 'up'".to_owned(),
            "the monitoring, in PromQL; `chaoslab metrics` lists what there is".to_owned(),
        ),
        (
            "chaoslab playbook".to_owned(),
            "how to investigate this symptom; `chaoslab hint` says more, for points".to_owned(),
        ),
        ("chaoslab status".to_owned(), "nodes, services, alert, objectives".to_owned()),
    ] {
        line(format!("  {command:<40} {says}"));
    }
    line(String::new());
    line(bold("When you know"));
    line(format!(
        "  {:<40} {}",
        "chaoslab rca new", "a short write-up to fill in; `rca check` verifies each claim"
    ));
    line(format!("  {:<40} {}", "chaoslab submit", "have it graded; then `chaoslab stop`"));
    if let Some(commitment) = &told.commitment {
        line(String::new());
        line(format!("run {}, truth committed as {}", told.run, &commitment[..16]));
    }
    page
}
