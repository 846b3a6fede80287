//! Leaders, by the fields that client-go reads and writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::cluster::Cluster;
use kcache::{LeaderElection, LeaseError, Replicas};
use kube::Client;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::stage::{LEASE, PATIENCE, RENEW, RETRY};
use crate::testers::client_of;
use crate::trial::{Outcome, block_on, check, cluster_for_testers, until};

const NAMESPACE: &str = "leaders";

fn election(client: &Client, name: &str, identity: &str) -> LeaderElection {
    LeaderElection::new(client.clone(), NAMESPACE, name)
        .identity(identity)
        .lease_duration(LEASE)
        .renew_deadline(RENEW)
        .retry_period(RETRY)
}

/// The shared cluster, with the namespace.
fn cluster() -> Result<&'static Cluster, Failed> {
    static MADE: std::sync::Once = std::sync::Once::new();
    let cluster = cluster_for_testers()?;
    MADE.call_once(|| drop(cluster.kubectl_admin(&["create", "namespace", NAMESPACE])));
    Ok(cluster)
}

fn spec(cluster: &Cluster, name: &str) -> Result<Value, Failed> {
    let arguments = ["-n", NAMESPACE, "get", "lease", name, "-o", "json"];
    let lease: Value = serde_json::from_str(&cluster.kubectl_admin(&arguments)?)?;
    Ok(lease["spec"].clone())
}

/// `2023-11-14T22:13:20.000042Z`: what Go's `MicroTime` reads.
fn is_micro_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let form = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    form.eq(*b"0000-00-00T00:00:00.000000Z")
}

pub(super) fn a_leader_by_the_fields_of_client_go() -> Outcome {
    let cluster = cluster()?;
    block_on(async {
        let client = client_of(cluster, "leads", &["testers"])?;
        let election = election(&client, "fields", "a");
        let leader = election.acquire().await?;
        let made = spec(cluster, "fields")?;
        let fields: Vec<_> = made
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| &**key)
            .collect();
        let expected = [
            "acquireTime",
            "holderIdentity",
            "leaseDurationSeconds",
            "leaseTransitions",
            "renewTime",
        ];
        check(fields == expected, format!("{fields:?}"))?;
        check(
            made["holderIdentity"] == "a" && made["leaseDurationSeconds"] == 3,
            made.to_string(),
        )?;
        check(made["leaseTransitions"] == 0, made.to_string())?;
        check(
            is_micro_time(&made["acquireTime"]) && is_micro_time(&made["renewTime"]),
            made.to_string(),
        )?;
        until(PATIENCE, "it is renewed", || {
            let renewed = spec(cluster, "fields").unwrap_or_default();
            renewed["renewTime"] != made["renewTime"]
                && renewed["acquireTime"] == made["acquireTime"]
        })
        .await?;
        leader.release().await;
        let released = spec(cluster, "fields")?;
        let gone = released["holderIdentity"]
            .as_str()
            .unwrap_or_default()
            .is_empty();
        check(
            gone && released["leaseDurationSeconds"] == 1,
            released.to_string(),
        )?;

        // One of client-go's that was there before and died.
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": { "namespace": NAMESPACE, "name": "inherited" },
            "spec": {
                "holderIdentity": "gone_1f0a", "leaseDurationSeconds": 4, "leaseTransitions": 5,
                "acquireTime": "2023-11-14T22:13:20.000042Z", "renewTime": "2023-11-14T22:13:20.000042Z",
            },
        });
        cluster.apply(&lease)?;
        let started = Instant::now();
        let election = LeaderElection::new(client, NAMESPACE, "inherited")
            .identity("b")
            .retry_period(RETRY);
        let leader = timeout(PATIENCE, election.acquire()).await??;
        check(
            started.elapsed() >= Duration::from_secs(4),
            "it waits for its end",
        )?;
        check(
            spec(cluster, "inherited")?["leaseTransitions"] == 6,
            "it counts on",
        )?;
        leader.release().await;
        Ok(())
    })
}

pub(super) fn two_compete_for_one_lease() -> Outcome {
    let cluster = cluster()?;
    block_on(async {
        let inside = Arc::new(AtomicUsize::new(0));
        let turns = Arc::new(AtomicUsize::new(0));
        let candidates = ["a", "b"].map(|identity| {
            let (inside, turns) = (inside.clone(), turns.clone());
            let client = client_of(cluster, &format!("competes-{identity}"), &["testers"]);
            async move {
                // Long enough for a machine that stands still for seconds.
                let election = election(&client?, "contested", identity)
                    .lease_duration(Duration::from_secs(60))
                    .renew_deadline(Duration::from_secs(50));
                for _ in 0..4 {
                    let (inside, turns) = (inside.clone(), turns.clone());
                    let work = |leader: kcache::Leadership| async move {
                        let others = inside.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        let alone = others == 0 && leader.is_leader();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        turns.fetch_add(1, Ordering::SeqCst);
                        alone
                    };
                    let alone = election.run(work).await?;
                    check(alone, "two lead at a time")?;
                }
                Outcome::Ok(())
            }
        });
        let [a, b] = candidates;
        let both = async { tokio::try_join!(a, b) };
        timeout(PATIENCE, Box::pin(both)).await??;
        check(turns.load(Ordering::SeqCst) > 0, "somebody led")?;
        let transitions = spec(cluster, "contested")?["leaseTransitions"].as_u64();
        check(
            transitions.is_some_and(|count| count >= 1),
            "it changed hands",
        )
    })
}

/// No right, and no namespace.
pub(super) fn refusals_of_the_server_are_named() -> Outcome {
    let cluster = cluster()?;
    block_on(async {
        let nobody = client_of(cluster, "may-nothing", &["nobodies"])?;
        let refused = election(&nobody, "refused", "a").acquire_or_refused().await;
        let text = refused.map(drop).map_err(|error| error.to_string());
        let text = text.err().unwrap_or_default();
        for part in [
            "403",
            "get leases",
            "namespace leaders",
            "get, create and update",
        ] {
            check(text.contains(part), format!("{part} is not in {text}"))?;
        }
        let replicas = Replicas::builder(nobody, NAMESPACE, "refused").start()?;
        let refused = timeout(PATIENCE, replicas.ready_or_refused()).await?;
        let refused = matches!(
            refused,
            Err(LeaseError::Forbidden {
                code: 403,
                verb: "list",
                ..
            })
        );
        check(refused, format!("{:?}", replicas.status()))?;

        let somebody = client_of(cluster, "may-anything", &["testers"])?;
        let nowhere = LeaderElection::new(somebody.clone(), "nowhere", "a")
            .acquire_or_refused()
            .await;
        check(
            matches!(nowhere, Err(LeaseError::NoNamespace { .. })),
            format!("{nowhere:?}"),
        )?;
        let replicas = Replicas::builder(somebody, "nowhere", "a").start()?;
        let nowhere = timeout(PATIENCE, replicas.ready_or_refused()).await?;
        check(
            matches!(nowhere, Err(LeaseError::NoNamespace { .. })),
            format!("{nowhere:?}"),
        )
    })
}
