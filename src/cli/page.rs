//! The page: an alert as Alertmanager would word it, a service map, how to reach things, what to do
//! next.

use std::fmt::Write;

use super::context::{Chosen, Context};
use super::exit::Failure;
use crate::domain::rca::moment::rfc3339;
use crate::domain::workload::ServiceRole;
use crate::lab::engine::Lab;
use crate::lab::run::{Briefing, RunFile};

pub fn print(context: &Context, chosen: &Chosen) -> Result<(), Failure> {
    let (briefing, lab) = (chosen.briefing()?, chosen.lab()?);
    if context.output.json {
        return context.output.value(&serde_json::json!({
            "run": chosen.file.id,
            "family": chosen.file.family,
            "paged_at": chosen.file.paged_at.map(rfc3339),
            "alert": briefing.alert,
            "brief": briefing.brief,
            "services": lab.services.iter().map(|s| serde_json::json!({"name": s.name, "description": s.description, "topics": s.topics().collect::<Vec<_>>()})).collect::<Vec<_>>(),
            "brokers": lab.topology.brokers().map(|b| b.name.as_str()).collect::<Vec<_>>(),
            "bootstrap_servers": lab.topology.bootstrap_servers(),
            "host_ports": lab.placement.host_ports,
            "topics": lab.topology.topics.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(),
            "commitment": chosen.file.commitment,
        }));
    }
    context.output.text(&text(context, &chosen.file, &briefing, &lab))
}

fn text(context: &Context, file: &RunFile, briefing: &Briefing, lab: &Lab) -> String {
    let mut page = String::new();
    let mut line =
        |text: String| writeln!(page, "{text}").expect("writing to a string does not fail");
    let bold = |text: &str| context.output.bold(text);
    let alert = &briefing.alert;
    line(String::new());
    line(bold(&format!("[FIRING:1] {} ({})", alert.name, alert.severity)));
    line(format!("  {}", alert.summary));
    line(format!("  {}", alert.description.trim()));
    line(format!("  expr: {}", alert.expr));
    if let Some(at) = file.paged_at {
        line(format!("  since: {}  (this is T+00:00:00)", rfc3339(at / 1000 * 1000)));
    }
    line(String::new());
    line(briefing.brief.clone());
    line(String::new());
    line(bold("Services"));
    for service in &lab.services {
        let topics = service.topics().collect::<Vec<_>>().join(", ");
        let flow = match service.role {
            ServiceRole::Producer => format!("{} -> {topics}", service.name),
            ServiceRole::Consumer => {
                format!("{topics} -> {} (group {})", service.name, service.group().unwrap_or("-"))
            }
        };
        line(format!("  {flow}: {}", service.description));
    }
    let nodes: Vec<_> = lab.topology.nodes.iter().map(|n| n.name.as_str()).collect();
    line(format!("  cluster: {}", nodes.join(", ")));
    line(String::new());
    line(bold("Where to look"));
    let first = lab.topology.brokers().next().map_or("kafka-1", |b| b.name.as_str());
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
    if let Some(commitment) = &file.commitment {
        line(String::new());
        line(format!("run {}, truth committed as {}", file.id, &commitment[..16]));
    }
    page
}
