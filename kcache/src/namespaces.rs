//! Several namespaces as one publisher: a list and a watch each.

mod codec;
mod followed;
mod input;
mod merge;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use self::codec::SharedCodec;
use self::followed::Parts;
use self::merge::{Merge, Source};
use crate::bad_objects::BadObject;
use crate::codec::Codec;
use crate::error::Error;
use crate::filter::Filter;
use crate::informer::{Informer, InformerBuilder};
use crate::object::Object;
use crate::publisher::{Publisher, publisher};
use crate::reshard::{Reshard, Sharded};
use crate::shard::Shard;
use crate::spawn::spawn;
use crate::status::Phase;
use crate::subscription::Subscription;
use crate::sync::lock;
use crate::version;
use crate::wait::{WaitError, within};

/// Lists and watches a resource in several namespaces, and is one [`Publisher`] of their objects: see
/// [`InformerBuilder::start_in`] and [`InformerBuilder::start_in_all_of`].
///
/// It is ready when all namespaces have been listed, and starts with one commit. After that each namespace
/// goes its own way: while one cannot be followed the objects of the others are up to date, its own stay
/// as they were, and the status is degraded and says which it is
/// ([`Cause::Namespaces`](crate::Cause::Namespaces)). What comes with one more namespace is one commit, and so
/// is what goes with those that leave.
///
/// Each namespace is an informer with a connection and a state of its own, which
/// [`informer`](Self::informer) gives; what all of them count is counted here, too. The objects themselves are
/// shared. A stored form of one's own must say its namespace.
pub struct NamespacedInformer<V: Object> {
    publisher: Publisher<V>,
    parts: Arc<Parts<V>>,
}

impl<V: Object, C: Codec<V> + 'static> InformerBuilder<V, C> {
    /// Starts it in these namespaces, each with a list and a watch: for users who may list in each of them
    /// and not in the cluster. It replaces what [`namespace`](Self::namespace) says.
    ///
    /// Of no namespaces it is ready and empty. If no path can be made of the resource and the namespaces, it
    /// is closed from the beginning, as with [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::Pod;
    /// # use kcache::Informer;
    /// # async fn example(client: kube::Client) -> Result<(), kcache::Error> {
    /// let pods = Informer::<Pod>::builder(client).start_in(["shop", "payments"]);
    /// pods.ready().await?; // both are listed
    /// # Ok(()) }
    /// ```
    #[doc(alias = "DefaultNamespaces")]
    pub fn start_in<S: Into<String>>(
        self,
        namespaces: impl IntoIterator<Item = S>,
    ) -> NamespacedInformer<V> {
        let names: BTreeSet<String> = namespaces.into_iter().map(Into::into).collect();
        let checked = names.iter().try_for_each(|name| self.check_in(name));
        self.start_from(Source::Names(names), checked)
    }

    /// Starts it in the namespaces that are in a publisher, as long as they are: usually an informer of
    /// Namespaces with a label selector. It keeps that publisher alive, and ends with it.
    ///
    /// It needs the right to list and watch Namespaces, and the objects in each that is selected. While
    /// a namespace has been added and its objects are not listed yet, they are missing here, and the
    /// status is as it was.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::{Namespace, Pod};
    /// # use kcache::Informer;
    /// # use kube::core::PartialObjectMeta;
    /// # async fn example(client: kube::Client) -> Result<(), kcache::Error> {
    /// let teams = Informer::<PartialObjectMeta<Namespace>>::builder(client.clone())
    ///     .labels("team=web")
    ///     .start();
    /// let pods = Informer::<Pod>::builder(client).start_in_all_of(&teams);
    /// pods.ready().await?;
    /// # Ok(()) }
    /// ```
    pub fn start_in_all_of<N: Object>(self, namespaces: &Publisher<N>) -> NamespacedInformer<V> {
        let checked = self.check_in("default");
        let everything = Some(Filter::everything());
        let read = input::namespaces(Subscription::batches(namespaces, everything));
        self.start_from(Source::Publisher(read), checked)
    }

    fn start_from(self, source: Source<V>, checked: Result<(), Error>) -> NamespacedInformer<V> {
        let (publisher, mut writer) = publisher();
        let parts = Arc::new(Parts::new(self.target.shard.clone()));
        if let Err(error) = checked {
            writer.close(&error);
        } else {
            let types = self.types();
            let builder = self.wrap_codec(|codec| SharedCodec::new(codec, &types));
            let builder = builder.counting(publisher.core().counters.source.clone());
            let start = move |name: &str, shard: Option<Shard>| {
                let builder = builder.clone().namespace(name);
                match shard {
                    Some(shard) => builder.shard(shard).start(),
                    None => builder.start(),
                }
            };
            let merge = Merge::new(Box::new(start), parts.clone(), writer);
            spawn(merge.run(source));
        }
        NamespacedInformer { publisher, parts }
    }
}

impl<V: Object> NamespacedInformer<V> {
    /// The namespaces that are followed, in order.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        lock(&self.parts.followed).by_name.keys().cloned().collect()
    }

    /// What follows one namespace, for its status, its notices and how far it may be behind.
    pub fn informer(&self, namespace: &str) -> Option<Informer<V>> {
        let followed = lock(&self.parts.followed);
        Some(followed.by_name.get(namespace)?.informer.clone())
    }

    /// The objects that could not be taken in, of all namespaces: as [`Publisher::bad_objects`], which knows
    /// their number only.
    pub fn bad_objects(&self) -> Vec<BadObject> {
        let followed = lock(&self.parts.followed);
        let parts = followed.by_name.values();
        parts.flat_map(|part| part.informer.bad_objects()).collect()
    }

    /// Waits until a version that was written in a namespace, or a newer one, is in the state: as
    /// [`Publisher::wait_for`], which does not know where to look for it and waits for all that are
    /// followed. One in which nothing is written shows a newer version about once a minute.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; closed if the namespace is not followed.
    pub async fn wait_for_in(
        &self,
        namespace: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        if !version::is_number(version) {
            return Err(WaitError::NoOrder);
        }
        let part = lock(&self.parts.followed)
            .by_name
            .get(namespace)
            .and_then(|part| part.merged.0.upgrade());
        let part = part.ok_or(Error::Closed)?;
        let reached = async {
            // Before that nothing is to be seen, of whichever namespace.
            let _ = self.ready().await;
            part.reached(&[], version).await
        };
        within(timeout, reached).await
    }
}

impl<V: Object> NamespacedInformer<V> {
    /// Follows another shard in all namespaces from now on, and in those that are yet to come: as
    /// [`Informer::reshard`]. What is outside of it goes in one commit for each namespace, and what is new comes so.
    pub fn reshard(&self, shard: Shard) -> Reshard {
        self.parts.reshard(shard, &self.publisher.phases())
    }

    /// The shard that it follows, or is about to; [`Shard::whole`] if it was never given one.
    pub fn shard(&self) -> Shard {
        self.parts.shard()
    }

    /// What gives it another shard, and does not keep it alive.
    pub(crate) fn control(&self) -> Arc<dyn Sharded> {
        Arc::new(Control {
            parts: Arc::downgrade(&self.parts),
            whole: self.publisher.phases(),
        })
    }
}

impl<V: Object> Sharded for NamespacedInformer<V> {
    fn reshard(&self, shard: Shard) -> Reshard {
        NamespacedInformer::reshard(self, shard)
    }
}

struct Control<V: Object> {
    parts: Weak<Parts<V>>,
    whole: watch::Receiver<Phase>,
}

impl<V: Object> Sharded for Control<V> {
    fn reshard(&self, shard: Shard) -> Reshard {
        let parts = self.parts.upgrade();
        let reshard = parts.map(|parts| parts.reshard(shard, &self.whole));
        reshard.unwrap_or_else(|| Reshard::all([]))
    }
}

impl<V: Object> Deref for NamespacedInformer<V> {
    type Target = Publisher<V>;

    fn deref(&self) -> &Publisher<V> {
        &self.publisher
    }
}

impl<V: Object> Clone for NamespacedInformer<V> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            parts: self.parts.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for NamespacedInformer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespacedInformer")
            .field("namespaces", &self.namespaces())
            .finish_non_exhaustive()
    }
}
