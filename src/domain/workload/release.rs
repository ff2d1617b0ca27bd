//! What a release of a service is: its code, as it was built from one state of the sources. Where
//! two versions of a service behave differently the difference is in here and in no setting.
//!
//! A release lies on the service's machine as software does, as bytes that tell a reader nothing:
//! two builds of the same sources have as little in common as two of different ones. The program
//! that all services run takes what it does from the release its properties name, and compiles this
//! very file: it uses nothing else of the domain.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the code of a release does. The first four are a producer's, the others a consumer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Records a second, over all members, that customers bring about.
    pub rate: u32,
    /// Bytes of a record's value, 256 at least.
    pub record_bytes: u32,
    /// The key that many records carry; without one every key is as frequent as any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequent_key: Option<FrequentKey>,
    /// Records after which a client is given up and the next one gets a producer id of its own;
    /// without a number one client is kept for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_per_client: Option<u32>,
    /// Milliseconds after which a transaction is committed, with a `transactional.id`.
    pub transaction_ms: u32,
    /// Microseconds that processing one record takes.
    pub processing_us: u32,
    /// The member, from 1, that pauses the partitions it is assigned and never resumes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pausing_member: Option<u32>,
}

/// A key that many records of a producer carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequentKey {
    /// The key.
    pub key: String,
    /// Its share of the records, in percent.
    pub percent: u8,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            rate: 1,
            record_bytes: 1000,
            frequent_key: None,
            records_per_client: None,
            transaction_ms: 1000,
            processing_us: 0,
            pausing_member: None,
        }
    }
}

/// What a release holds: the fields of [`Behaviour`] in their order, without their names, which
/// would stand in the program that loads it.
type Code = (u32, u32, Option<(String, u8)>, Option<u32>, u32, u32, Option<u32>);

impl Behaviour {
    fn code(&self) -> Code {
        let Self {
            rate,
            record_bytes,
            frequent_key,
            records_per_client,
            transaction_ms,
            processing_us,
            pausing_member,
        } = self.clone();
        let key = frequent_key.map(|FrequentKey { key, percent }| (key, percent));
        let (clients, pausing) = (records_per_client, pausing_member);
        (rate, record_bytes, key, clients, transaction_ms, processing_us, pausing)
    }

    fn of_code(code: Code) -> Self {
        let (rate, record_bytes, key, clients, transaction_ms, processing_us, pausing) = code;
        Self {
            rate,
            record_bytes,
            frequent_key: key.map(|(key, percent)| FrequentKey { key, percent }),
            records_per_client: clients,
            transaction_ms,
            processing_us,
            pausing_member: pausing,
        }
    }
}

/// Where the releases of a service lie on its machine, each in a folder named by its version.
pub fn releases_path(service: &str) -> String {
    format!("/opt/{service}/releases")
}

/// Where one release of a service lies.
pub fn release_path(service: &str, version: &str) -> String {
    format!("{}/{version}/{service}.img", releases_path(service))
}

/// Sets this format apart from every other use of the hash.
const DOMAIN: &[u8] = b"\x9e\x1b\x52\xc4\x07\xd8\x6a\xf3";
const NONCE: usize = 32;
/// Bytes of the shortest release; up to 64 KiB more are drawn.
const SHORTEST: usize = 160 * 1024;

impl Behaviour {
    /// A release that behaves like this. The nonce makes it differ from every other in all of its
    /// bytes and in its size.
    pub fn build(&self, nonce: [u8; NONCE]) -> Vec<u8> {
        let code = serde_json::to_vec(&self.code()).expect("plain values have a JSON form");
        let drawn = u16::from_be_bytes([nonce[0], nonce[1]]);
        let length = u32::try_from(code.len()).expect("a few numbers are short").to_be_bytes();
        let mut body = [&length[..], &code].concat();
        body.resize(SHORTEST + usize::from(drawn), 0);
        mask(&mut body, &nonce);
        [&nonce[..], &body].concat()
    }

    /// What a release does; nothing when the bytes are no release.
    pub fn of_release(bytes: &[u8]) -> Option<Self> {
        let (nonce, body) = bytes.split_at_checked(NONCE)?;
        let mut body = body.to_vec();
        mask(&mut body, nonce);
        let (length, rest) = body.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let code = rest.get(..usize::try_from(length).ok()?)?;
        serde_json::from_slice(code).ok().map(Self::of_code)
    }
}

/// Adds the key stream of a nonce to some bytes; adding it again takes it away.
fn mask(bytes: &mut [u8], nonce: &[u8]) {
    for (number, block) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(nonce);
        hash.update(number.to_be_bytes());
        for (byte, key) in block.iter_mut().zip(hash.finalize()) {
            *byte ^= key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow() -> Behaviour {
        Behaviour { processing_us: 18_000, pausing_member: Some(2), ..Behaviour::default() }
    }

    /// One in which no two fields are the same.
    fn of_all_kinds() -> Behaviour {
        Behaviour {
            rate: 1,
            record_bytes: 2,
            frequent_key: Some(FrequentKey { key: "tenant-3".to_owned(), percent: 4 }),
            records_per_client: Some(5),
            transaction_ms: 6,
            processing_us: 7,
            pausing_member: Some(8),
        }
    }

    #[test]
    fn a_release_does_what_it_was_built_for() {
        assert_eq!(Behaviour::of_release(&slow().build([7; 32])), Some(slow()));
        let all = of_all_kinds();
        assert_eq!(Behaviour::of_release(&all.build([8; 32])), Some(all));
        assert_eq!(Behaviour::of_release(b""), None);
        assert_eq!(Behaviour::of_release(&[7; 100]), None);
        // The first byte behind the nonce says how much there is.
        let mut damaged = slow().build([7; 32]);
        damaged[NONCE] ^= 1;
        assert_eq!(Behaviour::of_release(&damaged), None);
    }

    #[test]
    fn builds_tell_nothing_but_that_they_differ() {
        let differing = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
        let share = |a: &[u8], b: &[u8]| differing(a, b) as f64 / a.len().min(b.len()) as f64;
        let (one, same) = (slow().build([1; 32]), slow().build([2; 32]));
        let other = Behaviour::default().build([3; 32]);
        // Two random bytes are the same once in 256 times.
        assert!(share(&one, &same) > 0.99 && share(&one, &other) > 0.99);
        // Neither what it does nor how much there is to say is in the size.
        assert_eq!(slow().build([1; 32]).len(), Behaviour::default().build([1; 32]).len());
        assert_ne!(one.len(), same.len());
        // No run of letters that `strings` would show as a word of ours.
        let text = String::from_utf8_lossy(&one).into_owned();
        assert!(!text.contains("processing") && !text.contains("pausing"));
    }
}
