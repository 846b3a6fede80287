//! What a leader holds.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::elector::{Attempt, Elector};
use crate::lease::LeaseError;

/// The Lease of a leader, which a task renews as long as this is held.
///
/// Dropping the last clone gives the Lease up, in the background; [`release`](Self::release) waits for that. Stop
/// your work before, since another leads at once.
#[derive(Clone)]
pub struct Leadership(Arc<Inner>);

struct Inner {
    identity: Arc<str>,
    state: watch::Receiver<State>,
    /// The task gives up when this is dropped, or says so.
    stop: watch::Sender<bool>,
}

/// How it stands.
#[derive(Clone, Debug)]
enum State {
    /// Until then, if nothing is renewed.
    Leads(Instant),
    Lost(LeaseError),
}

impl Leadership {
    pub(super) fn start(elector: Elector) -> Self {
        let identity = elector.identity.clone();
        let (state, receiver) = watch::channel(State::Leads(until(&elector)));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(hold(elector, state, stopped));
        Self(Arc::new(Inner {
            identity,
            state: receiver,
            stop,
        }))
    }

    /// Who this process is in `spec.holderIdentity`.
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// True if this process leads at this moment. It asks the clock, so that it is right also when a
    /// process was paused; how long it will be true nobody knows.
    pub fn is_leader(&self) -> bool {
        match &*self.0.state.borrow() {
            State::Leads(until) => Instant::now() < *until,
            State::Lost(_) => false,
        }
    }

    /// Waits until this process leads no longer, and says why: the Lease could not be renewed in time,
    /// another has it, or it was given up here.
    pub async fn lost(&self) -> LeaseError {
        let mut state = self.0.state.clone();
        let lost = state.wait_for(|state| matches!(state, State::Lost(_)));
        match lost.await.as_deref() {
            Ok(State::Lost(error)) => error.clone(),
            // The runtime of the task has gone.
            _ => LeaseError::Released,
        }
    }

    /// Leads no longer, and gives the Lease up so that others need not wait; returns when that is done, or
    /// cannot be done.
    pub async fn release(&self) {
        self.0.stop.send_replace(true);
        let mut state = self.0.state.clone();
        // The task ends, and the channel with it, when the Lease is given up.
        while state.changed().await.is_ok() {}
    }
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leadership")
            .field("identity", &self.0.identity)
            .field("is_leader", &self.is_leader())
            .finish_non_exhaustive()
    }
}

/// The end of what is sure.
fn until(elector: &Elector) -> Instant {
    elector.renewed.unwrap_or_else(Instant::now) + elector.timing.renew
}

/// Renews it until that fails for too long, or until it is given up.
async fn hold(
    mut elector: Elector,
    state: watch::Sender<State>,
    mut stopped: watch::Receiver<bool>,
) {
    let error = tokio::select! {
        biased;
        // An error means that nobody holds it any longer.
        _ = stopped.wait_for(|stop| *stop) => LeaseError::Released,
        error = renew(&mut elector, &state) => error,
    };
    let identity = elector.identity.clone();
    tracing::info!(%error, %identity, "leads no longer");
    state.send_replace(State::Lost(error));
    elector.release().await;
}

async fn renew(elector: &mut Elector, state: &watch::Sender<State>) -> LeaseError {
    loop {
        let end = until(elector);
        let mut failed = LeaseError::TimedOut { verb: "update" };
        let mut next = elector.renewed.unwrap_or_else(Instant::now) + elector.timing.retry;
        loop {
            // What comes after the end is too late, whatever it is.
            sleep_until(next.min(end)).await;
            match timeout_at(end, elector.attempt()).await {
                Err(_) => return failed,
                Ok(_) if Instant::now() >= end => return failed,
                Ok(Attempt::Leads) => break,
                Ok(Attempt::Follows) => {
                    let reason = format!("{:?} holds it", elector.holder()).into();
                    let verb = "update";
                    return LeaseError::Request { verb, reason };
                }
                Ok(Attempt::Failed(error @ LeaseError::IdentityTaken { .. })) => return error,
                Ok(Attempt::Failed(error)) => {
                    tracing::debug!(%error, "not renewed");
                    failed = error;
                }
            }
            next = Instant::now() + elector.timing.retry;
        }
        state.send_replace(State::Leads(until(elector)));
    }
}
