//! All that was recorded of a run, and the two languages that ask it: PromQL for series, LogQL's
//! selector-and-filter form for logs.

pub mod catalogue;
pub mod log;
pub mod logql;
pub mod promql;
pub mod query_error;
pub mod series;
pub mod terminal;

pub use query_error::{Position, QueryError};
