//! What is asked for one by one, as streams.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::watch;

use crate::object::Object;
use crate::publisher::Publisher;
use crate::status::{Notice, Notices, Phase};
use crate::subscription::{Batch, Subscription};

/// The next item of a source, and the source.
type Next<S, T> = Pin<Box<dyn Future<Output = Option<(T, S)>> + Send>>;

/// A source whose items are waited for one by one, as a stream.
struct Unfold<S, T> {
    /// `None` after the end.
    next: Option<Next<S, T>>,
    ask: fn(S) -> Next<S, T>,
}

impl<S, T> Unfold<S, T> {
    fn new(source: S, ask: fn(S) -> Next<S, T>) -> Self {
        let next = Some(ask(source));
        Self { next, ask }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        let item = ready!(next.as_mut().poll(cx));
        let (item, source) = item.unzip();
        self.next = source.map(self.ask);
        Poll::Ready(item)
    }
}

/// The batches of a subscription, as a stream: see [`Subscription::into_batches`].
pub struct Batches<V: Object>(Unfold<Subscription<V>, Batch<V>>);

/// The phases of a publisher, as a stream: see [`Publisher::phase_stream`].
pub struct Phases(Unfold<Option<watch::Receiver<Phase>>, Phase>);

/// Notices, as a stream: see [`Notices::into_stream`].
pub struct NoticeStream(Unfold<Notices, Notice>);

impl<V: Object> Subscription<V> {
    /// The batches that [`next_batch`](Self::next_batch) gives, as a stream. Take a
    /// [`control`](Self::control) before, to refilter or close it.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).expect("a map");
    /// # feed.relist([map], None)?;
    /// let mut batches = maps.subscribe().into_batches();
    /// assert_eq!(batches.next().await.map(|batch| batch.changes.len()), Some(1));
    /// # Ok(()) }
    /// ```
    pub fn into_batches(self) -> Batches<V> {
        Batches(Unfold::new(self, |mut source| {
            Box::pin(async move { Some((source.next_batch().await?, source)) })
        }))
    }
}

impl<V: Object> Publisher<V> {
    /// The phase it is in, and then each that it comes to be in, as a stream that ends after
    /// [`Phase::Closed`]. A reader that is slow gets the newest. It does not keep the publisher going.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// let mut phases = maps.phase_stream();
    /// assert!(matches!(phases.next().await, Some(kcache::Phase::Syncing { failure: None })));
    /// feed.relist([], None)?;
    /// assert!(matches!(phases.next().await, Some(kcache::Phase::Live)));
    /// feed.close();
    /// assert!(matches!(phases.next().await, Some(kcache::Phase::Closed(_))));
    /// assert!(phases.next().await.is_none());
    /// # Ok(()) }
    /// ```
    pub fn phase_stream(&self) -> Phases {
        let mut phases = self.phases();
        phases.mark_changed();
        Phases(Unfold::new(Some(phases), |phases| {
            Box::pin(async move {
                let mut phases = phases?;
                phases.changed().await.ok()?;
                let phase = phases.borrow_and_update().clone();
                let is_open = phase.closed().is_none();
                Some((phase, is_open.then_some(phases)))
            })
        }))
    }
}

impl Notices {
    /// The same as a stream.
    pub fn into_stream(self) -> NoticeStream {
        NoticeStream(Unfold::new(self, |mut notices| {
            Box::pin(async move { Some((notices.next().await?, notices)) })
        }))
    }
}

impl<V: Object> Stream for Batches<V> {
    type Item = Batch<V>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Batch<V>>> {
        self.0.poll(cx)
    }
}

impl Stream for Phases {
    type Item = Phase;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Phase>> {
        self.0.poll(cx)
    }
}

impl Stream for NoticeStream {
    type Item = Notice;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.0.poll(cx)
    }
}

impl<V: Object> fmt::Debug for Batches<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

impl fmt::Debug for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phases").finish_non_exhaustive()
    }
}

impl fmt::Debug for NoticeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeStream").finish_non_exhaustive()
    }
}
