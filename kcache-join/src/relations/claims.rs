//! Resource claims of `PodGroups`.

use kcache::{Fact, Object, Owners};
use kube::core::DynamicObject;

use super::groups::SCHEDULING;
use super::pods::{ResourceClaims, made_by, made_for};
use super::reference::{items, text};
use crate::fact::kind_of;
use crate::key_join::KeyJoin;

/// The `ResourceClaims` of `PodGroups`: by name, or by what the group's status says was made from a template,
/// if the group is the controller of the claim (Kubernetes 1.37 and later).
pub fn podgroup_resourceclaims<G, C>() -> KeyJoin<G, C>
where
    G: Object + Fact<ResourceClaims>,
    C: Object + Fact<Owners>,
{
    let of_group = |group: &G| {
        let claims = group.fact().unwrap_or_default();
        made_for(group, claims.named, claims.generated)
    };
    KeyJoin::new(of_group, made_by)
}

k8s_openapi::k8s_if_ge_1_37! {
    /// Same as `resourceclaim.NameFromPodGroup` of `k8s.io/dynamic-resource-allocation`.
    impl Fact<ResourceClaims> for k8s_openapi::api::scheduling::v1beta1::PodGroup {
        fn fact(&self) -> Option<ResourceClaims> {
            let status = self.status.as_ref();
            let made = status.and_then(|status| status.resource_claim_statuses.as_deref());
            let made = made.unwrap_or_default();
            let mut claims = ResourceClaims::default();
            for claim in self.spec.resource_claims.iter().flatten() {
                if let Some(name) = &claim.resource_claim_name {
                    claims.named.push(name.clone());
                } else if claim.resource_claim_template_name.is_some() {
                    let made = made.iter().find(|made| made.name == claim.name);
                    let name = made.and_then(|made| made.resource_claim_name.clone());
                    claims.generated.extend(name);
                }
            }
            Some(claims)
        }
    }
}

/// The same of an object that says that it is a `PodGroup`.
pub(super) fn claims_of_group(object: &DynamicObject) -> Option<ResourceClaims> {
    (kind_of(object)? == (SCHEDULING, "PodGroup")).then_some(())?;
    let mut claims = ResourceClaims::default();
    let made = &object.data["status"]["resourceClaimStatuses"];
    for claim in items(&object.data["spec"]["resourceClaims"]) {
        if let Some(name) = claim["resourceClaimName"].as_str() {
            claims.named.push(name.to_owned());
        } else if claim["resourceClaimTemplateName"].is_string() {
            let made = items(made).find(|made| text(&made["name"]) == text(&claim["name"]));
            let name = made.and_then(|made| made["resourceClaimName"].as_str());
            claims.generated.extend(name.map(str::to_owned));
        }
    }
    Some(claims)
}
