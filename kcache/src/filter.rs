//! Filters: data where it can be, a closure where it must be.

mod print;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::{Fact, Involved, NodeName, Selects};
use crate::field::{Field, FieldError, FieldSelector};
use crate::index::{Anchor, Term};
use crate::object::Object;
use crate::selector::Selector;
use crate::store::State;

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

    /// The objects whose deletion was asked for, and that wait for their finalizers or for their
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

    /// True if a closure has a part in it.
    pub(crate) fn has_closure(&self) -> bool {
        match self.rule() {
            Rule::By { .. } => true,
            Rule::And(all) | Rule::Or(all) => all.iter().any(Self::has_closure),
            Rule::Not(filter) => filter.has_closure(),
            _ => false,
        }
    }

    /// The filter without its closures: it lets in at least as much.
    pub(crate) fn data(&self) -> Self {
        if self.has_closure() {
            self.bound(true)
        } else {
            self.clone()
        }
    }

    /// What the filter lets in if every closure says the same, `open`.
    fn bound(&self, open: bool) -> Self {
        match self.rule() {
            Rule::By { .. } if open => Self::everything(),
            Rule::By { .. } => Self::nothing(),
            Rule::And(all) => Self::all(all.iter().map(|filter| filter.bound(open))),
            Rule::Or(all) => Self::any(all.iter().map(|filter| filter.bound(open))),
            Rule::Not(filter) => !filter.bound(!open),
            _ => self.clone(),
        }
    }
}

impl<V: Object> Filter<V> {
    /// True if the filter lets the object in.
    pub fn accepts(&self, object: &V) -> bool {
        match self.rule() {
            Rule::Everything => true,
            Rule::Nothing => false,
            Rule::Names(names) => [object.namespace().unwrap_or_default(), ""]
                .into_iter()
                .filter_map(|namespace| names.get(namespace))
                .any(|names| names.contains(object.name()) || names.contains("")),
            Rule::Namespaces(all) => all.contains(object.namespace().unwrap_or_default()),
            Rule::Labels(labels) => labels.iter().all(|(k, v)| object.label(k) == Some(v)),
            Rule::Selector(selector) => selector.matches(object),
            Rule::OwnedBy(uid) => object.owners().any(|owner| owner == uid),
            Rule::Annotations(all) => all.iter().all(|(k, v)| object.annotation(k) == Some(v)),
            Rule::Annotated(key) => object.annotation(key).is_some(),
            Rule::Finalizer(name) => object.finalizers().any(|finalizer| finalizer == name),
            Rule::BeingDeleted => object.deletion_timestamp().is_some(),
            Rule::Field {
                field,
                among,
                values,
            } => values.contains(&*field.read(object)) == *among,
            Rule::Selects { labels, selector } => {
                let labels = labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
                matches!(selector(object), Some(Selects(Ok(s))) if s.matches_labels(labels))
            }
            Rule::Involves { wanted, involved } => involved(object).as_ref() == Some(wanted),
            Rule::And(all) => all.iter().all(|filter| filter.accepts(object)),
            Rule::Or(all) => all.iter().any(|filter| filter.accepts(object)),
            Rule::Not(filter) => !filter.accepts(object),
            Rule::By { accepts, .. } => accepts(object),
        }
    }

    /// Shows all objects of a state that the filter may accept, and spares what it plainly does
    /// not.
    pub(crate) fn scan<'a>(&self, state: &'a State<V>, see: impl FnMut(&'a Arc<V>)) {
        match self.rule() {
            Rule::Nothing => {}
            Rule::Names(names) if names_one_each(names) => {
                let found = pairs_of(names).filter_map(|(ns, name)| state.get(ns, name));
                found.for_each(see);
            }
            _ => match self.shared_namespace() {
                Some(namespace) => {
                    let found = state.in_namespace(namespace);
                    found.map(|(_, object)| object).for_each(see);
                }
                None => state.unordered().for_each(see),
            },
        }
    }

    /// How many objects [`scan`](Self::scan) may look at in a state.
    pub(crate) fn reach(&self, state: &State<V>) -> usize {
        match self.rule() {
            Rule::Nothing => 0,
            Rule::Names(names) if names_one_each(names) => pairs_of(names).count(),
            _ => state.len(),
        }
    }

    /// Anchors of which every accepted object has one. Of several ways the cheapest is taken, by
    /// how many objects to expect and then by `crowd`, how much already stands under an anchor.
    pub(crate) fn anchors(&self, crowd: &dyn Fn(Anchor<'_>) -> usize) -> Vec<Anchor<'_>> {
        self.anchors_in(None, crowd)
    }

    fn anchors_in<'a>(
        &'a self,
        namespace: Option<&'a str>,
        crowd: &dyn Fn(Anchor<'_>) -> usize,
    ) -> Vec<Anchor<'a>> {
        let at = |term| vec![Anchor { namespace, term }];
        match self.rule() {
            Rule::Nothing => Vec::new(),
            Rule::Names(names) => pairs_of(names)
                .map(|(ns, name)| name_anchor(ns, name))
                .collect(),
            Rule::Namespaces(all) => {
                let anchor = |ns: &'a String| Anchor {
                    namespace: Some(ns),
                    term: Term::Any,
                };
                all.iter().map(anchor).collect()
            }
            Rule::Labels(labels) => {
                let choices = labels.iter().map(|(k, v)| at(Term::Label(k, v)));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Selector(selector) => {
                let anchor = |term| Anchor { namespace, term };
                let choices = selector.anchors().into_iter();
                let choices = choices.map(|terms| terms.into_iter().map(anchor).collect());
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::OwnedBy(uid) => at(Term::Owner(uid)),
            Rule::Annotations(all) => {
                let choices = all.iter().map(|(k, v)| at(Term::Annotation(k, v)));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Annotated(key) => at(Term::AnnotationKey(key)),
            Rule::Finalizer(name) => at(Term::Finalizer(name)),
            Rule::BeingDeleted => at(Term::BeingDeleted),
            Rule::Field {
                field,
                among: true,
                values,
            } => {
                let term = |value: &'a String| Term::Field(field.path(), value);
                let anchor = |value| Anchor {
                    namespace,
                    term: term(value),
                };
                values.iter().map(anchor).collect()
            }
            Rule::And(all) => {
                let namespace = namespace.or_else(|| self.shared_namespace());
                let choices = all.iter().map(|filter| filter.anchors_in(namespace, crowd));
                cheapest(choices, crowd).unwrap_or_else(|| at(Term::Any))
            }
            Rule::Or(all) => {
                let anchors = all
                    .iter()
                    .flat_map(|filter| filter.anchors_in(namespace, crowd));
                anchors.collect()
            }
            _ => at(Term::Any),
        }
    }

    /// The namespace that all accepted objects are in, if the filter names one.
    pub(crate) fn shared_namespace(&self) -> Option<&str> {
        match self.rule() {
            Rule::Namespaces(all) if all.len() == 1 => all.first().map(String::as_str),
            Rule::And(all) => all.iter().find_map(Self::shared_namespace),
            _ => None,
        }
    }

    /// The fields that the anchors of this filter may be of.
    pub(crate) fn fields_used(&self, used: &mut Vec<Field<V>>) {
        match self.rule() {
            Rule::Field { field, .. } => used.push(*field),
            Rule::And(all) | Rule::Or(all) => all.iter().for_each(|f| f.fields_used(used)),
            _ => {}
        }
    }
}

fn owned_map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let pairs = pairs.into_iter();
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Namespace and name of each.
fn pairs_of(names: &BTreeMap<String, BTreeSet<String>>) -> impl Iterator<Item = (&str, &str)> {
    let names = names.iter();
    names.flat_map(|(namespace, all)| all.iter().map(|name| (namespace.as_str(), name.as_str())))
}

/// True if no name stands for several objects. Those of cluster-scoped objects do: their namespace
/// is empty.
fn names_one_each(names: &BTreeMap<String, BTreeSet<String>>) -> bool {
    pairs_of(names).all(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
}

fn name_anchor<'a>(namespace: &'a str, name: &'a str) -> Anchor<'a> {
    Anchor {
        namespace: (!namespace.is_empty()).then_some(namespace),
        term: if name.is_empty() {
            Term::Any
        } else {
            Term::Name(name)
        },
    }
}

fn cheapest<'a>(
    choices: impl Iterator<Item = Vec<Anchor<'a>>>,
    crowd: &dyn Fn(Anchor<'_>) -> usize,
) -> Option<Vec<Anchor<'a>>> {
    let breadth = |a: &Anchor<'_>| a.term.breadth() * 2 + usize::from(a.namespace.is_none());
    choices.min_by_key(|anchors| {
        let broadest = anchors.iter().map(breadth).max();
        let crowd: usize = anchors.iter().map(|anchor| crowd(*anchor)).sum();
        (broadest, crowd)
    })
}
