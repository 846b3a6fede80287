//! The task of a replica: does what the [`Protocol`] says is next, and tells it what came of it.

mod failures;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use self::failures::Failures;
use super::followers::Followers;
use super::lease::Form;
use super::protocol::{Answer, Entry, Moment, Protocol, Step};
use super::shared::{Ownership, Shared, shard_of};
use super::slots::Slots;
use super::status::ReplicasStatus;
use crate::event::Event;
use crate::informer::Informer;
use crate::lease::{LeaseError, Refused, Requests, now};
use crate::shard::Shard;
use crate::subscription::Subscription;
use crate::sync::{Mutex, lock};

/// The end of somebody's work.
pub(super) type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;
/// What ends the work on the objects of a shard.
pub(super) type OnRelease = Arc<dyn Fn(Shard) -> Ending + Send + Sync>;

/// What came of a request, as an answer and, if it failed, why.
type Answered = (Answer, Option<LeaseError>);

pub(super) struct Driver {
    protocol: Protocol,
    /// When the protocol's time began.
    epoch: Instant,
    form: Arc<Form>,
    requests: Requests,
    leases: Informer<Lease>,
    stopped: watch::Receiver<bool>,
    leaving: bool,
    on_release: Option<OnRelease>,
    by_namespace: bool,
    ownership: Arc<Mutex<Ownership>>,
    followers: Arc<Followers>,
    status: Arc<watch::Sender<ReplicasStatus>>,
    failures: Failures,
    /// What the informers were told last.
    shared: Slots,
    /// Slots on which work is ending, and where that is told.
    ending: Slots,
    ended: (mpsc::UnboundedSender<Slots>, mpsc::UnboundedReceiver<Slots>),
}

/// A request that is under way.
struct Flight {
    step: Step,
    sent: Moment,
    answered: Pin<Box<dyn Future<Output = Answered> + Send>>,
}

impl Driver {
    pub(super) fn new(
        protocol: Protocol,
        form: Form,
        requests: Requests,
        leases: Informer<Lease>,
        stopped: watch::Receiver<bool>,
        on_release: Option<OnRelease>,
        shared: &Shared,
    ) -> Self {
        Self {
            protocol,
            epoch: Instant::now(),
            form: Arc::new(form),
            requests,
            leases,
            stopped,
            leaving: false,
            on_release,
            by_namespace: shared.by_namespace,
            ownership: shared.ownership.clone(),
            followers: shared.followers.clone(),
            status: shared.status.clone(),
            failures: Failures::default(),
            shared: Slots::NONE,
            ending: Slots::NONE,
            ended: mpsc::unbounded_channel(),
        }
    }

    /// The name of its own Lease, for logs: a span would last as long as the process.
    fn lease(&self) -> String {
        Form::name(&self.form.group, &self.form.identity)
    }

    pub(super) async fn run(mut self) {
        let mut changes = self.leases.subscribe();
        let mut flight: Option<Flight> = None;
        loop {
            let now = self.now();
            self.protocol.settle(now);
            let mut wake = None;
            if flight.is_none() {
                match self.protocol.next(now) {
                    Step::Left => break,
                    Step::Wait(until) => wake = Some(until),
                    step => flight = Some(self.send(step, now)),
                }
            }
            self.publish(now);
            // What lapses while a request is under way is told at once, too.
            let lapse = self.protocol.valid_until().filter(|end| *end > now);
            let wake = wake.into_iter().chain(lapse).min();
            self.wait(&mut changes, &mut flight, wake).await;
        }
        tracing::info!(lease = self.lease(), "left the group");
        self.followers.clear();
        self.status.send_modify(|status| {
            status.released = true;
            status.settled = false;
            status.members.clear();
        });
    }

    /// Waits for whatever happens first.
    async fn wait(
        &mut self,
        changes: &mut Subscription<Lease>,
        flight: &mut Option<Flight>,
        wake: Option<Moment>,
    ) {
        let wake = wake.map(|wake| self.epoch + wake);
        let sleeps = async {
            match wake {
                Some(wake) => sleep_until(wake).await,
                None => pending().await,
            }
        };
        let answered = async {
            match flight {
                Some(flight) => (&mut flight.answered).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answered => {
                if let Some(flight) = flight.take() {
                    self.answered(&flight, answer);
                }
            }
            // All handles have gone, or one of them says so.
            () = async { drop(self.stopped.wait_for(|stop| *stop).await) }, if !self.leaving => {
                self.leaving = true;
                let now = self.now();
                self.protocol.leave(now);
            }
            Some(slots) = self.ended.1.recv() => {
                self.ending = self.ending - slots;
                let now = self.now();
                self.protocol.released(now, slots);
            }
            Some(event) = changes.next() => self.observed(&event),
            () = sleeps => {}
        }
    }

    fn now(&self) -> Moment {
        Instant::now() - self.epoch
    }

    fn observed(&mut self, event: &Event<Lease>) {
        let now = self.now();
        match event {
            Event::Create { new } | Event::Update { new, .. } => {
                self.protocol.observed(now, Entry::of(new));
            }
            Event::Delete { old } => {
                let name = old.metadata.name.as_deref().unwrap_or_default();
                self.protocol.gone(now, name);
            }
        }
    }

    fn answered(&mut self, flight: &Flight, (answer, failure): Answered) {
        let now = self.now();
        self.failures.tell(&flight.step, failure);
        self.protocol
            .answered(&flight.step, flight.sent, now, answer);
    }

    fn send(&self, step: Step, sent: Moment) -> Flight {
        let (requests, form) = (self.requests.clone(), self.form.clone());
        let (owned, me) = (step.clone(), self.form.clone());
        let answered = Box::pin(async move {
            let asked = ask(&requests, &form, &owned).await;
            let name = Form::name(&me.group, &me.identity);
            match (asked, &owned) {
                (Ok(answer), _) => (answer, None),
                // Whoever wanted it gone has it.
                (Err(Refused::NotFound), Step::Delete { .. }) => (Answer::Deleted, None),
                (Err(Refused::NotFound | Refused::Conflict), _) => (Answer::Conflict, None),
                // That it may not remove what others left behind does not matter to it.
                (Err(Refused::Other(error)), Step::Delete { name: other, .. })
                    if **other != *name =>
                {
                    tracing::info!(%error, lease = %other, "a Lease of the dead stays");
                    (Answer::Failed, None)
                }
                (Err(Refused::Other(error)), _) => (Answer::Failed, Some(error)),
            }
        });
        Flight {
            step,
            sent,
            answered,
        }
    }

    /// What is owned is so from here on, and what is not is not; then the others learn of it.
    fn publish(&mut self, now: Moment) {
        let owned = self.protocol.owned(now);
        let until = self.protocol.valid_until().map(|end| self.epoch + end);
        *lock(&self.ownership) = Ownership {
            slots: owned,
            until,
        };
        if owned != self.shared {
            let (gained, lost) = (owned - self.shared, self.shared - owned);
            tracing::info!(
                lease = self.lease(),
                gained = gained.len(),
                lost = lost.len(),
                owned = owned.len(),
                "another share"
            );
            self.shared = owned;
            self.followers.reshard(&shard_of(owned, self.by_namespace));
        }
        let ending = self.protocol.releasing() - self.ending;
        if !ending.is_empty() {
            self.end_work(ending);
        }
        self.tell(now, owned);
    }

    /// Waits, in a task of its own, until nobody works on the objects of these slots.
    fn end_work(&mut self, slots: Slots) {
        self.ending = self.ending | slots;
        let followers = self.followers.clone();
        let ended = self.ended.0.clone();
        let work = self.on_release.clone();
        let shard = shard_of(slots, self.by_namespace);
        tokio::spawn(async move {
            followers.released().await;
            if let Some(work) = work {
                let work = tokio::spawn(async move { work(shard).await });
                if let Err(error) = work.await {
                    tracing::error!(%error, "what ends work on a shard panicked");
                }
            }
            // Nobody listens when it has left.
            let _ = ended.send(slots);
        });
    }

    fn tell(&self, now: Moment, owned: Slots) {
        let prefix = Form::name(&self.form.group, "");
        let members = self.protocol.members();
        let members = members
            .iter()
            .map(|name| name.strip_prefix(&prefix).unwrap_or(name));
        let status = ReplicasStatus {
            shard: shard_of(owned, self.by_namespace),
            draining: shard_of(self.protocol.releasing(), self.by_namespace),
            settled: self.protocol.is_settled(now),
            members: members.map(Arc::from).collect(),
            failure: self
                .failures
                .first(&self.protocol, &self.form, &self.leases),
            lapses: self.protocol.lapses(),
            released: false,
        };
        self.status.send_if_modified(|told| {
            let is_news = *told != status;
            if let Some(error) = status
                .failure
                .as_ref()
                .filter(|_| told.failure != status.failure)
            {
                tracing::warn!(lease = self.lease(), %error, "a Lease cannot be read or written");
            }
            if is_news {
                *told = status;
            }
            is_news
        });
    }
}

async fn ask(requests: &Requests, form: &Form, step: &Step) -> Result<Answer, Refused> {
    let written = |lease: Lease| {
        let version = lease.metadata.resource_version.unwrap_or_default();
        Answer::Written(version.into())
    };
    Ok(match step {
        Step::List => {
            let leases = requests.list(&form.selector()).await?;
            Answer::Listed(leases.iter().map(Entry::of).collect())
        }
        Step::Create => {
            let lease = form.lease(None, Slots::NONE, now());
            written(requests.create(&lease).await?)
        }
        Step::Replace { version, claims } => {
            let lease = form.lease(Some(version), *claims, now());
            written(requests.replace(&lease).await?)
        }
        Step::Delete { name, version } => {
            requests.delete(name, version).await?;
            Answer::Deleted
        }
        Step::Wait(_) | Step::Left => Answer::Failed,
    })
}
