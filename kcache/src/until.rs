//! Waiting for a state of one object.

use std::sync::Arc;

use crate::error::Error;
use crate::event::Event;
use crate::filter::Filter;
use crate::object::{Key, Object};
use crate::publisher::Publisher;

impl<V: Object> Publisher<V> {
    /// Waits until a condition holds for the object under a key, and gives the object: what `kubectl wait`
    /// does, without a request. `None` is given to the condition, and comes out, where there is no such
    /// object.
    ///
    /// The condition is asked first when the publisher is ready, so that absence is known and not only
    /// unseen; then at every change of the object. A deletion and a creation under the same
    /// name are two changes, with `None` in between. It waits as long as it takes:
    /// `tokio::time::timeout` around it sets a limit, and dropping it ends it.
    ///
    /// A condition of kube (`kube::runtime::wait::conditions`) is one by way of its trait:
    /// `|pod| conditions::is_pod_running().matches_object(pod)`.
    ///
    /// # Errors
    ///
    /// Why the publisher was closed, if it is closed before.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// # let map: ConfigMap = serde_json::from_str(
    /// #     r#"{"metadata": {"name": "a", "namespace": "shop"}, "data": {"ready": "yes"}}"#).expect("a map");
    /// # feed.relist([map], None)?;
    /// let is_ready = |map: &ConfigMap| map.data.as_ref().is_some_and(|data| data["ready"] == "yes");
    /// let map = maps.until("shop", "a", |map| map.is_some_and(is_ready)).await?;
    /// assert!(map.is_some());
    /// # Ok(()) }
    /// ```
    #[doc(alias = "await_condition")]
    pub async fn until(
        &self,
        namespace: &str,
        name: &str,
        mut condition: impl FnMut(Option<&V>) -> bool,
    ) -> Result<Option<Arc<V>>, Error> {
        let mut changes = self.subscribe_with(Filter::name(namespace, name));
        let mut object = changes.snapshot().await?.objects.pop();
        while !condition(object.as_deref()) {
            let event = changes.next().await;
            object = match event {
                Some(Event::Create { new } | Event::Update { new, .. }) => Some(new),
                Some(Event::Delete { .. }) => None,
                None => return Err(changes.error().unwrap_or(Error::Closed)),
            };
        }
        Ok(object)
    }

    /// Waits until an object is gone: there is none under its name, or one with another UID. Any form of the
    /// object will do that knows its UID, as the answer to a request or what a cache had.
    ///
    /// A cache that has not seen the object yet says that it is gone. So if it was created just now, wait
    /// for its version first, with [`wait_for`](Self::wait_for). An object without a UID is gone when there
    /// is none under its name.
    ///
    /// # Errors
    ///
    /// As [`until`](Self::until).
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// # let map: ConfigMap = serde_json::from_str(
    /// #     r#"{"metadata": {"name": "a", "namespace": "shop", "uid": "1"}}"#).expect("a map");
    /// feed.relist([map.clone()], None)?;
    /// feed.remove(map.clone())?;
    /// maps.until_deleted(&map).await?;
    /// # Ok(()) }
    /// ```
    pub async fn until_deleted(&self, object: &impl Object) -> Result<(), Error> {
        let (key, uid) = (Key::of(object), object.uid());
        let is_gone =
            |there: Option<&V>| there.is_none_or(|there| !uid.is_empty() && there.uid() != uid);
        self.until(key.namespace(), key.name(), is_gone).await?;
        Ok(())
    }
}
