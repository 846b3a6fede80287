//! The types of k8s-openapi: what they make of both encodings is the same.

use anyhow::{Result, ensure};
use k8s_openapi::Resource;
use k8s_openapi::api::admissionregistration::v1 as admissionregistration;
use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::authentication::v1 as authentication;
use k8s_openapi::api::authorization::v1 as authorization;
use k8s_openapi::api::autoscaling::v1 as autoscaling_v1;
use k8s_openapi::api::autoscaling::v2 as autoscaling_v2;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::certificates::v1 as certificates;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::events::v1 as events;
use k8s_openapi::api::flowcontrol::v1 as flowcontrol;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::api::node::v1 as node;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::rbac::v1 as rbac;
use k8s_openapi::api::resource::v1 as resource;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::api::storage::v1 as storage;
use k8s_openapi::api::storagemigration::v1 as storagemigration;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration;
use kcache::protobuf::Decoder;
use serde::de::DeserializeOwned;

/// Compares what the type of this kind makes of an object, if the kind is one of those that are
/// compiled here.
pub(crate) fn agrees(api_version: &str, kind: &str, json: &[u8], message: &[u8]) -> Result<bool> {
    let types = TYPES.iter().find(|of| (of.0, of.1) == (api_version, kind));
    types.map_or(Ok(false), |(_, _, compare)| {
        compare(json, message).map(|()| true)
    })
}

type Compare = fn(&[u8], &[u8]) -> Result<()>;

fn compare<T>(json: &[u8], message: &[u8]) -> Result<()>
where
    T: Resource + DeserializeOwned + PartialEq + std::fmt::Debug + Send,
{
    let decoder = Decoder::new(T::API_VERSION, T::KIND).expect("it is in the table");
    let read: Result<T, _> = decoder.with_managed_fields(true).decode(message);
    let want: Result<T, _> = serde_json::from_slice(json);
    match (want, read) {
        (Ok(want), Ok(read)) => ensure!(want == read, "JSON {want:#?}\n\nprotobuf {read:#?}"),
        (Err(_), Err(_)) => {}
        (want, read) => ensure!(false, "JSON {:?}, protobuf {:?}", want.err(), read.err()),
    }
    Ok(())
}

macro_rules! types {
    ($($path:ty),* $(,)?) => {
        &[$((<$path as Resource>::API_VERSION, <$path as Resource>::KIND, compare::<$path>)),*]
    };
}

/// Every stable kind.
const TYPES: &[(&str, &str, Compare)] = types![
    admissionregistration::MutatingAdmissionPolicy,
    admissionregistration::MutatingAdmissionPolicyBinding,
    admissionregistration::MutatingWebhookConfiguration,
    admissionregistration::ValidatingAdmissionPolicy,
    admissionregistration::ValidatingAdmissionPolicyBinding,
    admissionregistration::ValidatingWebhookConfiguration,
    apps::ControllerRevision,
    apps::DaemonSet,
    apps::Deployment,
    apps::ReplicaSet,
    apps::StatefulSet,
    authentication::SelfSubjectReview,
    authentication::TokenRequest,
    authentication::TokenReview,
    authorization::LocalSubjectAccessReview,
    authorization::SelfSubjectAccessReview,
    authorization::SelfSubjectRulesReview,
    authorization::SubjectAccessReview,
    autoscaling_v1::HorizontalPodAutoscaler,
    autoscaling_v1::Scale,
    autoscaling_v2::HorizontalPodAutoscaler,
    batch::CronJob,
    batch::Job,
    certificates::CertificateSigningRequest,
    certificates::ClusterTrustBundle,
    certificates::PodCertificateRequest,
    coordination::Lease,
    core::Binding,
    core::ComponentStatus,
    core::ConfigMap,
    core::Endpoints,
    core::Event,
    core::LimitRange,
    core::Namespace,
    core::Node,
    core::PersistentVolume,
    core::PersistentVolumeClaim,
    core::Pod,
    core::PodTemplate,
    core::ReplicationController,
    core::ResourceQuota,
    core::Secret,
    core::Service,
    core::ServiceAccount,
    discovery::EndpointSlice,
    events::Event,
    flowcontrol::FlowSchema,
    flowcontrol::PriorityLevelConfiguration,
    networking::IPAddress,
    networking::Ingress,
    networking::IngressClass,
    networking::NetworkPolicy,
    networking::ServiceCIDR,
    node::RuntimeClass,
    policy::Eviction,
    policy::PodDisruptionBudget,
    rbac::ClusterRole,
    rbac::ClusterRoleBinding,
    rbac::Role,
    rbac::RoleBinding,
    resource::DeviceClass,
    resource::DeviceTaintRule,
    resource::ResourceClaim,
    resource::ResourceClaimTemplate,
    resource::ResourceSlice,
    scheduling::PriorityClass,
    storage::CSIDriver,
    storage::CSINode,
    storage::CSIStorageCapacity,
    storage::StorageClass,
    storage::VolumeAttachment,
    storage::VolumeAttributesClass,
    storagemigration::StorageVersionMigration,
    apiextensions::CustomResourceDefinition,
    meta::APIGroup,
    meta::APIGroupList,
    meta::APIResourceList,
    meta::APIVersions,
    meta::Status,
    apiregistration::APIService,
];
