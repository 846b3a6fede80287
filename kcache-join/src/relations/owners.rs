//! Owner references.

use kcache::{Fact, Object, Owners};

use super::reference::{Identity, namespace_of};
use crate::fact::Kind;
use crate::key_join::KeyJoin;

/// The objects that objects of a kind own: by UID, kind and name, with an owner in the same namespace or
/// without one, as the garbage collector resolves `ownerReferences`.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::apps::v1::ReplicaSet;
/// # use k8s_openapi::api::core::v1::Pod;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (sets, _) = kcache::feed::<ReplicaSet>();
/// # let (pods, _) = kcache::feed::<Pod>();
/// use kcache_join::{Kind, relations};
/// let owned = relations::owner_dependents(Kind::of::<ReplicaSet>()).join(&sets, &pods);
/// # }
/// ```
pub fn owner_dependents<S, T>(owner: Kind) -> KeyJoin<S, T>
where
    S: Object,
    T: Object + Fact<Owners>,
{
    let owners = move |target: &T| {
        let Owners(owners) = target.fact().unwrap_or_default();
        let owners = owners
            .into_iter()
            .filter(|o| owner.is(&o.api_version, &o.kind));
        let keys = owners.flat_map(|o| {
            let namespaces = [namespace_of(target), String::new()];
            namespaces.map(|namespace| (namespace, o.name.clone(), o.uid.clone()))
        });
        keys.collect()
    };
    KeyJoin::new(itself, owners)
}

/// The objects whose controller the sources are: in the same namespace, by the kind, name and UID of the
/// controller reference, and not its version.
pub(super) fn controlled<S, T>(kind: &'static str) -> KeyJoin<S, T>
where
    S: Object,
    T: Object + Fact<Owners>,
{
    KeyJoin::new(itself, move |target: &T| {
        Vec::from_iter(controller_of(kind, target))
    })
}

/// Who an object is. One without a UID owns nothing.
pub(super) fn itself(source: &impl Object) -> Vec<Identity> {
    let identity = (
        namespace_of(source),
        source.name().to_owned(),
        source.uid().to_owned(),
    );
    let identity = Some(identity).filter(|(_, _, uid)| !uid.is_empty());
    identity.into_iter().collect()
}

/// The controller of an object, if it is of this kind.
pub(super) fn controller_of<T: Object + Fact<Owners>>(kind: &str, target: &T) -> Option<Identity> {
    let owners: Owners = target.fact()?;
    let controller = owners.controller().filter(|owner| owner.kind == kind)?;
    Some((
        namespace_of(target),
        controller.name.clone(),
        controller.uid.clone(),
    ))
}

/// The UID of an object's controller; empty if it has none.
pub(super) fn controller_uid<T: Fact<Owners>>(target: &T) -> String {
    let owners = target.fact().unwrap_or_default();
    owners
        .controller()
        .map_or_else(String::new, |owner| owner.uid.clone())
}
