//! What informers, views and joins share: a state to read and changes to subscribe to.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::bad_objects::BadObject;
use crate::core::Core;
use crate::counts::{Counts, SourceCounts};
use crate::error::Error;
use crate::failure::{Failure, ReadyError};
use crate::object::Object;
use crate::offload::drop_offloaded;
use crate::status::{Notices, Phase, Status};
use crate::sync::lock;
use crate::wait::{WaitError, Wanted, within};
use crate::writer::Writer;

/// Closes the publisher when its last reader goes; the writer holds the core alone.
struct CloseOnDrop<V: Object>(Arc<Core<V>>);

impl<V: Object> Drop for CloseOnDrop<V> {
    fn drop(&mut self) {
        self.0.close(&Error::Closed);
        // Nobody can read it any longer.
        let state = self.0.state.swap(Arc::default());
        drop_offloaded(state.len(), state);
    }
}

/// A set of objects that changes: what an informer, a view and a join all are.
///
/// It has a [`cache`](Self::cache) to read, and it can be subscribed to, viewed through a filter,
/// indexed and monitored. Cloning gives another handle of the same publisher. It lives as long as
/// there is a handle, a cache, a subscription or anything derived from it; [`close`](Self::close) ends it and
/// all that was derived from it.
///
/// Views, indexes, monitors and joins are tasks: what makes one must be called in a tokio runtime.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// let mut changes = maps.subscribe();
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).expect("a map");
/// feed.relist([map], None)?;
/// maps.ready().await?;
/// assert!(matches!(changes.next().await, Some(kcache::Event::Create { .. })));
/// maps.close();
/// assert_eq!(changes.next().await.is_none(), true);
/// # Ok(()) }
/// ```
pub struct Publisher<V: Object>(Arc<CloseOnDrop<V>>);

/// A publisher, and the one who may write it.
///
/// For what makes new sets of objects out of others, as `kcache-join` does; a source of objects is
/// better served by a [`feed`](crate::feed()), which knows server incarnations and versions.
pub fn publisher<V: Object>() -> (Publisher<V>, Writer<V>) {
    publisher_counting(Arc::default())
}

/// The same, which counts here what its source does.
pub(crate) fn publisher_counting<V: Object>(
    source: Arc<SourceCounts>,
) -> (Publisher<V>, Writer<V>) {
    let core = Arc::new(Core::new(source));
    let writer = Writer::new(core.clone());
    (Publisher(Arc::new(CloseOnDrop(core))), writer)
}

impl<V: Object> Publisher<V> {
    pub(crate) fn core(&self) -> &Arc<Core<V>> {
        &self.0.0
    }

    /// Waits until there is a complete state.
    ///
    /// # Errors
    ///
    /// Why it was closed, if it is closed before or already.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut phases = self.phases();
        match phases
            .wait_for(|phase| !phase.is_syncing())
            .await
            .map(|phase| phase.closed().cloned())
        {
            Ok(None) => Ok(()),
            Ok(Some(error)) => Err(error),
            Err(_) => Err(Error::Closed),
        }
    }

    /// Waits until there is a complete state, or until it is known that waiting alone brings none:
    /// the server answered 401, 403, 404 or another [refusal](Failure::is_refusal). So a program
    /// that somebody is looking at can stop and say why, where [`ready`](Self::ready) would wait for
    /// a right to be given. What goes by itself, a server that is away or busy, is waited for.
    ///
    /// The source goes on trying either way; the last answer is what counts, until there is
    /// another. A view answers as its source does, and a join as its
    /// inputs: the failure says which.
    ///
    /// # Errors
    ///
    /// [`ReadyError`]: the refusal, or why it was closed.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::Pod;
    /// use kcache::{Informer, ReadyError};
    ///
    /// # async fn example(client: kube::Client) -> Result<(), ReadyError> {
    /// let pods = Informer::<Pod>::builder(client).start();
    /// match pods.ready_or_refused().await {
    ///     Ok(()) => println!("{} Pods", pods.cache().len()),
    ///     Err(error) if error.code() == Some(403) => println!("you may not list Pods: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn ready_or_refused(&self) -> Result<(), ReadyError> {
        let mut phases = self.phases();
        match phases.wait_for(|phase| settled(phase).is_some()).await {
            Ok(phase) => settled(&phase).unwrap_or(Ok(())),
            // The sender is a part of the publisher.
            Err(_) => Err(Error::Closed.into()),
        }
    }

    /// Waits until the state has seen a version of the resource, or a newer one: what a write
    /// answered, so that one reads one's own writes.
    ///
    /// A quiet resource may show no newer version for a minute, and one that is filtered on the
    /// server may never show that of an object which the filter leaves out; so this takes a time
    /// after which it gives up. Of several namespaces all that are followed have to have seen it
    /// ([`NamespacedInformer::wait_for_in`](crate::NamespacedInformer::wait_for_in) asks one). What is made of another publisher has seen a version when that has,
    /// and when it has taken in what came of that. Versions are of one resource: where a set is made of
    /// several, as a join is, [`wait_for_write`](Self::wait_for_write) and
    /// [`wait_for_input`](Self::wait_for_input) say of which.
    ///
    /// # Errors
    ///
    /// [`WaitError`].
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// let view = maps.view(kcache::Filter::namespace("default"));
    /// feed.relist([], Some("41"))?;
    /// view.wait_for("41", Duration::from_secs(10)).await?;
    /// let late = view.wait_for("42", Duration::ZERO).await;
    /// assert_eq!(late, Err(kcache::WaitError::TimedOut));
    /// # Ok(()) }
    /// ```
    pub async fn wait_for(&self, version: &str, timeout: Duration) -> Result<(), WaitError> {
        self.reached(Wanted::All, version, timeout).await
    }

    /// As [`wait_for`](Self::wait_for), of a version that a write to the resource of another publisher
    /// answered, whatever there is between the two: views, what `map` and `group_by` make, sets of
    /// several, joins of joins. Where several ways lead from here to that resource, all are
    /// waited for.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; of several inputs if the other publisher is made of several resources itself.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (blue, mut blue_feed) = kcache::feed::<ConfigMap>();
    /// let (green, mut green_feed) = kcache::feed::<ConfigMap>();
    /// let both = kcache::union([&blue, &green]);
    /// let fronts = both.view(kcache::Filter::namespace("front"));
    /// # green_feed.relist([], Some("7"))?;
    /// # blue_feed.relist([], Some("41"))?;
    /// fronts.wait_for_write(&blue, "41", Duration::from_secs(10)).await?;
    /// assert_eq!(fronts.inputs(), ["first input", "second input"]);
    /// fronts.wait_for_input("second input", "7", Duration::from_secs(10)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_for_write<W: Object>(
        &self,
        to: &Publisher<W>,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let wanted = Wanted::Of(&to.core().progress);
        self.reached(wanted, version, timeout).await
    }

    /// As [`wait_for`](Self::wait_for), of a version of an input by its [name](Self::inputs), or of all that an
    /// input is made of, if that is one resource.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; which inputs there are if there is none of this name.
    pub async fn wait_for_input(
        &self,
        input: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        self.reached(Wanted::Input(input), version, timeout).await
    }

    /// The names of the inputs that it stands on, down to the sources: of a join `sources`, `targets` and
    /// `guards`, of a set of several `first input`, `second input` and so on (`another input` from the
    /// eleventh on). Of an input that is made of several itself they go on behind a slash:
    /// `sources/targets`. What is made of one publisher has the inputs of that one; a source has none.
    pub fn inputs(&self) -> Vec<String> {
        self.core().progress.inputs()
    }

    async fn reached(
        &self,
        wanted: Wanted<'_>,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let reached = async {
            let progress = &self.core().progress;
            progress.check(wanted, version)?;
            // Before that nothing is to be seen, and it may not be known of what it is made. Of what is closed
            // the last state is to be seen.
            let _ = self.ready().await;
            progress.reached(wanted, version).await
        };
        let waited = within(timeout, self.while_open(reached)).await;
        // What is closed has closed with its inputs: its own reason says more.
        waited.map_err(|error| match (error, self.error()) {
            (WaitError::Closed(_), Some(own)) => own.into(),
            (error, _) => error,
        })
    }

    /// Waits for something until it is closed.
    pub(crate) async fn while_open(
        &self,
        wait: impl Future<Output = Result<(), WaitError>>,
    ) -> Result<(), WaitError> {
        tokio::select! {
            biased;
            waited = wait => waited,
            error = self.closed() => Err(error.into()),
        }
    }

    /// Ends it, its subscriptions and all that is derived from it. What was last known can still
    /// be read.
    pub fn close(&self) {
        self.core().close(&Error::Closed);
    }

    /// Waits until it is closed, and says why.
    pub async fn closed(&self) -> Error {
        self.core().closed().await
    }

    /// Why it is closed, or `None` while it is not.
    pub fn error(&self) -> Option<Error> {
        self.core().error()
    }

    /// What it is doing, and its counters.
    pub fn status(&self) -> Status {
        self.core().status()
    }

    /// What it holds and has done so far, in numbers.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).expect("a map");
    /// feed.relist([map], None)?;
    /// let counts = maps.counts();
    /// assert_eq!((counts.objects, counts.changes, counts.lists), (1, 1, 1));
    /// # Ok::<(), kcache::Error>(())
    /// ```
    pub fn counts(&self) -> Counts {
        self.core().counts()
    }

    /// The phase, to wait for changes of it.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.core().phases()
    }

    /// The objects that could not be taken in, as it stands now, by namespace and name: whose last
    /// state that the source gave is bad. What the cache has of them is an older one. At most 1,000
    /// are named, and none whose name could not be read; [`Status::bad_objects`] counts all up to a
    /// hundred thousand.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use kcache::{DecodeError, Input, Key};
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// feed.relist([], None)?;
    /// let key = Key::new("default", "a");
    /// feed.send(Input::Bad(Some(key.clone()), DecodeError::new("it is not UTF-8")))?;
    /// let bad = maps.bad_objects();
    /// assert_eq!((&bad[0].key, &*bad[0].reason), (&key, "it is not UTF-8"));
    /// feed.relist([], None)?;
    /// assert!(maps.bad_objects().is_empty());
    /// # Ok::<(), kcache::Error>(())
    /// ```
    pub fn bad_objects(&self) -> Vec<BadObject> {
        lock(&self.core().bad).list()
    }

    /// New server incarnations and bad objects, from now on.
    pub fn notices(&self) -> Notices {
        Notices::new(vec![self.core().notices.subscribe()])
    }

    /// How many times a filter was evaluated for a commit so far: what its subscriptions cost, and
    /// for a join what joining cost.
    pub fn evaluations(&self) -> u64 {
        self.core().counters.evaluations.load(Ordering::Relaxed)
    }
}

/// A publisher that this does not keep alive.
pub(crate) struct WeakPublisher<V: Object>(Weak<CloseOnDrop<V>>);

impl<V: Object> WeakPublisher<V> {
    pub(crate) fn of(publisher: &Publisher<V>) -> Self {
        Self(Arc::downgrade(&publisher.0))
    }

    /// The publisher, while anything else keeps it alive.
    pub(crate) fn upgrade(&self) -> Option<Publisher<V>> {
        self.0.upgrade().map(Publisher)
    }
}

/// Whether a phase is ready, or why it is no use to wait for that; `None` while it is.
pub(crate) fn settled(phase: &Phase) -> Option<Result<(), ReadyError>> {
    match phase {
        Phase::Live | Phase::Degraded { .. } => Some(Ok(())),
        Phase::Closed(error) => Some(Err(error.clone().into())),
        Phase::Syncing { failure } => {
            let refusal = failure.clone().filter(Failure::is_refusal)?;
            Some(Err(ReadyError::Refused(refusal)))
        }
    }
}

impl<V: Object> Clone for Publisher<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: Object> fmt::Debug for Publisher<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
