//! One resource of an API server, kept in memory.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use kube::core::{ApiResource, ClusterResourceScope, TypeMeta};
use kube::{Client, Resource};

use crate::codec::{Codec, SerdeCodec, WholeJsonCodec};
use crate::counts::SourceCounts;
use crate::encoding::Encoding;
use crate::error::Error;
use crate::feed::{Feed, feed_counting};
use crate::object::Object;
use crate::publisher::Publisher;
use crate::reflector::Reflector;
use crate::request::Target;
use crate::reshard::{Control, Requests};
use crate::spawn::spawn;
use crate::wire::LARGEST;

/// Lists and watches a resource of an API server, and is the [`Publisher`] of its objects.
///
/// It is a task that goes on until it is closed, or until nobody holds it or anything that is
/// derived from it; either way its connection is closed. What goes wrong on the way, from a server
/// that is away to missing permissions, is tried again and reported by
/// [`status`](Publisher::status): a state that cannot be followed is degraded, with a reason.
///
/// # Example
///
/// ```no_run
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::{Filter, Informer};
///
/// # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let pods = Informer::<Pod>::builder(client).namespace("default").start();
/// pods.ready().await?;
/// println!("{} Pods", pods.cache().len());
/// let mut changes = pods.subscribe_with(Filter::labels([("app", "web")]));
/// while let Some(event) = changes.next().await {
///     println!("{event:?}");
/// }
/// # Ok(()) }
/// ```
#[doc(alias = "Controller")]
#[doc(alias = "Reflector")]
pub struct Informer<V: Object> {
    publisher: Publisher<V>,
    /// Which shard it is to follow.
    pub(crate) control: Arc<Control>,
}

impl<V: Object> Informer<V> {
    /// An informer of a type that knows its resource: a type of k8s-openapi, a derived custom
    /// resource, `PartialObjectMeta` of one of these, or `Compact` of one of these.
    pub fn builder(client: Client) -> InformerBuilder<V, V::Codec>
    where
        V: Watchable,
    {
        let mut builder = Self::builder_of(client, V::resource()).codec(V::Codec::default());
        builder.target.cluster_scoped = V::is_cluster_scoped();
        builder.target.metadata_only = V::is_metadata();
        builder
    }

    /// An informer of a resource that is named at run time: for `DynamicObject`, and for structs of
    /// one's own.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use kcache::{Informer, Object};
    /// use kube::core::{ApiResource, GroupVersionKind};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Node { metadata: Metadata, spec: Spec }
    /// #[derive(serde::Deserialize)]
    /// struct Metadata { name: String }
    /// #[derive(serde::Deserialize)]
    /// struct Spec { unschedulable: Option<bool> }
    ///
    /// impl Object for Node {
    ///     fn name(&self) -> &str { &self.metadata.name }
    /// }
    ///
    /// # async fn example(client: kube::Client) {
    /// let nodes = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Node"));
    /// let nodes = Informer::<Node>::builder_of(client, nodes).start();
    /// # }
    /// ```
    pub fn builder_of(client: Client, resource: ApiResource) -> InformerBuilder<V> {
        InformerBuilder {
            client,
            target: Target {
                resource,
                namespace: None,
                labels: None,
                fields: None,
                shard: None,
                requested_shard: None,
                metadata_only: false,
                whole: false,
                protobuf: false,
                cluster_scoped: false,
                largest: LARGEST,
            },
            page_size: None,
            json_only: false,
            codec: SerdeCodec::default(),
            counts: None,
            stored: PhantomData,
        }
    }
}

/// A stored form that knows which resource it is of, and how it is made of bytes.
///
/// It is implemented for every [`kube::Resource`] with a fixed kind. Implement it for a stored form of your
/// own to have [`Informer::builder`]; [`Informer::builder_of`] is there without it.
///
/// # Example
///
/// ```no_run
/// use k8s_openapi::api::core::v1::Node;
/// use kcache::{Informer, Object, SerdeCodec, Watchable};
/// use kube::core::ApiResource;
///
/// #[derive(serde::Deserialize)]
/// struct Host { metadata: Metadata }
/// #[derive(serde::Deserialize)]
/// struct Metadata { name: String }
///
/// impl Object for Host {
///     fn name(&self) -> &str { &self.metadata.name }
/// }
///
/// impl Watchable for Host {
///     type Codec = SerdeCodec;
///     fn resource() -> ApiResource { ApiResource::erase::<Node>(&()) }
///     fn is_cluster_scoped() -> bool { true }
/// }
///
/// # async fn example(client: kube::Client) {
/// let hosts = Informer::<Host>::builder(client).start();
/// # }
/// ```
pub trait Watchable: Object + Sized {
    /// What makes it of bytes, unless the builder is told another one.
    type Codec: Default;

    /// The resource.
    fn resource() -> ApiResource;

    /// True if its objects surely have no namespace.
    fn is_cluster_scoped() -> bool {
        false
    }

    /// True if it is the metadata of an object and nothing else.
    fn is_metadata() -> bool {
        false
    }
}

impl<K: Resource<DynamicType: Default> + Send + Sync + 'static> Watchable for K {
    type Codec = SerdeCodec;

    fn resource() -> ApiResource {
        ApiResource::erase::<K>(&K::DynamicType::default())
    }

    fn is_cluster_scoped() -> bool {
        // A scope is a type without a bound, so it has no `TypeId`.
        type_name::<K::Scope>() == type_name::<ClusterResourceScope>()
    }

    fn is_metadata() -> bool {
        K::metadata_api()
    }
}

impl<V: Object> Deref for Informer<V> {
    type Target = Publisher<V>;

    fn deref(&self) -> &Publisher<V> {
        &self.publisher
    }
}

impl<V: Object> Clone for Informer<V> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            control: self.control.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Informer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Informer")
            .field("publisher", &self.publisher)
            .field("shard", &self.control.wanted())
            .finish()
    }
}

/// Which objects an [`Informer`] follows, and how.
#[must_use = "nothing is requested before `start`"]
pub struct InformerBuilder<V, C = SerdeCodec> {
    client: Client,
    pub(crate) target: Target,
    page_size: Option<u32>,
    json_only: bool,
    codec: C,
    /// Where it is counted what it does, if that is not its own.
    counts: Option<Arc<SourceCounts>>,
    stored: PhantomData<fn() -> V>,
}

impl<V: Object, C> InformerBuilder<V, C> {
    /// Only the objects of one namespace. Without it, or with an empty name (client-go's
    /// `NamespaceAll`), all namespaces are followed, for which a user needs a permission of its own.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.target.namespace = Some(namespace.into()).filter(|name| !name.is_empty());
        self
    }

    /// The objects of all namespaces, which is the default.
    pub fn all_namespaces(mut self) -> Self {
        self.target.namespace = None;
        self
    }

    /// Only objects with these labels, selected by the server: a selector as kubectl's `-l` takes
    /// it, a [`Selector`](crate::Selector), or a [`Filter`](crate::Filter) of labels and nothing else.
    /// An object that stops matching is deleted here.
    ///
    /// The text is what `{:#}` prints. If that is `<nothing>`, as of
    /// [`Selector::nothing`](crate::Selector::nothing), no server takes it: then no request is sent, and
    /// the informer is live and empty at once.
    pub fn labels(mut self, selector: impl fmt::Display) -> Self {
        self.target.labels = Some(format!("{selector:#}")).filter(|text| !text.is_empty());
        self
    }

    /// Only objects with these fields, selected by the server, as kubectl's `--field-selector`
    /// takes it. Which fields there are depends on the resource. `<nothing>` is as in
    /// [`labels`](Self::labels).
    pub fn fields(mut self, selector: impl fmt::Display) -> Self {
        self.target.fields = Some(format!("{selector:#}")).filter(|text| !text.is_empty());
        self
    }

    /// How many objects the server sends at once where it does not stream the list, at least 1.
    /// By default 500 where that costs the server no more than all at once.
    pub fn page_size(mut self, objects: u32) -> Self {
        self.page_size = Some(objects.max(1));
        self
    }

    /// Requests the metadata of the objects and nothing else: for
    /// `PartialObjectMeta<DynamicObject>` and structs of one's own that need no more. Of a server that
    /// knows only whole objects their metadata is taken.
    pub fn metadata_only(mut self) -> Self {
        self.target.metadata_only = true;
        self
    }

    /// How large an object may be, in bytes as they come; 64 MiB by default. A larger one is reported as
    /// bad, under its name, and not held in memory while it comes in.
    pub fn largest_object(mut self, bytes: usize) -> Self {
        self.target.largest = bytes;
        self
    }

    /// Requests JSON, also where the codec can read protobuf. Without it the objects of built-in
    /// kinds come as protobuf if the server has it, which is about a third smaller;
    /// [`status`](Publisher::status) says what came.
    ///
    /// It matters for a stored form that takes whatever comes: fields that are newer than Kubernetes 1.37 are in JSON only
    /// ([`SerdeCodec`]). And it helps where something in between can only read JSON, such as a proxy that logs or
    /// rewrites bodies.
    pub fn json_only(mut self) -> Self {
        self.json_only = true;
        self
    }

    /// Another way to make objects of bytes, without what a [`transform`](Self::transform) said before
    /// does.
    pub fn codec<D>(self, codec: D) -> InformerBuilder<V, D> {
        self.wrap_codec(|_| codec)
    }

    /// The same with a codec that is made of the one it has.
    pub(crate) fn wrap_codec<D>(self, wrap: impl FnOnce(C) -> D) -> InformerBuilder<V, D> {
        let Self {
            client,
            target,
            page_size,
            json_only,
            codec,
            counts,
            stored,
        } = self;
        InformerBuilder {
            client,
            target,
            page_size,
            json_only,
            codec: wrap(codec),
            counts,
            stored,
        }
    }

    /// What the objects are that are requested.
    pub(crate) fn types(&self) -> TypeMeta {
        self.target.types()
    }

    /// Counts what it does there.
    pub(crate) fn counting(mut self, counts: Arc<SourceCounts>) -> Self {
        self.counts = Some(counts);
        self
    }

    /// What it requests, and what makes objects of the answer, for a request of one's own.
    ///
    /// # Errors
    ///
    /// What cannot be requested.
    pub(crate) fn into_request(self) -> Result<(Target, C), Error> {
        self.target.check()?;
        Ok((self.target, self.codec))
    }

    /// The same for a list, with the size of its pages.
    ///
    /// # Errors
    ///
    /// What cannot be requested.
    pub(crate) fn into_list(self) -> Result<(Target, Option<u32>, C), Error>
    where
        C: Codec<V>,
    {
        self.target.check()?;
        let protobuf = self.requests_protobuf();
        let target = Target {
            protobuf,
            ..self.target
        };
        Ok((target, self.page_size, self.codec))
    }

    fn requests_protobuf(&self) -> bool
    where
        C: Codec<V>,
    {
        let encodings = self.codec.encodings(&self.target.types());
        !self.json_only && encodings.first() == Some(&Encoding::Protobuf)
    }

    /// Checks that it can be requested in a namespace.
    ///
    /// # Errors
    ///
    /// What cannot be requested.
    pub(crate) fn check_in(&self, namespace: &str) -> Result<(), Error> {
        let namespace = Some(namespace.to_owned());
        let target = Target {
            namespace,
            ..self.target.clone()
        };
        target.check()
    }

    /// Starts it.
    ///
    /// If no path can be made of the resource and the namespace, it is closed from the beginning, with
    /// [`Error::Request`], and no request is sent.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(self) -> Informer<V>
    where
        C: Codec<V> + 'static,
    {
        let counts = self.counts.clone().unwrap_or_default();
        counts.count_form(self.codec.form_counts());
        let (publisher, mut feed) = feed_counting(counts);
        let Self { target, .. } = &self;
        let requests = Requests::new(target.shard.clone().unwrap_or_default());
        let control = requests.control().clone();
        let resource = || target.resource_name();
        if let Err(error) = target.check() {
            tracing::warn!(k8s.resource = resource(), %error, "not started");
            feed.fail(&error);
        } else {
            if target.is_nothing() {
                tracing::debug!(
                    k8s.resource = resource(),
                    "nothing matches, so no request is sent"
                );
                let _ = feed.relist([], None);
            }
            spawn(self.follow(feed, requests));
        }
        Informer { publisher, control }
    }

    /// Follows the server until the publisher is closed.
    async fn follow(self, feed: Feed<V>, requests: Requests)
    where
        C: Codec<V>,
    {
        let core = feed.core().clone();
        let protobuf = self.requests_protobuf();
        let Self {
            client,
            mut target,
            page_size,
            codec,
            ..
        } = self;
        target.protobuf = protobuf;
        let resource = target.resource_name();
        let reflector = Reflector::new(client, target, page_size, codec, feed, requests);
        tokio::select! {
            biased;
            _ = core.closed() => {}
            () = reflector.run() => {}
        }
        tracing::debug!(k8s.resource = resource, "stopped");
    }
}

impl<V: Object> InformerBuilder<V> {
    /// Keeps `metadata.managedFields`, which are left out otherwise: they are often half of an
    /// object. It requests JSON.
    pub fn keep_managed_fields(self) -> InformerBuilder<V, WholeJsonCodec> {
        self.codec(WholeJsonCodec::default())
    }
}

impl<V, C: Clone> Clone for InformerBuilder<V, C> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            target: self.target.clone(),
            page_size: self.page_size,
            json_only: self.json_only,
            codec: self.codec.clone(),
            counts: self.counts.clone(),
            stored: PhantomData,
        }
    }
}

impl<V, C> fmt::Debug for InformerBuilder<V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InformerBuilder")
            .field("target", &self.target)
            .field("page_size", &self.page_size)
            .field("json_only", &self.json_only)
            .finish_non_exhaustive()
    }
}
