//! The changes of a subscription as what a controller is triggered by.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use kube::runtime::reflector::{Lookup, ObjectRef};

use crate::event::Event;
use crate::fact::{Fact, Owners};
use crate::object::Object;
use crate::subscription::Subscription;

/// The reference of an object of any stored form, as one of kind `K`; it has the UID and the version, too.
///
/// ```
/// # use k8s_openapi::api::core::v1::Pod;
/// # use kube::core::PartialObjectMeta;
/// use kube::runtime::reflector::ObjectRef;
/// # fn example(metadata: &PartialObjectMeta<Pod>) {
/// let pod: ObjectRef<Pod> = kcache::kube_runtime::object_ref(metadata, ());
/// # }
/// ```
pub fn object_ref<K: Lookup>(object: &impl Object, dyntype: K::DynamicType) -> ObjectRef<K> {
    let mut reference = ObjectRef::new_with(object.name(), dyntype);
    reference.namespace = object.namespace().map(str::to_owned);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    reference.extra.uid = text(object.uid());
    reference.extra.resource_version = text(object.version());
    reference
}

impl<V: Object> Subscription<V> {
    /// The objects of each event: what a create brings, what was there before an update and what is now,
    /// and what a delete takes away. It is kube's `touched_objects`, with the deletes that a list shows
    /// which is read again, and with what was there before: for `Controller::owns_shared_stream` and
    /// `watches_shared_stream`.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let map = |version: &str| -> ConfigMap {
    /// #     let metadata = serde_json::json!({"name": "a", "resourceVersion": version});
    /// #     serde_json::from_value(serde_json::json!({"metadata": metadata})).expect("a map")
    /// # };
    /// let (maps, mut feed) = kcache::feed();
    /// let changes = maps.subscribe();
    /// feed.relist([map("1")], None)?;
    /// feed.apply(map("2"))?;
    /// feed.remove(map("2"))?;
    /// let touched = changes.touched_objects().take(4);
    /// let versions = touched.map(|map| map.metadata.resource_version.clone());
    /// let versions: Vec<_> = versions.filter_map(std::future::ready).collect().await;
    /// assert_eq!(versions, ["1", "1", "2", "2"]);
    /// # Ok(()) }
    /// ```
    pub fn touched_objects(self) -> impl Stream<Item = Arc<V>> + Send + use<V> {
        self.flat_map(|event| stream::iter(objects(event).into_iter().flatten()))
    }

    /// References to what each event is about, as of kind `K`: for `Controller::reconcile_on`, where it is
    /// the reconciled kind in another stored form, such as its metadata.
    ///
    /// A typed kind has `()` as its dynamic type.
    pub fn object_refs<K>(
        self,
        dyntype: K::DynamicType,
    ) -> impl Stream<Item = ObjectRef<K>> + Send + use<V, K>
    where
        K: Lookup<DynamicType: Clone + Send + 'static> + 'static,
    {
        self.map(move |event| object_ref(&**event.object(), dyntype.clone()))
    }

    /// References to the owners of kind `K` of each object that is created, changed or deleted, before
    /// and after: for `Controller::reconcile_on`, where the owned objects are of a stored form that
    /// `owns_shared_stream` does not take. As there, the owner's `apiVersion` and kind have to be those of `K`.
    pub fn owner_refs<K>(
        self,
        dyntype: K::DynamicType,
    ) -> impl Stream<Item = ObjectRef<K>> + Send + use<V, K>
    where
        V: Fact<Owners>,
        K: Lookup<DynamicType: Clone + PartialEq + Send + 'static> + 'static,
    {
        self.related_refs(move |object: &V| {
            let owners = object.fact().unwrap_or_default().0;
            let namespace = object.namespace();
            let of = |owner| ObjectRef::from_owner_ref(namespace, owner, dyntype.clone());
            owners.iter().filter_map(of).collect::<Vec<_>>()
        })
    }

    /// What a function refers to in each object that is created, changed or deleted, before and after, each
    /// reference once an event: for `Controller::reconcile_on`. The stored form can be any.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use futures_util::StreamExt;
    /// use kube::runtime::reflector::ObjectRef;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let map = |to: &str| -> ConfigMap {
    /// #     let metadata = serde_json::json!({"name": "a", "namespace": "shop", "annotations": {"for": to}});
    /// #     serde_json::from_value(serde_json::json!({"metadata": metadata})).expect("a map")
    /// # };
    /// let (maps, mut feed) = kcache::feed();
    /// feed.relist([map("web")], None)?;
    /// let users = maps.subscribe().related_refs(|map: &ConfigMap| {
    ///     let to = map.metadata.annotations.as_ref().and_then(|all| all.get("for"));
    ///     to.map(|name| ObjectRef::<ConfigMap>::new(name).within("shop"))
    /// });
    /// let mut users = std::pin::pin!(users);
    /// assert_eq!(users.next().await.map(|found| found.name), Some("web".into()));
    /// feed.apply(map("db"))?; // both have a new state
    /// assert_eq!(users.next().await.map(|found| found.name), Some("web".into()));
    /// assert_eq!(users.next().await.map(|found| found.name), Some("db".into()));
    /// # Ok(()) }
    /// ```
    pub fn related_refs<K, I>(
        self,
        related: impl Fn(&V) -> I + Send + 'static,
    ) -> impl Stream<Item = ObjectRef<K>> + Send
    where
        K: Lookup<DynamicType: PartialEq + Send + 'static> + 'static,
        I: IntoIterator<Item = ObjectRef<K>>,
    {
        self.event_refs(move |event| {
            let mut refs: Vec<ObjectRef<K>> = Vec::new();
            for object in objects(event).iter().flatten() {
                for found in related(object) {
                    if !refs.contains(&found) {
                        refs.push(found);
                    }
                }
            }
            refs
        })
    }

    /// What a function makes of each event: the others are made of this.
    pub fn event_refs<K: Lookup<DynamicType: Send + 'static> + 'static>(
        self,
        refs: impl FnMut(Event<V>) -> Vec<ObjectRef<K>> + Send + 'static,
    ) -> impl Stream<Item = ObjectRef<K>> + Send {
        self.map(refs).flat_map(stream::iter)
    }
}

fn objects<V>(event: Event<V>) -> [Option<Arc<V>>; 2] {
    match event {
        Event::Update { new, .. } if crate::seeded_fault::ForgetBefore.strikes() => {
            [Some(new), None]
        }
        Event::Create { new } => [Some(new), None],
        Event::Update { old, new } => [Some(old), Some(new)],
        Event::Delete { old } => [Some(old), None],
    }
}
