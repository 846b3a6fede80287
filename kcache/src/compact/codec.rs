//! From bytes to compact objects.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use kube::core::{ApiResource, TypeMeta};
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, IntoDeserializer};

use super::body::{Body, Context, decode_message};
use super::header::{Header, Part, Shared};
use super::interner::Interner;
use super::names::Names;
use super::object::Compact;
use super::packer::Packer;
use super::stats::CompactStats;
use super::strings::Strings;
use crate::codec::{
    Codec, DecodeError, Expected, JsonDecoder, Raw, Two, decode_cut, encodings_for,
};
use crate::counts::FormCounter;
use crate::encoding::Encoding;
use crate::informer::Watchable;
use crate::json::cut_managed_fields;
use crate::object::Key;
use crate::protobuf;

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
        self.stored(&header, facts, expected, Encoding::Json)
    }

    fn decode_message<K, F: DeserializeOwned + Send + 'static>(
        &mut self,
        message: &[u8],
        expected: Expected<'_>,
    ) -> Result<Compact<K, F>, DecodeError> {
        protobuf::without_managed_fields(message, &mut self.text)
            .map_err(|error| DecodeError::new(error.to_string()))?;
        let Self { json, text, .. } = self;
        let header: Header = decode_message(json, text, expected)?;
        let Lifted(facts) = decode_message(json, text, expected).map_err(|error| {
            let names = [Part::Namespace, Part::Name].map(|part| header.one(part));
            error.with_key(Key::new(names[0], names[1]))
        })?;
        self.stored(&header, facts, Some(expected), Encoding::Protobuf)
    }

    fn stored<K, F>(
        &mut self,
        header: &Header,
        facts: F,
        expected: Option<Expected<'_>>,
        encoding: Encoding,
    ) -> Result<Compact<K, F>, DecodeError> {
        let body = self.body(expected, encoding)?;
        if self.text.capacity() > KEPT {
            self.text = Vec::new();
        }
        Ok(self.object(header, facts, body))
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
    fn body(
        &mut self,
        expected: Option<Expected<'_>>,
        encoding: Encoding,
    ) -> Result<Body, DecodeError> {
        let stats = &self.context.stats;
        let size = self.text.len();
        let Some(packer) = &mut self.packer else {
            stats.add_object(size, size);
            self.update_context(expected, encoding);
            return Body::new(self.text.as_slice().into(), size, self.context.clone());
        };
        let bytes: Box<[u8]> = packer.pack(&self.text).into();
        stats.add_object(size, bytes.len());
        self.update_context(expected, encoding);
        Body::new(bytes, size, self.context.clone())
    }

    /// Most objects have the same as the one before.
    fn update_context(&mut self, expected: Option<Expected<'_>>, encoding: Encoding) {
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
            || (context.metadata_only, context.encoding) != (metadata_only, encoding)
        {
            self.context = Arc::new(Context {
                types: types.cloned(),
                metadata_only,
                encoding,
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
                encoding: Encoding::Json,
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
    K: 'static,
    F: DeserializeOwned + Send + 'static,
{
    /// Protobuf does not say what it is of; that is read by [`decode_as`](Codec::decode_as) only.
    fn decode(&mut self, raw: Raw<'_>) -> Result<Compact<K, F>, DecodeError> {
        match raw {
            Raw::Json(json) => self.decode_json(json, None),
            Raw::Protobuf(_) => Err(DecodeError::new("it is not known of what kind it is")),
        }
    }

    fn decode_as(
        &mut self,
        raw: Raw<'_>,
        expected: Expected<'_>,
    ) -> Result<Compact<K, F>, DecodeError> {
        match raw {
            Raw::Json(json) => self.decode_json(json, Some(expected)),
            Raw::Protobuf(message) => self.decode_message(message, expected),
        }
    }

    /// Protobuf, if it can be read; of a `DynamicObject`, which is to lose nothing that a newer server
    /// sends, JSON.
    fn encodings(&self, types: &TypeMeta) -> &[Encoding] {
        encodings_for::<K>(types)
    }

    fn form_counts(&self) -> Option<FormCounter> {
        Some(self.stats().counter())
    }
}

impl<K: 'static, F: DeserializeOwned + Send + 'static> Compact<K, F> {
    /// An object of this JSON, for tests and other sources than an informer. Each is compressed for itself;
    /// objects of one collection have one [`CompactCodec`].
    ///
    /// # Errors
    ///
    /// It is no JSON object, or `F` cannot be read of it.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        CompactCodec::default().decode(Raw::Json(json))
    }

    /// The same of an object that was decoded already.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), or it cannot be written as JSON.
    pub fn of(object: &K) -> Result<Self, DecodeError>
    where
        K: Serialize,
    {
        let json = serde_json::to_vec(object);
        Self::from_json(&json.map_err(|_| DecodeError::new("it cannot be written as JSON"))?)
    }
}

/// As `K` is: `Informer::<Compact<Pod>>::builder(client)`.
impl<K: Watchable, F: Send + Sync + 'static> Watchable for Compact<K, F> {
    type Codec = CompactCodec;

    fn resource() -> ApiResource {
        K::resource()
    }

    fn is_cluster_scoped() -> bool {
        K::is_cluster_scoped()
    }

    fn is_metadata() -> bool {
        K::is_metadata()
    }
}

impl fmt::Debug for CompactCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactCodec")
            .field("stats", &self.context.stats)
            .finish_non_exhaustive()
    }
}
