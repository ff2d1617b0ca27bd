//! An interactive shell in a machine.

use std::pin::Pin;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::{DockerEngine, address, failed, has_status};
use crate::lab::engine::{EngineError, Lab};

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// Whether a shell can be had on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineState {
    /// It runs.
    Up,
    /// It has ended, and its disk is there; what the engine says about it.
    Ended(String),
    /// There is nothing to look at; what the engine says about it.
    Away(String),
}

/// What a shell prints, as it comes.
pub type Printed = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;
/// What a shell reads.
pub type Typed = Pin<Box<dyn AsyncWrite + Send>>;

/// Starts the shell in a terminal that has its size before the first prompt, in the home folder.
const IN_TERMINAL: &str = r#"cd; [ "$0" = 0 ] || stty rows "$0" cols "$1"; exec bash"#;
/// Starts it for a script: it prints no prompt of an editor, and nothing about there being no
/// terminal.
const FOR_SCRIPT: &str = "cd; exec bash --noediting -i 2>/dev/null";
const READ_BYTES: usize = 16 * 1024;

impl DockerEngine {
    /// Whether a machine runs.
    pub async fn machine_state(
        &self,
        lab: &Lab,
        machine: &str,
    ) -> Result<MachineState, EngineError> {
        let inspected = match self.docker.inspect_container(&lab.container(machine), None).await {
            Err(error) if has_status(&error, 404) => {
                return Ok(MachineState::Away("it was removed".to_owned()));
            }
            inspected => inspected.map_err(failed(format!("look at {machine}")))?,
        };
        let state = inspected.state.unwrap_or_default();
        Ok(match (state.running, state.paused) {
            (Some(true), Some(true)) => MachineState::Away("it is frozen".to_owned()),
            (Some(true), _) => MachineState::Up,
            _ => {
                let exit = state
                    .exit_code
                    .map(|code| format!(" with exit code {code}"))
                    .unwrap_or_default();
                let at = state.finished_at.map(|at| format!(" at {at}")).unwrap_or_default();
                MachineState::Ended(format!("it ended{exit}{at}"))
            }
        })
    }

    /// Prepares a shell: on a terminal of this size, or for a script when there is none. Gives the
    /// engine's id of it.
    pub async fn create_shell(
        &self,
        lab: &Lab,
        machine: &str,
        environment: Vec<String>,
        window: Option<Window>,
    ) -> Result<String, EngineError> {
        let mut argv = vec!["sh".to_owned(), "-c".to_owned()];
        match window {
            Some(window) => argv.extend([
                IN_TERMINAL.to_owned(),
                window.rows.to_string(),
                window.columns.to_string(),
            ]),
            None => argv.push(FOR_SCRIPT.to_owned()),
        }
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(window.is_some()),
            env: Some(environment),
            cmd: Some(argv),
            ..Default::default()
        };
        let created = self.docker.create_exec(&lab.container(machine), options).await;
        Ok(created.map_err(failed(format!("open a shell on {machine}")))?.id)
    }

    /// Starts a prepared shell.
    pub async fn start_shell(
        &self,
        shell: &str,
        in_terminal: bool,
    ) -> Result<(Printed, Typed), EngineError> {
        let operation = || "start the shell";
        if in_terminal {
            return attach(&self.docker, shell).await.map_err(failed(operation()));
        }
        let options = StartExecOptions { tty: in_terminal, ..Default::default() };
        match self.docker.start_exec(shell, Some(options)).await.map_err(failed(operation()))? {
            StartExecResults::Attached { output, input } => {
                let printed = output.map(move |chunk| {
                    chunk.map(LogOutput::into_bytes).map_err(failed("read from the shell"))
                });
                Ok((Box::pin(printed), input))
            }
            StartExecResults::Detached => {
                Err(EngineError::Exhausted("the engine did not attach to the shell".to_owned()))
            }
        }
    }

    /// Tells the shell's terminal its size.
    pub async fn resize_shell(&self, shell: &str, window: Window) -> Result<(), EngineError> {
        let options = ResizeExecOptions { height: window.rows, width: window.columns };
        self.docker
            .resize_exec(shell, options)
            .await
            .map_err(failed("resize the terminal of the shell"))
    }

    /// What a shell ended with.
    pub async fn shell_exit(&self, shell: &str) -> Result<Option<i64>, EngineError> {
        Ok(self
            .docker
            .inspect_exec(shell)
            .await
            .map_err(failed("look at the shell that ended"))?
            .exit_code)
    }
}

/// Attaches to a terminal byte by byte. The client library takes its bytes 0 to 2 for headers of
/// the other kind of stream, and such bytes do occur: `cat /proc/1/environ`.
async fn attach(docker: &Docker, shell: &str) -> Result<(Printed, Typed), Error> {
    let address = address();
    if let Some(path) =
        address.strip_prefix("unix://").or(address.starts_with('/').then_some(address.as_str()))
    {
        return upgrade(UnixStream::connect(path).await?, docker, shell).await;
    }
    let host = address
        .strip_prefix("tcp://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(&address);
    upgrade(TcpStream::connect(host.trim_end_matches('/')).await?, docker, shell).await
}

async fn upgrade<S>(stream: S, docker: &Docker, shell: &str) -> Result<(Printed, Typed), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let other = |error: hyper::Error| Error::from(std::io::Error::other(error));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(other)?;
    tokio::spawn(connection.with_upgrades());
    let request = Request::post(format!("/v{}/exec/{shell}/start", docker.client_version()))
        .header(HOST, "docker")
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "tcp")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(br#"{"Detach":false,"Tty":true}"#)))
        .expect("a request of constants and an id");
    let response = sender.send_request(request).await.map_err(other)?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        let body = response.into_body().collect().await.map_err(other)?.to_bytes();
        let message = String::from_utf8_lossy(&body).trim().to_owned();
        return Err(Error::DockerResponseServerError { status_code: status.as_u16(), message });
    }
    let (reader, writer) =
        tokio::io::split(TokioIo::new(hyper::upgrade::on(response).await.map_err(other)?));
    let printed = stream::unfold(reader, async |mut reader| {
        let mut buffer = vec![0; READ_BYTES];
        match reader.read(&mut buffer).await {
            Ok(0) => None,
            Ok(read) => {
                buffer.truncate(read);
                Some((Ok(Bytes::from(buffer)), reader))
            }
            Err(error) => Some((Err(failed("read from the shell")(error.into())), reader)),
        }
    });
    Ok((Box::pin(printed), Box::pin(writer)))
}
