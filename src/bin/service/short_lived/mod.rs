//! Clients that live for a few records each. Every one gets a producer id of its own
//! (InitProducerId, KIP-98), writes its records, to the partitions in turn, and is gone. Spoken
//! over a standing connection per broker: librdkafka starts threads and connections for each of its
//! clients, and a machine of a lab is too small for more than a dozen of those a second.

mod connection;

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use kafka_protocol::{
    messages::{
        InitProducerIdRequest, MetadataRequest, ProduceRequest, ProduceResponse, TopicName,
        metadata_request::MetadataRequestTopic,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
    protocol::StrBytes,
    records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType},
};

use self::connection::Connection;
use crate::{
    activity::Doing,
    log::Level,
    order::OrderWriter,
    pace::Pace,
    producer,
    service::{Failure, Service},
};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before a broken connection is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs one member until the service is asked to stop.
pub fn run(
    service: &Arc<Service>,
    records: u64,
    member: u32,
    orders: &mut OrderWriter,
) -> Result<(), Failure> {
    let mut pace = Pace::new(producer::rate(service), Instant::now());
    let turn_to = |doing| service.figures.client(member).activity.turn_to(doing);
    let mut due = 0;
    while !service.stop.requested() {
        let connected = Member::connect(service, member);
        let worked = connected.and_then(|mut connected| {
            while !service.stop.requested() {
                due += pace.take(Instant::now());
                turn_to(Doing::Sending);
                while due >= records {
                    due -= records;
                    connected.client(records, orders)?;
                }
                turn_to(Doing::Idle);
                service.stop.wait_until(pace.next(Instant::now()));
            }
            Ok(())
        });
        if let Err(error) = worked {
            due = 0;
            service.log.sparsely(
                Level::Warn,
                format!("client failed, connecting again error=\"{error}\""),
            );
            service.stop.wait_until(Instant::now() + PAUSE);
        }
    }
    Ok(())
}

/// A member's connections and what it knows of the topics.
struct Member<'a> {
    service: &'a Service,
    number: u32,
    any: Connection,
    brokers: BTreeMap<i32, Connection>,
    /// Topic, partition and leader, in turn.
    partitions: Vec<(String, i32, i32)>,
    turn: usize,
}

impl<'a> Member<'a> {
    fn connect(service: &'a Service, member: u32) -> io::Result<Self> {
        let settings = &service.settings;
        let id = settings.client_id(&service.name, member);
        let bootstrap = settings.library.get("bootstrap.servers").map_or("", String::as_str);
        let open = |address: &str| Connection::open(address.trim(), &id);
        let mut any = bootstrap
            .split(',')
            .map(open)
            .reduce(|found, next| found.or(next))
            .unwrap_or_else(|| Err(io::Error::other("no broker")))?;
        let named = |topic: &String| {
            MetadataRequestTopic::default()
                .with_name(Some(TopicName(StrBytes::from_string(topic.clone()))))
        };
        let request = MetadataRequest::default()
            .with_topics(Some(settings.topics.iter().map(named).collect()));
        let metadata = any.call(&request)?;
        let mut brokers = BTreeMap::new();
        let mut partitions = Vec::new();
        for topic in &metadata.topics {
            let name = topic.name.as_ref().map(|n| n.0.to_string()).unwrap_or_default();
            partitions.extend(
                topic.partitions.iter().map(|p| (name.clone(), p.partition_index, p.leader_id.0)),
            );
        }
        for broker in metadata
            .brokers
            .iter()
            .filter(|b| partitions.iter().any(|(_, _, leader)| *leader == b.node_id.0))
        {
            brokers.insert(
                broker.node_id.0,
                Connection::open(&format!("{}:{}", &*broker.host, broker.port), &id)?,
            );
        }
        if partitions.is_empty()
            || partitions.iter().any(|(_, _, leader)| !brokers.contains_key(leader))
        {
            return Err(io::Error::other("a partition has no leader"));
        }
        Ok(Self { service, number: member, any, brokers, partitions, turn: 0 })
    }

    /// One client's life.
    fn client(&mut self, records: u64, orders: &mut OrderWriter) -> io::Result<()> {
        let id = self.any.call(
            &InitProducerIdRequest::default()
                .with_transactional_id(None)
                .with_transaction_timeout_ms(60_000),
        )?;
        refused(id.error_code)?;
        self.service.figures.client(self.number).activity.open_client();
        // What goes to which leader, topic and partition, and how much of it.
        let mut requests: BTreeMap<i32, BTreeMap<String, BTreeMap<i32, Vec<Record>>>> =
            BTreeMap::new();
        for _ in 0..records {
            let (topic, partition, leader) = &self.partitions[self.turn % self.partitions.len()];
            self.turn += 1;
            let batch = requests
                .entry(*leader)
                .or_default()
                .entry(topic.clone())
                .or_default()
                .entry(*partition)
                .or_default();
            let now = Timestamp::now();
            batch.push(Record {
                transactional: false,
                control: false,
                delete_horizon: false,
                partition_leader_epoch: -1,
                producer_id: id.producer_id.0,
                producer_epoch: id.producer_epoch,
                timestamp_type: TimestampType::Creation,
                offset: batch.len() as i64,
                sequence: batch.len() as i32,
                timestamp: now.as_millisecond(),
                key: None,
                value: Some(Bytes::copy_from_slice(orders.next("walk-in", now))),
                headers: Default::default(),
            });
        }
        self.service.figures.produced().accepted += records;
        for (leader, topics) in requests {
            let sent = topics.values().flat_map(BTreeMap::values).map(Vec::len).sum();
            let topics = topics
                .into_iter()
                .map(|(topic, batches)| topic_data(topic, &batches))
                .collect::<io::Result<_>>()?;
            let request = ProduceRequest::default()
                .with_acks(-1)
                .with_timeout_ms(PATIENCE.as_millis() as i32)
                .with_topic_data(topics);
            let begun = Instant::now();
            let connection = self
                .brokers
                .get_mut(&leader)
                .ok_or_else(|| io::Error::other("a leader without a connection"))?;
            let response = connection.call(&request)?;
            self.acknowledged(&response, sent, begun.elapsed())?;
        }
        Ok(())
    }

    fn acknowledged(
        &self,
        response: &ProduceResponse,
        sent: usize,
        latency: Duration,
    ) -> io::Result<()> {
        let figures = &self.service.figures;
        for topic in &response.responses {
            for partition in &topic.partition_responses {
                refused(partition.error_code)?;
                figures.ledger().note(&topic.name.0, partition.index, partition.base_offset);
            }
        }
        let since_start = figures.started.elapsed().unwrap_or_default();
        (0..sent).for_each(|_| figures.produced().acknowledge(latency, since_start));
        Ok(())
    }
}

fn topic_data(topic: String, batches: &BTreeMap<i32, Vec<Record>>) -> io::Result<TopicProduceData> {
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    let partition = |(index, records): (&i32, &Vec<Record>)| {
        let mut batch = BytesMut::new();
        RecordBatchEncoder::encode(&mut batch, records, &options).map_err(io::Error::other)?;
        Ok(PartitionProduceData::default().with_index(*index).with_records(Some(batch.freeze())))
    };
    let partitions = batches.iter().map(partition).collect::<io::Result<_>>()?;
    Ok(TopicProduceData::default()
        .with_name(TopicName(StrBytes::from_string(topic)))
        .with_partition_data(partitions))
}

fn refused(code: i16) -> io::Result<()> {
    match kafka_protocol::error::ParseResponseErrorCode::err(code) {
        None => Ok(()),
        Some(error) => Err(io::Error::other(format!("{error:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::records::RecordBatchDecoder;

    use super::*;

    #[test]
    fn each_partition_gets_a_batch_that_carries_the_producer_id() {
        let record = Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: 7001,
            producer_epoch: 0,
            timestamp_type: TimestampType::Creation,
            offset: 0,
            sequence: 0,
            timestamp: 1,
            key: None,
            value: Some(Bytes::from_static(b"{}")),
            headers: Default::default(),
        };
        let data = topic_data(
            "documents".to_owned(),
            &[(3, vec![record.clone()]), (5, vec![record])].into(),
        )
        .unwrap();
        let ids = data.partition_data.iter().map(|p| {
            let mut bytes = p.records.clone().unwrap();
            let batch = RecordBatchDecoder::decode_batch_info(&mut bytes).unwrap().remove(0);
            (p.index, batch.producer_id, batch.base_sequence, batch.record_count)
        });
        assert_eq!(ids.collect::<Vec<_>>(), [(3, 7001, 0, 1), (5, 7001, 0, 1)]);
    }

    #[test]
    fn a_refusal_is_told_by_its_name() {
        assert!(refused(0).is_ok());
        assert_eq!(refused(6).unwrap_err().to_string(), "NotLeaderOrFollower");
    }
}
