//! One codec for the objects of several namespaces.

use std::sync::Arc;

use kube::core::TypeMeta;

use crate::codec::{Codec, DecodeError, Expected, Raw};
use crate::counts::FormCounter;
use crate::encoding::Encoding;
use crate::sync::{Mutex, lock};

/// A codec that several informers ask in turn, so that what it learns, dictionaries and interned strings, is
/// learned and kept once.
pub(super) struct SharedCodec<C> {
    codec: Arc<Mutex<C>>,
    /// For the one kind that it is asked about.
    encodings: Arc<[Encoding]>,
}

impl<C> SharedCodec<C> {
    pub(super) fn new<V>(codec: C, types: &TypeMeta) -> Self
    where
        C: Codec<V>,
    {
        let encodings = codec.encodings(types).into();
        let codec = Arc::new(Mutex::new(codec));
        Self { codec, encodings }
    }
}

impl<V, C: Codec<V>> Codec<V> for SharedCodec<C> {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        lock(&self.codec).decode(raw)
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        lock(&self.codec).decode_as(raw, expected)
    }

    fn encodings(&self, _types: &TypeMeta) -> &[Encoding] {
        &self.encodings
    }

    fn form_counts(&self) -> Option<FormCounter> {
        lock(&self.codec).form_counts()
    }
}

impl<C> Clone for SharedCodec<C> {
    fn clone(&self) -> Self {
        Self {
            codec: self.codec.clone(),
            encodings: self.encodings.clone(),
        }
    }
}
