//! From bytes to stored forms.

mod header;
mod pruned;
mod text;

use serde::de::DeserializeOwned;

pub(crate) use self::header::{Header, TypeNames};
use self::pruned::Pruned;
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
/// if that can be.
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

impl<V: DeserializeOwned> Codec<V> for JsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        self.0.decode(raw).map(|Pruned(object)| object)
    }
}

impl<V: DeserializeOwned> Codec<V> for WholeJsonCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        self.0.decode(raw)
    }
}
