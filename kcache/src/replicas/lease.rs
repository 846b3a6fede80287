//! The Lease of a replica.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

use super::protocol::Entry;
use super::slots::Slots;
use crate::lease::whole_seconds;

/// What the Role of a member allows.
pub(super) const VERBS: &str = "list, watch, create, update and delete";
/// The label that names the group.
pub(super) const GROUP: &str = "kcache/group";
/// The annotation that names the process.
const INSTANCE: &str = "kcache/instance";
/// The annotation of what is claimed.
const SLOTS: &str = "kcache/slots";

/// What of its Lease stays the same.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) namespace: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) identity: Arc<str>,
    pub(super) instance: Arc<str>,
    pub(super) duration: Duration,
    pub(super) since: MicroTime,
}

impl Form {
    /// The name of the Lease of a member.
    pub(super) fn name(group: &str, identity: &str) -> String {
        format!("{group}-{identity}")
    }

    /// The selector of all Leases of the group.
    pub(super) fn selector(&self) -> String {
        format!("{GROUP}={}", self.group)
    }

    /// The Lease, renewed at a time of this machine's clock, which nobody compares.
    pub(super) fn lease(&self, version: Option<&str>, claims: Slots, now: MicroTime) -> Lease {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let annotations = [
            pair(INSTANCE, &self.instance),
            pair(SLOTS, &claims.written()),
        ];
        Lease {
            metadata: ObjectMeta {
                name: Some(Self::name(&self.group, &self.identity)),
                namespace: Some(self.namespace.to_string()),
                resource_version: version.map(str::to_owned),
                labels: Some(BTreeMap::from([pair(GROUP, &self.group)])),
                annotations: Some(BTreeMap::from(annotations)),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.to_string()),
                lease_duration_seconds: Some(whole_seconds(self.duration)),
                acquire_time: Some(self.since.clone()),
                renew_time: Some(now),
                ..LeaseSpec::default()
            }),
        }
    }
}

impl Entry {
    /// What a Lease says, wherever it comes from. A Lease without a duration is taken for one that lasts as
    /// long as client-go's.
    pub(super) fn of(lease: &Lease) -> Self {
        let metadata = &lease.metadata;
        let annotation = |key: &str| {
            let annotations = metadata.annotations.as_ref();
            annotations.and_then(|annotations| annotations.get(key).map(String::as_str))
        };
        let spec = lease.spec.as_ref();
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            name: metadata.name.as_deref().unwrap_or_default().into(),
            version: metadata
                .resource_version
                .as_deref()
                .unwrap_or_default()
                .into(),
            instance: annotation(INSTANCE).unwrap_or_default().into(),
            duration: Duration::from_secs(seconds.unwrap_or(15)),
            claims: annotation(SLOTS).and_then(Slots::read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::jiff::Timestamp;

    #[test]
    fn what_is_written_is_read_by_others() {
        let time = MicroTime(Timestamp::UNIX_EPOCH);
        let form = Form {
            namespace: "shop".into(),
            group: "web".into(),
            identity: "web-1".into(),
            instance: "abc".into(),
            duration: Duration::from_secs(7),
            since: time.clone(),
        };
        let lease = form.lease(Some("41"), Slots::one(3), time);
        let entry = Entry::of(&lease);
        let expected = Entry {
            name: "web-web-1".into(),
            version: "41".into(),
            instance: "abc".into(),
            duration: Duration::from_secs(7),
            claims: Some(Slots::one(3)),
        };
        assert_eq!(entry, expected);
        let json = serde_json::to_value(&lease).unwrap();
        assert_eq!(json["spec"]["holderIdentity"], "web-1");
        assert_eq!(json["metadata"]["labels"]["kcache/group"], "web");
        let annotations = &json["metadata"]["annotations"];
        assert_eq!(annotations["kcache/slots"], "64:0000000000000008");
        // Of a Lease that somebody else made nothing is known.
        let odd = Entry::of(&Lease::default());
        assert_eq!((odd.claims, odd.duration), (None, Duration::from_secs(15)));
    }
}
