//! Claims, volumes and their classes.

use k8s_openapi::api::core::v1::{
    Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec, Pod, Secret,
    SecretReference,
};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kcache::{Fact, Key, Object, Owners};

use super::pods::{made_by, made_for};
use super::reference::{References, identities_of};
use crate::fact::Names;
use crate::key_join::KeyJoin;

/// Where the class stood before there was a field for it; it still comes first.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The names of the volume claims of a Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Claims that are there for anybody.
    pub named: Vec<String>,
    /// Claims that are made for the Pod: what is called so and was not made for it, is not its claim.
    pub ephemeral: Vec<String>,
}

/// The `PersistentVolumeClaims` of Pods: by name, and those of ephemeral volumes, called `<pod>-<volume>`, if
/// the Pod is the controller of the claim.
#[doc(alias = "pod_persistentvolumeclaims")]
#[doc(alias = "pod_pvcs")]
pub fn pod_claims<P, C>() -> KeyJoin<P, C>
where
    P: Object + Fact<Claims>,
    C: Object + Fact<Owners>,
{
    let of_pod = |pod: &P| {
        let Claims { named, ephemeral } = pod.fact().unwrap_or_default();
        made_for(pod, named, ephemeral)
    };
    KeyJoin::new(of_pod, made_by)
}

impl Fact<Claims> for Pod {
    fn fact(&self) -> Option<Claims> {
        let mut claims = Claims::default();
        for volume in self.spec.as_ref()?.volumes.iter().flatten() {
            if let Some(claim) = &volume.persistent_volume_claim {
                claims.named.push(claim.claim_name.clone());
            } else if volume.ephemeral.is_some() {
                claims
                    .ephemeral
                    .push(format!("{}-{}", self.name(), volume.name));
            }
        }
        Some(claims)
    }
}

/// The `PersistentVolumes` of claims: the claim names the volume, and the volume's `claimRef` names the claim.
/// A `claimRef` without a UID is bound beforehand and counts; where there is none the binding is not
/// finished and does not.
#[doc(alias = "pvc_pvs")]
#[doc(alias = "persistentvolumeclaim_persistentvolumes")]
pub fn claim_volumes<C, V>() -> KeyJoin<C, V>
where
    C: Object + Fact<Names<PersistentVolume>>,
    V: Object + Fact<References>,
{
    let of_claim = |claim: &C| {
        let volumes = claim.fact().unwrap_or_default().into_keys();
        let identities = identities_of(claim);
        let pairs = volumes.into_iter().flat_map(|volume| {
            let identities = identities.iter().cloned();
            identities.map(move |identity| (volume.clone(), identity))
        });
        pairs.collect()
    };
    let of_volume = |volume: &V| {
        let claims = volume.fact().unwrap_or_default().into_parts();
        let claims = claims.map(|claim| (claim.namespace, claim.name, claim.uid));
        claims.map(|claim| (Key::of(volume), claim)).collect()
    };
    KeyJoin::new(of_claim, of_volume)
}

impl Fact<Names<PersistentVolume>> for PersistentVolumeClaim {
    fn fact(&self) -> Option<Names<PersistentVolume>> {
        Some(Names::cluster(&self.spec.as_ref()?.volume_name))
    }
}

/// The claim that it is bound to.
impl Fact<References> for PersistentVolume {
    fn fact(&self) -> Option<References> {
        let claim = self.spec.as_ref()?.claim_ref.clone()?;
        Some(References(vec![claim]))
    }
}

/// The `StorageClasses` of `PersistentVolumeClaims`, by the beta annotation, else by `spec.storageClassName`.
#[doc(alias = "pvc_storageclass")]
pub fn claim_classes<C: Object + Fact<Names<StorageClass>>, T: Object>() -> KeyJoin<C, T> {
    KeyJoin::by_fact()
}

/// The `StorageClasses` of `PersistentVolumes`, by the beta annotation, else by `spec.storageClassName`.
#[doc(alias = "pv_storageclass")]
pub fn volume_classes<V: Object + Fact<Names<StorageClass>>, T: Object>() -> KeyJoin<V, T> {
    KeyJoin::by_fact()
}

fn class_of(object: &impl Object, field: Option<&String>) -> Names<StorageClass> {
    let class = object.annotation(BETA_CLASS);
    Names::cluster(class.or(field.map(String::as_str)))
}

impl Fact<Names<StorageClass>> for PersistentVolumeClaim {
    fn fact(&self) -> Option<Names<StorageClass>> {
        let spec = self.spec.as_ref();
        let field = spec.and_then(|spec| spec.storage_class_name.as_ref());
        Some(class_of(self, field))
    }
}

impl Fact<Names<StorageClass>> for PersistentVolume {
    fn fact(&self) -> Option<Names<StorageClass>> {
        let spec = self.spec.as_ref();
        let field = spec.and_then(|spec| spec.storage_class_name.as_ref());
        Some(class_of(self, field))
    }
}

/// The Secrets that `PersistentVolumes` are mounted, attached or grown with. Where a reference has no
/// namespace it is that of the claim, for the kinds of volumes that were stored so once.
#[doc(alias = "pv_secrets")]
pub fn volume_secrets<V: Object + Fact<Names<Secret>>, S: Object>() -> KeyJoin<V, S> {
    KeyJoin::by_fact()
}

/// Same as `VisitPVSecretNames` of `k8s.io/kubernetes/pkg/api/v1/persistentvolume`.
impl Fact<Names<Secret>> for PersistentVolume {
    fn fact(&self) -> Option<Names<Secret>> {
        let spec = self.spec.as_ref()?;
        let claim = spec.claim_ref.as_ref();
        let beside_claim = claim
            .and_then(|claim| claim.namespace.as_deref())
            .unwrap_or_default();
        let old = old_references(spec).map(|secret| key(secret, beside_claim));
        let new = references(spec).map(|secret| key(secret, ""));
        let azure = spec.azure_file.as_ref().map(|azure| {
            let namespace = azure.secret_namespace.as_deref();
            let namespace = namespace.filter(|namespace| !namespace.is_empty());
            Key::new(namespace.unwrap_or(beside_claim), &azure.secret_name)
        });
        Some(old.chain(new).chain(azure).collect())
    }
}

fn key(secret: &SecretReference, default: &str) -> Key {
    let namespace = secret.namespace.as_deref().filter(|name| !name.is_empty());
    let name = secret.name.as_deref().unwrap_or_default();
    Key::new(namespace.unwrap_or(default), name)
}

/// References that may lack the namespace.
fn old_references(spec: &PersistentVolumeSpec) -> impl Iterator<Item = &SecretReference> {
    let all = [
        spec.cephfs.as_ref().and_then(|v| v.secret_ref.as_ref()),
        spec.flex_volume
            .as_ref()
            .and_then(|v| v.secret_ref.as_ref()),
        spec.rbd.as_ref().and_then(|v| v.secret_ref.as_ref()),
        spec.scale_io.as_ref().map(|v| &v.secret_ref),
        spec.iscsi.as_ref().and_then(|v| v.secret_ref.as_ref()),
    ];
    all.into_iter().flatten()
}

/// References that do not; of CSI, all that any component uses.
fn references(spec: &PersistentVolumeSpec) -> impl Iterator<Item = &SecretReference> {
    let csi = spec.csi.iter().flat_map(|csi| {
        let node = [
            &csi.node_publish_secret_ref,
            &csi.node_stage_secret_ref,
            &csi.node_expand_secret_ref,
        ];
        let controller = [
            &csi.controller_publish_secret_ref,
            &csi.controller_expand_secret_ref,
        ];
        node.into_iter().chain(controller).flatten()
    });
    let cinder = spec.cinder.as_ref().and_then(|v| v.secret_ref.as_ref());
    csi.chain(cinder)
}

/// The `PersistentVolumes` that `VolumeAttachments` attach. One with an inline volume has none.
pub fn attachment_volumes<A, V>() -> KeyJoin<A, V>
where
    A: Object + Fact<Names<PersistentVolume>>,
    V: Object,
{
    KeyJoin::by_fact()
}

/// The Nodes that `VolumeAttachments` attach to.
pub fn attachment_nodes<A: Object + Fact<Names<Node>>, N: Object>() -> KeyJoin<A, N> {
    KeyJoin::by_fact()
}

impl Fact<Names<PersistentVolume>> for VolumeAttachment {
    fn fact(&self) -> Option<Names<PersistentVolume>> {
        Some(Names::cluster(&self.spec.source.persistent_volume_name))
    }
}

impl Fact<Names<Node>> for VolumeAttachment {
    fn fact(&self) -> Option<Names<Node>> {
        Some(Names::cluster([&self.spec.node_name]))
    }
}
