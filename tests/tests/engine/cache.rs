//! What an informer shows.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Event, Informer, Object, Phase, Publisher, Subscription};

use crate::script::{Server, server};

/// An informer of all config maps, and its server.
pub(crate) fn informer() -> (Informer<ConfigMap>, Server) {
    let (client, server) = server();
    (Informer::builder(client).start(), server)
}

/// What comes of something that should take no longer than an hour.
pub(crate) async fn within<T>(waited: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(3600), waited).await;
    waited.expect("it comes")
}

/// Waits until there is a state.
pub(crate) async fn is_ready<V: Object>(objects: &Publisher<V>) {
    within(objects.ready()).await.expect("a state");
}

/// All objects by name, with their versions.
pub(crate) fn shown<V: Object>(objects: &Publisher<V>) -> Vec<String> {
    let objects = objects.cache().list();
    let objects = objects.iter();
    objects
        .map(|object| format!("{}@{}", object.name(), object.version()))
        .collect()
}

/// Waits until something holds; the clock jumps on meanwhile, by no more than a minute.
#[track_caller]
pub(crate) fn eventually(holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..600 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("what {caller} waits for does not come");
    }
}

/// Waits until these objects are there and no others.
pub(crate) async fn shows<V: Object>(objects: &Publisher<V>, want: &[&str]) {
    for _ in 0..600 {
        if shown(objects) == want {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(shown(objects), want);
}

/// What it says is wrong, if anything is.
pub(crate) fn complaint<V: Object>(objects: &Publisher<V>) -> Option<String> {
    match objects.status().phase {
        Phase::Syncing { failure } => failure.map(|failure| failure.to_string()),
        Phase::Degraded { reason, .. } => Some(reason.to_string()),
        _ => None,
    }
}

pub(crate) fn is_live<V: Object>(objects: &Publisher<V>) -> bool {
    matches!(objects.status().phase, Phase::Live)
}

pub(crate) fn is_degraded<V: Object>(objects: &Publisher<V>) -> bool {
    matches!(objects.status().phase, Phase::Degraded { .. })
}

/// The next event in a few words.
pub(crate) async fn next<V: Object>(events: &mut Subscription<V>) -> String {
    match within(events.next()).await.expect("an event") {
        Event::Create { new } => format!("+{}@{}", new.name(), new.version()),
        Event::Update { old, new } => {
            format!("{}@{}->{}", new.name(), old.version(), new.version())
        }
        Event::Delete { old } => format!("-{}@{}", old.name(), old.version()),
    }
}
