//! What compact objects cost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::counts::{FormCounter, FormCounts};

/// Counts what a [`CompactCodec`](crate::CompactCodec) does, and what is decoded of its objects later.
///
/// All numbers but those of what is held are since the codec was made. Cloning it copies a pointer. An informer's
/// are in its [`Counts::form`](crate::Counts::form), and in the metrics.
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
/// assert!(stats.held_bytes() > 0);
/// drop(map);
/// assert_eq!(stats.held_bytes(), 0);
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
    held: AtomicU64,
    plain: AtomicU64,
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

    /// How many bytes are stored for the objects that there are now, wherever they are: in a state, in an event
    /// that waits, in your hands. Names, labels and annotations are beside these.
    pub fn held_bytes(&self) -> u64 {
        self.0.held.load(Ordering::Relaxed)
    }

    /// How many bytes the same objects would be as they came, without their `managedFields`.
    pub fn plain_bytes(&self) -> u64 {
        self.0.plain.load(Ordering::Relaxed)
    }

    /// The same numbers for those who know nothing of this form.
    pub(super) fn counter(&self) -> FormCounter {
        let stats = self.clone();
        FormCounter::new(move || FormCounts {
            held_bytes: stats.held_bytes(),
            plain_bytes: stats.plain_bytes(),
            decoded: stats.decoded(),
        })
    }

    pub(super) fn hold(&self, stored: usize, plain: usize) {
        self.0.held.fetch_add(stored as u64, Ordering::Relaxed);
        self.0.plain.fetch_add(plain as u64, Ordering::Relaxed);
    }

    pub(super) fn let_go(&self, stored: usize, plain: usize) {
        self.0.held.fetch_sub(stored as u64, Ordering::Relaxed);
        self.0.plain.fetch_sub(plain as u64, Ordering::Relaxed);
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
            .field("held_bytes", &self.held_bytes())
            .field("plain_bytes", &self.plain_bytes())
            .finish()
    }
}
