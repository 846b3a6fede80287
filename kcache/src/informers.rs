//! One informer for all who want the same.

mod error;
mod options;
mod running;
mod sharded;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::core::{ApiResource, PartialObjectMeta};
use serde_json::Value;

pub use self::error::{NotReady, ReadError, UnhealthyInformers};
pub use self::options::KindOptions;
use self::options::Namespaces;
pub use self::running::InformerOverview;
use self::running::{Id, Running};
use crate::codec::{Codec, Expected, Raw, SerdeCodec};
use crate::error::Error;
use crate::failure::ReadyError;
use crate::informer::{Informer, InformerBuilder, Watchable};
use crate::object::Object;
use crate::publisher::{Publisher, settled};
use crate::reflector::read;
use crate::reshard::Sharded;
use crate::shard::Shard;
use crate::sync::{Mutex, lock};
use crate::transform::TransformedJson;

/// Informers on one client, shared by all who want the same: one list and one watch for each kind, scope
/// and form, however many ask.
///
/// Nothing is requested before somebody asks. An informer goes on as long as somebody holds it, or
/// anything derived from it; the next who asks starts it again. What is read through this, with
/// [`get`](Self::get) and [`list`](Self::list), goes on until [`release`](Self::release), or until the last
/// clone of this is dropped.
///
/// # Example
///
/// ```no_run
/// use k8s_openapi::api::core::v1::{Pod, Secret};
/// use kcache::{Informers, KindOptions};
///
/// # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let informers = Informers::builder(client)
///     .all_kinds(KindOptions::new().namespaces(["shop", "payments"]))
///     .kind::<Secret>(KindOptions::new().labels("app=shop"))
///     .build();
/// let (pods, secrets) = (informers.informer::<Pod>(), informers.informer::<Secret>());
/// informers.ready().await?; // all that were asked for
///
/// let web = informers.get::<Pod>("shop", "web-1").await?; // the same Pods, from memory
/// let now = informers.get_live::<Pod>("shop", "web-1").await?; // from the server
/// # Ok(()) }
/// ```
#[doc(alias = "SharedInformerFactory")]
#[derive(Clone)]
pub struct Informers(Arc<Inner>);

struct Inner {
    client: Client,
    all_kinds: KindOptions,
    /// By group and plural.
    kinds: BTreeMap<(String, String), KindOptions>,
    /// Of all that say nothing of it, if it was ever said. Locked after what runs.
    shard: Mutex<Option<Shard>>,
    running: Running,
}

/// What the informers of an [`Informers`] follow, in one place.
#[must_use = "it is made by `build`"]
pub struct InformersBuilder {
    client: Client,
    all_kinds: KindOptions,
    kinds: BTreeMap<(String, String), KindOptions>,
}

impl InformersBuilder {
    /// For all kinds, where nothing else is said of one.
    pub fn all_kinds(mut self, options: KindOptions) -> Self {
        self.all_kinds = options;
        self
    }

    /// For one kind, in whatever form; what is not said here is as for all kinds.
    #[doc(alias = "ByObject")]
    pub fn kind<V: Watchable>(self, options: KindOptions) -> Self {
        self.kind_of(&V::resource(), options)
    }

    /// The same of a resource that is named at run time.
    pub fn kind_of(mut self, resource: &ApiResource, options: KindOptions) -> Self {
        self.kinds.insert(group_plural(resource), options);
        self
    }

    /// Makes it. Nothing is requested yet.
    pub fn build(self) -> Informers {
        let Self {
            client,
            mut all_kinds,
            kinds,
        } = self;
        Informers(Arc::new(Inner {
            client,
            shard: Mutex::new(all_kinds.take_shard()),
            all_kinds,
            kinds,
            running: Running::default(),
        }))
    }
}

fn group_plural(resource: &ApiResource) -> (String, String) {
    (resource.group.clone(), resource.plural.clone())
}

impl Informers {
    /// Informers of all objects in all namespaces.
    pub fn new(client: Client) -> Self {
        Self::builder(client).build()
    }

    /// Informers with options.
    pub fn builder(client: Client) -> InformersBuilder {
        InformersBuilder {
            client,
            all_kinds: KindOptions::new(),
            kinds: BTreeMap::new(),
        }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The informer of a type that knows its resource: the one that runs, or a new one.
    ///
    /// [`Publisher::close`] ends it for all who hold it.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn informer<V: Watchable>(&self) -> Publisher<V>
    where
        V::Codec: Codec<V> + 'static,
    {
        self.informer_with(KindOptions::new())
    }

    /// The same with a scope of its own: it is shared with those who say the same. What is not said is as
    /// for the kind.
    ///
    /// # Panics
    ///
    /// As [`informer`](Self::informer).
    pub fn informer_with<V: Watchable>(&self, options: KindOptions) -> Publisher<V>
    where
        V::Codec: Codec<V> + 'static,
    {
        self.typed(options, false)
    }

    /// The informer of a resource that is named at run time: for `DynamicObject`, and for structs of one's
    /// own. For what is in no namespace say [`all_namespaces`](KindOptions::all_namespaces) with
    /// [`kind_of`](InformersBuilder::kind_of), if all kinds are in some namespaces only.
    ///
    /// # Panics
    ///
    /// As [`informer`](Self::informer).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use kcache::Informers;
    /// use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
    ///
    /// # async fn example(informers: Informers) {
    /// let widget = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    /// let widgets = informers.informer_of::<DynamicObject>(&widget);
    /// # }
    /// ```
    pub fn informer_of<V: Object>(&self, resource: &ApiResource) -> Publisher<V>
    where
        SerdeCodec: Codec<V>,
    {
        let builder = Informer::<V>::builder_of(self.0.client.clone(), resource.clone());
        let options = self.options(resource, KindOptions::new());
        self.get_or_start(builder, resource, &options, false)
    }

    /// Waits until all that were asked for by now have a complete state; those that somebody lets go
    /// meanwhile are not waited for.
    ///
    /// # Errors
    ///
    /// Which one ended, and why.
    pub async fn ready(&self) -> Result<(), NotReady> {
        for (resource, mut phases) in self.0.running.phases() {
            let is_settled =
                |phase: &_| matches!(settled(phase), Some(Ok(()) | Err(ReadyError::Closed(_))));
            let phase = phases.wait_for(is_settled).await;
            not_ready(resource, phase.ok().and_then(|phase| settled(&phase)))?;
        }
        Ok(())
    }

    /// Waits as [`ready`](Self::ready) does, or until waiting alone is known to be of no use for one of them:
    /// see [`Publisher::ready_or_refused`].
    ///
    /// # Errors
    ///
    /// Which one is refused or ended, and why.
    pub async fn ready_or_refused(&self) -> Result<(), NotReady> {
        for (resource, mut phases) in self.0.running.phases() {
            let phase = phases.wait_for(|phase| settled(phase).is_some()).await;
            not_ready(resource, phase.ok().and_then(|phase| settled(&phase)))?;
        }
        Ok(())
    }

    /// Whether all that run have a complete state that is not stale for longer than a time: a readiness
    /// probe in one line.
    ///
    /// # Errors
    ///
    /// All that have not, and why.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn answer(informers: &kcache::Informers) -> (u16, String) {
    /// informers.health(Duration::from_secs(60)).map_or_else(|why| (503, why.to_string()), |()| (200, "ok".into()))
    /// # }
    /// ```
    pub fn health(&self, patience: Duration) -> Result<(), UnhealthyInformers> {
        let all = self.overview().into_iter();
        let unhealthy = all.filter_map(|it| {
            let unhealthy = it.status.phase.health(patience).err()?;
            Some((it.resource, unhealthy))
        });
        let all: Vec<_> = unhealthy.collect();
        if all.is_empty() {
            Ok(())
        } else {
            Err(UnhealthyInformers { all })
        }
    }

    /// What each that runs is doing and has done, ordered by resource, form and scope.
    pub fn overview(&self) -> Vec<InformerOverview> {
        self.0.running.overview()
    }

    /// Reads an object from memory, when its kind has been listed; the first who asks waits for that. The
    /// namespace is empty for a cluster-scoped object. The informer goes on afterwards.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: a namespace that is not followed, or no state.
    pub async fn get<V: Watchable>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let objects = self.reader::<V>(namespace).await?;
        Ok(objects.cache().get(namespace, name))
    }

    /// Reads the objects of a namespace from memory, or with an empty name all that are followed, as
    /// [`get`](Self::get) does.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn list<V: Watchable>(&self, namespace: &str) -> Result<Vec<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let objects = self.reader::<V>(namespace).await?.cache();
        Ok(match namespace {
            "" => objects.list(),
            namespace => objects.list_namespace(namespace),
        })
    }

    /// Reads an object from the server, as it is now, in the form in which it would be in memory. Selectors
    /// and namespaces of the kind are not looked at.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: no answer, or one that cannot be read.
    pub async fn get_live<V: Watchable>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let options = self.options(&V::resource(), KindOptions::new());
        let builder = Informer::<V>::builder(self.0.client.clone()).namespace(namespace);
        let (target, mut codec) = builder.into_request()?;
        let request = target.object(name)?;
        let body = match read(&self.0.client, request).await {
            Err(failure) if failure.code() == Some(404) => return Ok(None),
            body => body?,
        };
        let types = target.types();
        let mut expected = Expected::new(&types);
        expected.metadata_only = target.metadata_only;
        let raw = Raw::Json(&body);
        let object = match options.transform() {
            None => codec.decode_as(raw, expected)?,
            Some(transform) => {
                TransformedJson::new(codec, move |value: &mut Value| transform(value))
                    .decode_as(raw, expected)?
            }
        };
        Ok(Some(Arc::new(object)))
    }

    /// Keeps the informers of a form no longer that were started for [`get`](Self::get) and
    /// [`list`](Self::list): they end, unless somebody holds them.
    pub fn release<V: Watchable>(&self) {
        let resource = V::resource();
        self.0.running.release(|id| id.is_of::<V>(&resource));
    }

    async fn reader<V: Watchable>(&self, namespace: &str) -> Result<Publisher<V>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let resource = V::resource();
        let options = self.options(&resource, KindOptions::new());
        if let Namespaces::Named(names) = options.in_namespaces()
            && !namespace.is_empty()
            && !names.contains(namespace)
        {
            let id = Id::new::<V>(&resource, options.key());
            return Err(ReadError::OutOfScope {
                resource: id.resource().into(),
                namespace: namespace.into(),
            });
        }
        let objects = self.typed::<V>(KindOptions::new(), true);
        objects.ready_or_refused().await?;
        Ok(objects)
    }

    fn typed<V: Watchable>(&self, options: KindOptions, keep: bool) -> Publisher<V>
    where
        V::Codec: Codec<V> + 'static,
    {
        let resource = V::resource();
        let mut options = self.options(&resource, options);
        if V::is_cluster_scoped() {
            options = options.all_namespaces();
        }
        let builder = Informer::<V>::builder(self.0.client.clone());
        self.get_or_start(builder, &resource, &options, keep)
    }

    /// The namespaces that a selector matches; what is said for all kinds is not said of these.
    fn labelled_namespaces(&self, selector: String) -> Publisher<PartialObjectMeta<Namespace>> {
        let options = KindOptions::new().labels(selector).shard(Shard::whole());
        let resource = PartialObjectMeta::<Namespace>::resource();
        let builder = Informer::builder(self.0.client.clone());
        self.get_or_start(builder, &resource, &options, false)
    }

    /// What is said here, of the kind and of all kinds.
    fn options(&self, resource: &ApiResource, options: KindOptions) -> KindOptions {
        let options = match self.0.kinds.get(&group_plural(resource)) {
            Some(kind) => options.or(kind),
            None => options,
        };
        options.or(&self.0.all_kinds)
    }

    fn get_or_start<V: Object, C: Codec<V> + 'static>(
        &self,
        builder: InformerBuilder<V, C>,
        resource: &ApiResource,
        options: &KindOptions,
        keep: bool,
    ) -> Publisher<V> {
        let id = Id::new::<V>(resource, options.key());
        // It is one of these informers, so it is asked for before the others are locked.
        let labelled = match options.in_namespaces() {
            Namespaces::Labelled(selector) => Some(self.labelled_namespaces(selector)),
            _ => None,
        };
        self.0.running.get_or_start(&id, keep, || {
            let builder = options.apply(builder, lock(&self.0.shard).clone());
            match options.transform() {
                None => start(builder, options, labelled.as_ref()),
                Some(transform) => {
                    let transform = move |value: &mut Value| transform(value);
                    start(
                        builder.transform_json(transform),
                        options,
                        labelled.as_ref(),
                    )
                }
            }
        })
    }
}

fn start<V: Object, C: Codec<V> + 'static>(
    builder: InformerBuilder<V, C>,
    options: &KindOptions,
    labelled: Option<&Publisher<PartialObjectMeta<Namespace>>>,
) -> (Publisher<V>, Arc<dyn Sharded>) {
    let several = match (options.in_namespaces(), labelled) {
        (_, Some(namespaces)) => builder.start_in_all_of(namespaces),
        (Namespaces::Named(names), None) => builder.start_in(names),
        (_, None) => {
            let informer = builder.start();
            return (Publisher::clone(&informer), informer.control.clone());
        }
    };
    (Publisher::clone(&several), several.control())
}

/// Whether something is wrong with one that is ready or never will be. One that was let go is not missed.
fn not_ready(resource: Arc<str>, settled: Option<Result<(), ReadyError>>) -> Result<(), NotReady> {
    match settled {
        None | Some(Ok(()) | Err(ReadyError::Closed(Error::Closed))) => Ok(()),
        Some(Err(source)) => Err(NotReady { resource, source }),
    }
}

impl fmt::Debug for Informers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Informers")
            .field("all_kinds", &self.0.all_kinds)
            .field("kinds", &self.0.kinds)
            .field("running", &self.overview())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for InformersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InformersBuilder")
            .field("all_kinds", &self.all_kinds)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}
