//! Requests for Leases.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DeleteParams, ListParams, PostParams, Preconditions};
use kube::{Client, Error};
use tokio::time::timeout;

use super::error::LeaseError;
use crate::reflector::chain;

/// The Leases of a namespace.
#[derive(Clone)]
pub(crate) struct Requests {
    api: Api<Lease>,
    namespace: Arc<str>,
    /// How long an answer is waited for.
    patience: Duration,
    /// The RBAC verbs of all that is requested here.
    needed: &'static str,
}

/// Why there is no success.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// 404 of the Lease.
    NotFound,
    /// 409: it has another version, or there is one already.
    Conflict,
    /// Anything else; whether it was done is not known.
    Other(LeaseError),
}

type Answered<T> = Result<T, Refused>;

impl Requests {
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        patience: Duration,
        needed: &'static str,
    ) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.into(),
            patience,
            needed,
        }
    }

    pub(crate) async fn get(&self, name: &str) -> Answered<Lease> {
        self.answer("get", self.api.get(name)).await
    }

    /// All with a label, as they are now: without a version, so that the answer is not older than the
    /// request.
    pub(crate) async fn list(&self, labels: &str) -> Answered<Vec<Lease>> {
        let parameters = ListParams::default().labels(labels);
        let list = self.answer("list", self.api.list(&parameters)).await?;
        Ok(list.items)
    }

    pub(crate) async fn create(&self, lease: &Lease) -> Answered<Lease> {
        let parameters = PostParams::default();
        self.answer("create", self.api.create(&parameters, lease))
            .await
    }

    /// Replaces it, if it still has the version that is in `lease`.
    pub(crate) async fn replace(&self, lease: &Lease) -> Answered<Lease> {
        let name = lease.metadata.name.as_deref().unwrap_or_default();
        let parameters = PostParams::default();
        let replaced = self.api.replace(name, &parameters, lease);
        self.answer("update", replaced).await
    }

    /// Deletes it, if it still has this version.
    pub(crate) async fn delete(&self, name: &str, version: &str) -> Answered<()> {
        let parameters = DeleteParams::default().preconditions(Preconditions {
            resource_version: Some(version.to_owned()),
            uid: None,
        });
        let deleted = self.api.delete(name, &parameters);
        self.answer("delete", deleted).await.map(drop)
    }

    async fn answer<T>(
        &self,
        verb: &'static str,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Answered<T> {
        match timeout(self.patience, request).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.refused(verb, &error)),
            Err(_) => Err(Refused::Other(LeaseError::TimedOut { verb })),
        }
    }

    fn refused(&self, verb: &'static str, error: &Error) -> Refused {
        let Error::Api(status) = error else {
            let reason = match error {
                // Errors of serde quote what they read.
                Error::SerdeError(_) | Error::FromUtf8(_) => "the answer cannot be read".into(),
                error => chain(error).into(),
            };
            return Refused::Other(LeaseError::Request { verb, reason });
        };
        let namespace = self.namespace.clone();
        let details = status.details.as_ref();
        let is_of_namespace = details.is_some_and(|details| details.kind == "namespaces");
        Refused::Other(match status.code {
            404 if is_of_namespace => LeaseError::NoNamespace { namespace },
            404 => return Refused::NotFound,
            409 => return Refused::Conflict,
            code @ (401 | 403) => LeaseError::Forbidden {
                code,
                verb,
                namespace,
                needed: self.needed,
            },
            code => {
                let reason = format!("the server answered {code} {}", status.reason).into();
                LeaseError::Request { verb, reason }
            }
        })
    }
}

/// As a Lease says it.
pub(crate) fn whole_seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

/// The time by this machine's clock, in whole microseconds, as it comes back from a server.
pub(crate) fn now() -> MicroTime {
    let micros = Timestamp::now().as_microsecond();
    MicroTime(Timestamp::from_microsecond(micros).unwrap_or_default())
}
