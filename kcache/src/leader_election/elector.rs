//! Attempts to get a Lease and to renew it: client-go's `tryAcquireOrRenew` and `tryRelease`.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

use super::record::Record;
use crate::lease::{LeaseError, Refused, Requests, Timing, now, whole_seconds};

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The Lease is held, from before the request was sent.
    Leads,
    /// Another holds it.
    Follows,
    Failed(LeaseError),
}

/// One candidate.
pub(super) struct Elector {
    requests: Requests,
    name: Arc<str>,
    pub(super) identity: Arc<str>,
    pub(super) timing: Timing,
    /// The Lease as it was last read or written, and what it said.
    lease: Lease,
    observed: Record,
    /// When that was seen first, by this process's own clock.
    observed_at: Option<Instant>,
    /// What this process wrote, or tried to write, last; and what it knows to have written.
    attempted: Option<Record>,
    written: Option<Record>,
    /// When the last write was sent that succeeded.
    pub(super) renewed: Option<Instant>,
}

impl Elector {
    pub(super) fn new(
        requests: Requests,
        name: Arc<str>,
        identity: Arc<str>,
        timing: Timing,
    ) -> Self {
        Self {
            requests,
            name,
            identity,
            timing,
            lease: Lease::default(),
            observed: Record::default(),
            observed_at: None,
            attempted: None,
            written: None,
            renewed: None,
        }
    }

    /// Who holds the Lease, as far as this one knows; empty if nobody does.
    pub(super) fn holder(&self) -> &str {
        &self.observed.holder
    }

    /// One attempt to get or to renew it.
    pub(super) async fn attempt(&mut self) -> Attempt {
        let started = Instant::now();
        // The leader knows what is there, and only if it is mistaken it has to look.
        if self.is_own() && self.is_valid(started) {
            match self.write(started, true).await {
                Ok(()) => return Attempt::Leads,
                Err(Refused::Other(error)) if error.is_refusal() => return Attempt::Failed(error),
                Err(_) => {}
            }
        }
        match self.requests.get(&self.name).await {
            Ok(lease) => self.observe(lease),
            Err(Refused::NotFound) => return self.create().await,
            Err(Refused::Conflict) => return Attempt::Follows,
            Err(Refused::Other(error)) => return Attempt::Failed(error),
        }
        let own = self.is_own();
        if !own && !self.observed.holder.is_empty() && self.is_valid(started) {
            if self.observed.holder == *self.identity {
                let identity = self.identity.clone();
                return Attempt::Failed(LeaseError::IdentityTaken { identity });
            }
            return Attempt::Follows;
        }
        match self.write(Instant::now(), own).await {
            Ok(()) => Attempt::Leads,
            Err(Refused::Other(error)) => Attempt::Failed(error),
            Err(_) => Attempt::Follows,
        }
    }

    async fn create(&mut self) -> Attempt {
        let sent = Instant::now();
        self.lease = Lease::default();
        self.lease.metadata.name = Some(self.name.to_string());
        let record = self.record(None);
        let lease = self.attempting(record);
        match self.requests.create(&lease).await {
            Ok(lease) => {
                self.succeeded(sent, lease);
                Attempt::Leads
            }
            Err(Refused::Other(error)) => Attempt::Failed(error),
            Err(_) => Attempt::Follows,
        }
    }

    async fn write(&mut self, sent: Instant, own: bool) -> Result<(), Refused> {
        let mut record = self.record(Some(self.observed.transitions));
        if own {
            record.acquired.clone_from(&self.observed.acquired);
        } else {
            record.transitions = record.transitions.saturating_add(1);
        }
        let lease = self.attempting(record);
        let lease = self.requests.replace(&lease).await?;
        self.succeeded(sent, lease);
        Ok(())
    }

    /// Gives it up: nobody holds it, and it lasts for a second. Of what another holds nothing is changed.
    pub(super) async fn release(&mut self) {
        while self.is_own() {
            let record = Record {
                holder: String::new(),
                duration_seconds: 1,
                ..self.record(Some(self.observed.transitions))
            };
            let lease = self.attempting(record);
            match self.requests.replace(&lease).await {
                Err(Refused::Conflict) => match self.requests.get(&self.name).await {
                    Ok(lease) => self.observe(lease),
                    Err(_) => return,
                },
                Ok(lease) => return self.observe(lease),
                Err(_) => return,
            }
        }
    }

    /// A record of this moment, in which this process leads.
    fn record(&self, transitions: Option<i32>) -> Record {
        let time = Some(now());
        Record {
            holder: self.identity.to_string(),
            duration_seconds: whole_seconds(self.timing.lease),
            acquired: time.clone(),
            renewed: time,
            transitions: transitions.unwrap_or_default(),
        }
    }

    /// The Lease as it was, with this record.
    fn attempting(&mut self, record: Record) -> Lease {
        self.attempted = Some(record.clone());
        let mut lease = self.lease.clone();
        lease.spec = Some(record.into_spec());
        lease
    }

    fn succeeded(&mut self, sent: Instant, lease: Lease) {
        self.observe(lease);
        self.written = Some(self.observed.clone());
        self.renewed = Some(sent);
    }

    fn observe(&mut self, lease: Lease) {
        let record = Record::of(&lease);
        self.lease = lease;
        if self.observed_at.is_none() || record != self.observed {
            self.observed = record;
            self.observed_at = Some(Instant::now());
        }
    }

    /// True if this process wrote what was seen last, and not another one of the same identity.
    fn is_own(&self) -> bool {
        let observed = Some(&self.observed);
        let wrote = observed == self.attempted.as_ref() || observed == self.written.as_ref();
        wrote && self.observed.holder == *self.identity
    }

    /// True if the holder may still be alive.
    fn is_valid(&self, now: Instant) -> bool {
        let seconds = u64::try_from(self.observed.duration_seconds).unwrap_or_default();
        self.observed_at
            .is_some_and(|seen| now < seen + Duration::from_secs(seconds))
    }
}
