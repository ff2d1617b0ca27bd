//! What was detected, as the keeper goes forward with the record: so that nobody who asks has to
//! read hours of it again.

use rusqlite::{OptionalExtension, params};

use super::{Detected, Reader, StoreError, Writer, schema};
use crate::domain::rca::record::{Detection, Span};
use crate::domain::telemetry::series::UnixMs;

/// The last second detection has read, in `meta`.
const UNTIL: &str = "detected_until";

impl Writer {
    /// Records that detection has read on until then: what has a number for the first time, and of
    /// all that changed whether and when it has ended, which may still change and is in no chain.
    pub fn detected_until(
        &mut self,
        until: UnixMs,
        changed: &[Detection],
    ) -> Result<(), StoreError> {
        let newest = self.write("read the detections of", |writer| {
            let query = "SELECT coalesce(max(number), 0) FROM detection";
            writer.connection.query_row(query, [], |r| r.get::<_, u32>(0))
        })?;
        for new in changed.iter().filter(|d| d.number > newest) {
            self.detected(&Detected::of(new, until))?;
        }
        self.write("record the ends of detections in", |writer| {
            let insert = "INSERT OR REPLACE INTO detection_end (number, at) VALUES (?, ?)";
            let mut insert = writer.connection.prepare_cached(insert)?;
            for d in changed {
                insert.execute(params![d.number, (!d.ongoing).then_some(d.span.to)])?;
            }
            let until = params![UNTIL, until.to_string()];
            writer.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", until)
        })?;
        self.commit()
    }
}

impl Reader {
    /// The last second detection has read, and what was detected by then, in the order of numbers;
    /// nothing when it has not begun.
    pub fn detections(&self) -> Result<Option<(UnixMs, Vec<Detection>)>, StoreError> {
        if self.format() < schema::CHAINED {
            return Ok(None);
        }
        let snapshot = self.snapshot()?;
        let until = snapshot
            .query_row("SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", [UNTIL], |r| {
                r.get::<_, UnixMs>(0)
            })
            .optional()
            .map_err(self.failed("read"))?;
        let Some(until) = until else { return Ok(None) };
        let query = "SELECT number, event, places, since, told, detection_end.at
                     FROM detection LEFT JOIN detection_end USING (number) ORDER BY number";
        let detections = self.rows(query, [], |r| {
            let on = serde_json::from_str(r.get_ref(2)?.as_str()?).map_err(|e| {
                let text = rusqlite::types::Type::Text;
                rusqlite::Error::FromSqlConversionFailure(2, text, e.into())
            })?;
            let ended: Option<UnixMs> = r.get(5)?;
            Ok(Detection {
                number: r.get(0)?,
                event: r.get(1)?,
                on,
                span: Span { from: r.get(3)?, to: ended.unwrap_or(until) },
                ongoing: ended.is_none(),
                told: r.get(4)?,
            })
        })?;
        drop(snapshot);
        Ok(Some((until, detections)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::vocab::{Component, Kind};

    #[test]
    fn what_was_detected_is_read_again_with_its_newest_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = Writer::open(folder.path()).expect("opens");
        let reader = Reader::open(folder.path()).expect("opens");
        assert_eq!(reader.detections().expect("readable"), None);
        writer.detected_until(5_000, &[]).expect("writes");
        assert_eq!(reader.detections().expect("readable"), Some((5_000, Vec::new())));
        let isr = |to, ongoing| Detection {
            number: 1,
            event: "isr.shrunk".to_owned(),
            on: vec![Component::of(Kind::Broker, 2), Component::of(Kind::Partition, "orders-0")],
            span: Span { from: 6_000, to },
            ongoing,
            told: "led by \"1\"".to_owned(),
        };
        let other = Detection { number: 2, ..isr(9_500, false) };
        writer.detected_until(9_000, &[isr(9_000, true)]).expect("writes");
        let goes_on = Some((9_000, vec![isr(9_000, true)]));
        assert_eq!(reader.detections().expect("readable"), goes_on);
        writer.detected_until(12_000, &[isr(9_500, false), other.clone()]).expect("writes");
        let expected = vec![isr(9_500, false), other];
        assert_eq!(reader.detections().expect("readable"), Some((12_000, expected)));
        let first_seen: Vec<_> =
            reader.detected().expect("readable").iter().map(|d| (d.number, d.at)).collect();
        assert_eq!(first_seen, [(1, 9_000), (2, 12_000)]);
    }
}
