//! One leader at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Verb};
use kcache::{LeaderElection, LeaseError};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::server::{client, eventually, put};

fn election(server: &ApiServer, identity: &str) -> LeaderElection {
    LeaderElection::new(client(server), "jobs", "main").identity(identity)
}

fn spec(server: &ApiServer) -> Value {
    let lease = server.get("leases", "jobs", "main").unwrap_or_default();
    lease["spec"].clone()
}

/// A Lease as client-go writes it.
fn put_lease(server: &ApiServer, holder: &str, seconds: i32) {
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "namespace": "jobs", "name": "main", "labels": { "kept": "yes" } },
        "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": seconds, "leaseTransitions": 7,
            "acquireTime": "2023-11-14T22:13:20.000042Z", "renewTime": "2023-11-14T22:13:20.000042Z",
        },
    });
    put(server, [lease]);
}

#[tokio::test(start_paused = true)]
async fn one_leads_and_another_follows_when_it_is_given_up() {
    let server = ApiServer::new();
    let first = election(&server, "a").acquire().await.unwrap();
    assert!(first.is_leader());
    let made = spec(&server);
    assert_eq!(
        (&made["holderIdentity"], &made["leaseTransitions"]),
        (&json!("a"), &json!(0))
    );
    assert_eq!(made["leaseDurationSeconds"], 15);
    assert_eq!(made["acquireTime"], made["renewTime"]);
    let second = tokio::spawn({
        let election = election(&server, "b");
        async move { election.acquire().await }
    });
    sleep(Duration::from_secs(120)).await;
    assert!(first.is_leader() && !second.is_finished());
    let renewed = spec(&server);
    assert_eq!(renewed["acquireTime"], made["acquireTime"]);
    assert_eq!(renewed["leaseTransitions"], 0);

    first.release().await;
    assert!(!first.is_leader());
    assert_eq!(first.lost().await, LeaseError::Released);
    let released = spec(&server);
    assert_eq!(released["holderIdentity"], "");
    assert_eq!(released["leaseDurationSeconds"], 1);
    let second = second.await.unwrap().unwrap();
    assert!(second.is_leader());
    assert_eq!(spec(&server)["leaseTransitions"], 1);
    // What is dropped is given up, too.
    drop(second);
    eventually(|| spec(&server)["holderIdentity"] == "").await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_dead_when_it_was_seen_unchanged_for_its_duration() {
    let server = ApiServer::new();
    // Its times are of another clock, and say nothing.
    put_lease(&server, "gone", 40);
    let started = Instant::now();
    let leader = election(&server, "a").acquire().await.unwrap();
    let waited = started.elapsed().as_secs();
    assert!((40..50).contains(&waited), "{waited} s");
    assert_eq!(spec(&server)["leaseTransitions"], 8);
    let lease = server.get("leases", "jobs", "main").unwrap();
    assert_eq!(lease["metadata"]["labels"]["kept"], "yes");
    leader.release().await;
    // One that was given up has no holder, and is had at once.
    put_lease(&server, "", 1_000);
    let started = Instant::now();
    election(&server, "a").acquire().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_leads_no_longer_before_another_does() {
    let server = ApiServer::new();
    let work = Arc::new(AtomicUsize::new(0));
    let counted = work.clone();
    let first = tokio::spawn({
        let election = election(&server, "a");
        async move {
            let work = |_| async move {
                loop {
                    counted.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_millis(100)).await;
                }
            };
            election.run::<(), _>(work).await
        }
    });
    eventually(|| work.load(Ordering::SeqCst) > 0).await;
    let second = tokio::spawn({
        let election = election(&server, "b");
        async move { election.acquire().await }
    });
    sleep(Duration::from_secs(30)).await;
    let lost = Fault::stall().on(Verb::Update).resource("leases");
    server.inject(lost.times(20).during(Duration::from_secs(11)));
    let cut = Instant::now();
    let error = first.await.unwrap().unwrap_err();
    assert!(matches!(error, LeaseError::TimedOut { .. }), "{error}");
    assert!(
        cut.elapsed() <= Duration::from_secs(10),
        "{:?}",
        cut.elapsed()
    );
    let done = work.load(Ordering::SeqCst);
    let second = timeout(Duration::from_secs(600), second).await;
    let second = second.unwrap().unwrap().unwrap();
    assert!(second.is_leader());
    assert_eq!(work.load(Ordering::SeqCst), done, "it has stopped");
}

#[tokio::test(start_paused = true)]
async fn what_another_took_is_lost() {
    let server = ApiServer::new();
    let leader = election(&server, "a").acquire().await.unwrap();
    put_lease(&server, "b", 15);
    let error = leader.lost().await.to_string();
    assert!(error.contains("\"b\" holds it"), "{error}");
    assert!(!leader.is_leader());
    leader.release().await;
    assert_eq!(
        spec(&server)["holderIdentity"],
        "b",
        "it is not ours to give up"
    );
}

#[tokio::test(start_paused = true)]
async fn two_of_one_identity_do_not_both_lead() {
    let server = ApiServer::new();
    let first = election(&server, "a").acquire().await.unwrap();
    let error = election(&server, "a")
        .acquire_or_refused()
        .await
        .unwrap_err();
    assert!(matches!(error, LeaseError::IdentityTaken { .. }), "{error}");
    assert!(first.is_leader());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_no_lost_lease() {
    let server = ApiServer::new();
    let leader = election(&server, "a").acquire().await.unwrap();
    for _ in 0..5 {
        // It is written, and the answer does not come.
        let lost = Fault::cut_between(0).on(Verb::Update).resource("leases");
        let lost = server.inject(lost.times(1));
        eventually(|| lost.hits() == 1).await;
        sleep(Duration::from_secs(20)).await;
        assert!(leader.is_leader());
    }
    assert_eq!(spec(&server)["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn missing_rights_are_named() {
    let server = ApiServer::new();
    let refused = server.inject(Fault::forbidden().resource("leases").forever());
    let error = election(&server, "a")
        .acquire_or_refused()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("get, create and update"),
        "{error}"
    );
    let waits = tokio::spawn({
        let election = election(&server, "a");
        async move { election.acquire().await }
    });
    sleep(Duration::from_secs(30)).await;
    refused.remove();
    assert!(waits.await.unwrap().unwrap().is_leader());
    let wrong = election(&server, "a").retry_period(Duration::from_secs(9));
    let error = wrong.acquire().await.unwrap_err();
    assert!(
        matches!(
            error,
            LeaseError::Setting {
                setting: "renew_deadline",
                ..
            }
        ),
        "{error}"
    );
}
