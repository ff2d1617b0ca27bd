//! A standing connection to a broker, reopened after it broke, and what each question to it cost.

use std::time::{Duration, Instant};

use crate::lab::kafka::admin::Endpoint;
use crate::lab::kafka::wire::{Connection, WireError};

/// A broker and the connection to it, if there is one.
#[derive(Debug)]
pub(in crate::lab) struct Link {
    pub(in crate::lab) broker: Endpoint,
    connection: Option<Connection>,
}

impl Link {
    pub(in crate::lab) fn new(broker: Endpoint) -> Self {
        Self { broker, connection: None }
    }

    /// Asks something, over a new connection when the old one is gone. Gives up, and closes the
    /// connection, at the deadline: an answer that comes later belongs to no question any more.
    pub(in crate::lab) async fn ask<T>(
        &mut self,
        within: Duration,
        question: impl AsyncFnOnce(&mut Connection) -> Result<T, WireError>,
    ) -> Answer<T> {
        let begun = Instant::now();
        let asked = async {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => Connection::open(&self.broker.node, self.broker.address, within).await?,
            };
            let answer = question(&mut connection).await?;
            Ok::<_, WireError>((answer, connection))
        };
        let outcome = tokio::time::timeout(within, asked).await;
        let took = begun.elapsed();
        match outcome {
            Ok(Ok((answer, connection))) => {
                self.connection = Some(connection);
                Answer { answer: Some(answer), took }
            }
            Ok(Err(error)) => {
                tracing::debug!(broker = self.broker.id, %error, "a question was not answered");
                Answer { answer: None, took }
            }
            Err(_) => Answer { answer: None, took: within },
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub(in crate::lab) struct Answer<T> {
    pub(in crate::lab) answer: Option<T>,
    pub(in crate::lab) took: Duration,
}
