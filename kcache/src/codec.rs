//! From bytes to stored forms.

mod go;
mod header;
mod shape;
mod tape;
mod text;

use kube::core::TypeMeta;
use serde::de::DeserializeOwned;

pub(crate) use self::go::coerced;
pub(crate) use self::header::{Header, TypeNames};
use self::shape::Shape;
use self::text::Text;
use crate::object::Key;

/// An object as it came in, in one of the encodings that API servers speak.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Raw<'a> {
    /// JSON text of one object.
    Json(&'a [u8]),
    /// The protobuf message of one object, without the envelope of `runtime.Unknown`.
    Protobuf(&'a [u8]),
}

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
}

/// What is known of an object before it is decoded.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expected<'a> {
    /// What the object is if it does not say it: items of lists of built-in kinds do not.
    pub types: &'a TypeMeta,
    /// Only its metadata was asked for. The bytes can be of the whole object all the same: not every
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

/// Why bytes did not make an object. Final for these bytes. It tells nothing of the content, which
/// may be a Secret's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DecodeError {
    reason: String,
    key: Option<Key>,
}

impl DecodeError {
    /// An error of an object that nothing is known of.
    pub fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, key: None }
    }

    /// Names the object.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Which object it was, as far as that is known.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

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
pub struct JsonCodec(Text);

/// As [`JsonCodec`], with `managedFields`.
#[derive(Clone, Debug, Default)]
pub struct WholeJsonCodec(Text);

impl<V: DeserializeOwned + Send> Codec<V> for JsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        self.0.decode(raw, Shape::default())
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        decode_as(&mut self.0, raw, expected.shape(false))
    }
}

impl<V: DeserializeOwned + Send> Codec<V> for WholeJsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        let shape = Shape {
            managed_fields: true,
            ..Shape::default()
        };
        self.0.decode(raw, shape)
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        decode_as(&mut self.0, raw, expected.shape(true))
    }
}

/// A type that knows better what it is has the last word: it reads what the server sent.
fn decode_as<V: DeserializeOwned + Send>(
    text: &mut Text,
    raw: Raw<'_>,
    shape: Shape<'_>,
) -> Result<V, DecodeError> {
    text.decode(raw, shape).or_else(|_| {
        let types = None;
        text.decode(raw, Shape { types, ..shape })
    })
}
