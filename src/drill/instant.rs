//! Instants in JSON: RFC 3339, UTC.

use serde::{Serialize, Serializer};

use crate::domain::rca::moment::rfc3339;
use crate::domain::telemetry::series::UnixMs;

pub(super) fn at<S: Serializer>(at: &UnixMs, to: S) -> Result<S::Ok, S::Error> {
    rfc3339(*at).serialize(to)
}

pub(super) fn if_any<S: Serializer>(at: &Option<UnixMs>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}
