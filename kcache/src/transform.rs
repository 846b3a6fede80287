//! Changing objects before they are stored.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use kube::core::TypeMeta;
use serde_json::Value;

use crate::codec::{Codec, DecodeError, Expected, Raw, WholeJsonCodec};
use crate::counts::FormCounter;
use crate::encoding::Encoding;
use crate::error::Error;
use crate::informer::InformerBuilder;
use crate::object::Object;

/// A codec whose objects are changed before they are stored: see [`InformerBuilder::transform`].
pub struct Transformed<C, F> {
    codec: C,
    transform: F,
}

/// A codec whose objects are changed as JSON, before it decodes them: see
/// [`InformerBuilder::transform_json`].
pub struct TransformedJson<C, F> {
    codec: C,
    transform: F,
}

impl<V: Object, C> InformerBuilder<V, C> {
    /// Changes each object before it is stored: drops what nobody reads, so that it takes no memory. It is
    /// called once for every object that is decoded.
    ///
    /// What it must leave as it is: namespace, name, UID and version. An object of which it changes one of
    /// these, or at which it panics, is reported as bad; the others go on. What it makes should follow from
    /// the object and nothing else: an object that comes again as it was is neither decoded nor transformed.
    /// What is dropped here cannot be selected by filters. The server still sends it; metadata alone is
    /// requested with [`metadata_only`](Self::metadata_only).
    ///
    /// For a form whose content is not at hand, such as `Compact`, there is
    /// [`transform_json`](Self::transform_json).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # use kcache::Informer;
    /// # async fn example(client: kube::Client) {
    /// let maps = Informer::<ConfigMap>::builder(client)
    ///     .transform(|map: &mut ConfigMap| map.metadata.annotations = None)
    ///     .start();
    /// # }
    /// ```
    #[doc(alias = "DefaultTransform")]
    #[doc(alias = "SetTransform")]
    pub fn transform<F>(self, transform: F) -> InformerBuilder<V, Transformed<C, F>>
    where
        F: FnMut(&mut V) + Send + 'static,
    {
        self.wrap_codec(|codec| Transformed { codec, transform })
    }

    /// Changes each object as JSON, before it is decoded: for every stored form, typed, dynamic, one's own or
    /// `Compact`. The rules are those of [`transform`](Self::transform), which costs less.
    ///
    /// It requests JSON, and makes a tree of each object. `managedFields` are in it.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # use kcache::Informer;
    /// # async fn example(client: kube::Client) {
    /// let maps = Informer::<ConfigMap>::builder(client)
    ///     .transform_json(|map| {
    ///         if let Some(metadata) = map["metadata"].as_object_mut() {
    ///             metadata.remove("annotations");
    ///         }
    ///     })
    ///     .start();
    /// # }
    /// ```
    pub fn transform_json<F>(self, transform: F) -> InformerBuilder<V, TransformedJson<C, F>>
    where
        F: FnMut(&mut Value) + Send + 'static,
    {
        self.wrap_codec(|codec| TransformedJson { codec, transform })
    }
}

impl<C, F> TransformedJson<C, F> {
    pub(crate) fn new(codec: C, transform: F) -> Self {
        Self { codec, transform }
    }
}

impl<C, F> Transformed<C, F> {
    fn apply<V: Object>(&mut self, mut object: V) -> Result<V, DecodeError>
    where
        F: FnMut(&mut V),
    {
        let before = identity(&object);
        run(|| (self.transform)(&mut object))?;
        is_kept(before == identity(&object))?;
        Ok(object)
    }
}

impl<V: Object, C: Codec<V>, F: FnMut(&mut V) + Send> Codec<V> for Transformed<C, F> {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        let object = self.codec.decode(raw)?;
        self.apply(object)
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        let object = self.codec.decode_as(raw, expected)?;
        self.apply(object)
    }

    fn encodings(&self, types: &TypeMeta) -> &[Encoding] {
        self.codec.encodings(types)
    }

    fn form_counts(&self) -> Option<FormCounter> {
        self.codec.form_counts()
    }
}

impl<C, F: FnMut(&mut Value)> TransformedJson<C, F> {
    /// The text of the object after it was changed.
    fn apply(&mut self, raw: Raw<'_>) -> Result<String, DecodeError> {
        let mut value: Value = WholeJsonCodec::default().decode(raw)?;
        let before = value_identity(&value);
        run(|| (self.transform)(&mut value))?;
        is_kept(before == value_identity(&value))?;
        Ok(value.to_string())
    }
}

impl<V: Object, C: Codec<V>, F: FnMut(&mut Value) + Send> Codec<V> for TransformedJson<C, F> {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        let text = self.apply(raw)?;
        self.codec.decode(Raw::Json(text.as_bytes()))
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        let text = self.apply(raw)?;
        self.codec.decode_as(Raw::Json(text.as_bytes()), expected)
    }

    fn form_counts(&self) -> Option<FormCounter> {
        self.codec.form_counts()
    }
}

/// Runs what a user gave. The message of its panic could hold anything of the object.
fn run(transform: impl FnOnce()) -> Result<(), DecodeError> {
    Error::catch(transform).map_err(|_| DecodeError::new("its transform panicked"))
}

fn is_kept(same: bool) -> Result<(), DecodeError> {
    let reason = "its transform changed its namespace, name, UID or version";
    same.then_some(()).ok_or_else(|| DecodeError::new(reason))
}

/// What a transform must leave, as a hash: nothing is allocated for each object.
fn identity<V: Object>(object: &V) -> u64 {
    let namespace = object.namespace();
    hash((namespace, object.name(), object.uid(), object.version()))
}

fn value_identity(value: &Value) -> u64 {
    let metadata = &value["metadata"];
    hash(["namespace", "name", "uid", "resourceVersion"].map(|field| metadata[field].as_str()))
}

fn hash(names: impl std::hash::Hash) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one(names)
}

impl<C, F> fmt::Debug for Transformed<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transformed").finish_non_exhaustive()
    }
}

impl<C, F> fmt::Debug for TransformedJson<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransformedJson").finish_non_exhaustive()
    }
}
