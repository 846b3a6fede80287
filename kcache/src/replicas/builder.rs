//! Settings of a replica.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use tokio::sync::watch;

use super::driver::{Driver, Ending, OnRelease};
use super::followers::Followers;
use super::lease::{Form, VERBS};
use super::protocol::Protocol;
use super::shared::Shared;
use super::status::ReplicasStatus;
use crate::informer::Informer;
use crate::lease::{Identity, LeaseError, Requests, Timing, check_name, new_instance, now};
use crate::shard::Shard;

/// How long the value of a label can be.
const LONGEST_LABEL: usize = 63;

/// Settings of [`Replicas`](crate::Replicas).
#[must_use = "nothing is requested before `start`"]
pub struct ReplicasBuilder {
    client: Client,
    namespace: Arc<str>,
    group: Arc<str>,
    identity: Identity,
    timing: Timing,
    by_namespace: bool,
    on_release: Option<OnRelease>,
}

impl ReplicasBuilder {
    pub(super) fn new(client: Client, namespace: Arc<str>, group: Arc<str>) -> Self {
        Self {
            client,
            namespace,
            group,
            identity: Identity::of_process(),
            timing: Timing::default(),
            by_namespace: false,
            on_release: None,
        }
    }

    /// Who this is among the members: lower-case letters, digits, `-` and `.`. No other process may be the same. By
    /// default it is the name of the Pod (`POD_NAME`, `HOSTNAME`) or of the host, and something random.
    ///
    /// With an identity that a process had before, the slots stay the same; but after a crash the Lease of
    /// the process before has to expire first.
    pub fn identity(mut self, identity: impl Into<Arc<str>>) -> Self {
        self.identity = Identity(identity.into());
        self
    }

    /// How long others wait, since they saw this replica's Lease change, before they take it for dead; 15 s by
    /// default, in whole seconds.
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.timing.lease = duration;
        self
    }

    /// How long it owns what it owns without a renewal, less than the duration; 10 s by default.
    pub fn renew_deadline(mut self, deadline: Duration) -> Self {
        self.timing.renew = deadline;
        self
    }

    /// How often it renews its Lease, and how soon it tries again; 2 s by default, and less than the deadline by
    /// a factor of 1.2.
    pub fn retry_period(mut self, period: Duration) -> Self {
        self.timing.retry = period;
        self
    }

    /// Shares objects by their namespace, so that all of a namespace have one owner; by their UID
    /// otherwise. All members must do the same.
    ///
    /// The hash is the server's (FNV-1a), in whose highest bits the last two letters of a name have no part:
    /// namespaces that differ only there have one owner.
    pub fn by_namespace(mut self) -> Self {
        self.by_namespace = true;
        self
    }

    /// What ends your work on the objects of a shard that is owned no longer, when the informers have
    /// deleted them: what it gives is waited for before others can have them. If it panics, that
    /// is logged and taken for its end.
    ///
    /// Keep it short: it is waited for without a limit, and nobody owns these objects meanwhile.
    pub fn on_release<F>(mut self, work: impl Fn(Shard) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work: OnRelease = Arc::new(move |shard| -> Ending { Box::pin(work(shard)) });
        self.on_release = Some(work);
        self
    }

    /// Starts it.
    pub(super) fn run(self) -> Result<Arc<Shared>, LeaseError> {
        self.check()?;
        let Self {
            client,
            namespace,
            group,
            identity,
            timing,
            by_namespace,
            on_release,
        } = self;
        let form = Form {
            namespace: namespace.clone(),
            group,
            identity: identity.0.clone(),
            instance: new_instance(),
            duration: timing.lease,
            since: now(),
        };
        let name: Arc<str> = Form::name(&form.group, &form.identity).into();
        let leases = Informer::<Lease>::builder(client.clone())
            .namespace(&*namespace)
            .labels(form.selector())
            .start();
        let requests = Requests::new(client, &namespace, timing.request(), VERBS);
        let (stop, stopped) = watch::channel(false);
        let status = ReplicasStatus {
            shard: Shard::nothing(),
            draining: Shard::nothing(),
            ..ReplicasStatus::default()
        };
        let shared = Shared {
            identity: identity.0,
            by_namespace,
            ownership: Arc::default(),
            followers: Arc::<Followers>::default(),
            status: Arc::new(watch::Sender::new(status)),
            stop,
        };
        let protocol = Protocol::new(name, form.instance.clone(), timing);
        let driver = Driver::new(
            protocol, form, requests, leases, stopped, on_release, &shared,
        );
        tokio::spawn(driver.run());
        Ok(Arc::new(shared))
    }

    fn check(&self) -> Result<(), LeaseError> {
        self.timing.check()?;
        check_name("namespace", &self.namespace)?;
        check_name("group", &self.group)?;
        if self.group.len() > LONGEST_LABEL {
            let reason = format!("is longer than a label can be ({LONGEST_LABEL} bytes)");
            return Err(LeaseError::setting("group", reason));
        }
        check_name("identity", &self.identity.0)?;
        check_name("identity", &Form::name(&self.group, &self.identity.0))
    }
}

impl fmt::Debug for ReplicasBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicasBuilder")
            .field("namespace", &self.namespace)
            .field("group", &self.group)
            .field("identity", &self.identity.0)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
