//! Workloads and their Pods.

use k8s_openapi::api::autoscaling::{v1, v2};
use k8s_openapi::api::core::v1::ObjectReference;
use kcache::{Fact, Object, Owners, Selects};

use super::owners::{controlled, controller_of, controller_uid, itself};
use super::reference::{References, namespace_of};
use crate::chain::Chain;
use crate::fact::Kind;
use crate::key_join::KeyJoin;
use crate::selector_join::SelectorJoin;

/// The Pods that replication controllers select: those in the same namespace whose labels the map of labels
/// matches. An empty map selects none.
#[doc(alias = "RCPods")]
#[doc(alias = "replicationcontroller_pods")]
pub fn rc_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that `ReplicaSets` select: those in the same namespace whose labels the selector matches, whoever
/// owns them. An empty selector selects none.
#[doc(alias = "RSPods")]
#[doc(alias = "replicaset_pods")]
pub fn rs_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that Deployments select: those in the same namespace whose labels the selector matches, whoever
/// owns them. An empty selector selects none.
#[doc(alias = "DeploymentPods")]
pub fn deployment_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that `DaemonSets` select: those in the same namespace whose labels the selector matches, whoever
/// owns them. An empty selector selects none.
#[doc(alias = "DaemonSetPods")]
#[doc(alias = "ds_pods")]
pub fn daemonset_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that `StatefulSets` select: those in the same namespace whose labels the selector matches,
/// whoever owns them. An empty selector selects none.
#[doc(alias = "StatefulSetPods")]
#[doc(alias = "sts_pods")]
pub fn statefulset_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that Jobs select: those in the same namespace whose labels the selector matches, whoever owns
/// them. An empty selector selects all in the namespace, an absent one none.
#[doc(alias = "JobPods")]
pub fn job_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that disruption budgets are for: those in the same namespace whose labels the selector matches.
/// An empty selector selects all in the namespace, an absent one none.
#[doc(alias = "PDBPods")]
#[doc(alias = "poddisruptionbudget_pods")]
pub fn pdb_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// The Pods that replication controllers own: their controller reference names the source by kind, name and
/// UID, in the same namespace, and the map of labels matches. An orphan is not owned before it is
/// adopted.
pub fn rc_owned_pods<S, P>() -> KeyJoin<S, P>
where
    S: Object + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    controlled("ReplicationController").selecting()
}

/// The Pods that `ReplicaSets` own: their controller reference names the source by kind, name and UID, in the
/// same namespace, and the selector matches. An orphan is not owned before it is adopted.
pub fn rs_owned_pods<S, P>() -> KeyJoin<S, P>
where
    S: Object + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    controlled("ReplicaSet").selecting()
}

/// The Pods that `DaemonSets` own: their controller reference names the source by kind, name and UID, in the
/// same namespace, and the selector matches. An orphan is not owned before it is adopted.
pub fn daemonset_owned_pods<S, P>() -> KeyJoin<S, P>
where
    S: Object + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    controlled("DaemonSet").selecting()
}

/// The Pods that `StatefulSets` own: their controller reference names the source by kind, name and UID, in
/// the same namespace, the selector matches, and the Pod is called `<set>-<digits>`.
pub fn statefulset_owned_pods<S, P>() -> KeyJoin<S, P>
where
    S: Object + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    let controller = |pod: &P| {
        let controller = controller_of("StatefulSet", pod);
        Vec::from_iter(controller.filter(|(_, set, _)| is_member(set, pod.name())))
    };
    KeyJoin::new(itself, controller).selecting()
}

fn is_member(set: &str, pod: &str) -> bool {
    let parts = pod.rsplit_once('-');
    parts.is_some_and(|(parent, ordinal)| {
        parent == set && !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The Pods that Jobs own: their controller reference names the source by kind, name and UID, in the same
/// namespace, and the selector matches. An orphan is not owned before it is adopted.
pub fn job_owned_pods<S, P>() -> KeyJoin<S, P>
where
    S: Object + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    controlled("Job").selecting()
}

/// The `ReplicaSets` that Deployments own: in the same namespace, with a controller reference of the
/// Deployment's UID, and labels that its selector matches.
pub fn deployment_owned_replicasets<D, R>() -> KeyJoin<D, R>
where
    D: Object + Fact<Selects>,
    R: Object + Fact<Owners>,
{
    let of_source = |deployment: &D| {
        let uid = deployment.uid().to_owned();
        vec![(namespace_of(deployment), uid)]
    };
    let of_target = |set: &R| {
        let uid = Some(controller_uid(set)).filter(|uid| !uid.is_empty());
        uid.into_iter()
            .map(|uid| (namespace_of(set), uid))
            .collect()
    };
    KeyJoin::new(of_source, of_target).selecting()
}

/// The Pods that Deployments own: those of the `ReplicaSets` that they own, by kind, name and UID of the Pod's
/// controller reference. Labels do not matter to this second step.
///
/// It joins three: `deployment_owned_pods().join(&deployments, &replica_sets, &pods)`.
pub fn deployment_owned_pods<D, R, P>() -> Chain<KeyJoin<D, R>, KeyJoin<R, P>>
where
    D: Object + Fact<Selects>,
    R: Object + Fact<Owners>,
    P: Object + Fact<Owners>,
{
    Chain::new(deployment_owned_replicasets(), controlled("ReplicaSet"))
}

/// The Jobs of `CronJobs`: their controller reference names the source by kind, name and UID, in the same
/// namespace.
pub fn cronjob_jobs<S, T>() -> KeyJoin<S, T>
where
    S: Object,
    T: Object + Fact<Owners>,
{
    controlled("CronJob")
}

/// The Pods of `CronJobs`: [`cronjob_jobs`], then [`job_owned_pods`].
pub fn cronjob_pods<C, J, P>() -> Chain<KeyJoin<C, J>, KeyJoin<J, P>>
where
    C: Object,
    J: Object + Fact<Owners> + Fact<Selects>,
    P: Object + Fact<Owners>,
{
    Chain::new(cronjob_jobs(), job_owned_pods())
}

/// What autoscalers scale: the object of this kind in the same namespace that `scaleTargetRef` names. The
/// version does not matter.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::apps::v1::Deployment;
/// # use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (autoscalers, _) = kcache::feed::<HorizontalPodAutoscaler>();
/// # let (deployments, _) = kcache::feed::<Deployment>();
/// use kcache_join::{Kind, relations};
/// let scaled = relations::hpa_targets(Kind::of::<Deployment>()).join(&autoscalers, &deployments);
/// # }
/// ```
#[doc(alias = "horizontalpodautoscaler_targets")]
pub fn hpa_targets<S, T>(target: Kind) -> KeyJoin<S, T>
where
    S: Object + Fact<References>,
    T: Object,
{
    let of_source = move |autoscaler: &S| {
        let references = autoscaler.fact().unwrap_or_default();
        let references = references.into_parts();
        let references = references.filter(|r| target.is(&r.api_version, &r.kind));
        let key = |name| (namespace_of(autoscaler), name);
        references.map(|reference| key(reference.name)).collect()
    };
    let of_target = |target: &T| vec![(namespace_of(target), target.name().to_owned())];
    KeyJoin::new(of_source, of_target)
}

fn scaled(api_version: Option<&String>, kind: &str, name: &str) -> References {
    References(vec![ObjectReference {
        api_version: api_version.cloned(),
        kind: Some(kind.to_owned()),
        name: Some(name.to_owned()),
        ..ObjectReference::default()
    }])
}

/// `spec` is an `Option` or not, as the version of the types has it.
impl Fact<References> for v2::HorizontalPodAutoscaler {
    fn fact(&self) -> Option<References> {
        let spec = Option::<&v2::HorizontalPodAutoscalerSpec>::from(&self.spec)?;
        let target = &spec.scale_target_ref;
        Some(scaled(
            target.api_version.as_ref(),
            &target.kind,
            &target.name,
        ))
    }
}

impl Fact<References> for v1::HorizontalPodAutoscaler {
    fn fact(&self) -> Option<References> {
        let spec = Option::<&v1::HorizontalPodAutoscalerSpec>::from(&self.spec)?;
        let target = &spec.scale_target_ref;
        Some(scaled(
            target.api_version.as_ref(),
            &target.kind,
            &target.name,
        ))
    }
}
