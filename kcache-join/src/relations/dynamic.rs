//! Facts of objects whose kind is known at run time only.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{
    ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, NetworkPolicy};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use k8s_openapi::api::{core, events};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kcache::Fact;
use kube::core::DynamicObject;

use super::access::Subjects;
use super::claims::claims_of_group;
use super::pods::ResourceClaims;
use super::policies::Peers;
use super::reference::References;
use super::services::Eligible;
use super::storage::Claims;
use crate::fact::{Names, fact_as, kind_of};

impl Fact<Names<Service>> for DynamicObject {
    fn fact(&self) -> Option<Names<Service>> {
        match kind_of(self)? {
            ("networking.k8s.io", "Ingress") => fact_as::<Ingress, _>(self),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => {
                fact_as::<ValidatingWebhookConfiguration, _>(self)
            }
            ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => {
                fact_as::<MutatingWebhookConfiguration, _>(self)
            }
            ("apiregistration.k8s.io", "APIService") => fact_as::<APIService, _>(self),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                fact_as::<CustomResourceDefinition, _>(self)
            }
            _ => None,
        }
    }
}

impl Fact<Names<Secret>> for DynamicObject {
    fn fact(&self) -> Option<Names<Secret>> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            ("", "PersistentVolume") => fact_as::<PersistentVolume, _>(self),
            ("networking.k8s.io", "Ingress") => fact_as::<Ingress, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<ConfigMap>> for DynamicObject {
    fn fact(&self) -> Option<Names<ConfigMap>> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<ServiceAccount>> for DynamicObject {
    fn fact(&self) -> Option<Names<ServiceAccount>> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<PriorityClass>> for DynamicObject {
    fn fact(&self) -> Option<Names<PriorityClass>> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<RuntimeClass>> for DynamicObject {
    fn fact(&self) -> Option<Names<RuntimeClass>> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<IngressClass>> for DynamicObject {
    fn fact(&self) -> Option<Names<IngressClass>> {
        match kind_of(self)? {
            ("networking.k8s.io", "Ingress") => fact_as::<Ingress, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<PersistentVolume>> for DynamicObject {
    fn fact(&self) -> Option<Names<PersistentVolume>> {
        match kind_of(self)? {
            ("", "PersistentVolumeClaim") => fact_as::<PersistentVolumeClaim, _>(self),
            ("storage.k8s.io", "VolumeAttachment") => fact_as::<VolumeAttachment, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<StorageClass>> for DynamicObject {
    fn fact(&self) -> Option<Names<StorageClass>> {
        match kind_of(self)? {
            ("", "PersistentVolumeClaim") => fact_as::<PersistentVolumeClaim, _>(self),
            ("", "PersistentVolume") => fact_as::<PersistentVolume, _>(self),
            _ => None,
        }
    }
}

impl Fact<Names<Node>> for DynamicObject {
    fn fact(&self) -> Option<Names<Node>> {
        match kind_of(self)? {
            ("storage.k8s.io", "VolumeAttachment") => fact_as::<VolumeAttachment, _>(self),
            _ => None,
        }
    }
}

impl Fact<Claims> for DynamicObject {
    fn fact(&self) -> Option<Claims> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<ResourceClaims> for DynamicObject {
    fn fact(&self) -> Option<ResourceClaims> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => claims_of_group(self),
        }
    }
}

impl Fact<Peers> for DynamicObject {
    fn fact(&self) -> Option<Peers> {
        match kind_of(self)? {
            ("networking.k8s.io", "NetworkPolicy") => fact_as::<NetworkPolicy, _>(self),
            _ => None,
        }
    }
}

impl Fact<Eligible> for DynamicObject {
    fn fact(&self) -> Option<Eligible> {
        match kind_of(self)? {
            ("", "Pod") => fact_as::<Pod, _>(self),
            _ => None,
        }
    }
}

impl Fact<Subjects> for DynamicObject {
    fn fact(&self) -> Option<Subjects> {
        match kind_of(self)? {
            ("rbac.authorization.k8s.io", "RoleBinding") => fact_as::<RoleBinding, _>(self),
            ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
                fact_as::<ClusterRoleBinding, _>(self)
            }
            _ => None,
        }
    }
}

impl Fact<References> for DynamicObject {
    fn fact(&self) -> Option<References> {
        match kind_of(self)? {
            ("", "Event") => fact_as::<core::v1::Event, _>(self),
            ("events.k8s.io", "Event") => fact_as::<events::v1::Event, _>(self),
            ("", "PersistentVolume") => fact_as::<PersistentVolume, _>(self),
            ("discovery.k8s.io", "EndpointSlice") => fact_as::<EndpointSlice, _>(self),
            ("autoscaling", "HorizontalPodAutoscaler") => {
                fact_as::<HorizontalPodAutoscaler, _>(self)
            }
            _ => None,
        }
    }
}
