//! From bytes to compact objects.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use kube::core::TypeMeta;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, IntoDeserializer};

use super::Compact;
use super::body::{Body, Context};
use super::header::{Header, Part, Shared};
use super::interner::Interner;
use super::names::Names;
use super::packer::Packer;
use super::stats::CompactStats;
use super::strings::Strings;
use crate::codec::{Codec, DecodeError, Expected, JsonDecoder, Raw, Two, decode_cut};
use crate::json::cut_managed_fields;

/// Makes [`Compact`] objects.
///
/// It learns from each object what the next may have in common with it: a dictionary for their bytes,
/// which is trained again when it no longer fits, and one copy of the labels, owners and annotations that
/// are the same. So there is one codec for each collection.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Codec, Compact, CompactCodec, Raw};
/// let json = br#"{"metadata": {"name": "a", "managedFields": []}, "data": {"key": "value"}}"#;
/// let map: Compact<ConfigMap> = CompactCodec::default().decode(Raw::Json(json))?;
/// assert_eq!(map.decode()?.data.map(|data| data["key"].clone()).as_deref(), Some("value"));
/// # Ok::<(), kcache::DecodeError>(())
/// ```
pub struct CompactCodec {
    /// What it compresses with, if it does.
    packer: Option<Packer>,
    context: Arc<Context>,
    shared: Interner<Shared>,
    annotations: Interner<Strings>,
    json: JsonDecoder,
    text: Vec<u8>,
}

/// Annotations that take more than this are read when they are asked for.
const LONG_ANNOTATIONS: usize = 512;
/// For the next object no more is kept than for one of this size.
const KEPT: usize = 1 << 20;

impl CompactCodec {
    /// One that stores the bytes as they are: five times as large, and decoded a little faster.
    pub fn uncompressed() -> Self {
        Self {
            packer: None,
            ..Self::default()
        }
    }

    /// Counts what it does, and what is decoded of its objects.
    pub fn stats(&self) -> CompactStats {
        self.context.stats.clone()
    }

    fn decode_json<K, F: DeserializeOwned + Send + 'static>(
        &mut self,
        json: &[u8],
        expected: Option<Expected<'_>>,
    ) -> Result<Compact<K, F>, DecodeError> {
        cut_managed_fields(json, &mut self.text);
        let Two(header, Lifted(facts)) = decode_cut(&mut self.json, &self.text, expected)?;
        let body = self.body(expected)?;
        if self.text.capacity() > KEPT {
            self.text = Vec::new();
        }
        Ok(self.object(&header, facts, body))
    }

    fn object<K, F>(&mut self, header: &Header, facts: F, body: Body) -> Compact<K, F> {
        let annotations = OnceLock::new();
        if header.size_of_annotations() <= LONG_ANNOTATIONS {
            let _ = annotations.set(self.annotations.intern(header.annotations()));
        }
        Compact {
            names: Names::new(
                [Part::Namespace, Part::Name, Part::Uid, Part::Version]
                    .map(|part| header.one(part)),
            ),
            shared: self.shared.intern(header.shared()),
            annotations,
            facts,
            body,
            kind: PhantomData,
        }
    }

    /// The bytes that are stored for the text.
    fn body(&mut self, expected: Option<Expected<'_>>) -> Result<Body, DecodeError> {
        let stats = &self.context.stats;
        let size = self.text.len();
        let Some(packer) = &mut self.packer else {
            stats.add_object(size, size);
            self.update_context(expected);
            return Body::new(self.text.as_slice().into(), size, self.context.clone());
        };
        let bytes: Box<[u8]> = packer.pack(&self.text).into();
        stats.add_object(size, bytes.len());
        self.update_context(expected);
        Body::new(bytes, size, self.context.clone())
    }

    /// Most objects have the same as the one before.
    fn update_context(&mut self, expected: Option<Expected<'_>>) {
        let types: Option<&TypeMeta> = expected.map(|expected| expected.types);
        let metadata_only = expected.is_some_and(|expected| expected.metadata_only);
        let dictionary = self.packer.as_ref().and_then(Packer::dictionary);
        let context = &*self.context;
        let same_dictionary = match (dictionary, &context.dictionary) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if !same_dictionary
            || context.types.as_ref() != types
            || context.metadata_only != metadata_only
        {
            self.context = Arc::new(Context {
                types: types.cloned(),
                metadata_only,
                dictionary: dictionary.cloned(),
                stats: context.stats.clone(),
            });
        }
    }
}

/// What is lifted of an object; nothing is nothing, whatever the object is.
struct Lifted<F>(F);

impl<'de, F: DeserializeOwned + 'static> Deserialize<'de> for Lifted<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if TypeId::of::<F>() == TypeId::of::<()>() {
            IgnoredAny::deserialize(deserializer)?;
            return F::deserialize(().into_deserializer()).map(Self);
        }
        F::deserialize(deserializer).map(Self)
    }
}

impl Default for CompactCodec {
    fn default() -> Self {
        let stats = CompactStats::default();
        Self {
            packer: Some(Packer::new(stats.clone())),
            context: Arc::new(Context {
                types: None,
                metadata_only: false,
                dictionary: None,
                stats,
            }),
            shared: Interner::default(),
            annotations: Interner::default(),
            json: JsonDecoder::default(),
            text: Vec::new(),
        }
    }
}

impl<K, F> Codec<Compact<K, F>> for CompactCodec
where
    F: DeserializeOwned + Send + 'static,
{
    fn decode(&mut self, raw: Raw<'_>) -> Result<Compact<K, F>, DecodeError> {
        match raw {
            Raw::Json(json) => self.decode_json(json, None),
            Raw::Protobuf(_) => Err(DecodeError::new("this codec reads JSON only")),
        }
    }

    fn decode_as(
        &mut self,
        raw: Raw<'_>,
        expected: Expected<'_>,
    ) -> Result<Compact<K, F>, DecodeError> {
        match raw {
            Raw::Json(json) => self.decode_json(json, Some(expected)),
            Raw::Protobuf(_) => Err(DecodeError::new("this codec reads JSON only")),
        }
    }
}

impl fmt::Debug for CompactCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactCodec")
            .field("stats", &self.context.stats)
            .finish_non_exhaustive()
    }
}
