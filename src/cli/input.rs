//! Standard input: passed on to a command on a machine, or asked for an answer.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::pin::Pin;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::exit::Failure;

const READ_BYTES: usize = 16 * 1024;
const READ_AHEAD: usize = 4;

/// Passes our input on until it ends or nobody takes it any more; its end is passed on too.
pub async fn pass_on(mut to: Pin<Box<dyn AsyncWrite + Send>>) {
    let mut input = read();
    while let Some(bytes) = input.recv().await {
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    // When it is gone already, that is as good.
    let _ = to.shutdown().await;
}

/// Reads in a thread of its own, which does not keep the program from ending while it waits.
fn read() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(READ_AHEAD);
    std::thread::spawn(move || {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(read) = std::io::stdin().read(&mut buffer) {
            if read == 0 || send.blocking_send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

/// Asks on a terminal whether something that costs points is wanted; elsewhere nobody can answer.
pub fn is_wanted(costs: &str) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Usage(format!("{costs}: say `--yes` to take it")));
    }
    // That nobody reads the question is no reason to stop: the answer decides.
    let _ = write!(std::io::stderr().lock(), "take it? [y/N] ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(Failure::io("read the answer"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
