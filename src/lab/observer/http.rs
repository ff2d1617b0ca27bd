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

use super::exposition;
use crate::domain::telemetry::series::Labels;

/// Larger than any exposition read here.
const MAX_BYTES: usize = 16 << 20;

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
    ) -> Result<Vec<(Labels, f64)>, String> {
        let body = tokio::time::timeout(within, self.get(address)).await;
        let body = body.map_err(|_| format!("no answer within {} ms", within.as_millis()))??;
        exposition::parse(&body)
    }

    async fn get(&self, address: SocketAddr) -> Result<String, String> {
        let request = hyper::Request::get(format!("http://{address}/metrics"))
            .header(ACCEPT_ENCODING, "gzip")
            .body(Empty::new());
        let response = self
            .client
            .request(request.map_err(|e| e.to_string())?)
            .await
            .map_err(|e| e.to_string())?;
        if !response.status().is_success() {
            return Err(format!("HTTP status {}", response.status()));
        }
        let is_gzip = response.headers().get(CONTENT_ENCODING).is_some_and(|e| e == "gzip");
        let body = Limited::new(response.into_body(), MAX_BYTES)
            .collect()
            .await
            .map_err(|e| e.to_string())?
            .to_bytes();
        let mut text = String::new();
        let read = if is_gzip {
            GzDecoder::new(&body[..]).take(MAX_BYTES as u64).read_to_string(&mut text)
        } else {
            (&body[..]).read_to_string(&mut text)
        };
        read.map_err(|e| e.to_string())?;
        Ok(text)
    }
}
