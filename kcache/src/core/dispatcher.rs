//! Brings the changes of a commit to the subscriptions that they concern.

use std::collections::HashMap;
use std::sync::Arc;

use super::mailbox::{Call, Mailbox};
use crate::error::Error;
use crate::event::Change;
use crate::field::Field;
use crate::filter::Filter;
use crate::index::{self, Anchor, Index, Term};
use crate::object::Object;
use crate::store::Moment;

/// The mailboxes of a publisher, by the data part of their filters.
pub(crate) struct Dispatcher<V> {
    routes: Vec<Route<V>>,
    /// Places in `routes` that are free.
    free: Vec<u32>,
    /// Where a filter is, by how it prints.
    places: HashMap<String, Vec<u32>>,
    index: Index,
    /// How many anchors there are of each kind of term, in all namespaces and in one: an object is
    /// looked up only under what someone waits for.
    kinds: [[usize; 2]; index::KINDS],
    /// The fields that filters are anchored by, with how many filters use each.
    fields: Vec<(Field<V>, usize)>,
    commits: u64,
    /// The history of the newest commit.
    history: u64,
    /// Set when the publisher is closed: nobody is let in any longer.
    pub(crate) closed: Option<Error>,
}

/// One filter and all who have it: it is evaluated once for them all.
struct Route<V> {
    filter: Filter<V>,
    anchors: Vec<u64>,
    /// The kinds of the anchors.
    kinds: Vec<[usize; 2]>,
    /// Those who get a commit before others come first.
    members: Vec<Arc<Mailbox<V>>>,
    /// What the commit under way brings.
    outbox: Vec<Change<V>>,
    /// The last change for which this route was looked at, so that it is looked at once.
    seen: (u64, usize),
}

/// What a delivery leaves to do once the lock is released.
#[derive(Default)]
pub(crate) struct Delivered {
    pub(crate) calls: Vec<Call>,
    pub(crate) evaluations: u64,
}

impl<V> Default for Dispatcher<V> {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            index: Index::default(),
            kinds: Default::default(),
            fields: Vec::new(),
            commits: 0,
            history: 1,
            closed: None,
        }
    }
}

impl<V: Object> Dispatcher<V> {
    pub(crate) fn join(&mut self, filter: &Filter<V>, mailbox: Arc<Mailbox<V>>) {
        let place = self
            .place_of(filter)
            .unwrap_or_else(|| self.open_route(filter));
        let members = &mut self.routes[place as usize].members;
        let at = if mailbox.is_first() { 0 } else { members.len() };
        members.insert(at, mailbox);
    }

    pub(crate) fn leave(&mut self, filter: &Filter<V>, mailbox: &Arc<Mailbox<V>>) {
        let Some(place) = self.place_of(filter) else {
            return;
        };
        let members = &mut self.routes[place as usize].members;
        members.retain(|member| !Arc::ptr_eq(member, mailbox));
        if members.is_empty() {
            self.close_route(place);
        }
    }

    /// Ends every subscription and lets nobody in any longer. The first reason stands.
    pub(crate) fn close(&mut self, error: &Error) -> Vec<Arc<Mailbox<V>>> {
        let open = Self {
            closed: self.closed.clone().or_else(|| Some(error.clone())),
            ..Self::default()
        };
        let routes = std::mem::replace(self, open).routes;
        routes.into_iter().flat_map(|route| route.members).collect()
    }

    /// Puts each change into the mailboxes that it concerns.
    pub(crate) fn deliver(&mut self, at: Moment, changes: &[Change<V>]) -> Delivered {
        let mut delivered = Delivered::default();
        let mut touched = Vec::new();
        self.commits += 1;
        for (i, change) in changes.iter().enumerate() {
            for place in self.concerned(change) {
                let route = &mut self.routes[place as usize];
                if std::mem::replace(&mut route.seen, (self.commits, i)) == (self.commits, i) {
                    continue;
                }
                delivered.evaluations += 1;
                let untouched = route.outbox.is_empty();
                match Error::catch(|| narrowed(&route.filter, change)) {
                    Ok(narrowed) => route.outbox.extend(narrowed),
                    Err(error) => route.end(&error, &mut delivered.calls),
                }
                if untouched && (route.members.is_empty() || !route.outbox.is_empty()) {
                    touched.push(place);
                }
            }
        }
        for place in &touched {
            self.routes[*place as usize].post_first(at, &mut delivered.calls);
        }
        for place in touched {
            let route = &mut self.routes[place as usize];
            route.post(at, &mut delivered.calls);
            if route.members.is_empty() && !route.is_free() {
                self.close_route(place);
            }
        }
        if at.history > std::mem::replace(&mut self.history, at.history) {
            let members = self.routes.iter().flat_map(|route| &route.members);
            let tell = |member: &Arc<Mailbox<V>>| member.push(at, Vec::new());
            delivered.calls.extend(members.map(tell));
        }
        delivered
    }

    /// The routes that a change may concern; one may be named more than once.
    fn concerned(&self, change: &Change<V>) -> Vec<u32> {
        if !self.is_narrow() {
            let anchor = Anchor {
                namespace: None,
                term: Term::Any,
            };
            return self.index.at(self.index.hash(anchor)).collect();
        }
        let named = Error::catch(|| {
            let mut named = Vec::new();
            for object in [&change.old, &change.new].into_iter().flatten() {
                let namespace = object.namespace().unwrap_or_default();
                let mut look = |term: Term<'_>| {
                    for (scope, namespace) in [None, Some(namespace)].into_iter().enumerate() {
                        if self.kinds[term.kind()][scope] > 0 {
                            let anchor = self.index.hash(Anchor { namespace, term });
                            named.extend(self.index.at(anchor));
                        }
                    }
                };
                index::for_each_term(&**object, &mut look);
                for (field, _) in &self.fields {
                    look(Term::Field(field.path(), &field.read(object)));
                }
            }
            named
        });
        // If the object itself panics then so will the filters, each for itself.
        named.unwrap_or_else(|_| (0..).take(self.routes.len()).collect())
    }

    /// True if there are filters that are found by what an object is like; else an object need not
    /// be looked at.
    fn is_narrow(&self) -> bool {
        let mut kinds = self.kinds;
        kinds[Term::Any.kind()][0] = 0;
        kinds.as_flattened().iter().any(|count| *count > 0) || !self.fields.is_empty()
    }

    fn place_of(&self, filter: &Filter<V>) -> Option<u32> {
        let mut places = self.places.get(&filter.to_string())?.iter();
        places
            .find(|place| self.routes[**place as usize].filter == *filter)
            .copied()
    }

    fn open_route(&mut self, filter: &Filter<V>) -> u32 {
        let crowd = |anchor: Anchor<'_>| self.index.count(&[self.index.hash(anchor)]);
        let anchors = filter.anchors(&crowd);
        let kind =
            |anchor: &Anchor<'_>| [anchor.term.kind(), usize::from(anchor.namespace.is_some())];
        let kinds: Vec<_> = anchors.iter().map(kind).collect();
        let anchors: Vec<u64> = anchors
            .iter()
            .map(|anchor| self.index.hash(*anchor))
            .collect();
        for [kind, scope] in &kinds {
            self.kinds[*kind][*scope] += 1;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.routes.push(Route::free());
            u32::try_from(self.routes.len() - 1).expect("fewer than 2^32 filters")
        });
        self.index.insert(place, &anchors);
        self.count_fields(filter, true);
        self.places
            .entry(filter.to_string())
            .or_default()
            .push(place);
        let route = &mut self.routes[place as usize];
        (route.filter, route.anchors, route.kinds) = (filter.clone(), anchors, kinds);
        place
    }

    fn close_route(&mut self, place: u32) {
        let route = std::mem::replace(&mut self.routes[place as usize], Route::free());
        self.index.remove(place, &route.anchors);
        for [kind, scope] in route.kinds {
            self.kinds[kind][scope] -= 1;
        }
        self.count_fields(&route.filter, false);
        let text = route.filter.to_string();
        if let Some(places) = self.places.get_mut(&text) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.places.remove(&text);
            }
        }
        self.free.push(place);
    }

    fn count_fields(&mut self, filter: &Filter<V>, more: bool) {
        let mut used = Vec::new();
        filter.fields_used(&mut used);
        for field in used {
            match self.fields.iter_mut().find(|(known, _)| *known == field) {
                Some((_, count)) if more => *count += 1,
                Some((_, count)) => *count -= 1,
                None => self.fields.push((field, 1)),
            }
        }
        self.fields.retain(|(_, count)| *count > 0);
    }
}

impl<V> Route<V> {
    fn free() -> Self {
        Self {
            filter: Filter::nothing(),
            anchors: Vec::new(),
            kinds: Vec::new(),
            members: Vec::new(),
            outbox: Vec::new(),
            seen: (0, 0),
        }
    }

    fn is_free(&self) -> bool {
        self.anchors.is_empty() && self.members.is_empty() && self.outbox.is_empty()
    }

    fn end(&mut self, error: &Error, calls: &mut Vec<Call>) {
        calls.extend(self.members.drain(..).map(|member| member.end(error)));
    }

    /// Brings a commit to those who get it before others.
    fn post_first(&self, at: Moment, calls: &mut Vec<Call>) {
        if self.outbox.is_empty() {
            return;
        }
        for member in self.members.iter().take_while(|member| member.is_first()) {
            push(member, at, self.outbox.clone(), calls);
        }
    }

    /// Brings it to all others.
    fn post(&mut self, at: Moment, calls: &mut Vec<Call>) {
        let changes = std::mem::take(&mut self.outbox);
        if changes.is_empty() {
            return;
        }
        let first = self.members.partition_point(|member| member.is_first());
        if let Some((last, others)) = self.members[first..].split_last() {
            for member in others {
                push(member, at, changes.clone(), calls);
            }
            push(last, at, changes, calls);
        }
    }
}

fn push<V>(member: &Mailbox<V>, at: Moment, changes: Vec<Change<V>>, calls: &mut Vec<Call>) {
    let call = member.push(at, changes);
    if !call.is_nothing() {
        calls.push(call);
    }
}

/// What a change is to those who have this filter.
fn narrowed<V: Object>(filter: &Filter<V>, change: &Change<V>) -> Option<Change<V>> {
    let narrow = |side: &Option<Arc<V>>| side.clone().filter(|object| filter.accepts(object));
    let narrowed = Change {
        key: change.key.clone(),
        old: narrow(&change.old),
        new: narrow(&change.new),
    };
    (!narrowed.is_nothing()).then_some(narrowed)
}
