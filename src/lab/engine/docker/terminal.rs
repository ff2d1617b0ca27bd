//! An interactive shell in a machine.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::{DockerEngine, failed, within};
use crate::lab::engine::{
    EngineError, Input, Lab, MachineState, Printed, Refusal, Terminal, Window,
};

/// Starts the shell in a terminal that has its size before the first prompt, in the home folder.
const IN_TERMINAL: &str = r#"cd; [ "$0" = 0 ] || stty rows "$0" cols "$1"; exec bash"#;
/// Starts it for a script: it prints no prompt of an editor, and nothing about there being no
/// terminal.
const FOR_SCRIPT: &str = "cd; exec bash --noediting -i 2>/dev/null";
const READ_BYTES: usize = 16 * 1024;

impl Terminal for DockerEngine {
    async fn machine_state(&self, lab: &Lab, machine: &str) -> Result<MachineState, EngineError> {
        let inspected = match self.inspect_machine(lab, machine).await {
            Err(EngineError::Operation { source: Refusal::NotFound(_), .. }) => {
                return Ok(MachineState::Away("it was removed".to_owned()));
            }
            inspected => inspected?,
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

    async fn create_shell(
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
        let container = lab.container(machine);
        let created = self.docker.create_exec(&container, options);
        Ok(within(format!("open a shell on {machine}"), self.patience.answers, created).await?.id)
    }

    async fn start_shell(
        &self,
        shell: &str,
        in_terminal: bool,
    ) -> Result<(Printed, Input), EngineError> {
        let operation = "start the shell";
        if in_terminal {
            let attached = within(operation, self.patience.answers, attach(self, shell)).await?;
            self.await_begun(shell).await?;
            return Ok(attached);
        }
        let options = StartExecOptions { tty: in_terminal, ..Default::default() };
        let started = self.docker.start_exec(shell, Some(options));
        match within(operation, self.patience.answers, started).await? {
            StartExecResults::Attached { output, input } => {
                self.await_begun(shell).await?;
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

    async fn resize_shell(&self, shell: &str, window: Window) -> Result<(), EngineError> {
        let options = ResizeExecOptions { height: window.rows, width: window.columns };
        let resized = self.docker.resize_exec(shell, options);
        within("resize the terminal of the shell", self.patience.answers, resized).await
    }

    async fn rescue(&self, lab: &Lab, machine: &str, token: &str) -> Result<String, EngineError> {
        self.start_rescue(lab, machine, token).await
    }

    async fn end_rescue(&self, lab: &Lab, rescue: &str) -> Result<(), EngineError> {
        self.remove_rescue(lab, rescue).await
    }
}

/// Attaches to a terminal byte by byte. The client library takes its bytes 0 to 2 for headers of
/// the other kind of stream, and such bytes do occur: `cat /proc/1/environ`.
async fn attach(engine: &DockerEngine, shell: &str) -> Result<(Printed, Input), Error> {
    let (docker, address) = (&engine.docker, engine.address.as_str());
    if let Some(path) =
        address.strip_prefix("unix://").or(address.starts_with('/').then_some(address))
    {
        return upgrade(UnixStream::connect(path).await?, docker, shell).await;
    }
    let host = address
        .strip_prefix("tcp://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address);
    upgrade(TcpStream::connect(host.trim_end_matches('/')).await?, docker, shell).await
}

async fn upgrade<S>(stream: S, docker: &Docker, shell: &str) -> Result<(Printed, Input), Error>
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
            Err(error) => Some((Err(failed("read from the shell")(Error::from(error))), reader)),
        }
    });
    Ok((Box::pin(printed), Box::pin(writer)))
}
