//! A real Prometheus, Debian's package in a container, that is written to and asked over HTTP. The
//! container goes when the test ends, and by itself after some minutes when the test could not end
//! it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, PortBinding};
use bollard::query_parameters::{BuildImageOptionsBuilder, RemoveContainerOptionsBuilder};
use bytes::Bytes;
use chaoslab::domain::telemetry::series::{Labels, Series};
use futures_util::TryStreamExt;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use prost::Message;
use serde_json::Value as Json;

/// The image every test image of chaoslab is built from: a minimal Debian bookworm.
const BASE_IMAGE: &str = "chaoslab-base:bookworm";

/// Debian bookworm has Prometheus 2.42.
const IMAGE: &str = "chaoslab-test-prometheus:bookworm";

const DOCKERFILE: &str = "FROM chaoslab-base:bookworm\n\
    RUN apt-get update && apt-get install --yes --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/*\n\
    RUN mkdir /data && echo 'global: {}' > /data/empty.yml\n";

/// After this the container stops by itself, in seconds.
const LIFETIME: &str = "600";

const PORT: &str = "9090/tcp";

/// A running Prometheus with nothing in it.
pub struct Prometheus {
    docker: Docker,
    container: String,
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Prometheus {
    /// Starts one, building its image the first time.
    pub async fn start() -> Result<Self, String> {
        let docker = Docker::connect_with_local_defaults().map_err(|error| no_engine(&error))?;
        let docker = docker.negotiate_version().await.map_err(|error| no_engine(&error))?;
        if docker.inspect_image(IMAGE).await.is_err() {
            build_image(&docker).await?;
        }
        let command = [
            "timeout",
            LIFETIME,
            "sh",
            "-c",
            "echo 'global: {evaluation_interval: 1s}' > /data/lab.yml && exec prometheus --config.file=/data/lab.yml \"$@\"",
            "prometheus",
            "--storage.tsdb.path=/data/tsdb",
        ];
        let options = ["--web.enable-remote-write-receiver", "--log.level=warn"];
        let anywhere = PortBinding { host_ip: Some("127.0.0.1".into()), host_port: None };
        let config = ContainerCreateBody {
            image: Some(IMAGE.into()),
            cmd: Some(command.iter().chain(&options).map(ToString::to_string).collect()),
            labels: Some(HashMap::from([("chaoslab.test".into(), "promql".into())])),
            exposed_ports: Some(vec![PORT.into()]),
            host_config: Some(HostConfig {
                auto_remove: Some(true),
                port_bindings: Some(HashMap::from([(PORT.into(), Some(vec![anywhere]))])),
                ..Default::default()
            }),
            ..Default::default()
        };
        let created = docker
            .create_container(None, config)
            .await
            .map_err(|error| format!("cannot create a container from {IMAGE}: {error}"))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut prometheus = Self { docker, container: created.id, address: String::new(), client };
        match prometheus.become_ready().await {
            Ok(()) => Ok(prometheus),
            Err(error) => {
                prometheus.remove().await;
                Err(error)
            }
        }
    }

    async fn become_ready(&mut self) -> Result<(), String> {
        let cannot = |error| format!("cannot start Prometheus in a container: {error}");
        self.docker.start_container(&self.container, None).await.map_err(cannot)?;
        let inspected =
            self.docker.inspect_container(&self.container, None).await.map_err(cannot)?;
        let ports =
            inspected.network_settings.and_then(|network| network.ports).unwrap_or_default();
        let port = ports
            .get(PORT)
            .cloned()
            .flatten()
            .and_then(|bindings| bindings.into_iter().find_map(|binding| binding.host_port));
        self.address = format!(
            "http://127.0.0.1:{}",
            port.ok_or("the engine published no port for Prometheus")?
        );
        let deadline = Instant::now() + Duration::from_secs(60);
        while !matches!(
            self.send(Request::get(format!("{}/-/ready", self.address)), Bytes::new()).await,
            Ok((StatusCode::OK, _))
        ) {
            if Instant::now() > deadline {
                return Err(format!(
                    "Prometheus at {} was not ready within a minute",
                    self.address
                ));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Removes the container.
    pub async fn remove(&self) {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        if let Err(error) = self.docker.remove_container(&self.container, Some(options)).await {
            eprintln!("container {} could not be removed: {error}", self.container);
        }
    }

    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }

    /// Writes all samples by remote write.
    pub async fn write(&self, series: &[Series]) -> Result<(), String> {
        let message = WriteRequest { timeseries: series.iter().map(TimeSeries::of).collect() };
        let body = snap::raw::Encoder::new()
            .compress_vec(&message.encode_to_vec())
            .map_err(|error| error.to_string())?;
        let request = Request::post(format!("{}/api/v1/write", self.address))
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0");
        match self.send(request, body.into()).await? {
            (status, _) if status.is_success() => Ok(()),
            (status, body) => Err(format!(
                "Prometheus refused the samples: {status} {}",
                String::from_utf8_lossy(&body)
            )),
        }
    }

    /// Asks one of the query endpoints: the `data` of the answer, or why Prometheus refused.
    pub async fn ask(
        &self,
        endpoint: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Result<Json, String>, String> {
        let form: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        let request = Request::post(format!("{}/api/v1/{endpoint}", self.address))
            .header("Content-Type", "application/x-www-form-urlencoded");
        let (_, body) = self.send(request, form.join("&").into()).await?;
        let mut answer: Json = serde_json::from_slice(&body)
            .map_err(|error| format!("{error} in {}", String::from_utf8_lossy(&body)))?;
        Ok(match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(answer["error"].as_str().unwrap_or("no reason given").to_owned()),
        })
    }
}

fn no_engine(error: &dyn std::fmt::Display) -> String {
    format!(
        "this test needs a Docker engine to run a real Prometheus in, and none answers: {error}"
    )
}

async fn build_image(docker: &Docker) -> Result<(), String> {
    if docker.inspect_image(BASE_IMAGE).await.is_err() {
        return Err(format!(
            "the image {BASE_IMAGE}, a minimal Debian bookworm, is needed to build {IMAGE}, and the engine has none"
        ));
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(DOCKERFILE.len() as u64);
    header.set_mode(0o644);
    let mut context = tar::Builder::new(Vec::new());
    context
        .append_data(&mut header, "Dockerfile", DOCKERFILE.as_bytes())
        .map_err(|error| error.to_string())?;
    let context = context.into_inner().map_err(|error| error.to_string())?;
    let options = BuildImageOptionsBuilder::default().t(IMAGE).rm(true).build();
    let mut output = docker.build_image(options, None, Some(bollard::body_full(context.into())));
    let mut said = String::new();
    while let Some(info) =
        output.try_next().await.map_err(|error| format!("cannot build {IMAGE}: {error}\n{said}"))?
    {
        said.push_str(&info.stream.unwrap_or_default());
        if let Some(error) = info.error_detail.and_then(|detail| detail.message) {
            return Err(format!("cannot build {IMAGE}: {error}\n{said}"));
        }
    }
    Ok(())
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The messages of Prometheus' remote write, version 1.
#[derive(Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

impl TimeSeries {
    fn of(series: &Series) -> Self {
        let Labels(labels) = &series.labels;
        Self {
            labels: labels
                .iter()
                .map(|(name, value)| Label { name: name.clone(), value: value.clone() })
                .collect(),
            samples: series
                .points
                .iter()
                .map(|point| Sample { value: point.value, timestamp: point.at })
                .collect(),
        }
    }
}
