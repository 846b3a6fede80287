//! Decoding of JSON text.

use std::fmt;

use serde::de::DeserializeOwned;
use simd_json::{Buffers, Node, Tape};

use super::{DecodeError, Header, Raw};

/// Decodes JSON, and keeps what it needs for that from one object to the next.
///
/// simd-json goes through the whole text before anything is made of it. So it tells each vector how
/// long it will be, and none is moved while it grows or has room left over, which would be a quarter
/// of what a Pod takes. `serde_json` has the last word on what simd-json does not take: it says where
/// an error is.
#[derive(Default)]
pub(super) struct Text {
    /// A copy, because texts are read in place.
    copy: Vec<u8>,
    buffers: Buffers,
    /// There are types that only `serde_json` can make, those that hold a `RawValue`.
    only_serde: bool,
}

/// As deep as `serde_json` goes: reading is recursive, and whoever sends the text decides how deep.
const DEEPEST: usize = 128;
/// For the next object no more is kept than for one of this size.
const KEPT: usize = 1 << 20;

impl Text {
    pub(super) fn decode<T: DeserializeOwned>(&mut self, raw: Raw<'_>) -> Result<T, DecodeError> {
        let Raw::Json(json) = raw else {
            return Err(DecodeError::new("this codec reads JSON only"));
        };
        if let Some(object) = self.read(json) {
            return Ok(object);
        }
        let object = serde_json::from_slice(json).map_err(|error| described(&error, json))?;
        self.only_serde = true;
        Ok(object)
    }

    fn read<T: DeserializeOwned>(&mut self, json: &[u8]) -> Option<T> {
        if self.only_serde {
            return None;
        }
        self.copy.clear();
        self.copy.extend_from_slice(json);
        let tape = simd_json::to_tape_with_buffers(&mut self.copy, &mut self.buffers).ok();
        let object = tape.filter(|tape| !is_too_deep(tape))?.deserialize().ok();
        if json.len() > KEPT {
            (self.copy, self.buffers) = (Vec::new(), Buffers::default());
        }
        object
    }
}

fn is_too_deep(tape: &Tape<'_>) -> bool {
    // Where the maps and arrays end that are open.
    let mut ends = [0; DEEPEST];
    let mut depth = 0;
    for (place, node) in tape.0.iter().enumerate() {
        while depth > 0 && ends[depth - 1] <= place {
            depth -= 1;
        }
        if let Node::Object { count, .. } | Node::Array { count, .. } = node {
            let Some(end) = ends.get_mut(depth) else {
                return true;
            };
            *end = place + count + 1;
            depth += 1;
        }
    }
    false
}

/// serde's own message can quote the content, so only the place is told.
fn described(error: &serde_json::Error, json: &[u8]) -> DecodeError {
    let (kind, line, column) = (error.classify(), error.line(), error.column());
    let error = DecodeError::new(format!(
        "{kind:?} error in JSON at line {line} column {column}"
    ));
    match Header::read(json).and_then(|header| header.key()) {
        Some(key) => error.with_key(key),
        None => error,
    }
}

impl Clone for Text {
    /// What is kept is nobody's but its own.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;
    use kube::core::DynamicObject;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
        Text::default().read(json.as_bytes())
    }

    /// All that JSON has, and what Kubernetes makes of it.
    fn pod() -> String {
        json!({
            "metadata": {
                "name": "a", "labels": {"quote\"": "\u{1f980}\n\u{e9}", "": ""}, "generation": 3,
                "creationTimestamp": "2026-01-02T03:04:05Z",
            },
            "spec": {
                "containers": [
                    {"name": "a", "env": [{"name": "A", "value": "1"}, {"name": "B"}]},
                    {"name": "b", "livenessProbe": {"httpGet": {"port": "http"}}},
                    {"name": "c", "livenessProbe": {"httpGet": {"port": 80}},
                     "resources": {"limits": {"cpu": "1500m"}}},
                ],
                "hostNetwork": false, "unknown": {"nested": [[], {}, null]}, "priority": -7,
            },
            "status": {"conditions": [], "podIP": null},
        })
        .to_string()
    }

    #[test]
    fn both_ways_of_reading_make_the_same() {
        fn same<T: DeserializeOwned + PartialEq + fmt::Debug>(json: &str) {
            let want: T = serde_json::from_str(json).unwrap();
            assert_eq!(read::<T>(json), Some(want), "{json}");
        }
        same::<Pod>(&pod());
        same::<DynamicObject>(&pod());
        for json in [
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "1e3",
            "2.2250738585072014e-308",
            r#""\u00e9\ud83e\udd80\\\/\b\f\n\r\t""#,
            " [ true , false , null , { } ] ",
        ] {
            same::<Value>(json);
        }
    }

    #[test]
    fn a_vector_has_no_room_left_over() {
        let pod: Pod = read(&pod()).unwrap();
        let containers = pod.spec.unwrap().containers;
        assert_eq!((containers.len(), containers.capacity()), (3, 3));
        let env = containers.into_iter().find_map(|container| container.env);
        assert_eq!(env.map(|env| env.capacity()), Some(2));
    }

    #[test]
    fn serde_json_says_what_is_wrong() {
        let decode = |json: &str| Text::default().decode::<Pod>(Raw::Json(json.as_bytes()));
        let error = decode(r#"{"metadata":{"name":"a"},"spec":7}"#).unwrap_err();
        assert!(
            error.to_string().contains("Data error in JSON at line 1"),
            "{error}"
        );
        assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("a"));
        for json in [
            "",
            "{",
            "{}x",
            "{\"a\":\u{1}}",
            "[]",
            r#"{"kind":"\ud83e"}"#,
        ] {
            assert!(decode(json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_text_exhausts_the_stack() {
        let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        let decode = |depth| {
            let json = nested(depth);
            Text::default().decode::<Value>(Raw::Json(json.as_bytes()))
        };
        assert!(decode(100).is_ok());
        assert!(decode(1_000_000).is_err());
        assert!(read::<Value>(&nested(DEEPEST)).is_some());
        assert!(read::<Value>(&nested(DEEPEST + 1)).is_none());
        // Many, and none deep.
        assert!(read::<Value>(&format!("[{}[]]", "[[]],".repeat(1_000))).is_some());
    }

    #[test]
    fn what_only_serde_json_can_make_is_left_to_it() {
        #[derive(serde::Deserialize)]
        struct Whole {
            spec: Box<RawValue>,
        }
        let mut text = Text::default();
        for _ in 0..2 {
            let whole: Whole = text.decode(Raw::Json(br#"{"spec":{ "a":1}}"#)).unwrap();
            assert_eq!(whole.spec.get(), r#"{ "a":1}"#);
        }
        assert!(text.only_serde);
    }
}
