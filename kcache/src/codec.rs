//! From bytes to stored forms.

mod error;
mod raw;
mod identity;
mod header;
mod shape;
mod tape;
mod json;

use std::any::TypeId;

use kube::core::{DynamicObject, TypeMeta};
use serde::de::DeserializeOwned;

pub use self::error::DecodeError;
#[cfg(feature = "compact")]
pub(crate) use self::header::CowStr;
pub(crate) use self::header::{Header, TypeNames};
pub(crate) use self::identity::Identity;
#[cfg(not(feature = "compact"))]
use self::json::JsonDecoder;
#[cfg(feature = "compact")]
pub(crate) use self::json::{Decoded, JsonDecoder, Two};
pub use self::raw::Raw;
use self::shape::Shape;
use crate::counts::FormCounter;
use crate::encoding::Encoding;
use crate::protobuf;

/// Makes a stored form of bytes.
///
/// A codec is a value and is asked by `&mut`, so that it can keep what it learns from one object to
/// the next: dictionaries, interned strings, buffers. It need not know every encoding.
///
/// # Example
///
/// A stored form that keeps the bytes and decodes only the name:
///
/// ```
/// use kcache::{Codec, DecodeError, Input, Object, Raw};
///
/// struct Blob { name: String, bytes: Vec<u8> }
///
/// impl Object for Blob {
///     fn name(&self) -> &str { &self.name }
/// }
///
/// struct Blobs;
///
/// impl Codec<Blob> for Blobs {
///     fn decode(&mut self, raw: Raw<'_>) -> Result<Blob, DecodeError> {
///         let Raw::Json(bytes) = raw else { return Err(DecodeError::new("not JSON")) };
///         let map: k8s_openapi::api::core::v1::ConfigMap =
///             serde_json::from_slice(bytes).map_err(|_| DecodeError::new("not a ConfigMap"))?;
///         let name = map.metadata.name.unwrap_or_default();
///         Ok(Blob { name, bytes: bytes.to_vec() })
///     }
/// }
///
/// let (blobs, mut feed) = kcache::feed();
/// let bytes = br#"{"metadata": {"name": "a"}}"#;
/// feed.relist([], None)?;
/// feed.send(Input::decoded(Input::Apply, Blobs.decode(Raw::Json(bytes))))?;
/// feed.send(Input::decoded(Input::Apply, Blobs.decode(Raw::Json(b"{"))))?;
/// assert_eq!(blobs.cache().get("", "a").map(|blob| blob.bytes.len()), Some(27));
/// assert_eq!(blobs.status().bad_objects, 1);
/// # Ok::<(), kcache::Error>(())
/// ```
pub trait Codec<V>: Send {
    /// Decodes one object.
    ///
    /// # Errors
    ///
    /// What is wrong, without anything of the content. The object is reported as bad and the others
    /// go on.
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError>;

    /// Decodes one object of which more is known than its bytes say; an informer calls this one. A
    /// codec that does not need it leaves it out, and one that passes objects on to another codec
    /// passes it on, too.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        let _ = expected;
        self.decode(raw)
    }

    /// The encodings that it takes for objects of this kind, the best first: an informer requests them
    /// in this order. Without it, JSON.
    ///
    /// JSON has to be among them. A server has no other form of a custom resource, and may answer with it
    /// whatever was requested.
    fn encodings(&self, types: &TypeMeta) -> &[Encoding] {
        let _ = types;
        &[Encoding::Json]
    }

    /// What its objects hold in memory, if it counts that: [`Counts::form`](crate::Counts::form) and the metrics
    /// show it. A codec that passes objects on to another codec passes it on, too.
    fn form_counts(&self) -> Option<FormCounter> {
        None
    }
}

/// What is known of an object before it is decoded.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expected<'a> {
    /// What the object is if it does not say it: items of lists of built-in kinds do not.
    pub types: &'a TypeMeta,
    /// Only its metadata was requested. The bytes can be of the whole object all the same: not every
    /// server leaves the rest out.
    pub metadata_only: bool,
}

impl<'a> Expected<'a> {
    /// An object of this kind, of which all is wanted.
    pub fn new(types: &'a TypeMeta) -> Self {
        let metadata_only = false;
        Self {
            types,
            metadata_only,
        }
    }

    fn shape(self, managed_fields: bool) -> Shape<'a> {
        Shape {
            managed_fields,
            metadata_only: self.metadata_only,
            types: Some(self.types),
        }
    }
}

/// Decodes JSON and protobuf into anything that serde can read from JSON: typed objects, own structs. It is
/// what an [`Informer`](crate::Informer) has unless it is told otherwise.
///
/// JSON is read as by [`JsonCodec`], and the two come to the same, with one difference: protobuf is read by
/// a table of Kubernetes 1.37 ([`protobuf::schema`](crate::protobuf::schema)), and **fields that a newer
/// server has added are not there**. A type of k8s-openapi, or a struct that names its fields, has no place
/// for them anyway. One that takes whatever comes (`#[serde(flatten)]` into a map, a `serde_json::Value`)
/// has: give it a [`JsonCodec`], or say [`json_only`](crate::InformerBuilder::json_only). For
/// `DynamicObject`, and for kinds that the table does not have, it takes JSON alone.
///
/// What holds a `RawValue` is made of protobuf by way of JSON text, so for such a type JSON is faster.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Codec, Encoding, Expected, Raw, SerdeCodec};
/// use kube::core::TypeMeta;
///
/// let types = TypeMeta { api_version: "v1".into(), kind: "ConfigMap".into() };
/// let mut codec = SerdeCodec::default();
/// let of_json: ConfigMap = codec.decode(Raw::Json(br#"{"metadata": {"name": "a"}}"#))?;
/// let of_protobuf: ConfigMap = codec.decode_as(Raw::Protobuf(b"\x0a\x03\x0a\x01a"), Expected::new(&types))?;
/// assert_eq!(of_json, of_protobuf);
/// assert_eq!(Codec::<ConfigMap>::encodings(&codec, &types), [Encoding::Protobuf, Encoding::Json]);
/// # Ok::<(), kcache::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SerdeCodec(JsonDecoder);

/// Decodes JSON into anything that serde can read: typed objects, `DynamicObject`, own structs.
///
/// `metadata.managedFields`, which is a good part of most objects and which nobody reads, is left
/// out while decoding; [`WholeJsonCodec`] keeps it. What cannot be read is named by its `metadata`,
/// if that can be. Strings that are no Unicode and large numbers are read as Go reads them, and what
/// is kept at most 1,000 levels deep: whatever is done to a deeper value could exhaust the stack.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Codec, JsonCodec, Raw, WholeJsonCodec};
/// let json = br#"{"metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}]}}"#;
/// let map: ConfigMap = JsonCodec::default().decode(Raw::Json(json))?;
/// assert_eq!(map.metadata.managed_fields, None);
/// let map: ConfigMap = WholeJsonCodec::default().decode(Raw::Json(json))?;
/// assert_eq!(map.metadata.managed_fields.map(|fields| fields.len()), Some(1));
/// # Ok::<(), kcache::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JsonCodec(JsonDecoder);

/// As [`JsonCodec`], with `managedFields`.
#[derive(Clone, Debug, Default)]
pub struct WholeJsonCodec(JsonDecoder);

impl<V: DeserializeOwned + Send + 'static> Codec<V> for SerdeCodec {
    /// Protobuf does not say what it is of; that is read by [`decode_as`](Codec::decode_as) only.
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        match raw {
            Raw::Json(json) => self.0.decode(json, Shape::default()),
            Raw::Protobuf(_) => Err(DecodeError::new("it is not known of what kind it is")),
        }
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        match raw {
            Raw::Json(json) => self.0.decode_as(json, expected.shape(false)),
            Raw::Protobuf(message) => self.decode_message(message, expected),
        }
    }

    fn encodings(&self, types: &TypeMeta) -> &[Encoding] {
        encodings_for::<V>(types)
    }
}

/// The encodings that a type can be made of without losing anything.
pub(crate) fn encodings_for<V: 'static>(types: &TypeMeta) -> &'static [Encoding] {
    let has_room = TypeId::of::<V>() == TypeId::of::<DynamicObject>();
    if has_room || protobuf::schema::message(&types.api_version, &types.kind).is_none() {
        &[Encoding::Json]
    } else {
        &[Encoding::Protobuf, Encoding::Json]
    }
}

/// What reads a message of which so much is known. Metadata alone is read of any kind: not every server
/// leaves the rest out.
pub(crate) fn decoder_of(expected: Expected<'_>) -> Result<protobuf::Decoder<'_>, DecodeError> {
    let TypeMeta { api_version, kind } = expected.types;
    let decoder = if expected.metadata_only {
        protobuf::Decoder::of_metadata(api_version, kind)
    } else {
        protobuf::Decoder::new(api_version, kind)
    };
    decoder.ok_or_else(|| DecodeError::new("it is of a kind that protobuf is not read of"))
}

impl SerdeCodec {
    fn decode_message<V: DeserializeOwned + Send>(
        &mut self,
        message: &[u8],
        expected: Expected<'_>,
    ) -> Result<V, DecodeError> {
        let decoder = decoder_of(expected)?;
        match decoder.decode(message) {
            Ok(object) => Ok(object),
            Err(error) if error.is_syntax() => Err(DecodeError::new(error.to_string())),
            // Some types can be made of JSON text only, and some know better what they are.
            Err(error) => {
                let wrong = |_| DecodeError::new(error.to_string());
                let value: serde_json::Value = decoder.decode(message).map_err(wrong)?;
                let text = value.to_string();
                self.0.decode_as(text.as_bytes(), expected.shape(false))
            }
        }
    }
}

impl<V: DeserializeOwned + Send> Codec<V> for JsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        self.0.decode(json_of(raw)?, Shape::default())
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        self.0.decode_as(json_of(raw)?, expected.shape(false))
    }
}

impl<V: DeserializeOwned + Send> Codec<V> for WholeJsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        let shape = Shape {
            managed_fields: true,
            ..Shape::default()
        };
        self.0.decode(json_of(raw)?, shape)
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        self.0.decode_as(json_of(raw)?, expected.shape(true))
    }
}

fn json_of(raw: Raw<'_>) -> Result<&[u8], DecodeError> {
    match raw {
        Raw::Json(json) => Ok(json),
        Raw::Protobuf(_) => Err(DecodeError::new("this codec reads JSON only")),
    }
}

/// What is made of a text that has no `managedFields` any longer.
#[cfg(feature = "compact")]
pub(crate) fn decode_cut<T: Decoded>(
    decoder: &mut JsonDecoder,
    json: &[u8],
    expected: Option<Expected<'_>>,
) -> Result<T, DecodeError> {
    let managed_fields = true;
    match expected {
        Some(expected) => decoder.decode_as(json, expected.shape(managed_fields)),
        None => decoder.decode(
            json,
            Shape {
                managed_fields,
                ..Shape::default()
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Text {
        kind: String,
        data: Box<RawValue>,
    }

    #[test]
    fn metadata_is_read_of_any_kind() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Object {
            kind: String,
            metadata: serde_json::Value,
            spec: Option<serde_json::Value>,
        }
        // Something that is no spec in any table.
        let message = b"\x0a\x06\x0a\x01a\x8a\x01\x00\x12\x02\x08\x07";
        for (api_version, kind) in [("example.com/v1", "Widget"), ("v1", "Pod")] {
            let types = TypeMeta {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            };
            let mut expected = Expected::new(&types);
            let mut codec = SerdeCodec::default();
            let whole: Result<Object, _> = codec.decode_as(Raw::Protobuf(message), expected);
            assert!(kind == "Pod" || whole.is_err());
            expected.metadata_only = true;
            let object: Object = codec
                .decode_as(Raw::Protobuf(message), expected)
                .expect("metadata");
            let want = Object {
                kind: kind.to_owned(),
                metadata: serde_json::json!({"name": "a"}),
                spec: None,
            };
            assert_eq!(object, want);
        }
    }

    #[test]
    fn what_is_made_of_json_text_only_is_made_of_protobuf_by_way_of_it() {
        let types = TypeMeta {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
        };
        let message = b"\x0a\x03\x0a\x01a\x12\x06\x0a\x01k\x12\x01v";
        let mut codec = SerdeCodec::default();
        let expected = Expected::new(&types);
        let text: Text = codec
            .decode_as(Raw::Protobuf(message), expected)
            .expect("JSON text");
        assert_eq!(
            (&*text.kind, text.data.get()),
            ("ConfigMap", r#"{"k":"v"}"#)
        );
        let error: Result<Text, _> = codec.decode_as(Raw::Protobuf(&message[..5]), expected);
        assert!(error.is_err(), "it has no data");
        let error: Result<Text, _> = codec.decode_as(Raw::Protobuf(&message[..4]), expected);
        assert!(error.is_err(), "it is cut");
    }
}
