//! Pods that are scheduled together.

use kcache::{Fact, Object};
use kube::core::DynamicObject;

use crate::fact::{Names, kind_of};
use crate::key_join::KeyJoin;

/// The API group of Workloads and `PodGroups`.
pub(super) const SCHEDULING: &str = "scheduling.k8s.io";

/// Stands for the kind `PodGroup` of `scheduling.k8s.io` in [`Names`]: its versions are younger than some of the types
/// that `k8s-openapi` has.
#[derive(Debug)]
pub enum PodGroup {}

/// Stands for the kind `Workload` of `scheduling.k8s.io` in [`Names`].
#[derive(Debug)]
pub enum Workload {}

/// The `PodGroups` of Pods, in the same namespace: `spec.schedulingGroup` (Kubernetes 1.36 and later).
pub fn pod_podgroup<P: Object + Fact<Names<PodGroup>>, G: Object>() -> KeyJoin<P, G> {
    KeyJoin::by_fact()
}

/// The Workloads of `PodGroups`, in the same namespace: `spec.workloadRef` (Kubernetes 1.37 and later).
pub fn podgroup_workload<G: Object + Fact<Names<Workload>>, W: Object>() -> KeyJoin<G, W> {
    KeyJoin::by_fact()
}

k8s_openapi::k8s_if_ge_1_36! {
    impl Fact<Names<PodGroup>> for k8s_openapi::api::core::v1::Pod {
        fn fact(&self) -> Option<Names<PodGroup>> {
            let group = self.spec.as_ref()?.scheduling_group.as_ref()?;
            Some(Names::beside(self, &group.pod_group_name))
        }
    }
}

impl Fact<Names<PodGroup>> for DynamicObject {
    fn fact(&self) -> Option<Names<PodGroup>> {
        (kind_of(self)? == ("", "Pod")).then_some(())?;
        let group = self.data["spec"]["schedulingGroup"]["podGroupName"].as_str()?;
        Some(Names::beside(self, [group]))
    }
}

k8s_openapi::k8s_if_ge_1_37! {
    impl Fact<Names<Workload>> for k8s_openapi::api::scheduling::v1beta1::PodGroup {
        fn fact(&self) -> Option<Names<Workload>> {
            let workload = self.spec.workload_ref.as_ref()?;
            Some(Names::beside(self, [&workload.workload_name]))
        }
    }
}

impl Fact<Names<Workload>> for DynamicObject {
    fn fact(&self) -> Option<Names<Workload>> {
        (kind_of(self)? == (SCHEDULING, "PodGroup")).then_some(())?;
        let workload = self.data["spec"]["workloadRef"]["workloadName"].as_str()?;
        Some(Names::beside(self, [workload]))
    }
}
