//! Giving a running informer another shard: how it is asked, and how far it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

use crate::shard::Shard;
use crate::status::Phase;
use crate::sync::{Mutex, lock};
use crate::wait::{Follower, until};

/// What follows a shard that can be changed while it runs: an [`Informer`](crate::Informer), a
/// [`NamespacedInformer`](crate::NamespacedInformer), or an [`Informers`](crate::Informers), of whatever stored form.
///
/// # Example
///
/// ```no_run
/// use kcache::{ReshardError, Shard, Sharded};
///
/// /// Gives all of them the share that is ours by now.
/// async fn share(informers: &[Box<dyn Sharded>], shard: &Shard) -> Result<(), ReshardError> {
///     let all: Vec<_> = informers.iter().map(|it| it.reshard(shard.clone())).collect();
///     for reshard in &all {
///         reshard.released().await?;
///     }
///     // From here on others may have what was given away.
///     for reshard in &all {
///         reshard.ready().await?;
///     }
///     Ok(())
/// }
/// ```
pub trait Sharded: Send + Sync {
    /// Follows another shard from now on. It returns at once; what it gives tells how far it is.
    fn reshard(&self, shard: Shard) -> Reshard;
}

impl<S: Sharded + ?Sized> Sharded for Arc<S> {
    fn reshard(&self, shard: Shard) -> Reshard {
        (**self).reshard(shard)
    }
}

impl<S: Sharded + ?Sized> Sharded for Box<S> {
    fn reshard(&self, shard: Shard) -> Reshard {
        (**self).reshard(shard)
    }
}

/// How far an informer is with another shard: see [`Informer::reshard`](crate::Informer::reshard).
///
/// It is done whether anybody waits for it or not. Both can be waited for any number of times, and in any order.
#[derive(Clone, Debug)]
pub struct Reshard {
    parts: Vec<Part>,
}

/// One of the informers that it is of.
#[derive(Clone, Debug)]
struct Part {
    stage: watch::Receiver<Stage>,
    /// Who merges it with others into what is read, and what that is doing.
    merged: Option<(Follower, watch::Receiver<Phase>)>,
}

/// Why an informer did not come to follow a shard. Final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReshardError {
    /// It was asked for another shard since; that one counts.
    #[error("another shard was asked for since")]
    Overtaken,
    /// The informer is closed; its status says why.
    #[error("the informer is closed")]
    Closed,
}

impl Reshard {
    /// All of several.
    pub fn all(reshards: impl IntoIterator<Item = Self>) -> Self {
        let parts = reshards.into_iter().flat_map(|reshard| reshard.parts);
        Self {
            parts: parts.collect(),
        }
    }

    pub(crate) fn of(stage: watch::Receiver<Stage>) -> Self {
        let merged = None;
        Self {
            parts: vec![Part { stage, merged }],
        }
    }

    /// The same of one that is merged with others.
    pub(crate) fn merged(mut self, follower: &Follower, whole: &watch::Receiver<Phase>) -> Self {
        for part in &mut self.parts {
            part.merged = Some((follower.clone(), whole.clone()));
        }
        self
    }

    /// Waits until nothing that is outside of the new shard is in the cache any longer: whoever reads it sees
    /// none of it, and every subscription has been given the deletes. Others may have it from then on. It needs no
    /// server. What is derived, views and joins, follows as with any other change.
    ///
    /// # Errors
    ///
    /// [`ReshardError`].
    pub async fn released(&self) -> Result<(), ReshardError> {
        for part in &self.parts {
            part.released().await?;
        }
        Ok(())
    }

    /// Waits until all that is in the new shard has been listed and is in the cache. That takes a server; how
    /// it is getting on, [`status`](crate::Publisher::status) says.
    ///
    /// # Errors
    ///
    /// [`ReshardError`].
    pub async fn ready(&self) -> Result<(), ReshardError> {
        for part in &self.parts {
            part.ready().await?;
        }
        Ok(())
    }
}

impl Part {
    async fn released(&self) -> Result<(), ReshardError> {
        let mut stage = self.stage.clone();
        let stage = stage.wait_for(|stage| stage.released || stage.end.is_some());
        let stage = stage.await.map_or(Stage::CLOSED, |stage| *stage);
        let released = if stage.released {
            Ok(())
        } else {
            stage.result()
        };
        self.merge(released).await
    }

    async fn ready(&self) -> Result<(), ReshardError> {
        let mut stage = self.stage.clone();
        let stage = stage.wait_for(|stage| stage.end.is_some());
        let stage = stage.await.map_or(Stage::CLOSED, |stage| *stage);
        let done = stage.result();
        if let (Some((_, whole)), Ok(()) | Err(ReshardError::Closed)) = (&self.merged, done) {
            // Nothing is to be seen of what is merged before all of it has been listed once.
            let _ = whole.clone().wait_for(|phase| !phase.is_syncing()).await;
        }
        self.merge(done).await
    }

    /// What is merged is through with what it was given. One of several may leave: nothing of it stays.
    async fn merge(&self, done: Result<(), ReshardError>) -> Result<(), ReshardError> {
        let Some((follower, whole)) = &self.merged else {
            return done;
        };
        let is_closed = || whole.borrow().closed().is_some();
        match done {
            Ok(()) => {}
            Err(ReshardError::Closed) if !is_closed() => return Ok(()),
            Err(error) => return Err(error),
        }
        if let Some(follow) = follower.0.upgrade() {
            let _ = follow.caught_up().await;
        }
        if is_closed() {
            return Err(ReshardError::Closed);
        }
        Ok(())
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stage {
    /// Nothing outside of the shard is there.
    released: bool,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ready,
    Overtaken,
    Closed,
}

impl Stage {
    const CLOSED: Self = Self {
        released: false,
        end: Some(End::Closed),
    };

    fn result(self) -> Result<(), ReshardError> {
        match self.end {
            Some(End::Ready) => Ok(()),
            Some(End::Overtaken) => Err(ReshardError::Overtaken),
            Some(End::Closed) | None => Err(ReshardError::Closed),
        }
    }

    /// The first end stands.
    fn end(&mut self, end: End) {
        self.end.get_or_insert(end);
    }
}

/// Which shard an informer is to follow: what its handles and its task share.
pub(crate) struct Control {
    wanted: Mutex<Wanted>,
    /// Of what is wanted; it is changed under the lock.
    number: AtomicU64,
    changed: Notify,
}

struct Wanted {
    shard: Shard,
    stage: watch::Sender<Stage>,
    /// The task has gone.
    ended: bool,
}

/// The task's side. When it goes, nobody waits in vain.
pub(crate) struct Requests {
    control: Arc<Control>,
    /// The number of what was taken last.
    taken: u64,
}

impl Control {
    pub(crate) fn ask(&self, shard: Shard) -> watch::Receiver<Stage> {
        let mut wanted = lock(&self.wanted);
        if wanted.shard == shard {
            return wanted.stage.subscribe();
        }
        wanted.shard = shard;
        let stage = if wanted.ended {
            Stage::CLOSED
        } else {
            Stage::default()
        };
        let overtaken = std::mem::replace(&mut wanted.stage, watch::Sender::new(stage));
        overtaken.send_modify(|stage| stage.end(End::Overtaken));
        let asked = wanted.stage.subscribe();
        self.number.fetch_add(1, Ordering::Release);
        drop(wanted);
        self.changed.notify_waiters();
        asked
    }

    /// Which shard was asked for last.
    pub(crate) fn wanted(&self) -> Shard {
        lock(&self.wanted).shard.clone()
    }
}

impl Sharded for Control {
    fn reshard(&self, shard: Shard) -> Reshard {
        Reshard::of(self.ask(shard))
    }
}

impl Requests {
    /// Of an informer that begins with a shard.
    pub(crate) fn new(shard: Shard) -> Self {
        let stage = Stage {
            released: true,
            end: None,
        };
        let wanted = Wanted {
            shard,
            stage: watch::Sender::new(stage),
            ended: false,
        };
        let control = Arc::new(Control {
            wanted: Mutex::new(wanted),
            number: AtomicU64::new(0),
            changed: Notify::new(),
        });
        Self { control, taken: 0 }
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// True if there is something to take.
    pub(crate) fn is_asked(&self) -> bool {
        self.control.number.load(Ordering::Acquire) != self.taken
    }

    /// Waits until there is.
    pub(crate) async fn asked(&self) {
        until(&self.control.changed, || self.is_asked()).await;
    }

    /// The shard that was asked for last, if that is news.
    pub(crate) fn take(&mut self) -> Option<Shard> {
        if !self.is_asked() {
            return None;
        }
        let wanted = lock(&self.control.wanted);
        self.taken = self.control.number.load(Ordering::Acquire);
        Some(wanted.shard.clone())
    }

    /// Nothing outside of what was taken is there any longer.
    pub(crate) fn released(&self) {
        self.reached(|stage| stage.released = true);
    }

    /// All that is in it is there.
    pub(crate) fn ready(&self) {
        self.reached(|stage| {
            stage.released = true;
            stage.end(End::Ready);
        });
    }

    /// Says so, unless something else is wanted by now.
    fn reached(&self, change: impl FnOnce(&mut Stage)) {
        let wanted = lock(&self.control.wanted);
        if !self.is_asked() {
            wanted.stage.send_modify(change);
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let mut wanted = lock(&self.control.wanted);
        wanted.ended = true;
        wanted.stage.send_modify(|stage| stage.end(End::Closed));
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.wanted()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What a future has come to by now.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn what_was_asked_for_last_counts() {
        let mut requests = Requests::new(Shard::whole());
        assert!(!requests.is_asked() && now(requests.asked()).is_none());
        let control = requests.control().clone();
        let halves = [0, 1].map(|index| control.reshard(Shard::of(index, 2)));
        assert_eq!(
            now(halves[0].released()),
            Some(Err(ReshardError::Overtaken))
        );
        assert_eq!(now(halves[1].released()), None);
        assert_eq!(now(requests.asked()), Some(()));
        assert_eq!(requests.take(), Some(Shard::of(1, 2)));
        assert_eq!((requests.take(), now(requests.asked())), (None, None));
        requests.released();
        assert_eq!(now(halves[1].released()), Some(Ok(())));
        assert_eq!(now(halves[1].ready()), None);
        // It is the same again: nothing is to be done.
        let same = control.reshard(Shard::of(1, 2));
        assert!(!requests.is_asked());
        requests.ready();
        assert_eq!(now(same.ready()), Some(Ok(())));
        assert_eq!(now(halves[0].ready()), Some(Err(ReshardError::Overtaken)));
    }

    #[test]
    fn what_was_reached_stays_reached() {
        let mut requests = Requests::new(Shard::whole());
        let control = requests.control().clone();
        let first = control.reshard(Shard::of(0, 2));
        requests.take();
        requests.released();
        let second = control.reshard(Shard::nothing());
        assert_eq!(now(first.released()), Some(Ok(())));
        assert_eq!(now(first.ready()), Some(Err(ReshardError::Overtaken)));
        // What was done for the first says nothing of the second.
        requests.ready();
        assert_eq!(now(second.released()), None);
        drop(requests);
        assert_eq!(now(second.ready()), Some(Err(ReshardError::Closed)));
        let third = control.reshard(Shard::of(1, 2));
        assert_eq!(now(third.released()), Some(Err(ReshardError::Closed)));
        assert_eq!(now(Reshard::all([]).ready()), Some(Ok(())));
        assert_eq!(
            now(Reshard::all([first, third]).ready()),
            Some(Err(ReshardError::Overtaken))
        );
    }
}
