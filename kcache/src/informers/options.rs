//! What is followed of a kind.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::informer::InformerBuilder;
use crate::object::Object;
use crate::shard::Shard;

/// What the informers of a kind follow, or those of all kinds: see [`InformersBuilder`](super::InformersBuilder).
///
/// What is not said here is as the factory's defaults say it, and else as with an
/// [`InformerBuilder`](crate::InformerBuilder).
///
/// # Example
///
/// ```
/// use kcache::KindOptions;
/// let options = KindOptions::new().namespaces(["shop", "payments"]).labels("app=web");
/// ```
#[derive(Clone, Default)]
pub struct KindOptions {
    namespaces: Option<Namespaces>,
    labels: Option<String>,
    fields: Option<String>,
    shard: Option<Shard>,
    page_size: Option<u32>,
    json_only: Option<bool>,
    transform: Option<Transform>,
}

/// Where objects are followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Namespaces {
    All,
    Named(BTreeSet<String>),
    /// Those whose labels match, as long as they do.
    Labelled(String),
}

pub(super) type Transform = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What tells options from others.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct OptionsKey {
    namespaces: Namespaces,
    selectors: [Option<String>; 2],
    /// `None` for what all share that say nothing of their own.
    pub(super) shard: Option<Shard>,
    page_size: Option<u32>,
    json_only: bool,
    transform: Option<usize>,
}

/// As in `namespaces a,b; labels app=web; transformed`; what is as by default is left out.
impl fmt::Display for OptionsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [labels, fields] = &self.selectors;
        let mut parts = Vec::new();
        match &self.namespaces {
            Namespaces::All => {}
            Namespaces::Named(names) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                parts.push(format!("namespaces {}", names.join(",")));
            }
            Namespaces::Labelled(selector) => parts.push(format!("namespaces with {selector}")),
        }
        parts.extend(labels.as_ref().map(|labels| format!("labels {labels}")));
        parts.extend(fields.as_ref().map(|fields| format!("fields {fields}")));
        let shard = self.shard.as_ref().filter(|shard| !shard.is_whole());
        parts.extend(shard.map(|shard| format!("shard {shard}")));
        parts.extend(self.page_size.map(|objects| format!("pages of {objects}")));
        parts.extend(self.json_only.then(|| "JSON".to_owned()));
        parts.extend(self.transform.map(|_| "transformed".to_owned()));
        f.write_str(&parts.join("; "))
    }
}

impl KindOptions {
    /// Nothing is said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only these namespaces, with a list and a watch each
    /// ([`start_in`](crate::InformerBuilder::start_in)). Kinds that are surely in no namespace do not mind.
    #[must_use]
    pub fn namespaces<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.namespaces = Some(Namespaces::Named(names));
        self
    }

    /// Only the namespaces whose labels match a selector, as long as they do
    /// ([`start_in_all_of`](crate::InformerBuilder::start_in_all_of)).
    #[must_use]
    pub fn namespaces_labelled(mut self, selector: impl fmt::Display) -> Self {
        self.namespaces = Some(Namespaces::Labelled(format!("{selector:#}")));
        self
    }

    /// All namespaces.
    #[must_use]
    pub fn all_namespaces(mut self) -> Self {
        self.namespaces = Some(Namespaces::All);
        self
    }

    /// Only objects with these labels: see [`InformerBuilder::labels`](crate::InformerBuilder::labels).
    #[must_use]
    pub fn labels(mut self, selector: impl fmt::Display) -> Self {
        self.labels = Some(format!("{selector:#}"));
        self
    }

    /// Only objects with these fields: see [`InformerBuilder::fields`](crate::InformerBuilder::fields).
    #[must_use]
    pub fn fields(mut self, selector: impl fmt::Display) -> Self {
        self.fields = Some(format!("{selector:#}"));
        self
    }

    /// Only the objects of a shard: see [`InformerBuilder::shard`](crate::InformerBuilder::shard). Said for
    /// [all kinds](super::InformersBuilder::all_kinds) it is what [`Informers::reshard`](super::Informers::reshard)
    /// changes; said elsewhere it stays, and is one of the things that tell informers apart.
    #[must_use]
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = Some(shard);
        self
    }

    /// See [`InformerBuilder::page_size`](crate::InformerBuilder::page_size).
    #[must_use]
    pub fn page_size(mut self, objects: u32) -> Self {
        self.page_size = Some(objects);
        self
    }

    /// See [`InformerBuilder::json_only`](crate::InformerBuilder::json_only).
    #[must_use]
    pub fn json_only(mut self) -> Self {
        self.json_only = Some(true);
        self
    }

    /// Changes each object before it is stored, in whatever form: see
    /// [`InformerBuilder::transform_json`](crate::InformerBuilder::transform_json).
    #[must_use]
    pub fn transform_json(
        mut self,
        transform: impl Fn(&mut Value) + Send + Sync + 'static,
    ) -> Self {
        self.transform = Some(Arc::new(transform));
        self
    }

    /// The same, with what it does not say as others say it.
    pub(super) fn or(self, others: &Self) -> Self {
        let others = others.clone();
        Self {
            namespaces: self.namespaces.or(others.namespaces),
            labels: self.labels.or(others.labels),
            fields: self.fields.or(others.fields),
            shard: self.shard.or(others.shard),
            page_size: self.page_size.or(others.page_size),
            json_only: self.json_only.or(others.json_only),
            transform: self.transform.or(others.transform),
        }
    }

    pub(super) fn in_namespaces(&self) -> Namespaces {
        self.namespaces.clone().unwrap_or(Namespaces::All)
    }

    /// What is said of the shard, which is not said any longer.
    pub(super) fn take_shard(&mut self) -> Option<Shard> {
        self.shard.take()
    }

    pub(super) fn transform(&self) -> Option<Transform> {
        self.transform.clone()
    }

    pub(super) fn key(&self) -> OptionsKey {
        let address = |transform: &Transform| Arc::as_ptr(transform).cast::<()>().addr();
        OptionsKey {
            namespaces: self.in_namespaces(),
            selectors: [self.labels.clone(), self.fields.clone()],
            shard: self.shard.clone(),
            page_size: self.page_size,
            json_only: self.json_only == Some(true),
            transform: self.transform.as_ref().map(address),
        }
    }

    /// Says it to a builder, but for the namespaces and the transform; `shard` is what is said of that
    /// elsewhere.
    pub(super) fn apply<V: Object, C>(
        &self,
        mut builder: InformerBuilder<V, C>,
        shard: Option<Shard>,
    ) -> InformerBuilder<V, C> {
        if let Some(shard) = self.shard.clone().or(shard) {
            builder = builder.shard(shard);
        }
        if let Some(labels) = &self.labels {
            builder = builder.labels(labels);
        }
        if let Some(fields) = &self.fields {
            builder = builder.fields(fields);
        }
        if let Some(objects) = self.page_size {
            builder = builder.page_size(objects);
        }
        if self.json_only == Some(true) {
            builder = builder.json_only();
        }
        builder
    }
}

impl fmt::Debug for KindOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindOptions")
            .field("namespaces", &self.namespaces)
            .field("labels", &self.labels)
            .field("fields", &self.fields)
            .field("shard", &self.shard)
            .field("page_size", &self.page_size)
            .field("json_only", &self.json_only)
            .field("transform", &self.transform.is_some())
            .finish()
    }
}
