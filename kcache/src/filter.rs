//! Filters: data where it can be, a closure where it must be.

mod evaluate;
mod search;
mod display;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::{Fact, Involved, NodeName, Selects};
use crate::field::{Field, FieldError, FieldSelector};
use crate::object::Object;
use crate::selector::Selector;

/// Which objects a subscription or a view lets in.
///
/// A filter is data, apart from what [`Filter::by`] adds. Data is evaluated by the writer of a
/// cache, through an index, so an event costs nothing for the filters that it cannot concern. A
/// closure is run by the subscriber, on what the data part has let through.
///
/// Filters compare: [`refilter`](crate::View::refilter) with an equal one does nothing. Closures
/// are equal if they are the same one, cloned. They also print.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::Filter;
///
/// let web = Filter::<Pod>::namespace("shop") & Filter::labels([("app", "web")]);
/// assert_eq!(web.to_string(), "(namespace in (shop) & labels app=web)");
/// assert_eq!(web, Filter::namespace("shop") & Filter::labels([("app", "web")]));
/// let busy = web & Filter::by("busy", |pod: &Pod| pod.status.is_some());
/// # let _ = busy;
/// ```
pub struct Filter<V>(Arc<Rule<V>>);

pub(crate) enum Rule<V> {
    Everything,
    Nothing,
    /// Names by namespace; an empty one is any.
    Names(BTreeMap<String, BTreeSet<String>>),
    Namespaces(BTreeSet<String>),
    Labels(BTreeMap<String, String>),
    Selector(Selector),
    OwnedBy(String),
    Annotations(BTreeMap<String, String>),
    /// Objects that have an annotation of this key.
    Annotated(String),
    Finalizer(String),
    BeingDeleted,
    Field {
        field: Field<V>,
        /// Whether the values are those wanted or those refused.
        among: bool,
        values: BTreeSet<String>,
    },
    /// Objects whose selector selects these labels.
    Selects {
        labels: BTreeMap<String, String>,
        selector: fn(&V) -> Option<Selects>,
    },
    Involves {
        wanted: Involved,
        involved: fn(&V) -> Option<Involved>,
    },
    And(Vec<Filter<V>>),
    Or(Vec<Filter<V>>),
    Not(Filter<V>),
    By {
        name: String,
        accepts: Arc<dyn Fn(&V) -> bool + Send + Sync>,
    },
}

impl<V> Filter<V> {
    /// Lets in every object.
    pub fn everything() -> Self {
        Self::new(Rule::Everything)
    }

    /// Lets in no object.
    pub fn nothing() -> Self {
        Self::new(Rule::Nothing)
    }

    /// One object. An empty namespace or an empty name stands for any.
    pub fn name(namespace: &str, name: &str) -> Self {
        Self::names([(namespace, name)])
    }

    /// Any of several objects, each a namespace and a name.
    pub fn names<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sorted = BTreeMap::<_, BTreeSet<_>>::new();
        for (namespace, name) in names {
            sorted
                .entry(namespace.to_owned())
                .or_default()
                .insert(name.to_owned());
        }
        Self::new(Rule::Names(sorted))
    }

    /// The objects of one namespace.
    pub fn namespace(namespace: &str) -> Self {
        Self::namespaces([namespace])
    }

    /// The objects of several namespaces.
    pub fn namespaces<'a>(namespaces: impl IntoIterator<Item = &'a str>) -> Self {
        let owned = namespaces.into_iter().map(str::to_owned);
        Self::new(Rule::Namespaces(owned.collect()))
    }

    /// The objects that have all these labels. No labels let in everything.
    pub fn labels<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(Rule::Labels(owned_map(labels)))
    }

    /// The objects that a label selector matches.
    pub fn selector(selector: Selector) -> Self {
        Self::new(Rule::Selector(selector))
    }

    /// The objects that have an owner of this UID.
    pub fn owned_by(uid: &str) -> Self {
        Self::new(Rule::OwnedBy(uid.to_owned()))
    }

    /// The objects that have all these annotations. No annotations let in everything.
    pub fn annotations<'a>(annotations: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(Rule::Annotations(owned_map(annotations)))
    }

    /// The objects that have an annotation of this key, whatever its value is.
    pub fn annotated(key: &str) -> Self {
        Self::new(Rule::Annotated(key.to_owned()))
    }

    /// The objects that are not deleted before this finalizer is taken away.
    pub fn finalizer(name: &str) -> Self {
        Self::new(Rule::Finalizer(name.to_owned()))
    }

    /// The objects whose deletion was requested, and that wait for their finalizers or for their
    /// grace period to end.
    pub fn being_deleted() -> Self {
        Self::new(Rule::BeingDeleted)
    }

    /// The objects that have one of these values in a field.
    pub fn field<'a>(field: Field<V>, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values = values.into_iter().map(str::to_owned).collect();
        let among = true;
        Self::new(Rule::Field {
            field,
            among,
            values,
        })
    }

    /// The objects that a field selector matches, by the fields that the stored form has.
    ///
    /// # Errors
    ///
    /// [`FieldError::Unknown`] if the selector names a field that is not among `known`.
    pub fn fields(selector: &FieldSelector, known: &[Field<V>]) -> Result<Self, FieldError> {
        let mut all = Vec::new();
        for term in &selector.terms {
            let field = known.iter().find(|field| field.path() == term.path);
            let field = *field.ok_or_else(|| FieldError::Unknown(term.path.clone()))?;
            let values = BTreeSet::from([term.value.clone()]);
            let among = term.equal;
            all.push(Self::new(Rule::Field {
                field,
                among,
                values,
            }));
        }
        Ok(Self::all(all))
    }

    /// The objects on one of these nodes.
    pub fn nodes<'a>(nodes: impl IntoIterator<Item = &'a str>) -> Self
    where
        V: Object + Fact<NodeName>,
    {
        Self::field(Field::node(), nodes)
    }

    /// The objects whose own selector selects these labels: the Services of a Pod.
    pub fn selects<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self
    where
        V: Fact<Selects>,
    {
        let labels = owned_map(labels);
        let selector = V::fact;
        Self::new(Rule::Selects { labels, selector })
    }

    /// The Events that are about this object.
    pub fn involves(kind: &str, namespace: &str, name: &str) -> Self
    where
        V: Fact<Involved>,
    {
        let wanted = Involved {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let involved = V::fact;
        Self::new(Rule::Involves { wanted, involved })
    }

    /// The objects that a closure accepts; the name is what the filter prints as.
    ///
    /// The closure is run by each subscriber in its own task. It may be slow, and if it panics then
    /// that subscription or view ends. It should always say the same of the same object; if it does
    /// not, events are still legal, but which objects are in is for it to answer for.
    pub fn by(name: &str, accepts: impl Fn(&V) -> bool + Send + Sync + 'static) -> Self {
        let accepts = Arc::new(accepts);
        let name = name.to_owned();
        Self::new(Rule::By { name, accepts })
    }

    /// The objects that all filters let in; no filter lets in everything.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Rule::And(filters.into_iter().collect()))
    }

    /// The objects that one of the filters lets in; no filter lets in nothing.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Rule::Or(filters.into_iter().collect()))
    }

    fn new(rule: Rule<V>) -> Self {
        Self(Arc::new(rule))
    }

    pub(crate) fn rule(&self) -> &Rule<V> {
        &self.0
    }
}

fn owned_map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let pairs = pairs.into_iter();
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}
