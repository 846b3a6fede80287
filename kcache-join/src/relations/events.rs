//! Events and what they are about.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::{core, events};
use kcache::{Fact, Object};

use super::reference::{Reference, References, namespace_of};
use crate::fact::Kind;
use crate::key_join::KeyJoin;

/// A mirror Pod's UID as its kubelet knows it.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What an Event names, and what an object is named by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum About {
    Uid(String),
    /// In a namespace, by name.
    Name(String, String),
}

/// The objects of a kind that Events are about: by the UID of the involved object and of the related one.
/// Without a UID, and for a Node whose UID is its name (as kubelets write it), it is group, kind, name, and the
/// reference's namespace, which may be another than the Event's. A mirror Pod has the UID that its kubelet
/// knows, too.
///
/// It takes Events of `v1` and of `events.k8s.io/v1`.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::{Event, Pod};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (events, _) = kcache::feed::<Event>();
/// # let (pods, _) = kcache::feed::<Pod>();
/// use kcache_join::{Kind, relations};
/// let told_of = relations::event_objects(Kind::of::<Pod>()).join(&events, &pods);
/// # }
/// ```
pub fn event_objects<E, T>(kind: Kind) -> KeyJoin<E, T>
where
    E: Object + Fact<References>,
    T: Object,
{
    let of_event = move |event: &E| {
        let references = event.fact().unwrap_or_default();
        let about = references.into_parts().filter_map(|r| about(&kind, r));
        about.collect()
    };
    let of_target = |target: &T| {
        let uids = [Some(target.uid()), target.annotation(MIRROR)];
        let uids = uids.into_iter().flatten().filter(|uid| !uid.is_empty());
        let uids = uids.map(|uid| About::Uid(uid.to_owned()));
        let name = About::Name(namespace_of(target), target.name().to_owned());
        uids.chain([name]).collect()
    };
    KeyJoin::new(of_event, of_target)
}

fn about(kind: &Kind, reference: Reference) -> Option<About> {
    let is_kubelets = reference.kind == "Node" && reference.uid == reference.name;
    if !reference.uid.is_empty() && !is_kubelets {
        return Some(About::Uid(reference.uid));
    }
    let is_meant = kind.is(&reference.api_version, &reference.kind) && !reference.name.is_empty();
    is_meant.then_some(About::Name(reference.namespace, reference.name))
}

/// What the Event is about, and what else has to do with it.
impl Fact<References> for core::v1::Event {
    fn fact(&self) -> Option<References> {
        let related = self.related.iter().cloned();
        let all = [self.involved_object.clone()].into_iter().chain(related);
        Some(References(all.collect()))
    }
}

impl Fact<References> for events::v1::Event {
    fn fact(&self) -> Option<References> {
        let all = self.regarding.iter().chain(&self.related);
        Some(References(all.map(ObjectReference::clone).collect()))
    }
}
