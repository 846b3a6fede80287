//! Each relation that the controllers' code judges.

use anyhow::Result;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, ReplicationController, Secret,
    Service, ServiceAccount,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use k8s_openapi::api::resource::v1::ResourceClaim;
use k8s_openapi::api::scheduling::v1beta1::PodGroup;
use kcache_join::relations;

use crate::cluster::{Cluster, Seen};

/// Joins dynamic objects, of which every other form says the same, and compares the pairs with the verdicts:
/// joins of one type take seconds to compile, and those of each type minutes.
pub(crate) async fn all(cluster: &Cluster, seen: &mut Seen) -> Result<()> {
    macro_rules! pairs {
        ($relation:ident, $sources:expr, $targets:expr) => {
            let relation = relations::$relation().with_pairs();
            let join = relation.join($sources, $targets);
            cluster.agrees(stringify!($relation), &join, seen).await?;
        };
    }
    let pods = &cluster.fed::<Pod>("Pods")?;
    let services = &cluster.fed::<Service>("Services")?;
    pairs!(service_pods, services, pods);
    let budgets = &cluster.fed::<PodDisruptionBudget>("Budgets")?;
    pairs!(pdb_pods, budgets, pods);
    let eligible = pods.view(relations::eligible());
    let targets = cluster.agrees_on_targets("eligible", &eligible, seen);
    targets.await?;

    let controllers = &cluster.fed::<ReplicationController>("Controllers")?;
    pairs!(rc_pods, controllers, pods);
    pairs!(rc_owned_pods, controllers, pods);
    let sets = &cluster.fed::<ReplicaSet>("ReplicaSets")?;
    pairs!(rs_pods, sets, pods);
    pairs!(rs_owned_pods, sets, pods);
    let daemons = &cluster.fed::<DaemonSet>("DaemonSets")?;
    pairs!(daemonset_pods, daemons, pods);
    pairs!(daemonset_owned_pods, daemons, pods);
    let stateful = &cluster.fed::<StatefulSet>("StatefulSets")?;
    pairs!(statefulset_pods, stateful, pods);
    pairs!(statefulset_owned_pods, stateful, pods);
    let jobs = &cluster.fed::<Job>("Jobs")?;
    pairs!(job_pods, jobs, pods);
    pairs!(job_owned_pods, jobs, pods);
    let cron_jobs = &cluster.fed::<CronJob>("CronJobs")?;
    pairs!(cronjob_jobs, cron_jobs, jobs);
    let deployments = &cluster.fed::<Deployment>("Deployments")?;
    pairs!(deployment_pods, deployments, pods);
    pairs!(deployment_owned_replicasets, deployments, sets);
    let owned = relations::deployment_owned_pods().join(deployments, sets, pods);
    let targets = cluster.agrees_on_targets("deployment_owned_pods", &owned, seen);
    targets.await?;

    let secrets = &cluster.fed::<Secret>("Secrets")?;
    pairs!(pod_secrets, pods, secrets);
    let maps = &cluster.fed::<ConfigMap>("ConfigMaps")?;
    pairs!(pod_configmaps, pods, maps);
    let claims = &cluster.fed::<PersistentVolumeClaim>("Claims")?;
    pairs!(pod_claims, pods, claims);
    let volumes = &cluster.fed::<PersistentVolume>("Volumes")?;
    pairs!(claim_volumes, claims, volumes);
    pairs!(volume_secrets, volumes, secrets);
    let resources = &cluster.fed::<ResourceClaim>("ResourceClaims")?;
    pairs!(pod_resourceclaims, pods, resources);
    let groups = &cluster.fed::<PodGroup>("PodGroups")?;
    pairs!(podgroup_resourceclaims, groups, resources);

    let accounts = &cluster.fed::<ServiceAccount>("ServiceAccounts")?;
    let bindings = &cluster.fed::<RoleBinding>("RoleBindings")?;
    pairs!(binding_serviceaccounts, bindings, accounts);
    let bindings = &cluster.fed::<ClusterRoleBinding>("ClusterRoleBindings")?;
    let relation = relations::binding_serviceaccounts().with_pairs();
    let join = relation.join(bindings, accounts);
    let agrees = cluster.agrees("cluster_binding_serviceaccounts", &join, seen);
    agrees.await
}
