//! What stands around the brokers: Connect and what is watched.

use super::{Class, class};

pub(super) const AROUND: &[Class] = &[
    class(
        "connect.task_failed",
        "A connector's task died on a record, while the connector counts as running.",
    )
    .found_by(
        "connector failed, task failed, connector task, connector died, sink failed, source \
         failed, connect worker, failed task, connector running but task failed, debezium, \
         restart task",
    ), // S61
    class(
        "connect.records_to_dead_letters",
        "Every record fails conversion and goes to the dead letter queue without a word.",
    )
    .found_by(
        "dead letter queue, dlq, dead letters, errors.tolerance, silent failure, converter, \
         conversion fails, wrong converter, all records to dlq, sink empty",
    ), // S62
    class("observability.metrics_missing", "What would show the trouble is not collected.")
        .found_by(
            "no metrics, missing metrics, metrics gone, no data, blind, exporter down, jmx \
             exporter, scrape fails, prometheus, dashboard empty, grafana empty, absent \
             metrics, monitoring down, scrape target down, monitoring gap",
        ), // S58
];
