//! Decoding of JSON text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed};
use simd_json::{Buffers, Node};

use super::error::DecodeError;
use super::header::Header;
use super::raw::Raw;
use super::shape::Shape;
use super::tape::Nodes;
use crate::deep::{DEEPEST, SHALLOW, on_a_deep_stack};
use crate::json::{coerced, cut_managed_fields, replace_lone_surrogates};

/// Decodes JSON, and keeps what it needs for that from one object to the next.
///
/// simd-json goes through the whole text before anything is made of it. So it tells each vector how
/// long it will be, and none is moved while it grows or has room left over, which would be a quarter
/// of what a Pod takes. `serde_json` has the last word on what cannot be made of that: it says where
/// an error is, and makes some types that no other can, those that hold a `RawValue`.
#[derive(Default)]
pub(crate) struct JsonDecoder {
    /// A copy, because texts are read in place.
    copy: Vec<u8>,
    buffers: Buffers,
    /// How many of the next objects are left to `serde_json` without a try, and how many after that
    /// if the try fails.
    left_over: (u32, u32),
}

/// For the next object no more is kept than for one of this size.
const KEPT: usize = 1 << 20;
/// After so many objects at most simd-json is tried again.
const LEFT_OVER: u32 = 1024;

/// Why nothing was made of what simd-json reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    NotJson,
    TooDeep,
    Type,
    /// There is no room for the stack.
    NoStack,
}

/// What can be made of a text.
pub(crate) trait Decoded: Sized + Send {
    fn of_nodes(nodes: &[Node<'_>], deepest: usize, shape: Shape<'_>) -> Result<Self, Unread>;

    fn of_text(json: &[u8], shape: Shape<'_>) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned + Send> Decoded for T {
    fn of_nodes(nodes: &[Node<'_>], deepest: usize, shape: Shape<'_>) -> Result<Self, Unread> {
        let mut nodes = Nodes::new(nodes, deepest);
        let made = shape.seed().deserialize(&mut nodes);
        if nodes.are_too_deep() {
            return Err(Unread::TooDeep);
        }
        made.map_err(|_| Unread::Type)
    }

    fn of_text(json: &[u8], shape: Shape<'_>) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let object = shape.seed().deserialize(&mut reader)?;
        reader.end().map(|()| object)
    }
}

/// Two things that are made of the same text.
#[cfg(feature = "compact")]
pub(crate) struct Two<A, B>(pub(crate) A, pub(crate) B);

#[cfg(feature = "compact")]
impl<A: Decoded, B: Decoded> Decoded for Two<A, B> {
    fn of_nodes(nodes: &[Node<'_>], deepest: usize, shape: Shape<'_>) -> Result<Self, Unread> {
        let first = A::of_nodes(nodes, deepest, shape)?;
        Ok(Self(first, B::of_nodes(nodes, deepest, shape)?))
    }

    fn of_text(json: &[u8], shape: Shape<'_>) -> Result<Self, serde_json::Error> {
        Ok(Self(A::of_text(json, shape)?, B::of_text(json, shape)?))
    }
}

impl JsonDecoder {
    /// A type that knows better what it is has the last word: it reads what the server sent.
    pub(super) fn decode_as<T: Decoded>(
        &mut self,
        json: &[u8],
        shape: Shape<'_>,
    ) -> Result<T, DecodeError> {
        self.decode(json, shape).or_else(|_| {
            let types = None;
            self.decode(json, Shape { types, ..shape })
        })
    }

    pub(super) fn decode<T: Decoded>(
        &mut self,
        json: &[u8],
        shape: Shape<'_>,
    ) -> Result<T, DecodeError> {
        let (left, _) = &mut self.left_over;
        if *left > 0 {
            *left -= 1;
            return by_serde_json(&coerced(json), shape, None);
        }
        let mut unread = match self.read(json, shape) {
            Ok(object) => return Ok(object),
            Err(unread) => unread,
        };
        let text = coerced(json);
        if let (Unread::NotJson, Cow::Owned(text)) = (unread, &text) {
            unread = match self.read(text, shape) {
                Ok(object) => return Ok(object),
                Err(unread) => unread,
            };
        }
        let object = by_serde_json(&text, shape, Some(unread))?;
        if unread == Unread::Type {
            let (left, next) = &mut self.left_over;
            *left = *next;
            *next = (*next * 2).clamp(1, LEFT_OVER);
        }
        Ok(object)
    }

    fn read<T: Decoded>(&mut self, json: &[u8], shape: Shape<'_>) -> Result<T, Unread> {
        if shape.managed_fields {
            self.copy.clear();
            self.copy.extend_from_slice(json);
        } else {
            cut_managed_fields(json, &mut self.copy);
        }
        replace_lone_surrogates(&mut self.copy);
        let tape = simd_json::to_tape_with_buffers(&mut self.copy, &mut self.buffers);
        let object = match &tape {
            Ok(tape) => made_of(&tape.0, shape),
            Err(_) => Err(Unread::NotJson),
        };
        if json.len() > KEPT {
            (self.copy, self.buffers) = Default::default();
        }
        object
    }
}

/// What is made of nodes. How deep it goes is not known before: what is passed over may be deeper.
fn made_of<T: Decoded>(nodes: &[Node<'_>], shape: Shape<'_>) -> Result<T, Unread> {
    let make = move |deepest| T::of_nodes(nodes, deepest, shape);
    match make(SHALLOW) {
        Err(Unread::TooDeep) => on_a_deep_stack(|| make(DEEPEST)).unwrap_or(Err(Unread::NoStack)),
        made => made,
    }
}

/// Reads it again, with what hindered before.
fn by_serde_json<T: Decoded>(
    json: &[u8],
    shape: Shape<'_>,
    unread: Option<Unread>,
) -> Result<T, DecodeError> {
    let error = match T::of_text(json, shape) {
        Ok(object) => return Ok(object),
        Err(error) => error,
    };
    let error = match unread {
        Some(Unread::TooDeep) => {
            DecodeError::new(format!("it is nested deeper than {DEEPEST} levels"))
        }
        Some(Unread::NoStack) => {
            DecodeError::new("it is nested deep, and there is no memory for it")
        }
        // `serde_json` ends at level 128.
        Some(Unread::Type) if error.is_syntax() => DecodeError::new("Data error in JSON"),
        _ => described(&error),
    };
    Err(
        match Header::read(Raw::Json(json)).and_then(|header| header.key()) {
            Some(key) => error.with_key(key),
            None => error,
        },
    )
}

/// serde's own message can quote the content, so only its position is reported.
fn described(error: &serde_json::Error) -> DecodeError {
    let (kind, line, column) = (error.classify(), error.line(), error.column());
    DecodeError::new(format!(
        "{kind:?} error in JSON at line {line} column {column}"
    ))
}

impl Clone for JsonDecoder {
    /// What is kept is nobody's but its own.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for JsonDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonDecoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::Pod;
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
    use kube::core::DynamicObject;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    /// Without a word of `serde_json`.
    fn read<T: DeserializeOwned + Send>(json: &str) -> Option<T> {
        JsonDecoder::default()
            .read(json.as_bytes(), Shape::default())
            .ok()
    }

    fn decode<T: DeserializeOwned + Send>(json: impl AsRef<[u8]>) -> Result<T, DecodeError> {
        JsonDecoder::default().decode(json.as_ref(), Shape::default())
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
        fn same<T: DeserializeOwned + Send + PartialEq + fmt::Debug>(json: &str) {
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
        let decode = decode::<Pod>;
        let error = decode(r#"{"metadata":{"name":"a"},"spec":7}"#).unwrap_err();
        assert!(
            error.to_string().contains("Data error in JSON at line 1"),
            "{error}"
        );
        assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("a"));
        for json in ["", "{", "{}x", "{\"a\":\u{1}}", "[]", r#"{"kind":"\ud8"}"#] {
            assert!(decode(json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_text_exhausts_the_stack() {
        let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        for depth in [1, SHALLOW, SHALLOW + 1, 130, DEEPEST] {
            assert!(read::<Value>(&nested(depth)).is_some(), "{depth}");
        }
        for depth in [DEEPEST + 1, 10_000, 1_000_000] {
            let error = decode::<Value>(nested(depth)).unwrap_err();
            assert_eq!(error.to_string(), "it is nested deeper than 1000 levels");
        }
        // Many, and none deep.
        assert!(read::<Value>(&format!("[{}[]]", "[[]],".repeat(1_000))).is_some());
    }

    #[test]
    fn only_what_is_kept_is_too_deep() {
        let deep = ["{\"a\":".repeat(9_000), "1".to_owned(), "}".repeat(9_000)].concat();
        let json = format!(r#"{{"metadata":{{"name":"a"}},"spec":{{"unknown":{deep}}}}}"#);
        let pod: Pod = read(&json).unwrap();
        assert_eq!(pod.metadata.name.as_deref(), Some("a"));
        let error = decode::<DynamicObject>(&json).unwrap_err();
        assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("a"));
        let raw: BTreeMap<String, Box<RawValue>> = decode(&json).unwrap();
        assert!(raw["spec"].get().contains(&deep));
    }

    #[test]
    fn a_schema_is_read_as_deep_as_a_map() {
        // Each takes fourteen times as much of the stack as a map does.
        let levels = DEEPEST / 2;
        let open = r#"{"properties":{"a":"#.repeat(levels - 1);
        let json = [&open, r#"{"type":"object"}"#, &"}}".repeat(levels - 1)].concat();
        let schema: JSONSchemaProps = read(&json).unwrap();
        let mut inner = &schema;
        while let Some(properties) = &inner.properties {
            inner = &properties["a"];
        }
        assert_eq!(inner.type_.as_deref(), Some("object"));
        let error = decode::<JSONSchemaProps>(json.replace(r#""object""#, "7")).unwrap_err();
        assert_eq!(error.to_string(), "Data error in JSON");
    }

    #[test]
    fn strings_are_read_as_go_reads_them() {
        let json = br#"{"\ud83ea":"\ud83e","\udd80":["\ud83e\ud83e\udd80","\\ud83e","\ud83e\ue000"],"x":"a"#;
        let json = [json.as_slice(), b"\xffb\"}"].concat();
        let json = json.as_slice();
        let want = json!({
            "\u{fffd}a": "\u{fffd}", "\u{fffd}": ["\u{fffd}\u{1f980}", "\\ud83e", "\u{fffd}\u{e000}"],
            "x": "a\u{fffd}b",
        });
        assert_eq!(decode::<Value>(json), Ok(want.clone()));
        let raw: BTreeMap<String, Box<RawValue>> = decode(json).unwrap();
        let raw: Value = serde_json::from_str(&serde_json::to_string(&raw).unwrap()).unwrap();
        assert_eq!(raw, want);
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        // As printed by Go 1.26 of what apimachinery's `json.Unmarshal` makes of them.
        for (json, want) in [
            ("9223372036854775807", json!(i64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("-9223372036854775809", json!(-9_223_372_036_854_775_808.0)),
            ("18446744073709551616", json!(18_446_744_073_709_552_000.0)),
            (
                "123456789012345678901234567890",
                json!(1.234_567_890_123_456_8e29),
            ),
            ("1.0", json!(1.0)),
            ("-0", json!(0)),
            ("1e3", json!(1000.0)),
            ("1e-400", json!(0.0)),
            ("5e-324", json!(5e-324)),
            ("0.1", json!(0.1)),
            ("2.2250738585072011e-308", json!(2.225_073_858_507_201e-308)),
            ("9007199254740993.0", json!(9_007_199_254_740_992.0)),
        ] {
            assert_eq!(read::<Value>(json), Some(want), "{json}");
        }
        // What Go has as a float is no less exact here.
        assert_eq!(read("18446744073709551615"), Some(json!(u64::MAX)));
        for json in ["1e400", "-1e400", "01", "1.", ".5", "+1", "NaN", "Infinity"] {
            assert!(decode::<Value>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_float_is_rounded_the_same_by_whoever_reads_it() {
        let mut random = 1_u64;
        for _ in 0..2_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(random);
            if !float.is_finite() {
                continue;
            }
            let json = format!("{float:e}");
            assert_eq!(read::<f64>(&json), Some(float), "{json}");
            assert_eq!(
                by_serde_json::<f64>(json.as_bytes(), Shape::default(), None),
                Ok(float)
            );
        }
    }

    #[test]
    fn what_only_serde_json_can_make_is_left_to_it() {
        #[derive(serde::Deserialize)]
        struct Whole {
            spec: Box<RawValue>,
        }
        let mut text = JsonDecoder::default();
        let mut tried = 0;
        for _ in 0..2000 {
            tried += u32::from(text.left_over.0 == 0);
            let json = br#"{"spec":{ "a":1}}"#;
            let whole: Whole = text.decode(json, Shape::default()).unwrap();
            assert_eq!(whole.spec.get(), r#"{ "a":1}"#);
        }
        assert_eq!(tried, 12);
    }

    #[test]
    fn one_hard_text_leaves_no_other_to_serde_json() {
        let mut text = JsonDecoder::default();
        for json in [
            r#"{"a":18446744073709551616}"#,
            r#"{"a":"\ud83e"}"#,
            r#"{"a":1e400}"#,
            r#"{"a":"#,
        ] {
            let read = text.decode::<Value>(json.as_bytes(), Shape::default());
            assert_eq!(
                read.is_ok(),
                !json.contains("e400") && json.ends_with('}'),
                "{json}"
            );
            assert_eq!(text.left_over.0, 0, "{json}");
        }
    }
}
