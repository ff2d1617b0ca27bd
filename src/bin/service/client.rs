//! What every librdkafka client of the service has: its configuration, and where its log lines,
//! errors and statistics go.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use rdkafka::{
    config::{ClientConfig, RDKafkaLogLevel},
    error::KafkaError,
    statistics::Statistics,
    types::RDKafkaErrorCode,
};

use crate::{log::Level, service::Service, settings::Settings};

/// Properties that tell one client from another. Where a service has several members each gets a
/// number behind it.
const IDENTITIES: [&str; 3] = ["client.id", "group.instance.id", "transactional.id"];

impl Settings {
    /// The `client.id` of a member.
    pub fn client_id(&self, service: &str, member: u32) -> String {
        let id = self.library.get("client.id").map_or(service, String::as_str);
        self.identity(id, member)
    }

    /// librdkafka's properties for a member: those of the file, and what this program needs where
    /// the file says nothing.
    pub fn client_config(&self, service: &str, member: u32) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("statistics.interval.ms", "1000").set("client.id", service);
        if self.library.contains_key("group.id") {
            config.set("enable.auto.commit", "false");
        }
        for (key, value) in &self.library {
            config.set(key, value);
        }
        for key in IDENTITIES {
            if let Some(value) = config.get(key).map(|value| self.identity(value, member)) {
                config.set(key, value);
            }
        }
        // librdkafka's default is 6; the Rust library sets a level of its own unless told.
        let level = self.library.get("log_level").and_then(|level| level.parse().ok());
        config.set_log_level(
            match level.unwrap_or(if self.library.contains_key("debug") { 7 } else { 6 }) {
                0..=3 => RDKafkaLogLevel::Error,
                4 => RDKafkaLogLevel::Warning,
                5 => RDKafkaLogLevel::Notice,
                6 => RDKafkaLogLevel::Info,
                _ => RDKafkaLogLevel::Debug,
            },
        );
        config
    }

    fn identity(&self, value: &str, member: u32) -> String {
        if self.members == 1 { value.to_owned() } else { format!("{value}-{member}") }
    }
}

/// Takes what one client reports.
pub struct Reports {
    /// The service.
    pub service: Arc<Service>,
    /// The member whose client it is, from 1.
    pub member: u32,
    /// Its `client.id`.
    pub client: String,
}

impl Reports {
    /// Reports of this member's client.
    pub fn of(service: &Arc<Service>, member: u32) -> Self {
        let client = service.settings.client_id(&service.name, member);
        Self { service: service.clone(), member, client }
    }

    /// A line of librdkafka's own log, in the form librdkafka writes it by itself.
    pub fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let ours = match level as i32 {
            ..=3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            _ => Level::Debug,
        };
        let role = self.service.settings.role.name();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (number, seconds, client, member) =
            (level as i32, now.as_secs_f64(), &self.client, self.member);
        self.service.log.line(
            ours,
            format_args!("%{number}|{seconds:.3}|{facility}|{client}#{role}-{member}| {message}"),
        );
    }

    /// An error librdkafka reports outside of any call. Some come twice; those of connections are
    /// lines of its log already.
    pub fn error(&self, error: &KafkaError, reason: &str) {
        if let Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) =
            error.rdkafka_error_code()
        {
            return;
        }
        let code = error.rdkafka_error_code().map_or_else(|| error.to_string(), name);
        self.service.log.sparsely(
            Level::Error,
            format!("client error client={} code={code} reason=\"{reason}\"", self.client),
        );
    }

    /// One second's statistics.
    pub fn statistics(&self, statistics: &Statistics) {
        self.service.figures.client(self.member).library.absorb(statistics, Instant::now());
    }
}

/// Passes a client context's reports on.
macro_rules! report_to {
    ($context:ty, $field:ident) => {
        impl rdkafka::client::ClientContext for $context {
            fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
                self.$field.log(level, facility, message);
            }

            fn stats(&self, statistics: rdkafka::statistics::Statistics) {
                self.$field.statistics(&statistics);
            }

            fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
                self.$field.error(&error, reason);
            }
        }
    };
}
pub(crate) use report_to;

/// An error's name as Kafka's protocol writes it: `NOT_ENOUGH_REPLICAS`.
pub fn name(code: RDKafkaErrorCode) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

/// An error's name and librdkafka's words for it.
pub fn describe(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(code) => {
            // The library shows `Variant (words)`.
            let shown = code.to_string();
            let words = shown
                .split_once(" (")
                .map_or(shown.as_str(), |(_, words)| words.trim_end_matches(')'));
            format!("code={} error=\"{words}\"", name(code))
        }
        None => format!("error=\"{error}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    const FILE: &str = "service.role=consumer\nservice.version=1\ntopic=orders\nbootstrap.servers=a:1\ngroup.id=billing\n";

    fn config(more: &str, member: u32) -> ClientConfig {
        settings::read(&format!("{FILE}{more}")).unwrap().client_config("billing", member)
    }

    #[test]
    fn several_members_are_told_apart() {
        let config = config("members=3\ngroup.instance.id=b\n", 2);
        assert_eq!(
            (config.get("client.id"), config.get("group.instance.id")),
            (Some("billing-2"), Some("b-2"))
        );
        assert_eq!(
            (config.get("group.id"), config.get("transactional.id")),
            (Some("billing"), None)
        );
    }

    #[test]
    fn the_file_wins() {
        let own = config("", 1);
        assert_eq!(
            (own.get("client.id"), own.get("enable.auto.commit")),
            (Some("billing"), Some("false"))
        );
        assert_eq!(own.get("statistics.interval.ms"), Some("1000"));
        let written = config("client.id=b\nenable.auto.commit=true\nstatistics.interval.ms=0\n", 1);
        assert_eq!(
            (written.get("client.id"), written.get("enable.auto.commit")),
            (Some("b"), Some("true"))
        );
        assert_eq!(written.get("statistics.interval.ms"), Some("0"));
    }

    #[test]
    fn errors_by_their_protocol_names() {
        assert_eq!(name(RDKafkaErrorCode::NotEnoughReplicas), "NOT_ENOUGH_REPLICAS");
        let error = KafkaError::ConsumerCommit(RDKafkaErrorCode::UnknownMemberId);
        assert_eq!(describe(&error), "code=UNKNOWN_MEMBER_ID error=\"Broker: Unknown member\"");
        assert_eq!(describe(&KafkaError::Canceled), "error=\"KafkaError (Client dropped)\"");
    }
}
