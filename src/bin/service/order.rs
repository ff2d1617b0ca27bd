//! The document a record carries: one order, as JSON.

use std::io::Write;

use jiff::Timestamp;
use serde::Deserialize;

/// The smallest record an order fits in, whatever its key.
pub const SMALLEST: usize = 256;

/// What a consumer reads of an order.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Order {
    /// Unique over all producers and restarts.
    pub order_id: String,
    /// Whose order it is.
    pub tenant: String,
    /// Its value in hundredths.
    pub amount_cents: u64,
}

/// Why a record is no order.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A record without a value.
    #[error("the record has no value")]
    Empty,
    /// A value that is not the JSON of an order.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Reads an order.
pub fn decode(value: Option<&[u8]>) -> Result<Order, DecodeError> {
    Ok(serde_json::from_slice(value.ok_or(DecodeError::Empty)?)?)
}

/// Writes orders of one size.
pub struct OrderWriter {
    series: String,
    number: u64,
    size: usize,
    filler: Vec<u8>,
    buffer: Vec<u8>,
}

impl OrderWriter {
    /// Orders of `size` bytes, their ids beginning with `series`.
    pub fn new(series: String, size: usize) -> Self {
        assert!(size >= SMALLEST, "an order has at least {SMALLEST} bytes");
        Self { series, number: 0, size, filler: filler(), buffer: Vec::with_capacity(size) }
    }

    /// The next order of this tenant.
    pub fn next(&mut self, tenant: &str, at: Timestamp) -> &[u8] {
        self.number += 1;
        let amount = 500 + self.number * 7919 % 90_000;
        self.buffer.clear();
        write!(
            self.buffer,
            r#"{{"order_id":"{}-{:08}","tenant":"{tenant}","placed_at":"{at:.3}","currency":"EUR","amount_cents":{amount},"attachment":""#,
            self.series, self.number
        )
        .expect("writing to memory does not fail");
        let end = br#""}"#;
        let mut from = self.number as usize % self.filler.len();
        while self.buffer.len() + end.len() < self.size {
            let room = self.size - self.buffer.len() - end.len();
            let piece = &self.filler[from..];
            self.buffer.extend_from_slice(&piece[..room.min(piece.len())]);
            from = 0;
        }
        self.buffer.extend_from_slice(end);
        &self.buffer
    }
}

/// Some text that compresses no better than an attachment does.
fn filler() -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 1_u64;
    let mut letter = || {
        // Knuth's multiplier (MMIX); the high bits are the good ones.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        LETTERS[(state >> 58) as usize]
    };
    (0..8192).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_its_size_and_can_be_read_again() {
        for size in [SMALLEST, 1000, 100_000] {
            let mut writer = OrderWriter::new(format!("{:x}", u64::MAX), size);
            writer.number = u64::MAX / 100_000;
            let value = writer.next(&"t".repeat(64), Timestamp::UNIX_EPOCH).to_vec();
            assert_eq!(value.len(), size);
            assert_eq!(decode(Some(&value)).unwrap().tenant.len(), 64);
        }
    }

    #[test]
    fn orders_differ() {
        let mut writer = OrderWriter::new("a".into(), 300);
        let first = writer.next("tenant-1", Timestamp::UNIX_EPOCH).to_vec();
        insta::assert_snapshot!(String::from_utf8_lossy(&first[..150]), @r#"{"order_id":"a-00000001","tenant":"tenant-1","placed_at":"1970-01-01T00:00:00.000Z","currency":"EUR","amount_cents":8419,"attachment":"gpYygjE1MviyUPv"#);
        assert_ne!(first, writer.next("tenant-1", Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn what_is_no_order_is_refused() {
        insta::assert_snapshot!(decode(Some(&[0xff, 0xfe, 0x00])).unwrap_err(), @"expected value at line 1 column 1");
        insta::assert_snapshot!(decode(Some(b"{}")).unwrap_err(), @"missing field `order_id` at line 1 column 2");
        insta::assert_snapshot!(decode(None).unwrap_err(), @"the record has no value");
    }
}
