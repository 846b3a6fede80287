//! What Pods refer to by name.

use k8s_openapi::api::core::v1::{
    ConfigMap, EnvFromSource, EnvVar, EnvVarSource, Pod, PodSpec, Secret, ServiceAccount, Volume,
    VolumeProjection,
};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use kcache::{Fact, Key, Object, Owners};

use super::groups::SCHEDULING;
use super::owners::controller_uid;
use super::reference::namespace_of;
use crate::fact::{Names, group_of};
use crate::key_join::KeyJoin;

/// Marks a Pod that stands for one that its kubelet has from elsewhere.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The `ConfigMaps` that Pods use: in `env` and `envFrom` of all containers (init and ephemeral ones, too), in
/// volumes and projected volumes.
pub fn pod_configmaps<P: Object + Fact<Names<ConfigMap>>, C: Object>() -> KeyJoin<P, C> {
    KeyJoin::by_fact()
}

/// The Secrets that Pods use: in `env` and `envFrom` of all containers (init and ephemeral ones, too), in
/// volumes and projected volumes, to pull images, and as the credentials of volumes (CSI, `azureFile`,
/// `cephfs`, `cinder`, `flexVolume`, `iscsi`, `rbd`, `scaleIO`, `storageos`).
pub fn pod_secrets<P: Object + Fact<Names<Secret>>, S: Object>() -> KeyJoin<P, S> {
    KeyJoin::by_fact()
}

/// The `ServiceAccounts` that Pods run as. No name is `default`, as admission fills it in; a mirror Pod runs
/// as none.
pub fn pod_serviceaccount<P: Object + Fact<Names<ServiceAccount>>, A: Object>() -> KeyJoin<P, A> {
    KeyJoin::by_fact()
}

/// The `PriorityClasses` of Pods, by `spec.priorityClassName`.
pub fn pod_priorityclass<P: Object + Fact<Names<PriorityClass>>, C: Object>() -> KeyJoin<P, C> {
    KeyJoin::by_fact()
}

/// The `RuntimeClasses` of Pods, by `spec.runtimeClassName`.
pub fn pod_runtimeclass<P: Object + Fact<Names<RuntimeClass>>, C: Object>() -> KeyJoin<P, C> {
    KeyJoin::by_fact()
}

/// The names of the resource claims of a Pod or a `PodGroup`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceClaims {
    /// Claims that are there for anybody.
    pub named: Vec<String>,
    /// Claims that were made for it from a template, as its status says: what is called so and was
    /// not made for it, is not its claim.
    pub generated: Vec<String>,
    /// The name of the `PodGroup` that a Pod is in, whose claims are its own, too; empty for none.
    pub pod_group: String,
}

/// The `ResourceClaims` of Pods: by name, or by what the Pod's status says was made from a template, if the
/// controller of the claim is the Pod, or the `PodGroup` that it is in.
pub fn pod_resourceclaims<P, C>() -> KeyJoin<P, C>
where
    P: Object + Fact<ResourceClaims>,
    C: Object + Fact<Owners>,
{
    let of_pod = |pod: &P| {
        let claims = pod.fact().unwrap_or_default();
        let group = Maker::Group(claims.pod_group);
        let of_group = claims.generated.iter().filter(|_| !group.is_nobody());
        let key = |name: &String| (Key::new(&namespace_of(pod), name), group.clone());
        let of_group: Vec<_> = of_group.map(key).collect();
        let own = made_for(pod, claims.named, claims.generated);
        own.into_iter().chain(of_group).collect()
    };
    let by_whom = |claim: &C| {
        let mut makers = made_by(claim);
        let owners = claim.fact().unwrap_or_default();
        let group = owners
            .controller()
            .filter(|owner| owner.kind == "PodGroup" && group_of(&owner.api_version) == SCHEDULING);
        let group = group.map(|group| Maker::Group(group.name.clone()));
        makers.extend(group.map(|group| (Key::of(claim), group)));
        makers
    };
    KeyJoin::new(of_pod, by_whom)
}

/// For whom a claim was made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Maker {
    Anybody,
    /// The object of this UID.
    Uid(String),
    /// The `PodGroup` of this name: a Pod does not know its UID.
    Group(String),
}

impl Maker {
    fn is_nobody(&self) -> bool {
        matches!(self, Self::Uid(text) | Self::Group(text) if text.is_empty())
    }
}

/// The keys of an object's claims: namespace, name, and the controller if that must be the object.
pub(super) fn made_for(
    object: &impl Object,
    named: Vec<String>,
    generated: Vec<String>,
) -> Vec<(Key, Maker)> {
    let namespace = namespace_of(object);
    let key = |name: String, maker| (Key::new(&namespace, &name), maker);
    let own = Maker::Uid(object.uid().to_owned());
    let named = named.into_iter().map(|name| key(name, Maker::Anybody));
    let generated = generated.into_iter().filter(|_| !own.is_nobody());
    let generated = generated.map(|name| key(name, own.clone()));
    named.chain(generated).collect()
}

/// The keys of a claim: of anybody, and of its controller.
pub(super) fn made_by<C: Object + Fact<Owners>>(claim: &C) -> Vec<(Key, Maker)> {
    let key = Key::of(claim);
    let controller = Maker::Uid(controller_uid(claim));
    vec![(key.clone(), controller), (key, Maker::Anybody)]
}

/// Calls for the `env` and the `envFrom` of every container.
fn environments(spec: &PodSpec) -> impl Iterator<Item = (&[EnvVar], &[EnvFromSource])> {
    let init = spec.init_containers.iter().flatten();
    let containers = spec.containers.iter().chain(init);
    let containers = containers.map(|container| (&container.env, &container.env_from));
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    let ephemeral = ephemeral.map(|container| (&container.env, &container.env_from));
    let all = containers.chain(ephemeral);
    all.map(|(env, from)| {
        (
            env.as_deref().unwrap_or_default(),
            from.as_deref().unwrap_or_default(),
        )
    })
}

fn variables(spec: &PodSpec) -> impl Iterator<Item = &EnvVarSource> {
    let variables = environments(spec).flat_map(|(env, _)| env);
    variables.filter_map(|variable| variable.value_from.as_ref())
}

fn whole(spec: &PodSpec) -> impl Iterator<Item = &EnvFromSource> {
    environments(spec).flat_map(|(_, from)| from)
}

fn volumes(spec: &PodSpec) -> impl Iterator<Item = &Volume> {
    spec.volumes.iter().flatten()
}

fn projected(volume: &Volume) -> impl Iterator<Item = &VolumeProjection> {
    let projected = volume.projected.iter();
    projected.flat_map(|projected| projected.sources.iter().flatten())
}

impl Fact<Names<ConfigMap>> for Pod {
    fn fact(&self) -> Option<Names<ConfigMap>> {
        let spec = self.spec.as_ref()?;
        let keys = variables(spec).filter_map(|from| Some(&from.config_map_key_ref.as_ref()?.name));
        let maps = whole(spec).filter_map(|from| Some(&from.config_map_ref.as_ref()?.name));
        let mounted = volumes(spec).flat_map(|volume| {
            let own = volume.config_map.iter().map(|map| &map.name);
            let parts = projected(volume).filter_map(|part| Some(&part.config_map.as_ref()?.name));
            own.chain(parts)
        });
        Some(Names::beside(self, keys.chain(maps).chain(mounted)))
    }
}

impl Fact<Names<Secret>> for Pod {
    fn fact(&self) -> Option<Names<Secret>> {
        let spec = self.spec.as_ref()?;
        let pull = spec
            .image_pull_secrets
            .iter()
            .flatten()
            .map(|secret| &secret.name);
        let keys = variables(spec).filter_map(|from| Some(&from.secret_key_ref.as_ref()?.name));
        let secrets = whole(spec).filter_map(|from| Some(&from.secret_ref.as_ref()?.name));
        let mounted = volumes(spec).flat_map(|volume| {
            let parts = projected(volume).filter_map(|part| Some(&part.secret.as_ref()?.name));
            credentials(volume).chain(parts)
        });
        let all = pull.chain(keys).chain(secrets).chain(mounted);
        Some(Names::beside(self, all))
    }
}

/// The Secrets that a volume is, or is mounted with.
fn credentials(volume: &Volume) -> impl Iterator<Item = &String> {
    let local = [
        volume.cephfs.as_ref().and_then(|v| v.secret_ref.as_ref()),
        volume.cinder.as_ref().and_then(|v| v.secret_ref.as_ref()),
        volume
            .flex_volume
            .as_ref()
            .and_then(|v| v.secret_ref.as_ref()),
        volume.rbd.as_ref().and_then(|v| v.secret_ref.as_ref()),
        volume.scale_io.as_ref().map(|v| &v.secret_ref),
        volume.iscsi.as_ref().and_then(|v| v.secret_ref.as_ref()),
        volume
            .storageos
            .as_ref()
            .and_then(|v| v.secret_ref.as_ref()),
        volume
            .csi
            .as_ref()
            .and_then(|v| v.node_publish_secret_ref.as_ref()),
    ];
    let local = local.into_iter().flatten().map(|secret| &secret.name);
    let azure = volume.azure_file.as_ref().map(|v| &v.secret_name);
    let own = volume.secret.as_ref().and_then(|v| v.secret_name.as_ref());
    local.chain(azure).chain(own)
}

impl Fact<Names<ServiceAccount>> for Pod {
    fn fact(&self) -> Option<Names<ServiceAccount>> {
        let named = self.spec.as_ref()?.service_account_name.as_deref();
        let name = match named.unwrap_or_default() {
            "" if self.annotation(MIRROR).is_some() => return None,
            "" => "default",
            name => name,
        };
        Some(Names::beside(self, [name]))
    }
}

impl Fact<Names<PriorityClass>> for Pod {
    fn fact(&self) -> Option<Names<PriorityClass>> {
        Some(Names::cluster(&self.spec.as_ref()?.priority_class_name))
    }
}

impl Fact<Names<RuntimeClass>> for Pod {
    fn fact(&self) -> Option<Names<RuntimeClass>> {
        Some(Names::cluster(&self.spec.as_ref()?.runtime_class_name))
    }
}

/// Same as `resourceclaim.PodClaims` of `k8s.io/dynamic-resource-allocation`.
impl Fact<ResourceClaims> for Pod {
    fn fact(&self) -> Option<ResourceClaims> {
        let mut claims = ResourceClaims::default();
        k8s_openapi::k8s_if_ge_1_36! {
            let group = self.spec.as_ref()?.scheduling_group.as_ref();
            let group = group.and_then(|group| group.pod_group_name.clone());
            claims.pod_group = group.unwrap_or_default();
        }
        let status = self.status.as_ref();
        let made = || status.and_then(|status| status.resource_claim_statuses.as_deref());
        for claim in self.spec.as_ref()?.resource_claims.iter().flatten() {
            if let Some(name) = &claim.resource_claim_name {
                claims.named.push(name.clone());
            } else if claim.resource_claim_template_name.is_some() {
                let mut made = made().unwrap_or_default().iter();
                let made = made.find(|made| made.name == claim.name);
                let name = made.and_then(|made| made.resource_claim_name.clone());
                claims.generated.extend(name);
            }
        }
        k8s_openapi::k8s_if_ge_1_34! {
            let extended = status.and_then(|status| status.extended_resource_claim_status.as_ref());
            let name = extended.map(|extended| extended.resource_claim_name.clone());
            claims.generated.extend(name.filter(|name| !name.is_empty()));
        }
        Some(claims)
    }
}
