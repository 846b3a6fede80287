//! Several processes that share the objects of a cluster, and agree by Leases who has which.

mod slots;
mod assign;
mod protocol;
#[cfg(any(test, kcache_faults))]
pub(crate) mod simulation;
mod status;
mod lease;
mod followers;
mod shared;
mod driver;
mod builder;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

pub use self::builder::ReplicasBuilder;
use self::shared::Shared;
pub use self::status::ReplicasStatus;
use crate::lease::LeaseError;
use crate::object::Object;
use crate::reshard::Sharded;
use crate::shard::Shard;

/// One of several processes that share the objects of a cluster through the API server itself: each holds a
/// Lease (`coordination.k8s.io/v1`), the live Leases of a group are its members, and which objects each has
/// follows from the members. No other protocol is spoken, and no other server needed.
///
/// All hashes of UIDs (or of namespaces) are cut in 64 equal slots. Which member should have which slot is a
/// function of their names: all get as many, and few slots move when one comes or goes. Informers
/// that [`follow`](Self::follow) this have the objects of its slots, and no others.
///
/// # Never two owners
///
/// A slot is **owned** by at most one member at any moment, although members may see different memberships:
///
/// - Before a member owns a slot it *claims* it in its own Lease, and then lists all Leases; it owns only
///   what no other live Lease claims. Of two that write and then read, one sees the other.
/// - A slot that is lost is first owned no longer ([`owns`](Self::owns) is false), then the informers that follow
///   have deleted its objects, then [`on_release`](ReplicasBuilder::on_release) has ended, and only then the
///   claim is withdrawn.
/// - A member that could not renew its Lease within the renew deadline (10 s) owns nothing, and others take
///   it for dead only after the lease duration (15 s) of their own clock. The deadline is counted on a monotonic clock
///   from before the last successful request was sent, and `owns` asks the clock: a process that was
///   paused does not own anything when it goes on.
///
/// The limits are those of client-go's `leaderelection`: this does not fence. Work that began while its object
/// was owned, in a process that is then paused or cut off, may overlap with the next owner's once the Lease
/// has expired; lease duration less renew deadline (5 s) is the time to stop in. Ask `owns` right before
/// each write, and let the API server compare `resourceVersion`s. A clock may be off by any amount, and faster than
/// another by no more than the ratio of duration and deadline (1.5); a machine that is suspended with its
/// monotonic clock is not seen. Who edits the Leases by hand is outside of the guarantee.
///
/// # Example
///
/// ```no_run
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::{Informer, Replicas, Shard};
///
/// # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let replicas = Replicas::builder(client.clone(), "shop", "shop-controller").start()?;
/// let pods = Informer::<Pod>::builder(client).shard(Shard::nothing()).start();
/// replicas.follow(&pods);
/// replicas.ready().await?;
/// let mut changes = pods.subscribe();
/// while let Some(event) = changes.next().await {
///     // Creates for what is gained, deletes for what is lost.
///     println!("{event:?}");
/// }
/// replicas.release().await; // at the end, so that others need not wait
/// # Ok(()) }
/// ```
///
/// The Role that it needs has the verbs `list`, `watch`, `create`, `update` and `delete` on `leases` of the API
/// group `coordination.k8s.io`, in the namespace of the Leases.
///
/// It is a task that goes on until [`release`](Self::release), or until the last clone of this is dropped,
/// which releases in the background. A process that ends without it is waited for: its objects have
/// no owner for the lease duration.
#[derive(Clone)]
pub struct Replicas(Arc<Shared>);

impl ReplicasBuilder {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Setting`]; what goes wrong later is in [`Replicas::status`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Replicas, LeaseError> {
        self.run().map(Replicas)
    }
}

impl Replicas {
    /// A member of the group of this name, whose Leases are in a namespace. Members of one group must share the
    /// same kinds of objects in the same way.
    pub fn builder(
        client: kube::Client,
        namespace: impl Into<Arc<str>>,
        group: impl Into<Arc<str>>,
    ) -> ReplicasBuilder {
        ReplicasBuilder::new(client, namespace.into(), group.into())
    }

    /// Who this is among the members.
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// What it owns at this moment.
    pub fn shard(&self) -> Shard {
        self.0.shard_of(self.0.owned())
    }

    /// True if it owns an object at this moment. It takes no time, and asks the clock: see the
    /// [guarantee](Self#never-two-owners).
    pub fn owns<V: Object>(&self, object: &V) -> bool {
        let key = if self.0.by_namespace {
            object.namespace().unwrap_or_default()
        } else {
            object.uid()
        };
        self.owns_hash(Shard::hash(key))
    }

    /// The same of the hash of a UID or a namespace ([`Shard::hash`]).
    pub fn owns_hash(&self, hash: u64) -> bool {
        self.0.owns_hash(hash)
    }

    /// Gives an informer, from now on, the shard that this owns. Start it with
    /// [`Shard::nothing`], so that it does not list what it loses at once.
    ///
    /// It is kept going as long as this is. Another informer in the same place has to be told of, too: a slot
    /// is given up when all that follow have deleted its objects.
    pub fn follow<S: Sharded + Clone + 'static>(&self, informer: &S) {
        self.0.follow(Arc::new(informer.clone()));
    }

    /// How it stands, now.
    pub fn status(&self) -> ReplicasStatus {
        self.0.status.borrow().clone()
    }

    /// How it stands, to wait for changes of it.
    pub fn changes(&self) -> watch::Receiver<ReplicasStatus> {
        self.0.status.subscribe()
    }

    /// Waits until it has its share: all that it should own, and nothing else. Its informers may still
    /// be listing that.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Released`], if it is given up before.
    pub async fn ready(&self) -> Result<(), LeaseError> {
        self.is_ready(|_| false).await
    }

    /// The same, until waiting alone is known to be of no use: there is no right, or no namespace, or another
    /// process has this identity ([`LeaseError::is_refusal`]).
    ///
    /// # Errors
    ///
    /// The refusal, or [`LeaseError::Released`].
    pub async fn ready_or_refused(&self) -> Result<(), LeaseError> {
        self.is_ready(LeaseError::is_refusal).await
    }

    async fn is_ready(&self, gives_up: impl Fn(&LeaseError) -> bool) -> Result<(), LeaseError> {
        let ready = |status: &ReplicasStatus| match &status.failure {
            _ if status.released => Some(Err(LeaseError::Released)),
            _ if status.settled => Some(Ok(())),
            Some(failure) if gives_up(failure) => Some(Err(failure.clone())),
            _ => None,
        };
        let mut changes = self.changes();
        let status = changes.wait_for(|status| ready(status).is_some()).await;
        let status = status.map_err(|_| LeaseError::Released)?;
        ready(&status).unwrap_or(Ok(()))
    }

    /// Gives up everything, in order (owned no longer, deleted by the informers, your work ended, claims
    /// withdrawn), and deletes the Lease, so that others need not wait. Returns when that is done; where the
    /// server cannot be reached, when the Lease has expired.
    ///
    /// To be called at the end of a program, such as at SIGTERM.
    pub async fn release(&self) {
        self.0.leave();
        let mut changes = self.changes();
        // The task keeps the sender, as this does.
        let _ = changes.wait_for(|status| status.released).await;
    }
}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicas")
            .field("identity", &self.identity())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
