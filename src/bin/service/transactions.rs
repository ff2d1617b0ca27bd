//! A producer's transactions: begun with the first record, committed after a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    error::{KafkaError, RDKafkaError},
    producer::Producer,
};

use crate::{
    activity::Doing,
    client::describe,
    deliveries::OrderProducer,
    log::Level,
    service::{Failure, Service},
};

/// How long one attempt may take before it is logged and made again.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The transactions of one client, at most one of them open.
pub struct Transactions<'a> {
    service: &'a Arc<Service>,
    producer: &'a OrderProducer,
    member: u32,
    open: Option<Open>,
}

struct Open {
    begun: Instant,
    records: u64,
}

impl<'a> Transactions<'a> {
    /// Takes over the `transactional.id`; whatever an earlier holder left open is aborted by that.
    /// Nothing if the service is asked to stop before a coordinator answers.
    pub fn open(
        service: &'a Arc<Service>,
        producer: &'a OrderProducer,
        member: u32,
    ) -> Result<Option<Self>, Failure> {
        while let Err(error) = producer.init_transactions(ATTEMPT) {
            if !can_be_repeated(&error) {
                return Err(Failure::Transactions(error));
            }
            service
                .log
                .warn(format_args!("transactions not ready, trying again {}", describe(&error)));
            if service.stop.wait_until(Instant::now() + PAUSE) {
                return Ok(None);
            }
        }
        service.log.info("transactions ready");
        Ok(Some(Self { service, producer, member, open: None }))
    }

    /// To be called before each record.
    pub fn before_record(&mut self) -> Result<(), Failure> {
        match &mut self.open {
            Some(open) => open.records += 1,
            None => {
                self.producer.begin_transaction().map_err(Failure::Fatal)?;
                self.open = Some(Open { begun: Instant::now(), records: 1 });
            }
        }
        let open = self.open.as_ref().map(|open| (open.begun, open.records));
        self.service.figures.client(self.member).activity.transaction = open;
        Ok(())
    }

    /// Commits when the transaction is old enough.
    pub fn commit_if_due(&mut self) -> Result<(), Failure> {
        let age = Duration::from_millis(self.service.behaviour.transaction_ms.into());
        match &self.open {
            Some(open) if open.begun.elapsed() >= age => self.commit(),
            Some(_) | None => Ok(()),
        }
    }

    /// Commits the open transaction, if there is one; aborts it where Kafka demands that.
    pub fn commit(&mut self) -> Result<(), Failure> {
        if self.open.take().is_none() {
            return Ok(());
        }
        self.service.figures.client(self.member).activity.turn_to(Doing::Committing);
        let committed = self.attempt("commit", || self.producer.commit_transaction(ATTEMPT));
        let outcome = match committed {
            Ok(()) => "committed",
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => {
                self.service.log.warn(format_args!("transaction aborted error=\"{error}\""));
                self.attempt("abort", || self.producer.abort_transaction(ATTEMPT))
                    .map_err(Failure::Fatal)?;
                "aborted"
            }
            Err(error) if can_be_repeated(&error) => {
                self.service
                    .log
                    .warn(format_args!("stopping with an open transaction {}", describe(&error)));
                return Ok(());
            }
            Err(error) => return Err(Failure::Fatal(error)),
        };
        self.service.figures.client(self.member).activity.transaction = None;
        *self.service.figures.produced().transactions.entry(outcome).or_default() += 1;
        Ok(())
    }

    /// Repeats what may be repeated; once the service is asked to stop, a first failure is the
    /// last.
    fn attempt(
        &self,
        what: &str,
        request: impl Fn() -> Result<(), KafkaError>,
    ) -> Result<(), KafkaError> {
        loop {
            match request() {
                Err(error) if can_be_repeated(&error) && !self.service.stop.requested() => {
                    self.service.log.sparsely(
                        Level::Warn,
                        format!(
                            "cannot {what} the transaction yet, trying again {}",
                            describe(&error)
                        ),
                    );
                    self.service.stop.wait_until(Instant::now() + PAUSE);
                }
                result => return result,
            }
        }
    }
}

fn can_be_repeated(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Flush(_))
        || matches!(error, KafkaError::Transaction(e) if RDKafkaError::is_retriable(e))
}
