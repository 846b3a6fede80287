//! What compact objects cost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what a [`CompactCodec`](crate::CompactCodec) does, and what is decoded of its objects later.
///
/// All numbers are since the codec was made. Cloning it copies a pointer.
///
/// # Example
///
/// ```
/// use kcache::{Codec, Compact, CompactCodec, Raw};
/// use k8s_openapi::api::core::v1::ConfigMap;
///
/// let mut codec = CompactCodec::default();
/// let stats = codec.stats();
/// let map: Compact<ConfigMap> = codec.decode(Raw::Json(br#"{"metadata": {"name": "a"}}"#))?;
/// map.decode()?;
/// assert_eq!((stats.objects(), stats.decoded()), (1, 1));
/// # Ok::<(), kcache::DecodeError>(())
/// ```
#[derive(Clone, Default)]
pub struct CompactStats(Arc<Counters>);

#[derive(Default)]
struct Counters {
    objects: AtomicU64,
    bytes: AtomicU64,
    stored: AtomicU64,
    dictionaries: AtomicU64,
    decoded: AtomicU64,
}

impl CompactStats {
    /// How many objects came in.
    pub fn objects(&self) -> u64 {
        self.0.objects.load(Ordering::Relaxed)
    }

    /// How many bytes these were, without their `managedFields`.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// How many bytes were stored for these.
    pub fn stored_bytes(&self) -> u64 {
        self.0.stored.load(Ordering::Relaxed)
    }

    /// How many dictionaries were trained and taken.
    pub fn dictionaries(&self) -> u64 {
        self.0.dictionaries.load(Ordering::Relaxed)
    }

    /// How many times an object was decoded, by whom ever: by [`Compact::decode`](crate::Compact::decode),
    /// or for a fact that is not lifted, or for annotations that are long.
    pub fn decoded(&self) -> u64 {
        self.0.decoded.load(Ordering::Relaxed)
    }

    pub(super) fn add_object(&self, bytes: usize, stored: usize) {
        let Counters {
            objects,
            bytes: all,
            stored: all_stored,
            ..
        } = &*self.0;
        for (counter, more) in [(objects, 1), (all, bytes), (all_stored, stored)] {
            counter.fetch_add(more.try_into().unwrap_or_default(), Ordering::Relaxed);
        }
    }

    pub(super) fn add_dictionary(&self) {
        self.0.dictionaries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_decoded(&self) {
        self.0.decoded.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for CompactStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactStats")
            .field("objects", &self.objects())
            .field("bytes", &self.bytes())
            .field("stored_bytes", &self.stored_bytes())
            .field("dictionaries", &self.dictionaries())
            .field("decoded", &self.decoded())
            .finish()
    }
}
