//! Every action on a real engine: what it found is found again after it was taken back, and taking
//! it back twice changes nothing. One lab for all of them.

use std::time::Duration;

use chaoslab::domain::fault::{AclEntry, Action, Irreversible, Prior, ProcessState, Signal};
use chaoslab::domain::scenario::Plan;
use chaoslab::domain::topology::Topic;
use chaoslab::domain::topology::properties::Startup;
use chaoslab::domain::workload::Behaviour;
use chaoslab::lab::engine::{Act, Build, EngineError, Host, Lab, Sweep, connect};
use chaoslab::lab::image::Image;
use chaoslab::lab::library::Library;
use chaoslab::lab::run::new_run_id;
use chaoslab::lab::wait::until;

/// How long a lab may take to show what was done to it: a reassignment copies its replicas.
const SHOWS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// An action, and what is done before it, so that it finds something to change.
struct Case {
    before: Option<Action>,
    action: Action,
}

/// The cases of every kind of action. A kind that is not listed here does not compile.
macro_rules! each_kind {
    ($($kind:pat => [$($case:expr),+ $(,)?]),+ $(,)?) => {
        fn cases() -> Vec<Case> {
            let mut all: Vec<Case> = Vec::new();
            $(for case in [$($case),+] {
                assert!(matches!(case.action, $kind), "{:?} stands below another", case.action);
                all.push(case);
            })+
            all
        }

        #[allow(dead_code)]
        fn all_are_listed(action: &Action) {
            match action {
                $($kind => {})+
            }
        }
    };
}

each_kind! {
    Action::ShapeLink { .. } => [alone(shaped(80_000)), after(shaped(61_234), shaped(90_000))],
    Action::DeployService { .. } => [alone(Action::DeployService {
        service: service(),
        set: [("linger.ms".to_owned(), "7".to_owned())].into(),
        behaviour: None,
    }), alone(rolled_out("7.99.1", None)), after(
        rolled_out("7.99.2", Some(Behaviour { rate: 3, ..Behaviour::default() })),
        rolled_out("7.99.3", None),
    )],
    Action::StopService { .. } => [alone(Action::StopService { service: service() })],
    Action::StartService { .. } => [after(
        Action::StopService { service: service() },
        Action::StartService { service: service() },
    )],
    Action::ElectPreferredLeaders {} => [alone(Action::ElectPreferredLeaders {})],
    Action::RestartKafka { .. } => [alone(Action::RestartKafka { node: node(3) })],
    Action::AlterTopicConfig { .. } => [
        alone(retention(Some("60000"))),
        after(retention(Some("60000")), retention(Some("70000"))),
        after(retention(Some("60000")), retention(None)),
    ],
    Action::AlterBrokerConfig { .. } => [alone(Action::AlterBrokerConfig {
        broker: 2,
        set: [("leader.replication.throttled.rate".to_owned(), Some("100000000".to_owned()))].into(),
    })],
    Action::AlterQuota { .. } => [alone(quota(Some(1e8))), after(quota(Some(1e8)), quota(None))],
    Action::AddAcl(_) => [alone(Action::AddAcl(entry()))],
    Action::RemoveAcl(_) => [after(Action::AddAcl(entry()), Action::RemoveAcl(entry()))],
    Action::ReassignPartitions { .. } => [alone(Action::ReassignPartitions {
        topic: TOPIC.to_owned(),
        assignment: Topic::spread(TOPIC, 3, 2, &[3, 1, 2]).assignment,
    })],
    Action::StopKafka { .. } => [alone(Action::StopKafka { node: node(3) })],
    Action::StartKafka { .. } => [after(
        Action::StopKafka { node: node(3) },
        Action::StartKafka { node: node(3) },
    )],
    Action::ReconfigureKafka { .. } => [alone(Action::ReconfigureKafka {
        node: node(3),
        properties: [("num.io.threads".to_owned(), Some("3".to_owned()))].into(),
        jvm: [("LISTED_TWICE".to_owned(), Some("no".to_owned()))].into(),
    })],
    Action::SignalKafka { .. } => [
        alone(signal(Signal::Stop)),
        after(signal(Signal::Stop), signal(Signal::Cont)),
        alone(signal(Signal::Kill)),
    ],
    Action::LimitCpu { .. } => [alone(cpu(Some(900))), after(cpu(Some(900)), cpu(None))],
    Action::LimitMemory { .. } => [
        alone(memory(Some(1500))),
        after(memory(Some(1500)), memory(Some(1200))),
        after(memory(Some(1500)), memory(None)),
    ],
    Action::DropPackets { .. } => [alone(Action::DropPackets {
        node: node(1),
        matching: ["-p", "tcp", "--dport", "1"].map(str::to_owned).to_vec(),
    })],
    Action::FillDisk { .. } => [alone(filled(60_000)), after(filled(70_000), filled(60_000))],
    Action::StartJob { .. } => [alone(job("sleep 600")), after(job("sleep 600"), job("sleep 700"))],
    Action::ProduceRecord { .. } => [alone(Action::ProduceRecord {
        topic: TOPIC.to_owned(),
        partition: 0,
        value: "6f72646572".to_owned(),
    })],
}

/// A topic and a service nobody else changes, of the family with the richest lab.
const FAMILY: (&str, &str) = ("isr-shrink", "capped-link");
const TOPIC: &str = "price-lists";
const SERVICE: &str = "gateway";

fn alone(action: Action) -> Case {
    Case { before: None, action }
}

fn after(before: Action, action: Action) -> Case {
    Case { before: Some(before), action }
}

/// A rollout of a version that is not there yet.
fn rolled_out(version: &str, behaviour: Option<Behaviour>) -> Action {
    let set = [("service.version".to_owned(), version.to_owned())].into();
    Action::DeployService { service: service(), set, behaviour }
}

fn node(id: u32) -> String {
    format!("kafka-{id}")
}

fn service() -> String {
    SERVICE.to_owned()
}

fn shaped(rate_kbit: u32) -> Action {
    Action::ShapeLink { node: node(1), rate_kbit, burst_kb: 63, latency_ms: 77 }
}

fn retention(value: Option<&str>) -> Action {
    let set = [("retention.ms".to_owned(), value.map(str::to_owned))].into();
    Action::AlterTopicConfig { topic: TOPIC.to_owned(), set }
}

fn quota(value: Option<f64>) -> Action {
    let set = [("consumer_byte_rate".to_owned(), value)].into();
    Action::AlterQuota { client_id: "reports".to_owned(), set }
}

fn entry() -> AclEntry {
    AclEntry { resource_type: "TOPIC".to_owned(), ..AclEntry::log_starts("auditor") }
}

fn signal(signal: Signal) -> Action {
    Action::SignalKafka { node: node(3), signal }
}

fn cpu(millicores: Option<u32>) -> Action {
    Action::LimitCpu { node: node(1), millicores }
}

fn memory(mebibytes: Option<u32>) -> Action {
    Action::LimitMemory { node: node(1), mebibytes }
}

fn filled(leave_kib: u32) -> Action {
    let path = "/var/lib/kafka/volume-2/old.bak".to_owned();
    Action::FillDisk { node: node(1), path, leave_kib }
}

fn job(script: &str) -> Action {
    Action::StartJob { node: node(1), job: "sync".to_owned(), script: script.to_owned() }
}

#[tokio::test]
async fn what_an_action_found_is_found_again_after_it_was_taken_back() {
    let engine = connect().await.expect("an engine: this test needs one");
    let library = Library::open().expect("the library");
    let image = Image::current(&library).expect("an image");
    if !image.is_built(&engine).await.expect("it answers") {
        image.build(&engine, |_| ()).await.expect("the image is built");
    }
    let plan = library.plan(FAMILY.0, FAMILY.1, 1).expect("a plan");
    let run = new_run_id().expect("an id");
    let proved = prove(&engine, &run, &image.reference, &plan).await;
    let swept = engine.sweep(Some(&run)).await;
    let (irreversible, wrong) = proved.expect("the lab boots");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed = [Irreversible::Election, Irreversible::Restart, Irreversible::Record];
    assert_eq!(irreversible, listed, "all other actions have an inverse");
    swept.expect("nothing is left");
}

/// What cannot be taken back, in the order of the cases, and what was not as it should be.
async fn prove(
    engine: &Host,
    run: &str,
    image: &str,
    plan: &Plan,
) -> Result<(Vec<Irreversible>, Vec<String>), EngineError> {
    let placement = engine.reserve(run, &plan.topology, &plan.services).await?;
    let (topology, services) = (plan.topology.clone(), plan.services.clone());
    let lab = Lab { run: run.to_owned(), topology, services, placement };
    engine.boot(&lab, image, Startup::Lean).await?;
    engine.populate(&lab, image).await?;
    let (mut irreversible, mut wrong) = (Vec::new(), Vec::new());
    for case in cases() {
        let begun = std::time::Instant::now();
        match prove_one(engine, &lab, &case).await {
            Ok(Prior::Irreversible(kind)) => irreversible.push(kind),
            Ok(_) => {}
            Err(reason) => wrong.push(format!("{:?}: {reason}", case.action)),
        }
        println!("{:>5.1} s  {:?}", begun.elapsed().as_secs_f64(), case.action);
    }
    Ok((irreversible, wrong))
}

/// What the action found, or what is wrong with its inverse.
async fn prove_one(engine: &Host, lab: &Lab, case: &Case) -> Result<Prior, String> {
    let told = |what: &'static str| move |error: EngineError| format!("{what}: {error}");
    if let Action::SignalKafka { .. } = case.action {
        // The supervisor calls a broker up while its script has yet to become the JVM: after the
        // cases that restarted it there may be nothing to signal for a moment.
        let runs = |now: &Prior| matches!(now, Prior::Process { state: ProcessState::Running, .. });
        seen(engine, lab, &case.action, runs)
            .await
            .map_err(|last| format!("Kafka does not run; found {last}"))?;
    }
    let mut earlier = None;
    if let Some(before) = &case.before {
        let prior = engine.observe(lab, before).await.map_err(told("observe what was before"))?;
        engine.perform(lab, before).await.map_err(told("perform what is before"))?;
        seen(engine, lab, before, |now| *now != prior).await?;
        earlier = Some((before, prior));
    }
    let action = &case.action;
    let first = engine.observe(lab, action).await.map_err(told("observe"))?;
    engine.perform(lab, action).await.map_err(told("perform"))?;
    if matches!(first, Prior::Irreversible(_)) {
        engine.undo(lab, &first).await.map_err(told("undo"))?;
        return Ok(first);
    }
    seen(engine, lab, action, |now| *now != first)
        .await
        .map_err(|last| format!("it changed nothing; found {last}"))?;
    engine.undo(lab, &first).await.map_err(told("undo"))?;
    seen(engine, lab, action, |now| *now == first)
        .await
        .map_err(|last| format!("found {first:?}, and after it was taken back {last}"))?;
    engine.undo(lab, &first).await.map_err(told("undo again"))?;
    let again = engine.observe(lab, action).await.map_err(told("observe at last"))?;
    if again != first {
        return Err(format!("taken back twice, it is {again:?} and not {first:?}"));
    }
    if let Some((before, prior)) = earlier {
        engine.undo(lab, &prior).await.map_err(told("undo what was before"))?;
        seen(engine, lab, before, |now| *now == prior).await?;
    }
    Ok(first)
}

/// Waits until what the action would find is as it should be; else what was found last.
async fn seen(
    engine: &Host,
    lab: &Lab,
    action: &Action,
    is_so: impl Fn(&Prior) -> bool,
) -> Result<(), String> {
    let mut last = String::new();
    let seen = until(SHOWS_WITHIN, LOOK_EVERY, async || {
        match engine.observe(lab, action).await {
            Ok(now) if is_so(&now) => return Ok::<_, String>(Some(())),
            Ok(now) => last = format!("{now:?}"),
            // A broker that starts again does not answer for a moment.
            Err(error) => last = error.to_string(),
        }
        Ok(None)
    });
    seen.await?.ok_or(last)
}
