//! Every stored form of an object says the same of itself, so that relations of them are the same.

use std::fmt::Debug;

use anyhow::{Result, ensure};
use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, ReplicationController, Secret,
    Service, ServiceAccount,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use k8s_openapi::api::resource::v1::ResourceClaim;
use k8s_openapi::api::scheduling::v1beta1::PodGroup;
use k8s_openapi::api::storage::v1::StorageClass;
use kcache::{Compact, Fact, Object, Owners, Selects};
use kcache_join::Names;
use kcache_join::relations::{Claims, Eligible, References, ResourceClaims, Subjects};
use kube::core::DynamicObject;
use serde::de::DeserializeOwned;

use crate::cluster::Cluster;

pub(crate) fn agree(cluster: &Cluster) -> Result<()> {
    of::<Service, Selects>(cluster, "Services")?;
    of::<ReplicationController, Selects>(cluster, "Controllers")?;
    of::<ReplicaSet, Selects>(cluster, "ReplicaSets")?;
    of::<ReplicaSet, Owners>(cluster, "ReplicaSets")?;
    of::<Deployment, Selects>(cluster, "Deployments")?;
    of::<DaemonSet, Selects>(cluster, "DaemonSets")?;
    of::<StatefulSet, Selects>(cluster, "StatefulSets")?;
    of::<Job, Selects>(cluster, "Jobs")?;
    of::<Job, Owners>(cluster, "Jobs")?;
    of::<PodDisruptionBudget, Selects>(cluster, "Budgets")?;
    of::<Pod, Owners>(cluster, "Pods")?;
    of::<Pod, Names<Secret>>(cluster, "Pods")?;
    of::<Pod, Names<ConfigMap>>(cluster, "Pods")?;
    of::<Pod, Names<ServiceAccount>>(cluster, "Pods")?;
    of::<Pod, Claims>(cluster, "Pods")?;
    of::<Pod, ResourceClaims>(cluster, "Pods")?;
    of::<Pod, Eligible>(cluster, "Pods")?;
    of::<PersistentVolumeClaim, Names<PersistentVolume>>(cluster, "Claims")?;
    of::<PersistentVolumeClaim, Names<StorageClass>>(cluster, "Claims")?;
    of::<PersistentVolumeClaim, Owners>(cluster, "Claims")?;
    of::<PersistentVolume, Names<Secret>>(cluster, "Volumes")?;
    of::<PersistentVolume, References>(cluster, "Volumes")?;
    of::<ResourceClaim, Owners>(cluster, "ResourceClaims")?;
    of::<PodGroup, ResourceClaims>(cluster, "PodGroups")?;
    of::<RoleBinding, Subjects>(cluster, "RoleBindings")?;
    of::<ClusterRoleBinding, Subjects>(cluster, "ClusterRoleBindings")
}

fn of<K, G>(cluster: &Cluster, kind: &str) -> Result<()>
where
    K: Resource + Object + DeserializeOwned + Fact<G>,
    Compact<K>: Fact<G>,
    DynamicObject: Fact<G>,
    G: PartialEq + Debug,
{
    let forms = cluster
        .typed::<K>(kind)?
        .into_iter()
        .zip(cluster.compact::<K>(kind)?)
        .zip(cluster.dynamic::<K>(kind)?);
    for ((typed, compact), dynamic) in forms {
        let (typed, compact, dynamic) = (typed.fact(), compact.fact(), dynamic.fact());
        ensure!(
            typed == compact && typed == dynamic,
            "{kind}: {typed:?}, {compact:?}, {dynamic:?}"
        );
    }
    Ok(())
}
