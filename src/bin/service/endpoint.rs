//! What the service answers over HTTP: `/metrics` for a scraper, `/ledger` for whoever checks that
//! no record was lost.

use std::{convert::Infallible, io, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{exposition::Exposition, series, service::Service};

/// Answers requests for as long as the program runs. Returns only when connections can no longer be
/// taken.
pub async fn serve(service: Arc<Service>, listener: TcpListener) -> io::Error {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return error,
        };
        let service = service.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                std::future::ready(Ok::<_, Infallible>(answer(&service, &request)))
            });
            // A client that goes away early is its own affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

fn answer(service: &Service, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, kind, body) = match request.uri().path() {
        "/metrics" => (StatusCode::OK, Exposition::CONTENT_TYPE, series::page(service)),
        "/ledger" => {
            let role = service.settings.role.name();
            let ledger = serde_json::json!({ "service": service.name, "role": role, "partitions": service.figures.ledger().json() });
            (StatusCode::OK, "application/json", format!("{ledger}\n"))
        }
        _ => (StatusCode::NOT_FOUND, "text/plain", "not found\n".to_owned()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
