//! The relations of Kubernetes' own kinds.
//!
//! Each works on publishers of any stored form that has the fact it needs. Each is one relation and
//! its `join`: call these yourself for another scope, or [with pairs](SelectorJoin::with_pairs).

use kcache::{Fact, Object, Publisher, Selects};

use crate::fact::Backends;
use crate::join::Join;
use crate::key_join::KeyJoin;
use crate::selector_join::SelectorJoin;

/// The Pods that Services select: those in the Service's namespace whose labels its selector
/// matches. A Service without a selector, or of type `ExternalName`, selects none.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::{Pod, Service};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # fn read<K: serde::de::DeserializeOwned>(value: serde_json::Value) -> K {
/// #     serde_json::from_value(value).expect("an object")
/// # }
/// # use serde_json::json;
/// let (services, mut service_feed) = kcache::feed::<Service>();
/// let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// let selected = kcache_join::service_pods(&services, &pods);
/// # let labels = json!({"app": "web"});
/// # let pod = read(json!({"metadata": {"namespace": "a", "name": "web-1", "labels": labels}}));
/// # let service = read(json!({"metadata": {"namespace": "a", "name": "web"}, "spec": {"selector": labels}}));
/// pod_feed.relist([pod], None)?;
/// service_feed.relist([service], None)?;
/// selected.ready().await?;
/// assert!(selected.cache().get("a", "web-1").is_some());
/// # Ok(()) }
/// ```
pub fn service_pods<S, P>(services: &Publisher<S>, pods: &Publisher<P>) -> Join<S, P>
where
    S: Object + Fact<Selects>,
    P: Object,
{
    SelectorJoin::by_fact().join(services, pods)
}

/// The Pods that Deployments select: those in the Deployment's namespace whose labels its selector
/// matches, whoever owns them. An empty selector selects none.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::apps::v1::Deployment;
/// use k8s_openapi::api::core::v1::Pod;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # fn read<K: serde::de::DeserializeOwned>(value: serde_json::Value) -> K {
/// #     serde_json::from_value(value).expect("an object")
/// # }
/// # use serde_json::json;
/// let (deployments, mut deployment_feed) = kcache::feed::<Deployment>();
/// let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// let selected = kcache_join::deployment_pods(&deployments, &pods);
/// # let labels = json!({"app": "web"});
/// # let pod = read(json!({"metadata": {"namespace": "a", "name": "web-1", "labels": labels}}));
/// # let spec = json!({"selector": {"matchLabels": labels}, "template": {}});
/// # let deployment = read(json!({"metadata": {"namespace": "a", "name": "web"}, "spec": spec}));
/// pod_feed.relist([pod], None)?;
/// deployment_feed.relist([deployment], None)?;
/// selected.ready().await?;
/// assert!(selected.cache().get("a", "web-1").is_some());
/// # Ok(()) }
/// ```
pub fn deployment_pods<D, P>(deployments: &Publisher<D>, pods: &Publisher<P>) -> Join<D, P>
where
    D: Object + Fact<Selects>,
    P: Object,
{
    SelectorJoin::by_fact().join(deployments, pods)
}

/// The Services that Ingresses send requests to: by the names of the default backend and of every
/// path's backend, in the Ingress's namespace.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Service;
/// use k8s_openapi::api::networking::v1::Ingress;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # fn read<K: serde::de::DeserializeOwned>(value: serde_json::Value) -> K {
/// #     serde_json::from_value(value).expect("an object")
/// # }
/// # use serde_json::json;
/// let (ingresses, mut ingress_feed) = kcache::feed::<Ingress>();
/// let (services, mut service_feed) = kcache::feed::<Service>();
/// let reached = kcache_join::ingress_services(&ingresses, &services);
/// # let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
/// # let spec = json!({"defaultBackend": backend});
/// # let ingress = read(json!({"metadata": {"namespace": "a", "name": "in"}, "spec": spec}));
/// # let service = read(json!({"metadata": {"namespace": "a", "name": "web"}}));
/// ingress_feed.relist([ingress], None)?;
/// service_feed.relist([service], None)?;
/// reached.ready().await?;
/// assert!(reached.cache().get("a", "web").is_some());
/// # Ok(()) }
/// ```
pub fn ingress_services<I, S>(ingresses: &Publisher<I>, services: &Publisher<S>) -> Join<I, S>
where
    I: Object + Fact<Backends>,
    S: Object,
{
    by_backends().join(ingresses, services)
}

/// The relation of [`ingress_services`].
pub fn by_backends<I, S>() -> KeyJoin<I, S, (String, String)>
where
    I: Object + Fact<Backends>,
    S: Object,
{
    let namespace_of = |namespace: Option<&str>| namespace.unwrap_or_default().to_owned();
    let backends = move |ingress: &I| {
        let Backends(names) = ingress.fact().unwrap_or_default();
        let namespace = namespace_of(ingress.namespace());
        names
            .into_iter()
            .map(|name| (namespace.clone(), name))
            .collect()
    };
    let name =
        move |service: &S| vec![(namespace_of(service.namespace()), service.name().to_owned())];
    KeyJoin::new(backends, name)
}

/// The Pods behind Ingresses: [`ingress_services`], then [`service_pods`].
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::{Pod, Service};
/// # use k8s_openapi::api::networking::v1::Ingress;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (ingresses, mut ingress_feed) = kcache::feed::<Ingress>();
/// # let (services, mut service_feed) = kcache::feed::<Service>();
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// let behind = kcache_join::ingress_pods(&ingresses, &services, &pods);
/// # ingress_feed.relist([], None)?;
/// # service_feed.relist([], None)?;
/// # pod_feed.relist([], None)?;
/// behind.ready().await?;
/// assert!(behind.cache().is_empty());
/// # Ok(()) }
/// ```
pub fn ingress_pods<I, S, P>(
    ingresses: &Publisher<I>,
    services: &Publisher<S>,
    pods: &Publisher<P>,
) -> Join<S, P>
where
    I: Object + Fact<Backends>,
    S: Object + Fact<Selects>,
    P: Object,
{
    service_pods(&ingress_services(ingresses, services), pods)
}
