//! Debian's Prometheus 2.42 in a container, with the same samples: what a question costs there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chaoslab::domain::telemetry::promql::Query;
use chaoslab::domain::telemetry::series::{
    Labels, MatchOp, Matcher, NAME, SeriesSource, UnixMs, anchored, is_stale, quoted,
};
use chaoslab::lab::store::Reader;
use chaoslab::lab::wait;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::Failed;
use crate::figures::median;
use crate::questions::{PROMQL, Question};

/// The image of the conformance test, `tests/promql/prometheus.rs`.
const IMAGE: &str = "chaoslab-test-prometheus:bookworm";
const DOCKERFILE: &str = "FROM chaoslab-base:bookworm\n\
    RUN apt-get update && apt-get install --yes --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/*\n\
    RUN mkdir /data && echo 'global: {}' > /data/empty.yml\n";
const READY_WITHIN: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A running Prometheus that has the samples.
pub struct Prometheus {
    container: String,
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Prometheus {
    /// Starts one on the samples the questions are about; they are handed over once and kept.
    pub async fn start(reader: &Reader, hours: usize, to: UnixMs) -> Result<Self, Failed> {
        if !run(Command::new("docker").args(["image", "inspect", IMAGE]))?.1 {
            build_image()?;
        }
        let folder = std::path::absolute(format!("target/bench/{hours}h/prometheus"))?;
        if !folder.join("complete").exists() {
            hand_over(reader, &folder, to)?;
        }
        let mount = format!("{}:/bench", folder.display());
        let mut start = Command::new("docker");
        start.args(["run", "--detach", "--rm", "--label", "chaoslab.test=bench"]);
        start.args(["--volume", &mount, "--publish", "127.0.0.1::9090", IMAGE, "prometheus"]);
        start.args(["--config.file=/data/empty.yml", "--storage.tsdb.path=/bench/tsdb"]);
        start.args(["--storage.tsdb.retention.time=100y", "--log.level=warn"]);
        let container = text(&mut start)?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut prometheus = Self { container, address: String::new(), client };
        match prometheus.become_ready().await {
            Ok(()) => Ok(prometheus),
            Err(error) => {
                prometheus.remove();
                Err(error)
            }
        }
    }

    async fn become_ready(&mut self) -> Result<(), Failed> {
        let shown = text(Command::new("docker").args(["port", &self.container, "9090/tcp"]))?;
        self.address = format!("http://{}", shown.lines().next().unwrap_or_default());
        let address = format!("{}/-/ready", self.address);
        let ready = wait::until(READY_WITHIN, ASK_EVERY, async || {
            Ok::<_, Failed>(self.get(&address).await.ok())
        });
        ready.await?.map(|_| ()).ok_or_else(|| "Prometheus was not ready within a minute".into())
    }

    /// Removes it.
    pub fn remove(&self) {
        let removed = run(Command::new("docker").args(["rm", "--force", &self.container]));
        if !matches!(removed, Ok((_, true))) {
            eprintln!("the container {} could not be removed", self.container);
        }
    }

    async fn get(&self, address: &str) -> Result<Bytes, Failed> {
        let response = self.client.request(Request::get(address).body(Full::default())?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("Prometheus: {status} {}", String::from_utf8_lossy(&body)).into())
        }
    }

    /// How many series it answers with, and the middle of the times that took.
    pub async fn timed(
        &self,
        question: &Question,
        from: UnixMs,
        to: UnixMs,
        step: i64,
        times: usize,
    ) -> Result<(usize, f64), Failed> {
        let seconds = |at: UnixMs| format!("{}.{:03}", at / 1000, at % 1000);
        let query = encoded(question.promql);
        let address = if question.over_all {
            let (from, to, step) = (seconds(from), seconds(to), step / 1000);
            let range = format!("start={from}&end={to}&step={step}");
            format!("{}/api/v1/query_range?query={query}&{range}", self.address)
        } else {
            format!("{}/api/v1/query?query={query}&time={}", self.address, seconds(to))
        };
        let (mut taken, mut series) = (Vec::new(), 0);
        for _ in 0..times {
            let begun = Instant::now();
            let body = self.get(&address).await?;
            taken.push(begun.elapsed().as_secs_f64());
            let answer: serde_json::Value = serde_json::from_slice(&body)?;
            series = answer["data"]["result"].as_array().map_or(0, Vec::len);
        }
        Ok((series, median(taken)))
    }
}

/// Writes the samples of all metrics that are asked for as text, and has Prometheus' own tool make
/// blocks of it.
fn hand_over(reader: &Reader, folder: &Path, to: UnixMs) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let path: PathBuf = folder.join("samples.txt");
    let mut file = BufWriter::new(File::create(&path)?);
    let queries = PROMQL.iter().map(|q| Query::parse(q.promql)).collect::<Result<Vec<_>, _>>()?;
    let named: BTreeSet<&str> = queries.iter().flat_map(|query| query.metrics()).collect();
    let pattern = named.into_iter().chain(["jvm_.+"]).collect::<Vec<_>>().join("|");
    let names = Matcher { label: NAME.to_owned(), op: MatchOp::Matches(anchored(&pattern)?) };
    for series in reader.select(&[names], 0, to)? {
        let name = shown(&series.labels);
        for point in series.points.iter().filter(|point| !is_stale(point.value)) {
            writeln!(file, "{name} {} {}.{:03}", point.value, point.at / 1000, point.at % 1000)?;
        }
    }
    writeln!(file, "# EOF")?;
    file.flush()?;
    let mount = format!("{}:/bench", folder.display());
    let mut make = Command::new("docker");
    make.args(["run", "--rm", "--label", "chaoslab.test=bench", "--volume", &mount, IMAGE]);
    make.args(["promtool", "tsdb", "create-blocks-from", "openmetrics"]);
    text(make.args(["/bench/samples.txt", "/bench/tsdb"]))?;
    std::fs::remove_file(path)?;
    std::fs::write(folder.join("complete"), "")?;
    Ok(())
}

fn shown(labels: &Labels) -> String {
    let pairs = labels.0.iter().filter(|(label, _)| *label != NAME);
    let pairs: Vec<_> = pairs.map(|(label, value)| format!("{label}={}", quoted(value))).collect();
    format!("{}{{{}}}", labels.name(), pairs.join(","))
}

fn build_image() -> Result<(), Failed> {
    let mut build = Command::new("docker");
    build.args(["build", "--tag", IMAGE, "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = build.spawn()?;
    child.stdin.take().ok_or("no way in")?.write_all(DOCKERFILE.as_bytes())?;
    if child.wait()?.success() { Ok(()) } else { Err(format!("cannot build {IMAGE}").into()) }
}

fn run(command: &mut Command) -> Result<(String, bool), Failed> {
    let output = command.output()?;
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    Ok((String::from_utf8_lossy(said).trim().to_owned(), output.status.success()))
}

fn text(command: &mut Command) -> Result<String, Failed> {
    match run(command)? {
        (said, true) => Ok(said),
        (said, false) => Err(format!("{command:?} failed: {said}").into()),
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
