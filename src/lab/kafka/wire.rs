//! One connection to one node, speaking Kafka's protocol. Every call names the node it asks and has
//! a deadline of its own, so that a sick broker costs the others nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The client id brokers see: that of an ordinary monitoring client.
const CLIENT_ID: &str = "monitor";
/// Larger than any answer asked for here.
const MAX_RESPONSE_BYTES: usize = 64 << 20;

/// A request and the response it is answered with.
pub trait Call: Message + Encodable + HeaderVersion {
    /// Which API.
    const KEY: ApiKey;
    /// What answers it.
    type Response: Message + Decodable + HeaderVersion;
    /// The highest version to speak: below the library's own where a later one names topics by id
    /// only.
    const MAX: i16 = i16::MAX;
}

macro_rules! calls {
    ($($key:ident: $request:ident => $response:ident $(, at most $max:literal)?);+ $(;)?) => {$(
        impl Call for kafka_protocol::messages::$request {
            const KEY: ApiKey = ApiKey::$key;
            type Response = kafka_protocol::messages::$response;
            $(const MAX: i16 = $max;)?
        }
    )+};
}

calls! {
    AlterClientQuotas: AlterClientQuotasRequest => AlterClientQuotasResponse;
    AlterPartitionReassignments: AlterPartitionReassignmentsRequest => AlterPartitionReassignmentsResponse;
    AlterReplicaLogDirs: AlterReplicaLogDirsRequest => AlterReplicaLogDirsResponse;
    ApiVersions: ApiVersionsRequest => ApiVersionsResponse;
    ConsumerGroupDescribe: ConsumerGroupDescribeRequest => ConsumerGroupDescribeResponse;
    CreateAcls: CreateAclsRequest => CreateAclsResponse;
    CreateTopics: CreateTopicsRequest => CreateTopicsResponse;
    DeleteAcls: DeleteAclsRequest => DeleteAclsResponse;
    DescribeAcls: DescribeAclsRequest => DescribeAclsResponse;
    DescribeClientQuotas: DescribeClientQuotasRequest => DescribeClientQuotasResponse;
    DescribeCluster: DescribeClusterRequest => DescribeClusterResponse;
    DescribeConfigs: DescribeConfigsRequest => DescribeConfigsResponse;
    DescribeGroups: DescribeGroupsRequest => DescribeGroupsResponse;
    DescribeTopicPartitions: DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse;
    DescribeTransactions: DescribeTransactionsRequest => DescribeTransactionsResponse;
    ElectLeaders: ElectLeadersRequest => ElectLeadersResponse;
    FindCoordinator: FindCoordinatorRequest => FindCoordinatorResponse;
    IncrementalAlterConfigs: IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse;
    ListGroups: ListGroupsRequest => ListGroupsResponse;
    ListOffsets: ListOffsetsRequest => ListOffsetsResponse;
    ListPartitionReassignments: ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse;
    ListTransactions: ListTransactionsRequest => ListTransactionsResponse;
    Metadata: MetadataRequest => MetadataResponse;
    OffsetFetch: OffsetFetchRequest => OffsetFetchResponse, at most 9;
}

/// Why a node did not answer.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// No TCP connection.
    #[error("could not connect to {node} at {address}: {source}")]
    Connect {
        /// The node.
        node: String,
        /// Its address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The deadline passed.
    #[error("{node} did not answer {api:?} within {} ms", waited.as_millis())]
    Deadline {
        /// The node.
        node: String,
        /// What was asked.
        api: ApiKey,
        /// For how long.
        waited: Duration,
    },
    /// The connection broke.
    #[error("the connection to {node} broke during {api:?}: {source}")]
    Broken {
        /// The node.
        node: String,
        /// What was asked.
        api: ApiKey,
        /// What the system said.
        source: std::io::Error,
    },
    /// Bytes that are not what the protocol says.
    #[error("{node} and this program do not understand each other in {api:?}: {source}")]
    Protocol {
        /// The node.
        node: String,
        /// What was asked.
        api: ApiKey,
        /// What was wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The node answered with an error.
    #[error("{node} refused {api:?}: {reason}")]
    Refused {
        /// The node.
        node: String,
        /// What was asked.
        api: ApiKey,
        /// Kafka's name of the error, and its message when it gave one.
        reason: String,
    },
}

/// An open connection. A call that fails leaves it unusable: drop it and open another.
#[derive(Debug)]
pub struct Connection {
    node: String,
    stream: TcpStream,
    correlation: i32,
    /// Highest version of each API the node supports.
    versions: BTreeMap<i16, (i16, i16)>,
}

impl Connection {
    /// Connects and learns which versions the node speaks (ApiVersions, KIP-35).
    pub async fn open(
        node: &str,
        address: SocketAddr,
        within: Duration,
    ) -> Result<Self, WireError> {
        let deadline = Instant::now() + within;
        let late = || WireError::Deadline {
            node: node.to_owned(),
            api: ApiKey::ApiVersions,
            waited: within,
        };
        let stream = timeout_at(deadline, TcpStream::connect(address)).await.map_err(|_| late())?;
        let stream = stream.map_err(|source| WireError::Connect {
            node: node.to_owned(),
            address,
            source,
        })?;
        // Without it answers come later, and are right all the same.
        let _ = stream.set_nodelay(true);
        let mut connection =
            Self { node: node.to_owned(), stream, correlation: 0, versions: BTreeMap::new() };
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str(CLIENT_ID))
            .with_client_software_version(StrBytes::from_static_str("1"));
        // Version 3 since Kafka 2.4; brokers of today answer it.
        let response = connection.exchange(&request, 3, deadline, within).await?;
        connection.versions =
            response.api_keys.iter().map(|k| (k.api_key, (k.min_version, k.max_version))).collect();
        Ok(connection)
    }

    /// Asks one question, in the highest version both sides speak.
    pub async fn call<R: Call>(
        &mut self,
        request: &R,
        within: Duration,
    ) -> Result<R::Response, WireError> {
        let version = self.version::<R>()?;
        self.exchange(request, version, Instant::now() + within, within).await
    }

    /// The highest version of this API that both sides speak.
    pub fn version<R: Call>(&self) -> Result<i16, WireError> {
        let ours = R::VERSIONS;
        let version = self
            .versions
            .get(&(R::KEY as i16))
            .map(|(min, max)| (ours.max.min(*max).min(R::MAX), *min));
        match version {
            Some((version, min)) if version >= min.max(ours.min) => Ok(version),
            _ => Err(self.protocol(R::KEY, "no version of this API is spoken by both")),
        }
    }

    /// A refusal of this node, from a Kafka error code.
    pub fn refused(&self, api: ApiKey, code: i16, message: Option<&str>) -> WireError {
        WireError::Refused { node: self.node.clone(), api, reason: error_text(code, message) }
    }

    async fn exchange<R: Call>(
        &mut self,
        request: &R,
        version: i16,
        deadline: Instant,
        within: Duration,
    ) -> Result<R::Response, WireError> {
        self.correlation += 1;
        let frame = self.encode(request, version)?;
        let answer = timeout_at(deadline, self.round_trip(&frame)).await;
        let mut body = match answer {
            Err(_) => {
                return Err(WireError::Deadline {
                    node: self.node.clone(),
                    api: R::KEY,
                    waited: within,
                });
            }
            Ok(Err(source)) => {
                return Err(WireError::Broken { node: self.node.clone(), api: R::KEY, source });
            }
            Ok(Ok(body)) => body,
        };
        let header = ResponseHeader::decode(&mut body, R::Response::header_version(version));
        let header = header.map_err(|e| self.protocol(R::KEY, e))?;
        if header.correlation_id != self.correlation {
            return Err(self.protocol(
                R::KEY,
                format!("answer {} came to question {}", header.correlation_id, self.correlation),
            ));
        }
        R::Response::decode(&mut body, version).map_err(|e| self.protocol(R::KEY, e))
    }

    fn encode<R: Call>(&self, request: &R, version: i16) -> Result<BytesMut, WireError> {
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)));
        let mut body = BytesMut::new();
        header
            .encode(&mut body, R::header_version(version))
            .map_err(|e| self.protocol(R::KEY, e))?;
        request.encode(&mut body, version).map_err(|e| self.protocol(R::KEY, e))?;
        let mut frame = BytesMut::with_capacity(body.len() + 4);
        frame.put_i32(body.len() as i32);
        frame.extend_from_slice(&body);
        Ok(frame)
    }

    async fn round_trip(&mut self, frame: &[u8]) -> std::io::Result<Bytes> {
        self.stream.write_all(frame).await?;
        let size = self.stream.read_i32().await?;
        let size = usize::try_from(size).ok().filter(|s| *s <= MAX_RESPONSE_BYTES);
        let size = size.ok_or_else(|| std::io::Error::other("the answer's length is absurd"))?;
        let mut body = BytesMut::zeroed(size);
        self.stream.read_exact(&mut body).await?;
        Ok(body.freeze())
    }

    fn protocol(
        &self,
        api: ApiKey,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> WireError {
        WireError::Protocol { node: self.node.clone(), api, source: source.into() }
    }
}

/// Kafka's own name of an error code, with the message the broker added.
pub fn error_text(code: i16, message: Option<&str>) -> String {
    let name = kafka_protocol::error::ParseResponseErrorCode::err(code)
        .map_or_else(|| "NONE".to_owned(), |e| format!("{e:?}"));
    match message.filter(|m| !m.is_empty()) {
        Some(message) => format!("{name}: {message}"),
        None => name,
    }
}
