//! Whole objects in a few hundred bytes.

mod strings;
mod names;
mod interner;
mod header;
mod stats;
mod packer;
mod body;
mod codec;
mod fact;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use kube::core::ApiResource;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::body::Body;
pub use self::codec::CompactCodec;
pub use self::fact::LiftedFact;
use self::header::{Header, Shared};
use self::names::Names;
pub use self::stats::CompactStats;
use self::strings::Strings;
use crate::codec::{Codec, DecodeError, Raw};
use crate::informer::Watchable;
use crate::object::{Key, Object};

/// A whole object of kind `K`, kept as compressed bytes beside what [`Object`] answers.
///
/// A Pod takes about 0.6 KB instead of 20: the bytes that the server sent, without `managedFields`,
/// compressed with a dictionary of objects like it. Nothing is lost: [`decode`](Self::decode) makes a `K`
/// of them again, in some microseconds. Names, labels, owners, annotations, finalizers, the version
/// and the generation are answered without that, so filters and joins by these cost what they always do.
///
/// `F` is what else is wanted at once: any struct that serde reads from the object. It is *lifted* when
/// the object comes in, and [`facts`](Self::facts) is a look at it. An object of which it cannot be read
/// is a bad object.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::{Compact, Field, Filter};
///
/// #[derive(serde::Deserialize)]
/// struct Facts { #[serde(default)] status: Status }
/// #[derive(Default, serde::Deserialize)]
/// struct Status { phase: Option<String> }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (pods, mut feed) = kcache::feed::<Compact<Pod, Facts>>();
/// let json = br#"{"metadata": {"name": "a"}, "spec": {"nodeName": "n1", "containers": []},
///                 "status": {"phase": "Running"}}"#;
/// feed.relist([Compact::from_json(json)?], None)?;
///
/// let phase = Field::new("status.phase", |pod: &Compact<Pod, Facts>| {
///     pod.facts().status.phase.as_deref().map(Into::into)
/// });
/// let running = pods.view(Filter::field(phase, ["Running"]));
/// running.ready().await?;
/// let pod: Pod = running.cache().get("", "a").expect("it runs").decode()?;
/// assert_eq!(pod.spec.and_then(|spec| spec.node_name).as_deref(), Some("n1"));
/// # Ok(()) }
/// ```
pub struct Compact<K, F = ()> {
    names: Names,
    shared: Arc<Shared>,
    /// If they are long, they are read when they are asked for.
    annotations: OnceLock<Arc<Strings>>,
    facts: F,
    body: Body,
    kind: PhantomData<fn() -> K>,
}

impl<K, F> Compact<K, F> {
    /// What is lifted.
    pub fn facts(&self) -> &F {
        &self.facts
    }

    /// The object.
    ///
    /// # Errors
    ///
    /// What the server sent is no `K`: that is not looked at before.
    pub fn decode(&self) -> Result<K, DecodeError>
    where
        K: DeserializeOwned + Send,
    {
        self.decode_into()
    }

    /// Another type, made of the object: a part of it, or `serde_json::Value`, which has all that the
    /// server sent.
    ///
    /// # Errors
    ///
    /// The type cannot be read of what the server sent.
    pub fn decode_into<T: DeserializeOwned + Send>(&self) -> Result<T, DecodeError> {
        self.body
            .decode()
            .map_err(|error| error.with_key(self.key()))
    }

    /// Counts what the codec of this object does, and what is decoded of its objects.
    pub fn stats(&self) -> &CompactStats {
        self.body.stats()
    }

    /// How many bytes are stored for the object itself, beside its header.
    pub fn stored_bytes(&self) -> usize {
        self.body.len()
    }

    fn key(&self) -> Key {
        Key::new(self.names.namespace(), self.names.name())
    }
}

impl<K, F: DeserializeOwned + Send + 'static> Compact<K, F> {
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

impl<K: 'static, F: Send + Sync + 'static> Object for Compact<K, F> {
    fn namespace(&self) -> Option<&str> {
        Some(self.names.namespace()).filter(|namespace| !namespace.is_empty())
    }

    fn name(&self) -> &str {
        self.names.name()
    }

    fn uid(&self) -> &str {
        self.names.uid()
    }

    fn version(&self) -> &str {
        self.names.version()
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shared.labels()
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        self.shared.owners()
    }

    fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let annotations = self.annotations.get_or_init(|| {
            // That it can be read was seen when it came in.
            let header: Header = self.body.decode().unwrap_or_default();
            Arc::new(header.annotations())
        });
        annotations.pairs(0..annotations.len())
    }

    fn generation(&self) -> Option<i64> {
        self.shared.generation
    }

    fn deletion_timestamp(&self) -> Option<SystemTime> {
        self.shared.deletion
    }

    fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.shared.finalizers()
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

impl<K, F: Clone> Clone for Compact<K, F> {
    fn clone(&self) -> Self {
        Self {
            names: self.names.clone(),
            shared: self.shared.clone(),
            annotations: self.annotations.clone(),
            facts: self.facts.clone(),
            body: self.body.clone(),
            kind: PhantomData,
        }
    }
}

impl<K, F: fmt::Debug> fmt::Debug for Compact<K, F> {
    /// Nothing of the content but what is lifted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact")
            .field("key", &self.key())
            .field("version", &self.names.version())
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
