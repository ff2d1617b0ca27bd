//! All that the engine tells of a lab to whoever asks it.

use std::collections::HashMap;

use bollard::models::EventMessage;
use bollard::query_parameters::{EventsOptionsBuilder, InspectContainerOptions};
use futures_util::TryStreamExt;

use super::{DockerEngine, NODE_LABEL, RUN_LABEL, within};
use crate::lab::engine::{Disclosed, EngineError, Lab, MachineEvent};

pub(super) async fn disclosed(
    engine: &DockerEngine,
    lab: &Lab,
    since: i64,
) -> Result<Vec<Disclosed>, EngineError> {
    let docker = &engine.docker;
    let mut told = Vec::new();
    for machine in lab.machines() {
        let container = lab.container(machine);
        let inspected = docker.inspect_container(&container, None::<InspectContainerOptions>);
        let inspected =
            within(format!("inspect {machine}"), engine.patience.answers, inspected).await?;
        told.push(standing(format!("container {machine}"), json(&inspected)));
    }
    let network = docker.inspect_network(&lab.run, None);
    let network = within("inspect the network", engine.patience.answers, network).await?;
    told.push(standing("network".to_owned(), json(&network)));
    let filters = HashMap::from([("label".to_owned(), vec![format!("{RUN_LABEL}={}", lab.run)])]);
    let (since, until) = (since.to_string(), jiff::Timestamp::now().as_second().to_string());
    let options =
        EventsOptionsBuilder::default().since(&since).until(&until).filters(&filters).build();
    let events = docker.events(Some(options)).try_collect();
    let events: Vec<_> = within("read the engine's events", engine.patience.works, events).await?;
    told.extend(events.iter().map(|event| Disclosed {
        place: "events of the engine".to_owned(),
        text: json(event),
        event: of_machine(event),
    }));
    Ok(told)
}

fn standing(place: String, text: String) -> Disclosed {
    Disclosed { place, text, event: None }
}

fn of_machine(event: &EventMessage) -> Option<MachineEvent> {
    let attributes = event.actor.as_ref()?.attributes.as_ref()?;
    Some(MachineEvent {
        at: event.time?,
        machine: attributes.get(NODE_LABEL)?.clone(),
        what: event.action.clone()?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("what came as JSON is JSON")
}
