//! One leader at a time, by a Lease, as client-go's `leaderelection` elects it.

mod record;
mod elector;
mod leadership;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::time::sleep;

use self::elector::{Attempt, Elector};
pub use self::leadership::Leadership;
use crate::lease::{Identity, LeaseError, Requests, Timing, check_name};

/// What the Role of a candidate allows.
const VERBS: &str = "get, create and update";

/// Elects one of several processes, by a Lease of `coordination.k8s.io/v1` whose holder they compare and
/// swap.
///
/// It is client-go's protocol (`tools/leaderelection` with a `LeaseLock`), with its fields, defaults and
/// rules, so that candidates in Go and with this library can compete for one Lease:
///
/// - A holder that has not renewed the Lease for its duration, **by the observer's own clock since it last
///   saw it change**, is dead; the clocks of two machines are never compared.
/// - The leader leads no longer when it could not renew within the renew deadline. That is counted, on a
///   monotonic clock, from before the last request was sent that succeeded: so
///   [`is_leader`](Leadership::is_leader) is right also in a process that was paused.
/// - A Lease that is given up has no holder and a duration of one second, so that nobody waits.
///
/// As client-go's, this does not fence: work that was begun while leading, in a process that is then paused
/// or is slow to stop, can overlap with that of the next leader. Lease duration less renew deadline (5 s by
/// default) is the time to stop in. Clocks may be off by any amount, and may run faster than others by no
/// more than the ratio of the two; a machine that sleeps, and its monotonic clock with it, is not seen.
///
/// In one thing it is stricter than client-go: where the Lease has this very identity and another process
/// wrote it, it is waited for as for any other holder, so that two processes of one identity do not both lead.
///
/// # Example
///
/// ```no_run
/// use kcache::LeaderElection;
///
/// # async fn migrate() {}
/// # async fn example(client: kube::Client) -> Result<(), kcache::LeaseError> {
/// let election = LeaderElection::new(client, "shop", "shop-controller");
/// // Waits until this process leads; the future is dropped if it leads no longer.
/// election.run(|_| async { migrate().await }).await?;
/// # Ok(()) }
/// ```
///
/// The Role that it needs has the verbs `get`, `create` and `update` on `leases` of the API group
/// `coordination.k8s.io`, in the namespace of the Lease.
#[derive(Clone)]
pub struct LeaderElection {
    client: Client,
    namespace: Arc<str>,
    name: Arc<str>,
    identity: Identity,
    timing: Timing,
}

impl LeaderElection {
    /// An election for the Lease of this name, among processes that name the same one. Nothing is
    /// requested yet.
    ///
    /// The identity is the name of the Pod (`POD_NAME`, `HOSTNAME`) or of the host, and something random.
    pub fn new(client: Client, namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self {
            client,
            namespace: namespace.into(),
            name: name.into(),
            identity: Identity::of_process(),
            timing: Timing::default(),
        }
    }

    /// Who this process is in `spec.holderIdentity`. No other process may have the same.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<Arc<str>>) -> Self {
        self.identity = Identity(identity.into());
        self
    }

    /// How long others wait before they take a leader for dead that does not renew; 15 s by default, in
    /// whole seconds.
    #[must_use]
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.timing.lease = duration;
        self
    }

    /// How long this process leads without a renewal, less than the duration; 10 s by default.
    #[must_use]
    pub fn renew_deadline(mut self, deadline: Duration) -> Self {
        self.timing.renew = deadline;
        self
    }

    /// How often the Lease is renewed, and about how often it is looked at by those who wait for it; 2 s by default, and
    /// less than the deadline by a factor of 1.2.
    #[must_use]
    pub fn retry_period(mut self, period: Duration) -> Self {
        self.timing.retry = period;
        self
    }

    /// Waits until this process leads.
    ///
    /// What goes wrong on the way, missing rights too, is logged and tried again.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Setting`], before anything is requested.
    pub async fn acquire(&self) -> Result<Leadership, LeaseError> {
        self.acquired(false).await
    }

    /// The same, until waiting alone is known to be of no use: there is no right, or no namespace, or
    /// another process has this identity ([`LeaseError::is_refusal`]).
    ///
    /// # Errors
    ///
    /// The refusal.
    pub async fn acquire_or_refused(&self) -> Result<Leadership, LeaseError> {
        self.acquired(true).await
    }

    async fn acquired(&self, or_refused: bool) -> Result<Leadership, LeaseError> {
        let mut elector = self.elector()?;
        loop {
            match elector.attempt().await {
                Attempt::Leads => return Ok(Leadership::start(elector)),
                Attempt::Follows => {}
                Attempt::Failed(error) if or_refused && error.is_refusal() => return Err(error),
                Attempt::Failed(error) => {
                    let (namespace, name) = (&self.namespace, &self.name);
                    tracing::warn!(%error, %namespace, %name, "the Lease cannot be had");
                }
            }
            sleep(self.timing.until_next_attempt()).await;
        }
    }

    /// Waits until this process leads, does something, and gives the Lease up.
    ///
    /// If it leads no longer before that is done, the future is dropped at its next `await`; what
    /// it has spawned or handed to a thread goes on, and has to look at the [`Leadership`] itself.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Setting`], or why it leads no longer.
    pub async fn run<T, F: Future<Output = T>>(
        &self,
        work: impl FnOnce(Leadership) -> F,
    ) -> Result<T, LeaseError> {
        let leadership = self.acquire().await?;
        tokio::select! {
            biased;
            error = leadership.lost() => Err(error),
            done = work(leadership.clone()) => {
                leadership.release().await;
                Ok(done)
            }
        }
    }

    fn elector(&self) -> Result<Elector, LeaseError> {
        self.timing.check()?;
        check_name("name", &self.name)?;
        check_name("namespace", &self.namespace)?;
        if self.identity.0.is_empty() {
            return Err(LeaseError::setting("identity", "is empty"));
        }
        let patience = self.timing.request();
        let client = self.client.clone();
        let requests = Requests::new(client, &self.namespace, patience, VERBS);
        let (name, identity) = (self.name.clone(), self.identity.0.clone());
        Ok(Elector::new(requests, name, identity, self.timing))
    }
}

impl fmt::Debug for LeaderElection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaderElection")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("identity", &self.identity.0)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
