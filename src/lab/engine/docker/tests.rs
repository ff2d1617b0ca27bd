//! An engine that does not answer, or hangs on one thing: every call ends all the same, and what
//! hangs costs nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;

use super::{DockerEngine, Patience, agreed};
use crate::domain::fault::{Action, Requirement};
use crate::domain::topology::properties::Startup;
use crate::domain::topology::{Node, Placement, Role, Topology};
use crate::lab::engine::{
    Act, Build, EngineError, Exec, Files, Images, Lab, Limits, Logs, Recipe, Refusal, Statistics,
    Survey, Sweep, Swept, Terminal, Window,
};

const SHORT: Duration = Duration::from_secs(1);

fn engine(socket: &Path) -> DockerEngine {
    let address = socket.display().to_string();
    let docker = Docker::connect_with_unix(&address, 60, API_DEFAULT_VERSION).expect("a client");
    let patience =
        Patience { answers: SHORT, works: SHORT, copies: SHORT, sweeps: SHORT, builds: SHORT };
    DockerEngine { docker, address, patience }
}

fn lab() -> Lab {
    let node = Node { name: "kafka-1".to_owned(), id: 1, role: Role::Broker };
    let topology = Topology { nodes: vec![node], ..Topology::default() };
    let placement = Placement {
        subnet: "172.30.0.0/28".to_owned(),
        addresses: BTreeMap::new(),
        host_ports: BTreeMap::new(),
    };
    Lab { run: "r-000001".to_owned(), topology, services: Vec::new(), placement }
}

/// What a call ended with: nothing but that the engine did not answer.
fn unanswered<T>(call: &str, result: Result<T, EngineError>) {
    match result {
        Err(EngineError::Operation { source: Refusal::Unanswered { .. }, .. }) => {}
        Err(other) => panic!("{call}: {other}"),
        Ok(_) => panic!("{call} was answered"),
    }
}

#[tokio::test]
async fn every_call_into_an_engine_that_does_not_answer_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    // Connections are taken by the kernel, and nobody ever reads from them.
    let _listener = UnixListener::bind(&socket).expect("a socket");
    let (engine, lab) = (&engine(&socket), &lab());
    let window = Some(Window { columns: 80, rows: 24 });
    let wanted = BTreeSet::from([Requirement::LinkShaping, Requirement::DiskWriteLimit]);
    let shape =
        Action::ShapeLink { node: "kafka-1".to_owned(), rate_kbit: 1, burst_kb: 1, latency_ms: 1 };
    let recipe =
        Recipe { reference: "image:1", label: ("a", "b"), arguments: &[], context: vec![0; 1024] };
    let files = [("/etc/a".to_owned(), "b".to_owned())];
    // All at once: each of them may take its time.
    macro_rules! all_end {
        ($($call:expr),+ $(,)?) => {{
            tokio::join!($(async { unanswered(stringify!($call), $call.await) }),+);
        }};
    }
    all_end!(
        engine.reserve("r-000001", &lab.topology, &[]),
        engine.boot(lab, "image:1", Startup::Lean),
        engine.observe(lab, &shape),
        engine.perform(lab, &shape),
        engine.cpu_limit(lab, "kafka-1"),
        engine.limit_cpu(lab, "kafka-1", None),
        engine.memory_limit(lab, "kafka-1"),
        engine.limit_memory(lab, "kafka-1", Some(1)),
        engine.create_exec(lab, "kafka-1", &["true"], false),
        async { engine.start_exec("e").await.map(|_| ()) },
        engine.exec_exit("e"),
        engine.end_exec("e"),
        engine.run(lab, "kafka-1", &["true"], SHORT * 60),
        engine.read_file(lab, "kafka-1", "/etc/a"),
        engine.write_files(lab, "kafka-1", &files),
        async { engine.follow_log(lab, "kafka-1", 0).next().await.expect("an end") },
        async { engine.follow_usage(lab, "kafka-1").next().await.expect("an end") },
        async { engine.follow_events(lab).next().await.expect("an end") },
        engine.machine_state(lab, "kafka-1"),
        engine.create_shell(lab, "kafka-1", Vec::new(), window),
        async { engine.start_shell("e", true).await.map(|_| ()) },
        async { engine.start_shell("e", false).await.map(|_| ()) },
        engine.resize_shell("e", Window { columns: 80, rows: 24 }),
        engine.rescue(lab, "kafka-1", "token"),
        engine.end_rescue(lab, "kafka-1-rescue-token"),
        engine.sweep(None),
        engine.standing(Some("r-000001")),
        engine.about(),
        engine.lacking("image:1", &wanted),
        engine.disclosed(lab, 0),
        engine.has_image("image:1"),
        engine.build_image(recipe, |_| ()),
        engine.images(("a", "b")),
        engine.remove_image("image:1"),
    );
    // Topics are asked for at Kafka's door at the same time, where nobody listens either.
    assert!(engine.populate(lab, "image:1").await.is_err());
    assert!(agreed(engine.docker.clone(), SHORT).await.is_err_and(|why| why.contains("1 s")));
}

/// Answers as an engine with three containers and a network, of which one container hangs: its
/// removal is never answered, and the network cannot go before it.
async fn answer(
    request: Request<Incoming>,
    standing: Arc<Mutex<BTreeSet<&'static str>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().trim_start_matches('/');
    let (status, body) = match (request.method(), path) {
        (&Method::GET, "containers/json") => {
            let standing = standing.lock().expect("nobody panicked");
            let named = standing.iter().map(|name| format!(r#"{{"Names":["/{name}"]}}"#));
            (200, format!("[{}]", named.collect::<Vec<_>>().join(",")))
        }
        (&Method::GET, "networks") => (200, r#"[{"Name":"r-000001"}]"#.to_owned()),
        (&Method::GET, "volumes") => (200, r#"{"Volumes":[]}"#.to_owned()),
        (&Method::DELETE, "containers/r-000001-kafka-2") => std::future::pending().await,
        (&Method::DELETE, "networks/r-000001") => {
            (403, r#"{"message":"network r-000001 has active endpoints"}"#.to_owned())
        }
        (&Method::DELETE, path) => {
            let name = path.trim_start_matches("containers/");
            standing.lock().expect("nobody panicked").remove(name);
            (204, String::new())
        }
        (method, path) => panic!("{method} {path} was not expected"),
    };
    let response = Response::builder().status(status).header("Content-Type", "application/json");
    Ok(response.body(Full::new(Bytes::from(body))).expect("a response"))
}

#[tokio::test]
async fn what_hangs_keeps_nothing_else_from_being_removed_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let containers = ["r-000001-kafka-1", "r-000001-kafka-2", "r-000001-toolbox"];
    let standing = Arc::new(Mutex::new(BTreeSet::from(containers)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let standing = standing.clone();
            let service = service_fn(move |request| answer(request, standing.clone()));
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serving);
        }
    });
    let error = engine(&socket).sweep(Some("r-000001")).await.expect_err("one hangs");
    let EngineError::Left { swept, .. } = &error else { panic!("{error}") };
    assert_eq!(*swept, Swept { containers: 2, networks: 0, volumes: 0 });
    assert_eq!(
        error.to_string(),
        "2 could not be removed; what removes each, once the engine lets it go:\n  \
         container r-000001-kafka-2 (could not remove the container r-000001-kafka-2: the engine \
         did not answer within 1 s): `docker rm -f -v r-000001-kafka-2`\n  \
         network r-000001 (could not remove the network r-000001: network r-000001 has active \
         endpoints (status 403)): `docker network rm r-000001`"
    );
}
