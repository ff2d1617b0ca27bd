//! The record as a whole, for recordings: every series and log line up to an instant.

use std::collections::BTreeMap;

use rusqlite::params;

use super::writer::{from_sql, parse_labels};
use super::{Reader, StoreError};
use crate::domain::recording::{Kept, Target, Telemetry};
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::{Point, UnixMs};

impl Reader {
    /// Everything recorded until `until`, series in the order of names and labels.
    pub fn whole(&self, until: UnixMs) -> Result<Telemetry, StoreError> {
        let mut telemetry = Telemetry::default();
        let mut places: BTreeMap<i64, usize> = BTreeMap::new();
        for (id, job, node) in
            self.rows("SELECT id, job, node FROM target ORDER BY job, node", [], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?))
            })?
        {
            let reads = self.rows(
                "SELECT at FROM scrape WHERE target = ? AND at <= ? ORDER BY at",
                params![id, until],
                |r| r.get(0),
            )?;
            places.insert(id, telemetry.targets.len());
            telemetry.targets.push(Target { job, node, reads });
        }
        let all = self.rows(
            "SELECT id, target, labels FROM series ORDER BY name, labels, target",
            [],
            |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?)),
        )?;
        for (id, target, labels) in all {
            let (Some(labels), Some(target)) = (parse_labels(&labels), places.get(&target)) else {
                continue;
            };
            let query = "SELECT at, value FROM sample WHERE series = ? AND at <= ? ORDER BY at";
            let changes = self.rows(query, params![id, until], |r| {
                Ok(Point { at: r.get(0)?, value: from_sql(r.get_ref(1)?) })
            })?;
            if !changes.is_empty() {
                telemetry.series.entry(labels.name().to_owned()).or_default().push(Kept {
                    labels,
                    target: *target,
                    changes,
                });
            }
        }
        telemetry.lines = self.rows(
            "SELECT at, node, line FROM log WHERE at <= ? ORDER BY at, id",
            [until],
            |r| Ok(LogLine { at: r.get(0)?, node: r.get(1)?, line: r.get(2)? }),
        )?;
        Ok(telemetry)
    }
}
