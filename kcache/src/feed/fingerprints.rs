//! Fingerprints, which distinguish content from other content of the same version, without keeping
//! either.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::quality::RandomState;

use crate::codec::Raw;

/// A hash of the bytes of an object, and what they were written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn of(raw: Raw<'_>) -> Self {
        // One bit tells the encodings apart.
        let (hash, encoding) = match raw {
            Raw::Json(json) => (hash(without_types(json)), 0),
            Raw::Protobuf(message) => (hash(message), 1),
        };
        Self(hash << 1 | encoding)
    }
}

/// The fingerprint of each object that is there, as far as its source gave bytes.
///
/// By the hash of the key: two keys that share one cost an update too many, and nothing else.
#[derive(Default)]
pub(super) struct Fingerprints(HashMap<u64, Fingerprint>);

impl Fingerprints {
    pub(super) fn get(&self, key_hash: u64) -> Option<Fingerprint> {
        self.0.get(&key_hash).copied()
    }

    pub(super) fn put(&mut self, key_hash: u64, fingerprint: Option<Fingerprint>) {
        match fingerprint {
            Some(fingerprint) => self.0.insert(key_hash, fingerprint),
            None if self.0.is_empty() => None,
            None => self.0.remove(&key_hash),
        };
    }
}

/// The JSON of an object without the kind and the version of its type at the beginning, which lists of
/// built-in kinds leave out.
fn without_types(json: &[u8]) -> &[u8] {
    let mut rest = json.strip_prefix(b"{").unwrap_or(json);
    while let Some(after) = without_type(rest) {
        rest = after;
    }
    rest
}

/// The rest after a member that names the type.
fn without_type(json: &[u8]) -> Option<&[u8]> {
    let names = [&br#""kind":""#[..], br#""apiVersion":""#];
    let value = names.iter().find_map(|name| json.strip_prefix(*name))?;
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    value[end..].strip_prefix(br#"","#)
}

/// It is done for every object that comes in: with several lanes, since one waits for each product.
fn hash(bytes: &[u8]) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(json: &[u8]) -> Fingerprint {
        Fingerprint::of(Raw::Json(json))
    }

    #[test]
    fn bytes_of_different_encodings_are_never_the_same() {
        let message = |bytes| Fingerprint::of(Raw::Protobuf(bytes));
        assert_eq!(message(b"{}"), message(b"{}"));
        assert_ne!(message(b"{}"), message(b"}"));
        // The brace at the beginning of JSON is no part of it.
        assert_ne!(fingerprint(b"{}"), message(b"}"));
    }

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
