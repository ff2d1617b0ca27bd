//! `chaoslab events`: numbered detections over the record.

use std::collections::BTreeMap;

use clap::Args;

use super::context::{Context, time};
use super::exit::Failure;
use super::output::tabulated;
use crate::domain::rca::record::Detection;
use crate::domain::rca::vocab::Component;
use crate::domain::telemetry::series::UnixMs;
use crate::drill;
use crate::drill::events::Event;

/// Arguments of `events`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab events\n  chaoslab events --json\n  chaoslab rca add event V7   (a number is a step of a causal chain)"
)]
pub struct Arguments {}

pub async fn run(context: &Context, _: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let detections = drill::events::events(&chosen, &context.output).await?;
    let values: Vec<_> = detections.value.iter().map(Event::from).collect();
    let printed = context.output.either(&values, || text(&detections.value, chosen.file.paged_at));
    context.output.text(&printed)?;
    Ok(detections.shown(&printed).await?)
}

fn text(detections: &[Detection], page: Option<UnixMs>) -> String {
    if detections.is_empty() {
        return "nothing was detected since the baseline\n".to_owned();
    }
    tabulated(
        &["no", "began", "lasted", "event", "on", "what"],
        detections.iter().map(|d| row(d, page)),
    )
}

fn row(d: &Detection, page: Option<UnixMs>) -> Vec<String> {
    let lasted = match (d.span.length() + 500) / 1000 {
        _ if d.ongoing => "goes on".to_owned(),
        // What happens at one instant does not last.
        0 => String::new(),
        seconds => format!("{seconds} s"),
    };
    vec![
        format!("V{}", d.number),
        time(page, d.span.from),
        lasted,
        d.event.clone(),
        shown(&d.on),
        d.told.clone(),
    ]
}

/// Components in one line: partitions of a topic together.
fn shown(on: &[Component]) -> String {
    let mut topics: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut shown: Vec<String> = Vec::new();
    for component in on {
        match component.topic_partition() {
            Some((topic, number)) => topics.entry(topic).or_default().push(number),
            None => shown.push(component.to_string()),
        }
    }
    shown.extend(topics.into_iter().map(|(topic, numbers)| match numbers.as_slice() {
        [one] => format!("partition:{topic}-{one}"),
        several => format!("partition:{topic}-{{{}}}", ranges(several)),
    }));
    shown.join(" ")
}

/// Numbers in their order, three and more in a row as `4..9`.
fn ranges(numbers: &[u32]) -> String {
    let rows = numbers.chunk_by(|a, b| b - a == 1).flat_map(|row| match row {
        [first, _, .., last] => vec![format!("{first}..{last}")],
        few => few.iter().map(u32::to_string).collect(),
    });
    rows.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_a_topic_are_shown_together() {
        let on = [
            "broker:2",
            "partition:orders-0",
            "partition:orders-1",
            "partition:orders-2",
            "partition:orders-10",
            "partition:a-b-7",
        ];
        let on: Vec<_> = on.iter().map(|c| Component::parse(c).expect("it is one")).collect();
        assert_eq!(shown(&on), "broker:2 partition:a-b-7 partition:orders-{0..2,10}");
        assert_eq!(ranges(&[1, 2, 4, 5, 6, 7, 9]), "1,2,4..7,9");
    }
}
