//! What a Lease says of who leads.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// client-go's `LeaderElectionRecord`, read from the `spec` of a Lease and written to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    /// Empty if nobody leads.
    pub(crate) holder: String,
    pub(crate) duration_seconds: i32,
    pub(crate) acquired: Option<MicroTime>,
    pub(crate) renewed: Option<MicroTime>,
    pub(crate) transitions: i32,
}

impl Record {
    pub(crate) fn of(lease: &Lease) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        Self {
            holder: spec.holder_identity.unwrap_or_default(),
            duration_seconds: spec.lease_duration_seconds.unwrap_or_default(),
            acquired: spec.acquire_time,
            renewed: spec.renew_time,
            transitions: spec.lease_transitions.unwrap_or_default(),
        }
    }

    /// All that client-go writes; `preferredHolder` and `strategy` are of coordinated elections, which it
    /// leaves out of others.
    pub(crate) fn into_spec(self) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.holder),
            lease_duration_seconds: Some(self.duration_seconds),
            acquire_time: self.acquired,
            renew_time: self.renewed,
            lease_transitions: Some(self.transitions),
            ..LeaseSpec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::now;
    use k8s_openapi::jiff::Timestamp;

    /// The fields and forms of client-go's `LeaderElectionRecordToLeaseSpec`.
    #[test]
    fn the_fields_are_those_that_client_go_writes() {
        let time = MicroTime(Timestamp::from_microsecond(1_700_000_000_000_042).unwrap());
        let record = Record {
            holder: "web-1".to_owned(),
            duration_seconds: 15,
            acquired: Some(time.clone()),
            renewed: Some(time),
            transitions: 3,
        };
        let json = serde_json::to_value(record.clone().into_spec()).unwrap();
        let expected = serde_json::json!({
            "holderIdentity": "web-1",
            "leaseDurationSeconds": 15,
            "acquireTime": "2023-11-14T22:13:20.000042Z",
            "renewTime": "2023-11-14T22:13:20.000042Z",
            "leaseTransitions": 3,
        });
        assert_eq!(json, expected);
        let lease = Lease {
            spec: Some(serde_json::from_value(json).unwrap()),
            ..Lease::default()
        };
        assert_eq!(Record::of(&lease), record);
        assert_eq!(Record::of(&Lease::default()), Record::default());
        // A Lease that was given up names an empty holder, and does not leave it out.
        let spec = serde_json::to_value(Record::default().into_spec()).unwrap();
        assert_eq!(spec["holderIdentity"], "");
    }

    #[test]
    fn times_come_back_as_they_were_written() {
        let time = now();
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(serde_json::from_str::<MicroTime>(&text).unwrap(), time);
    }
}
