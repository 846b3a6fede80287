//! What the server has now, beside what is in memory.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use serde_json::Value;

use crate::codec::{Codec, Expected, Raw};
use crate::informer::{Informer, InformerBuilder, Watchable};
use crate::informers::{Informers, KindOptions, Namespaces, ReadError};
use crate::object::Object;
use crate::reflector::{LiveError, live_list, read};
use crate::transform::TransformedJson;

impl Informers {
    /// Reads an object from the server, as it is now, in the form in which it would be in memory. Selectors
    /// and namespaces of the kind are not looked at.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: no answer, or one that cannot be read.
    #[doc(alias = "APIReader")]
    pub async fn get_live<V: Watchable>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let options = self.options(&V::resource(), KindOptions::new());
        let builder = Informer::<V>::builder(self.client().clone()).namespace(namespace);
        let (target, mut codec) = builder.into_request()?;
        let request = target.object(name)?;
        let body = match read(self.client(), request).await {
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

    /// Reads the objects of a namespace from the server, or with an empty name all, as they are now and in the
    /// form in which they would be in memory: a list of the newest version, in pages. Selectors and namespaces of the
    /// kind are not looked at; [`list_live_with`](Self::list_live_with) has its own.
    ///
    /// It costs the server what a relist costs. It is for what must not be decided by a state that may be some
    /// milliseconds, or in trouble minutes, old; [`list`](Self::list) reads from memory.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: no answer, or one that cannot be read. An object that cannot be read fails the list, and is
    /// named.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::Pod;
    /// use kcache::{Informers, KindOptions};
    ///
    /// # async fn example(informers: Informers) -> Result<(), kcache::ReadError> {
    /// let pods = informers.list_live::<Pod>("shop").await?;
    /// let web = KindOptions::new().namespaces(["shop", "payments"]).labels("app=web").page_size(100);
    /// let web = informers.list_live_with::<Pod>(web).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "APIReader")]
    pub async fn list_live<V: Watchable>(&self, namespace: &str) -> Result<Vec<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let options = KindOptions::new();
        self.list_live_with(match namespace {
            "" => options.all_namespaces(),
            namespace => options.namespaces([namespace]),
        })
        .await
    }

    /// As [`list_live`](Self::list_live), of these namespaces and selectors. Of several namespaces each is a list of
    /// its own, one after the other and ordered by name: together they are no state that there ever was. Of
    /// namespaces with labels those are listed first. A shard is told by the UID that the form answers. What is said of none of these here is all; transforms, pages and
    /// the encoding that are not said are the kind's.
    ///
    /// # Errors
    ///
    /// As [`list_live`](Self::list_live).
    pub async fn list_live_with<V: Watchable>(
        &self,
        options: KindOptions,
    ) -> Result<Vec<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let of_kind = self.options(&V::resource(), KindOptions::new());
        let options = options.or(&of_kind.unscoped());
        let namespaces = match options.in_namespaces() {
            _ if V::is_cluster_scoped() => None,
            Namespaces::All => None,
            Namespaces::Named(names) => Some(names),
            Namespaces::Labelled(selector) => Some(self.labelled(&selector).await?),
        };
        let Some(namespaces) = namespaces else {
            return self.list_once(&options, None).await;
        };
        let mut objects = Vec::new();
        for namespace in namespaces {
            objects.extend(self.list_once(&options, Some(namespace)).await?);
        }
        Ok(objects)
    }

    /// The names of the namespaces that a selector matches now.
    async fn labelled<N: FromIterator<String>>(&self, selector: &str) -> Result<N, ReadError> {
        let options = KindOptions::new().labels(selector);
        let all = self.list_once::<PartialObjectMeta<Namespace>>(&options, None);
        let all = all.await?;
        Ok(all.iter().map(|object| object.name().to_owned()).collect())
    }

    async fn list_once<V: Watchable>(
        &self,
        options: &KindOptions,
        namespace: Option<String>,
    ) -> Result<Vec<Arc<V>>, ReadError>
    where
        V::Codec: Codec<V> + 'static,
    {
        let mut builder = options.apply(Informer::<V>::builder(self.client().clone()), None);
        if let Some(namespace) = namespace {
            builder = builder.namespace(namespace);
        }
        match options.transform() {
            None => self.list_of(builder).await,
            Some(transform) => {
                let transform = move |value: &mut Value| transform(value);
                self.list_of(builder.transform_json(transform)).await
            }
        }
    }

    async fn list_of<V: Object, C: Codec<V>>(
        &self,
        builder: InformerBuilder<V, C>,
    ) -> Result<Vec<Arc<V>>, ReadError> {
        let (target, page_size, codec) = builder.into_list()?;
        if target.is_nothing() {
            return Ok(Vec::new());
        }
        let shard = target.shard.clone().unwrap_or_default();
        let listed = live_list(self.client(), target, page_size, codec).await;
        let mut objects: Vec<Arc<V>> = listed.map_err(|error| match error {
            LiveError::Failed(failure) => ReadError::from(failure),
            LiveError::Decode(error) => error.into(),
            LiveError::Panicked(error) => error.into(),
        })?;
        // Most servers send all, whatever shard they are asked for.
        objects.retain(|object| shard.contains(&**object));
        Ok(objects)
    }
}
