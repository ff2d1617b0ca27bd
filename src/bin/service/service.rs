//! What all parts of the running service share.

use rdkafka::error::KafkaError;

use crate::{
    figures::Figures, log::Log, order::DecodeError, release::Behaviour, settings::Settings,
    stop::Stop,
};

/// The running service.
pub struct Service {
    /// The name it was started under.
    pub name: String,
    /// Its properties.
    pub settings: Settings,
    /// What the release it runs does.
    pub behaviour: Behaviour,
    /// Its log.
    pub log: Log,
    /// What it counts.
    pub figures: Figures,
    /// Whether it was asked to stop.
    pub stop: Stop,
}

impl Service {
    /// A service that has done nothing yet.
    pub fn new(name: String, settings: Settings, behaviour: Behaviour) -> Self {
        let clients = (1..=settings.members).map(|member| settings.client_id(&name, member));
        Self {
            log: Log::of(&name),
            figures: Figures::of(clients),
            stop: Stop::default(),
            name,
            settings,
            behaviour,
        }
    }
}

/// Why the service ends by itself. Its supervisor starts it again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Settings that are valid each by itself, but not together.
    #[error("cannot create the client: {0}")]
    Create(KafkaError),
    /// The topics cannot be subscribed to.
    #[error("cannot subscribe: {0}")]
    Subscribe(KafkaError),
    /// librdkafka says that this client is of no use any more.
    #[error("the client cannot go on: {0}")]
    Fatal(KafkaError),
    /// Transactions cannot be used.
    #[error("cannot start transactions: {0}")]
    Transactions(KafkaError),
    /// A record that is no order, where that is not passed over.
    #[error(
        "cannot decode record topic={topic} partition={partition} offset={offset} bytes={bytes} error=\"{source}\""
    )]
    Undecodable {
        /// Its topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// Bytes of its value.
        bytes: usize,
        /// Why.
        source: DecodeError,
    },
}
