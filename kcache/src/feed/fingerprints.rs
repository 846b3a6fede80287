//! Fingerprints, which distinguish content from other content of the same version, without keeping
//! either.

use foldhash::HashMap;

/// The fingerprint of each object that is there, as far as its source gave bytes.
///
/// By the hash of the key: two keys that share one cost an update too many, and nothing else.
#[derive(Default)]
pub(super) struct Fingerprints(HashMap<u64, u64>);

impl Fingerprints {
    pub(super) fn get(&self, key_hash: u64) -> Option<u64> {
        self.0.get(&key_hash).copied()
    }

    pub(super) fn put(&mut self, key_hash: u64, fingerprint: Option<u64>) {
        match fingerprint {
            Some(fingerprint) => self.0.insert(key_hash, fingerprint),
            None => self.0.remove(&key_hash),
        };
    }
}

/// A hash of the JSON of an object. Lists of built-in kinds leave the kind and the version of the
/// type out, so it is the same with and without them at the beginning.
pub(crate) fn fingerprint(json: &[u8]) -> u64 {
    let mut rest = json.strip_prefix(b"{").unwrap_or(json);
    while let Some(after) = without_type(rest) {
        rest = after;
    }
    hash(rest)
}

/// The rest after a member that names the type.
fn without_type(json: &[u8]) -> Option<&[u8]> {
    let names = [&br#""kind":""#[..], br#""apiVersion":""#];
    let value = names.iter().find_map(|name| json.strip_prefix(*name))?;
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    value[end..].strip_prefix(br#"","#)
}

const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

/// Sixteen bytes a step: it is done for every object that comes in.
fn hash(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let start = SEEDS[0] ^ u64::try_from(bytes.len()).unwrap_or_default();
    chunks.iter().chain([&last]).fold(start, |state, chunk| {
        let lanes = u128::from_le_bytes(*chunk);
        let (low, high) = (low(lanes), low(lanes >> 64));
        mix(state ^ low, SEEDS[1] ^ high).wrapping_add(state.rotate_left(23))
    })
}

/// A product folded in two.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    low(product) ^ low(product >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn low(lanes: u128) -> u64 {
    lanes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_does_not_depend_on_names_of_types() {
        let item = fingerprint(br#"{"metadata":{"name":"a"}}"#);
        for same in [
            r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#,
        ] {
            assert_eq!(fingerprint(same.as_bytes()), item);
        }
    }

    #[test]
    fn a_print_depends_on_every_byte() {
        let json = br#"{"metadata":{"name":"a","labels":{"app":"web"}},"spec":{"x":[1,2,3]}}"#;
        let mut fingerprints = std::collections::HashSet::from([fingerprint(json)]);
        for place in 1..json.len() {
            let mut other = json.to_vec();
            other[place] ^= 1;
            assert!(fingerprints.insert(fingerprint(&other)), "byte {place}");
            assert!(
                fingerprints.insert(fingerprint(&json[..place])),
                "{place} bytes"
            );
        }
    }
}
