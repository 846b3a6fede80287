//! Finds the subscriptions that a change of a commit concerns, and puts it into their mailboxes.

mod used;

use std::collections::HashMap;
use std::sync::Arc;

use self::used::Used;
use super::mailbox::{Mailbox, Wakeup};
use crate::error::Error;
use crate::event::Change;
use crate::field::Field;
use crate::filter::Filter;
use crate::index::{self, Index, IndexKey, Term};
use crate::object::Object;
use crate::store::Moment;

/// Up to so many label keys are compared with each of an object; more cost as much as hashing it.
const FEW: usize = 8;

/// The mailboxes of a publisher, by the data parts of their filters.
pub(crate) struct Dispatcher<V> {
    routes: Vec<Route<V>>,
    /// Slots of `routes` that are free.
    free: Vec<u32>,
    /// The routes of the filters that print so.
    by_text: HashMap<String, Vec<u32>>,
    index: Index,
    /// How many index keys there are of each kind of term, in all namespaces and in one: an object is
    /// looked up only under what someone waits for.
    kinds: [[usize; 2]; index::KINDS],
    /// The label keys and fields that filters are indexed by.
    label_keys: Used<Arc<str>>,
    fields: Used<Field<V>>,
    commits: u64,
    /// How many objects had been replaced when those who derive states were last told so.
    replaced: u64,
    /// The incarnation of the newest commit.
    incarnation: u64,
    /// Set when the publisher is closed: no mailbox is added any longer.
    pub(crate) closed: Option<Error>,
}

/// One filter and all who have it: it is evaluated once for them all.
struct Route<V> {
    filter: Filter<V>,
    /// Where it is in the index.
    keys: Vec<u64>,
    /// The kinds of these keys.
    kinds: Vec<[usize; 2]>,
    /// What it is indexed by.
    label_keys: Vec<Arc<str>>,
    fields: Vec<Field<V>>,
    /// Those who get a commit before others come first.
    members: Vec<Arc<Mailbox<V>>>,
    /// What the commit under way brings; all members share it.
    outbox: Vec<Arc<Change<V>>>,
    /// The last change for which this route was looked at, so that it is looked at once.
    seen: (u64, usize),
}

/// What a delivery leaves to do once the lock is released.
#[derive(Default)]
pub(crate) struct Delivered {
    pub(crate) wakeups: Vec<Wakeup>,
    pub(crate) evaluations: u64,
}

impl<V> Default for Dispatcher<V> {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            free: Vec::new(),
            by_text: HashMap::new(),
            index: Index::default(),
            kinds: Default::default(),
            label_keys: Used::default(),
            fields: Used::default(),
            commits: 0,
            replaced: 0,
            incarnation: 1,
            closed: None,
        }
    }
}

impl<V: Object> Dispatcher<V> {
    pub(crate) fn subscribe(&mut self, filter: &Filter<V>, mailbox: Arc<Mailbox<V>>) {
        let slot = self
            .route_of(filter)
            .unwrap_or_else(|| self.open_route(filter));
        let members = &mut self.routes[slot as usize].members;
        let at = if mailbox.is_first() { 0 } else { members.len() };
        members.insert(at, mailbox);
    }

    pub(crate) fn unsubscribe(&mut self, filter: &Filter<V>, mailbox: &Arc<Mailbox<V>>) {
        let Some(slot) = self.route_of(filter) else {
            return;
        };
        let members = &mut self.routes[slot as usize].members;
        members.retain(|member| !Arc::ptr_eq(member, mailbox));
        if members.is_empty() {
            self.close_route(slot);
        }
    }

    /// All who get something.
    pub(crate) fn mailboxes(&self) -> Vec<Arc<Mailbox<V>>> {
        let members = self.routes.iter().flat_map(|route| &route.members);
        members.cloned().collect()
    }

    /// Ends every subscription and adds none any longer. The first reason stands.
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
        if self.routes.len() == self.free.len() {
            return delivered;
        }
        let mut changed = Vec::new();
        self.commits += 1;
        for (i, change) in changes.iter().enumerate() {
            let mut whole = None;
            for slot in self.candidates(change) {
                let route = &mut self.routes[slot as usize];
                if std::mem::replace(&mut route.seen, (self.commits, i)) == (self.commits, i) {
                    continue;
                }
                delivered.evaluations += 1;
                let was_empty = route.outbox.is_empty();
                match Error::catch(|| narrowed(&route.filter, change)) {
                    Ok(Narrowed::Nothing) => {}
                    Ok(Narrowed::Whole) => {
                        let whole = whole.get_or_insert_with(|| Arc::new(change.clone()));
                        route.outbox.push(whole.clone());
                    }
                    Ok(Narrowed::Side(change)) => route.outbox.push(change.into()),
                    Err(error) => route.end(&error, &mut delivered.wakeups),
                }
                if was_empty && (route.members.is_empty() || !route.outbox.is_empty()) {
                    changed.push(slot);
                }
            }
        }
        for slot in &changed {
            self.routes[*slot as usize].post_first(at, &mut delivered.wakeups);
        }
        for slot in changed {
            let route = &mut self.routes[slot as usize];
            route.post(at, &mut delivered.wakeups);
            if route.members.is_empty() && !route.is_free() {
                self.close_route(slot);
            }
        }
        if at.incarnation > std::mem::replace(&mut self.incarnation, at.incarnation) {
            let members = self.routes.iter().flat_map(|route| &route.members);
            let notify = |member: &Arc<Mailbox<V>>| member.push(at, &[]);
            delivered.wakeups.extend(members.map(notify));
        }
        delivered
    }

    /// Tells those who derive states if much was replaced since they were last told: those who stand on
    /// an older state keep all that.
    pub(crate) fn grow_old(&mut self, replaced: u64, much: u64, wakeups: &mut Vec<Wakeup>) {
        let more = replaced.saturating_sub(self.replaced);
        if more < much {
            return;
        }
        self.replaced = replaced;
        let members = self.routes.iter().flat_map(|route| &route.members);
        let members = members.filter(|member| member.derives());
        let grown = members.map(|member| member.grow_old(more >= 2 * much));
        wakeups.extend(grown.filter(|wakeup| !wakeup.is_nothing()));
    }

    /// The routes that a change may concern; one may be named more than once.
    fn candidates(&self, change: &Change<V>) -> Vec<u32> {
        let mut named = Vec::new();
        self.look_up(None, Term::Any, &mut named);
        if self.is_narrow() && Error::catch(|| self.look_up_objects(change, &mut named)).is_err() {
            // If the object itself panics then so will the filters, each for itself.
            named = (0..).take(self.routes.len()).collect();
        }
        named
    }

    /// Those that are found by what its objects are like.
    fn look_up_objects(&self, change: &Change<V>, named: &mut Vec<u32>) {
        let is_waited_for = |term: Term<'_>| self.kinds[term.kind()] != [0, 0];
        let waits_for_labels =
            is_waited_for(Term::Label("", "")) || is_waited_for(Term::LabelKey(""));
        // Most updates leave the labels as they are: then they are looked up once.
        let has_new_labels = match (&change.old, &change.new) {
            (Some(old), Some(new)) => waits_for_labels && !old.labels().eq(new.labels()),
            _ => true,
        };
        for (object, reads_labels) in [(&change.old, true), (&change.new, has_new_labels)] {
            let Some(object) = object else { continue };
            let own = Some(object.namespace().unwrap_or_default());
            self.look_up(own, Term::Any, named);
            let mut look = |term: Term<'_>| {
                let key = term.label_key();
                if key.is_none_or(|key| self.may_wait_for(key)) {
                    self.look_up(None, term, named);
                    self.look_up(own, term, named);
                }
            };
            let is_wanted = |term: Term<'_>| {
                is_waited_for(term) && (reads_labels || term.label_key().is_none())
            };
            index::for_each_term(&**object, is_wanted, &mut look);
            for field in self.fields.iter() {
                look(Term::Field(field.path(), &field.read(object)));
            }
        }
    }

    /// False if no filter is indexed by this label key.
    fn may_wait_for(&self, label_key: &str) -> bool {
        let mut known = self.label_keys.iter();
        known.len() > FEW || known.any(|known| **known == *label_key)
    }

    /// Those in the index under a term, in this namespace or in all, if anybody waits for such a one.
    fn look_up(&self, namespace: Option<&str>, term: Term<'_>, named: &mut Vec<u32>) {
        if self.kinds[term.kind()][usize::from(namespace.is_some())] > 0 {
            let key = self.index.hash(IndexKey { namespace, term });
            named.extend(self.index.at(key).into_iter().flatten());
        }
    }

    /// True if there are filters that are found by what an object is like; else an object need not
    /// be looked at.
    fn is_narrow(&self) -> bool {
        let mut kinds = self.kinds;
        kinds[Term::Any.kind()][0] = 0;
        kinds.as_flattened().iter().any(|count| *count > 0) || self.fields.iter().len() > 0
    }

    fn route_of(&self, filter: &Filter<V>) -> Option<u32> {
        let mut slots = self.by_text.get(&filter.to_string())?.iter();
        slots
            .find(|slot| self.routes[**slot as usize].filter == *filter)
            .copied()
    }

    fn open_route(&mut self, filter: &Filter<V>) -> u32 {
        let load = |key: IndexKey<'_>| self.index.count(&[self.index.hash(key)]);
        let keys = filter.index_keys(&load);
        let kind = |key: &IndexKey<'_>| [key.term.kind(), usize::from(key.namespace.is_some())];
        let kinds: Vec<_> = keys.iter().map(kind).collect();
        let labels = keys.iter().filter_map(|key| key.term.label_key());
        let label_keys = labels.map(|key| self.label_keys.add(key.into())).collect();
        let keys: Vec<u64> = keys.iter().map(|key| self.index.hash(*key)).collect();
        for [kind, scope] in &kinds {
            self.kinds[*kind][*scope] += 1;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.routes.push(Route::free());
            u32::try_from(self.routes.len() - 1).expect("fewer than 2^32 filters")
        });
        self.index.insert(slot, &keys);
        let mut fields = Vec::new();
        filter.fields_used(&mut fields);
        let fields = fields.into_iter().map(|field| self.fields.add(field));
        let fields = fields.collect();
        self.by_text
            .entry(filter.to_string())
            .or_default()
            .push(slot);
        let route = &mut self.routes[slot as usize];
        (route.filter, route.keys, route.kinds) = (filter.clone(), keys, kinds);
        (route.label_keys, route.fields) = (label_keys, fields);
        slot
    }

    fn close_route(&mut self, slot: u32) {
        let route = std::mem::replace(&mut self.routes[slot as usize], Route::free());
        self.index.remove(slot, &route.keys);
        for [kind, scope] in route.kinds {
            self.kinds[kind][scope] -= 1;
        }
        for key in &route.label_keys {
            self.label_keys.remove(key);
        }
        for field in &route.fields {
            self.fields.remove(field);
        }
        let text = route.filter.to_string();
        if let Some(slots) = self.by_text.get_mut(&text) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.by_text.remove(&text);
            }
        }
        self.free.push(slot);
    }
}

impl<V: Object> Route<V> {
    fn free() -> Self {
        Self {
            filter: Filter::nothing(),
            keys: Vec::new(),
            kinds: Vec::new(),
            label_keys: Vec::new(),
            fields: Vec::new(),
            members: Vec::new(),
            outbox: Vec::new(),
            seen: (0, 0),
        }
    }

    fn is_free(&self) -> bool {
        self.keys.is_empty() && self.members.is_empty() && self.outbox.is_empty()
    }

    fn end(&mut self, error: &Error, wakeups: &mut Vec<Wakeup>) {
        wakeups.extend(self.members.drain(..).map(|member| member.end(error)));
    }

    /// Brings a commit to those who get it before others.
    fn post_first(&self, at: Moment, wakeups: &mut Vec<Wakeup>) {
        if self.outbox.is_empty() {
            return;
        }
        for member in self.members.iter().take_while(|member| member.is_first()) {
            push(member, at, &self.outbox, wakeups);
        }
    }

    /// Brings it to all others.
    fn post(&mut self, at: Moment, wakeups: &mut Vec<Wakeup>) {
        let first = self.members.partition_point(|member| member.is_first());
        if !self.outbox.is_empty() {
            for member in &self.members[first..] {
                push(member, at, &self.outbox, wakeups);
            }
        }
        self.outbox.clear();
        self.outbox.shrink_to(64);
    }
}

fn push<V: Object>(
    member: &Mailbox<V>,
    at: Moment,
    changes: &[Arc<Change<V>>],
    wakeups: &mut Vec<Wakeup>,
) {
    let wakeup = member.push(at, changes);
    if !wakeup.is_nothing() {
        wakeups.push(wakeup);
    }
}

/// What a change is to those who have one filter.
enum Narrowed<V> {
    Nothing,
    Whole,
    /// They have, or get, one of its two objects only.
    Side(Change<V>),
}

fn narrowed<V: Object>(filter: &Filter<V>, change: &Change<V>) -> Narrowed<V> {
    let accepts = |side: &Option<Arc<V>>| side.as_ref().is_some_and(|side| filter.accepts(side));
    let (old, new) = (accepts(&change.old), accepts(&change.new));
    if (old, new) == (change.old.is_some(), change.new.is_some()) {
        return Narrowed::Whole;
    }
    if !old && !new {
        return Narrowed::Nothing;
    }
    Narrowed::Side(Change {
        old: change.old.clone().filter(|_| old),
        new: change.new.clone().filter(|_| new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nameless;

    impl Object for Nameless {
        fn name(&self) -> &'static str {
            ""
        }
    }

    #[test]
    fn label_keys_are_compared_while_filters_have_few() {
        let mut dispatcher = Dispatcher::<Nameless>::default();
        let numbers: Vec<_> = (0..=FEW).map(|number| number.to_string()).collect();
        let slots: Vec<_> = numbers
            .iter()
            .map(|number| dispatcher.open_route(&Filter::labels([(number.as_str(), "")])))
            .collect();
        assert!(
            dispatcher.may_wait_for("app"),
            "nobody looks through so many"
        );
        dispatcher.close_route(slots[0]);
        assert!(!dispatcher.may_wait_for("app") && !dispatcher.may_wait_for("0"));
        assert!(dispatcher.may_wait_for("1"));
    }
}
