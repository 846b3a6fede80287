//! The changes of a join as what a controller of kube-rs is triggered by.

use std::sync::Arc;

use futures_core::Stream;
use kcache::kube_runtime::object_ref;
use kcache::{Event, Object};
use kube::runtime::reflector::{Lookup, ObjectRef};

use crate::join::Join;
use crate::pair::Pair;

impl<S: Object, T: Object> Join<S, T> {
    /// References to the sources whose targets change, for `Controller::reconcile_on`: "reconcile this
    /// Service when one of its Pods changes". A source is named when a target becomes its own, changes,
    /// or stops to be its own, because of either of them.
    ///
    /// It is made of the [pairs](Self::pairs), and `None` if there are none. A source that changes and keeps
    /// its targets is not named; the controller is triggered by that itself.
    ///
    /// # Example
    ///
    /// ```
    /// use k8s_openapi::api::core::v1::{Pod, Service};
    /// use kcache_join::relations;
    /// use kube::runtime::reflector::ObjectRef;
    /// # use serde_json::json;
    /// # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
    /// #     serde_json::from_value(value).expect("an object")
    /// # }
    /// use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (services, mut service_feed) = kcache::feed::<Service>();
    /// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
    /// # let labels = json!({"app": "web"});
    /// # let web = read(json!({"metadata": {"namespace": "shop", "name": "web-1", "labels": labels}}));
    /// # let service = read(json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}}));
    /// # pod_feed.relist([web], None)?;
    /// # service_feed.relist([service], None)?;
    /// let selected = relations::service_pods().with_pairs().join(&services, &pods);
    /// let sources = selected.source_refs(()).expect("there are pairs");
    /// let mut sources = std::pin::pin!(sources);
    /// let first: Option<ObjectRef<Service>> = sources.next().await;
    /// assert_eq!(first, Some(ObjectRef::new("web").within("shop")));
    /// # Ok(()) }
    /// ```
    pub fn source_refs<K>(
        &self,
        dyntype: K::DynamicType,
    ) -> Option<impl Stream<Item = ObjectRef<K>> + Send + use<S, T, K>>
    where
        K: Lookup<DynamicType: Clone + Send + 'static> + 'static,
    {
        let pairs = self.pairs()?.subscribe();
        Some(pairs.event_refs(move |event| {
            let source = &*event.object().source;
            let refs = targets_differ(&event).then(|| object_ref(source, dyntype.clone()));
            refs.into_iter().collect()
        }))
    }
}

fn targets_differ<S, T>(event: &Event<Pair<S, T>>) -> bool {
    match event {
        Event::Update { old, new } => !Arc::ptr_eq(&old.target, &new.target),
        Event::Create { .. } | Event::Delete { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt as _, StreamExt as _};
    use k8s_openapi::api::core::v1::{Pod, Service};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use crate::relations;

    fn read<V: DeserializeOwned>(value: Value) -> V {
        serde_json::from_value(value).unwrap()
    }

    fn pod(name: &str, app: &str, version: &str) -> Pod {
        let labels = json!({ "app": app });
        read(json!({ "metadata": {
            "namespace": "shop", "name": name, "uid": name, "resourceVersion": version, "labels": labels,
        } }))
    }

    fn service(app: &str, version: &str) -> Service {
        read(json!({
            "metadata": { "namespace": "shop", "name": app, "uid": app, "resourceVersion": version },
            "spec": { "selector": { "app": app } },
        }))
    }

    #[tokio::test]
    async fn a_source_is_named_when_its_targets_change_and_not_by_its_own_changes() {
        let (services, mut service_feed) = kcache::feed::<Service>();
        let (pods, mut pod_feed) = kcache::feed::<Pod>();
        let join = relations::service_pods()
            .with_pairs()
            .join(&services, &pods);
        let mut sources = pin!(join.source_refs::<Service>(()).unwrap());
        let mut next = async || sources.next().await.unwrap().name;

        pod_feed.relist([pod("a", "web", "1")], Some("1")).unwrap();
        service_feed
            .relist([service("web", "1"), service("db", "1")], Some("1"))
            .unwrap();
        assert_eq!(next().await, "web");
        // Nothing comes of the service's own change, so the next is by the Pod.
        service_feed.apply(service("web", "2")).unwrap();
        join.ready().await.unwrap();
        let seen = std::time::Duration::from_secs(10);
        join.wait_for(crate::Side::Sources, "2", seen)
            .await
            .unwrap();
        pod_feed.apply(pod("a", "web", "3")).unwrap();
        assert_eq!(next().await, "web");
        // From one to the other.
        pod_feed.apply(pod("a", "db", "4")).unwrap();
        let mut both = [next().await, next().await];
        both.sort();
        assert_eq!(both, ["db", "web"]);
        pod_feed.remove(pod("a", "db", "5")).unwrap();
        assert_eq!(next().await, "db");
        assert!(sources.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn without_pairs_there_are_none() {
        let (services, _services) = kcache::feed::<Service>();
        let (pods, _pods) = kcache::feed::<Pod>();
        let join = relations::service_pods().join(&services, &pods);
        assert!(join.source_refs::<Service>(()).is_none());
    }
}
