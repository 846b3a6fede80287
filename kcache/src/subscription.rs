//! Taking the changes of a publisher.

mod aspect;
mod accepted;
mod closure_filter;
mod options;
mod batch;
mod registration;
mod control;
mod reading;
mod subscribe;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::watch;
use tokio::task::coop::consume_budget;

pub use self::aspect::{Aspect, Aspects};
pub use self::batch::{Batch, Start};
use self::closure_filter::ClosureFilter;
pub use self::control::Control;
pub use self::options::SubscribeOptions;
pub(crate) use self::registration::Registration;
use crate::cache::Cache;
use crate::core::mailbox::Limits;
use crate::error::Error;
use crate::event::{Change, Event};
use crate::failure::ReadyError;
use crate::filter::Filter;
use crate::object::Object;
use crate::offload::Job;
use crate::publisher::Publisher;
use crate::status::{Notices, Phase, Status};
use crate::store::{Moment, Snapshot, State};
use crate::wait::Follower;

/// The changes of a publisher, from one state on and without a gap.
///
/// It starts with the state at the time that it was made: [`snapshot`](Self::snapshot) gives that
/// in one piece, and [`next`](Self::next) as creates. After that comes every change, in order. A
/// subscriber that falls further behind than its queue is long gets the net change of each object
/// instead, and a [`Notice`](crate::Notice) says so.
///
/// It keeps its publisher alive, and ends when that is closed. Dropping it ends it.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # use kcache::{Event, Filter};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).expect("a map");
/// # feed.relist([map], None)?;
/// # feed.close();
/// let mut changes = maps.subscribe_with(Filter::everything());
/// while let Some(event) = changes.next().await {
///     match event {
///         Event::Create { new } => println!("new {:?}", new.metadata.name),
///         Event::Update { old, new } => println!("{:?} became {:?}", old.data, new.data),
///         Event::Delete { old } => println!("gone {:?}", old.metadata.name),
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Subscription<V: Object> {
    registration: Arc<Registration<V>>,
    closure_filter: ClosureFilter<V>,
    /// What was taken from the mailbox and passed the closure filter, and was not handed out yet. It
    /// comes before all that is in the mailbox.
    passed: VecDeque<Change<V>>,
    /// What was taken and is being evaluated on another thread; it comes behind what passed.
    job: Option<Job<Evaluated<V>>>,
    /// Something of the start was taken.
    started: bool,
    /// The start is being evaluated.
    starting: bool,
    taken: Reached<V>,
    /// The phases of the publisher, as far as batches have reported them.
    phases: watch::Receiver<Phase>,
    /// The phase and the incarnation of the next batch, and whether the phase is another one.
    phase: Phase,
    phase_is_new: bool,
    reported_incarnation: u64,
    /// A filter panicked.
    failed: Option<Error>,
}

/// How far the last start or batch that was taken goes.
struct Reached<V> {
    at: Moment,
    /// The state that it goes up to, for who derives states.
    state: Option<Arc<State<V>>>,
    /// It is due without changes, too, because the state before it is old.
    renews: bool,
}

/// The closure filter, and what passed it.
type Evaluated<V> = (ClosureFilter<V>, Result<Vec<Change<V>>, Error>);

impl<V: Object> Subscription<V> {
    pub(crate) fn open(source: Publisher<V>, filter: Option<Filter<V>>, limits: Limits) -> Self {
        let phases = source.phases();
        let phase = phases.borrow().clone();
        let reported_incarnation = source.core().state.load().moment.incarnation;
        let registration = Registration::open(source, limits);
        if let Some(filter) = filter {
            // What goes wrong ends the subscription, which then says so.
            let _ = registration.refilter(filter);
        }
        Self {
            registration,
            job: None,
            closure_filter: ClosureFilter::new(limits),
            passed: VecDeque::new(),
            started: false,
            starting: false,
            taken: Reached {
                at: Moment::default(),
                state: None,
                renews: false,
            },
            phases,
            phase,
            phase_is_new: false,
            reported_incarnation,
            failed: None,
        }
    }

    /// Leaves out updates that change none of these aspects.
    pub(crate) fn only(mut self, aspects: Aspects) -> Self {
        self.closure_filter.only(aspects);
        self
    }

    pub(crate) fn registration(&self) -> &Arc<Registration<V>> {
        &self.registration
    }

    /// Subscribes for whoever takes all that waits at once, with [`next_batch`](Self::next_batch):
    /// changes of one key are merged from the start.
    pub fn batches(source: &Publisher<V>, filter: Option<Filter<V>>) -> Self {
        Self::open(source.clone(), filter, Limits::BATCHES)
    }

    /// Waits until the publisher is ready and there is a filter.
    ///
    /// # Errors
    ///
    /// Why it ended, if it ends before.
    pub async fn ready(&self) -> Result<(), Error> {
        self.registration.opened().await?;
        let phases = self.registration.source().ready().await;
        phases.map_err(|error| self.error().unwrap_or(error))
    }

    /// Waits as [`ready`](Self::ready) does, or until waiting alone is known to be of no use: see
    /// [`Publisher::ready_or_refused`].
    ///
    /// # Errors
    ///
    /// [`ReadyError`]: the refusal, or why it ended.
    pub async fn ready_or_refused(&self) -> Result<(), ReadyError> {
        self.registration.source().ready_or_refused().await?;
        Ok(self.ready().await?)
    }

    /// The state that the subscription starts with, once it is ready; to be called first. Events
    /// follow from there. There is one start only: after it, or after a first event or batch, this
    /// names the commit of the last start or batch, gives no objects and takes nothing that waits.
    ///
    /// # Errors
    ///
    /// Why it ended, if it ends before there is a state.
    pub async fn snapshot(&mut self) -> Result<Start<V>, Error> {
        let ready = self.ready().await;
        if self.starting {
            // A call that was given up has taken it.
            return self.evaluated_start().await;
        }
        if self.started {
            ready?;
            return Ok(self.start(Vec::new()));
        }
        self.phase = self.phases.borrow_and_update().clone();
        self.registration.refiltered().await;
        let mailbox = self.registration.mailbox();
        self.registration.core().reach(mailbox);
        let drained = self.registration.drain();
        let nothing = drained.is_nothing();
        // What waited before the end is there to be taken.
        if nothing || !self.phase.is_ready() && drained.len() == 0 {
            ready?;
        }
        if let (true, Some(error)) = (nothing, self.error()) {
            return Err(error);
        }
        self.evaluate_all(drained);
        self.starting = true;
        self.evaluated_start().await
    }

    async fn evaluated_start(&mut self) -> Result<Start<V>, Error> {
        poll_fn(|cx| self.poll_evaluated(cx)).await;
        self.starting = false;
        if let Some(error) = self.failed.clone() {
            return Err(error);
        }
        self.reported_incarnation = self.taken.at.incarnation;
        // Nobody has anything yet, so nothing can be gone or changed.
        let objects = self.take_passed().into_iter();
        let objects = objects.filter_map(|change| change.new).collect();
        Ok(self.start(objects))
    }

    fn start(&mut self, objects: Vec<Arc<V>>) -> Start<V> {
        let Moment {
            commit,
            incarnation,
        } = self.taken.at;
        Start {
            commit,
            incarnation,
            phase: self.phase.clone(),
            objects,
            snapshot: self.taken.state.take().map(Snapshot),
        }
    }

    /// The next event, or `None` once the subscription has ended and all that waited was taken;
    /// [`error`](Self::error) then says why. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Event<V>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// All that waits, as one net change a key, or `None` as for [`next`](Self::next). It holds
    /// whole commits: what one commit changed is never split over two batches. A batch without
    /// changes says that the publisher's phase or incarnation is another one, or brings a newer
    /// [snapshot](Batch::snapshot) instead of one that keeps many replaced objects. Dropping the future
    /// loses nothing.
    pub async fn next_batch(&mut self) -> Option<Batch<V>> {
        loop {
            // Under steady load there is always a next one.
            consume_budget().await;
            if self.job.is_none() {
                self.something_waits().await?;
                // The phase first: what was committed before it was said is in what waits.
                self.phase_is_new |= self.phases.has_changed().is_ok_and(|new| new);
                self.phase = self.phases.borrow_and_update().clone();
                let drained = self.registration.drain();
                self.evaluate_all(drained);
            }
            poll_fn(|cx| self.poll_evaluated(cx)).await;
            self.starting = false;
            let changes = self.take_passed();
            let Moment {
                commit,
                incarnation,
            } = self.taken.at;
            let phase_is_new = std::mem::take(&mut self.phase_is_new);
            let incarnation_is_new =
                std::mem::replace(&mut self.reported_incarnation, incarnation) != incarnation;
            let is_open = self.phase.closed().is_none();
            let is_due = std::mem::take(&mut self.taken.renews);
            let snapshot = self.taken.state.take().map(Snapshot);
            if !changes.is_empty() || incarnation_is_new || is_due || phase_is_new && is_open {
                return Some(Batch {
                    commit,
                    incarnation,
                    phase: self.phase.clone(),
                    changes,
                    snapshot,
                });
            }
        }
    }

    /// Waits until a batch can be taken; `None` after the end.
    async fn something_waits(&mut self) -> Option<()> {
        self.forget_closed();
        if !self.passed.is_empty() {
            return Some(());
        }
        let mailbox = self.registration.mailbox();
        tokio::select! {
            biased;
            waits = poll_fn(|cx| mailbox.poll_waiting(cx)) => waits,
            Ok(()) = self.phases.changed() => {
                self.phase_is_new = true;
                Some(())
            }
        }
    }

    /// Changes the filter. What leaves comes as deletes and what enters as creates, the deletes
    /// first. An equal filter does nothing.
    ///
    /// # Errors
    ///
    /// Why the subscription ended, if it has.
    pub fn refilter(&self, filter: Filter<V>) -> Result<(), Error> {
        self.registration.refilter(filter)
    }

    /// A handle to refilter and close it while it is being read.
    pub fn control(&self) -> Control<V> {
        Control::of(&self.registration)
    }

    /// A handle to wait for whoever reads it by batches.
    pub fn follower(&self) -> Follower {
        let registration: Weak<Registration<V>> = Arc::downgrade(&self.registration);
        Follower(registration)
    }

    /// The publisher's newest state through this filter. It can be ahead of the last event taken.
    pub fn cache(&self) -> Cache<V> {
        let filter = self.registration.filter().unwrap_or_else(Filter::nothing);
        Cache::new(self.registration.source().clone(), Some(filter))
    }

    /// What it is doing, and its counters.
    pub fn status(&self) -> Status {
        self.registration.status()
    }

    /// The phase of its publisher, to wait for changes of it.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.registration.source().phases()
    }

    /// That it lags, and what the publisher has to report, from now on.
    pub fn notices(&self) -> Notices {
        let own = self.registration.mailbox().notices();
        Notices::new(vec![own, self.registration.core().notices.subscribe()])
    }

    /// Ends it; what waits is thrown away.
    pub fn close(&self) {
        self.registration.close(&Error::Closed);
    }

    /// Waits until it has ended, and says why. What waits can still be taken.
    pub async fn closed(&self) -> Error {
        self.registration.ended().await
    }

    /// Why it ended, or `None` if it did not.
    pub fn error(&self) -> Option<Error> {
        self.registration.mailbox().error()
    }
}

impl<V: Object> Drop for Subscription<V> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<V: Object> Unpin for Subscription<V> {}

/// The events, as [`next`](Subscription::next) gives them.
impl<V: Object> Stream for Subscription<V> {
    type Item = Event<V>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<V>>> {
        self.poll_event(cx)
    }
}

impl<V: Object> fmt::Debug for Subscription<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("filter", &self.registration.filter())
            .finish_non_exhaustive()
    }
}
