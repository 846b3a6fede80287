//! What is wrong, of all that can be.

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::Lease;

use crate::failure::Cause;
use crate::informer::Informer;
use crate::lease::LeaseError;
use crate::replicas::lease::{Form, VERBS};
use crate::replicas::protocol::{Protocol, Step};

/// What failed last and did not succeed since, by what was tried.
#[derive(Default)]
pub(super) struct Failures(BTreeMap<u8, LeaseError>);

impl Failures {
    /// What came of a step.
    pub(super) fn tell(&mut self, step: &Step, failure: Option<LeaseError>) {
        let kind = match step {
            Step::Create => 0,
            Step::Replace { .. } => 1,
            Step::Delete { .. } => 2,
            _ => 3,
        };
        match failure {
            Some(failure) => drop(self.0.insert(kind, failure)),
            None => drop(self.0.remove(&kind)),
        }
    }

    /// The one that matters most.
    pub(super) fn first(
        &self,
        protocol: &Protocol,
        form: &Form,
        leases: &Informer<Lease>,
    ) -> Option<LeaseError> {
        if protocol.is_taken() {
            let identity = form.identity.clone();
            return Some(LeaseError::IdentityTaken { identity });
        }
        if let Some(failure) = self.0.values().next() {
            return Some(failure.clone());
        }
        if let Some(lease) = protocol.unreadable() {
            let lease = lease.clone();
            return Some(LeaseError::Unreadable { lease });
        }
        let phase = leases.status().phase;
        let failure = phase.failure()?;
        Some(match failure.cause() {
            Cause::Status {
                code: code @ (401 | 403),
                ..
            } => LeaseError::Forbidden {
                code: *code,
                verb: "watch",
                namespace: form.namespace.clone(),
                needed: VERBS,
            },
            _ => LeaseError::Request {
                verb: "watch",
                reason: failure.to_string().into(),
            },
        })
    }
}
