//! Scraping exporters over HTTP, each read with a short deadline.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::exposition::{self, NotASample};
use crate::domain::telemetry::series::Labels;

/// Larger than any exposition read here.
const MAX_BYTES: usize = 16 << 20;

/// Why an exporter showed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    /// It took too long.
    #[error("no answer within {} ms", within.as_millis())]
    Late {
        /// How long it was waited for.
        within: Duration,
    },
    /// There is no such address to ask.
    #[error("it cannot be asked: {0}")]
    Address(#[from] hyper::http::Error),
    /// No connection, or one that broke off before the answer began.
    #[error(transparent)]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// It answered, and not with its figures.
    #[error("HTTP status {0}")]
    Status(hyper::StatusCode),
    /// The answer broke off or is larger than any exposition.
    #[error("its answer cannot be received: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// The answer is not the text it says it is.
    #[error("its answer cannot be unpacked: {0}")]
    Encoding(#[from] std::io::Error),
    /// A line of the answer is not Prometheus' text format.
    #[error(transparent)]
    Exposition(#[from] NotASample),
}

/// A client that keeps connections open between scrapes.
#[derive(Debug, Clone)]
pub struct Scraper {
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Default for Scraper {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

impl Scraper {
    /// The samples an exporter shows, or why there are none.
    pub async fn scrape(
        &self,
        address: SocketAddr,
        within: Duration,
    ) -> Result<Vec<(Labels, f64)>, ScrapeError> {
        let body = tokio::time::timeout(within, self.get(address)).await;
        let body = body.map_err(|_| ScrapeError::Late { within })??;
        Ok(exposition::parse(&body)?)
    }

    async fn get(&self, address: SocketAddr) -> Result<String, ScrapeError> {
        let request = hyper::Request::get(format!("http://{address}/metrics"))
            .header(ACCEPT_ENCODING, "gzip")
            .body(Empty::new())?;
        let response = self.client.request(request).await?;
        if !response.status().is_success() {
            return Err(ScrapeError::Status(response.status()));
        }
        let is_gzip = response.headers().get(CONTENT_ENCODING).is_some_and(|e| e == "gzip");
        let body = Limited::new(response.into_body(), MAX_BYTES)
            .collect()
            .await
            .map_err(ScrapeError::Body)?
            .to_bytes();
        let mut text = String::new();
        if is_gzip {
            GzDecoder::new(&body[..]).take(MAX_BYTES as u64).read_to_string(&mut text)?;
        } else {
            (&body[..]).read_to_string(&mut text)?;
        }
        Ok(text)
    }
}
