//! The relations of Kubernetes' own kinds, each a function.
//!
//! A function gives the relation, and its `join` joins publishers; before that you can ask for
//! [pairs](crate::Join::pairs). The names are those of the source and the target: [`service_pods`] has the
//! Pods of Services. The stored form does not matter: typed objects, `DynamicObject`s that say of which kind
//! they are, compact ones, and structs of your own work alike if they have the facts that the function
//! asks for; where it asks for none, metadata alone does.
//!
//! Where a workload *selects* Pods, all that its selector matches are its targets, and where it *owns* them
//! (`..._owned_...`), those that its controller has made or adopted and still selects. All rules stand in one
//! table in the repository's `docs/joins.md`.
//!
//! # Example
//!
//! ```
//! use k8s_openapi::api::core::v1::{Pod, Service};
//! use kcache_join::relations;
//! # use serde_json::json;
//! # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
//! #     serde_json::from_value(value).expect("an object")
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
//! let (services, mut service_feed) = kcache::feed::<Service>();
//! let (pods, mut pod_feed) = kcache::feed::<Pod>();
//! let selected = relations::service_pods().with_pairs().join(&services, &pods);
//! # let labels = json!({"app": "web"});
//! # let pod = read(json!({"metadata": {"namespace": "shop", "name": "web-1", "labels": labels}}));
//! # let service = read(json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}}));
//! pod_feed.relist([pod], None)?;
//! service_feed.relist([service], None)?;
//! selected.ready().await?;
//! assert!(selected.cache().get("shop", "web-1").is_some());
//! let pairs = selected.pairs().expect("they are asked for").cache().list();
//! assert_eq!(pairs[0].source.metadata.name.as_deref(), Some("web"));
//! # Ok(()) }
//! ```

mod reference;
mod namespaces;
mod owners;
mod workloads;
mod groups;
mod pods;
mod claims;
mod storage;
mod services;
mod policies;
mod routes;
mod gateways;
mod nodes;
mod access;
mod events;
mod dynamic;

pub use access::{Subjects, binding_serviceaccounts};
pub use claims::podgroup_resourceclaims;
pub use events::event_objects;
pub use gateways::{
    GatewayJoin, Listener, Listeners, Namespaces, ParentRef, ParentRefs, httproute_gateways,
    route_gateways, route_gateways_by_namespaces,
};
pub use groups::{PodGroup, Workload, pod_podgroup, podgroup_workload};
pub use nodes::{node_csinode, node_lease, pod_node};
pub use owners::owner_dependents;
pub use pods::{
    ResourceClaims, pod_configmaps, pod_priorityclass, pod_resourceclaims, pod_runtimeclass,
    pod_secrets, pod_serviceaccount,
};
pub use policies::{
    Direction, Peer, PeerJoin, PeerRule, Peers, networkpolicy_peers, networkpolicy_pods,
};
pub use reference::References;
pub use routes::{BackendRef, BackendRefs, Grant, httproute_services, route_services};
pub use services::{
    Eligible, apiservice_services, crd_services, eligible, endpointslice_pods,
    endpointslice_services, ingress_classes, ingress_pods, ingress_secrets, ingress_services,
    service_pods, webhook_services,
};
pub use storage::{
    Claims, attachment_nodes, attachment_volumes, claim_classes, claim_volumes, pod_claims,
    volume_classes, volume_secrets,
};
pub use workloads::{
    cronjob_jobs, cronjob_pods, daemonset_owned_pods, daemonset_pods, deployment_owned_pods,
    deployment_owned_replicasets, deployment_pods, hpa_targets, job_owned_pods, job_pods, pdb_pods,
    rc_owned_pods, rc_pods, rs_owned_pods, rs_pods, statefulset_owned_pods, statefulset_pods,
};
