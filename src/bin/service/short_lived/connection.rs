//! Kafka's protocol, as far as a client of a few records speaks it.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiKey, InitProducerIdRequest, InitProducerIdResponse, MetadataRequest, MetadataResponse,
        ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader,
    },
    protocol::{Decodable, Encodable, HeaderVersion, StrBytes},
};

use super::PATIENCE;

/// A larger answer is none of these.
const LARGEST: i32 = 16 << 20;

/// A request, in the one version spoken here: what every broker since Kafka 2.1 knows and 4.x still
/// does.
pub trait Call: Encodable + HeaderVersion {
    /// Its number.
    const KEY: ApiKey;
    /// The version it is spoken in.
    const VERSION: i16;
    /// What answers it.
    type Answer: Decodable + HeaderVersion;
}

macro_rules! calls {
    ($($key:ident $version:literal: $request:ident => $answer:ident);+ $(;)?) => {$(
        impl Call for $request {
            const KEY: ApiKey = ApiKey::$key;
            const VERSION: i16 = $version;
            type Answer = $answer;
        }
    )+};
}

calls! {
    Metadata 7: MetadataRequest => MetadataResponse;
    InitProducerId 1: InitProducerIdRequest => InitProducerIdResponse;
    Produce 7: ProduceRequest => ProduceResponse;
}

/// A standing connection to one broker.
pub struct Connection {
    stream: TcpStream,
    client_id: StrBytes,
    correlation: i32,
}

impl Connection {
    /// Connects; `address` is a name and a port.
    pub fn open(address: &str, client_id: &str) -> io::Result<Self> {
        let resolved = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::other(format!("{address} has no address")))?;
        let stream = TcpStream::connect_timeout(&resolved, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, client_id: StrBytes::from_string(client_id.to_owned()), correlation: 0 })
    }

    /// Sends a request and waits for its answer.
    pub fn call<R: Call>(&mut self, request: &R) -> io::Result<R::Answer> {
        self.correlation += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY as i16)
            .with_request_api_version(R::VERSION)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(self.client_id.clone()));
        let mut frame = BytesMut::new();
        frame.put_i32(0);
        header.encode(&mut frame, R::header_version(R::VERSION)).map_err(io::Error::other)?;
        request.encode(&mut frame, R::VERSION).map_err(io::Error::other)?;
        let length = frame.len() as i32 - 4;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&frame)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = Some(i32::from_be_bytes(length)).filter(|l| (0..LARGEST).contains(l));
        let length = length.ok_or_else(|| io::Error::other("an answer of absurd length"))?;
        let mut body = vec![0; length as usize];
        self.stream.read_exact(&mut body)?;
        let mut body = Bytes::from(body);
        let header = ResponseHeader::decode(&mut body, R::Answer::header_version(R::VERSION))
            .map_err(io::Error::other)?;
        if header.correlation_id != self.correlation {
            return Err(io::Error::other("an answer to another question"));
        }
        R::Answer::decode(&mut body, R::VERSION).map_err(io::Error::other)
    }
}
