//! Which shard is followed, and what of it is there.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use super::names::Names;
use crate::codec::Raw;
use crate::object::{Key, Object};
use crate::request::Target;
use crate::reshard::Requests;
use crate::seeded_fault;
use crate::shard::Shard;

/// Which shard is followed, and what of it is there.
pub(super) struct Sharding {
    pub(super) requests: Requests,
    shard: Shard,
    /// What the server is asked for, if it is not asked for everything: at least the shard.
    requested: Option<Shard>,
    /// Whether it sends no more than that.
    by_server: Option<bool>,
    /// What the state is complete of, as of the version that was seen last; `None` if it is of nothing that could
    /// be said.
    complete: Option<Shard>,
    /// There is a shard, so it is noted what objects do not tell.
    notes: bool,
    /// All objects that are there were noted.
    noted: bool,
    /// It is listed only because the shard grew: a watch from the version seen last would go on with what
    /// is complete.
    grows: bool,
    hidden: Hidden,
    incoming: Incoming,
}

/// What the list that comes in shows.
#[derive(Default)]
struct Incoming {
    /// How many objects it has had that are outside of the shard.
    passed_by: usize,
    /// One of them was not requested.
    wrong: bool,
    /// Each page said that it is of what was requested.
    confirmed: bool,
}

/// Another shard is asked for.
pub(super) struct Asked;

/// How an object stands to a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Inside,
    Outside,
    /// Its stored form does not tell, and it was not noted.
    Unknown,
}

impl Sharding {
    /// Of all objects, if there is no shard.
    pub(super) fn new(target: &Target, requests: Requests) -> Self {
        let shard = target.shard.as_ref();
        Self {
            requests,
            shard: shard.cloned().unwrap_or_default(),
            requested: target.requested_shard.clone(),
            by_server: None,
            complete: None,
            notes: shard.is_some(),
            noted: shard.is_some(),
            grows: false,
            hidden: Hidden::default(),
            incoming: Incoming::default(),
        }
    }

    /// Waits for something, unless another shard is asked for.
    pub(super) async fn unless_asked<T>(&self, wait: impl Future<Output = T>) -> Result<T, Asked> {
        tokio::select! {
            biased;
            () = self.requests.asked() => Err(Asked),
            done = wait => Ok(done),
        }
    }

    /// What an object is called, if that is surely outside of the shard.
    pub(super) fn outside<'a>(&self, raw: Raw<'a>) -> Option<Names<'a>> {
        if self.shard.is_whole() || seeded_fault::KeepOutside.strikes() {
            return None;
        }
        let names = Names::read(raw)?;
        (!names.name.is_empty() && !names.is_in(&self.shard)).then_some(names)
    }

    /// Counts an object that is outside, and says what that shows of the server.
    pub(super) fn pass_by(&mut self, names: &Names<'_>) -> Option<bool> {
        self.incoming.passed_by += 1;
        if self.requested.as_ref().is_some_and(|it| !names.is_in(it)) {
            (self.incoming.wrong, self.by_server) = (true, Some(false));
        }
        self.by_server
    }

    /// How many objects the list that comes in has had that are outside.
    pub(super) fn passed_by(&self) -> usize {
        self.incoming.passed_by
    }

    /// The server does not want to be asked for a shard.
    pub(super) fn refused(&mut self) -> Option<bool> {
        (self.requested, self.by_server) = (None, Some(false));
        self.by_server
    }

    /// A list begins; one that streams cannot say of what shard it is.
    pub(super) fn begin_list(&mut self, streams: bool) {
        self.hidden.begin_list();
        self.incoming = Incoming {
            confirmed: !streams,
            ..Incoming::default()
        };
    }

    /// A page of a list has said of what shard it is.
    pub(super) fn page(&mut self, said: Option<&str>) {
        let requested = self.requested.as_ref().map(Shard::to_string);
        self.incoming.confirmed &= said.is_some() && said == requested.as_deref();
    }

    /// Whether the server sends no more than it is asked for, if that is known.
    pub(super) fn by_server(&self) -> Option<bool> {
        self.by_server
    }

    /// The same, now that all of a list has come.
    pub(super) fn judge(&mut self) -> Option<bool> {
        if self.requested.is_some() && !self.incoming.wrong {
            let said = self.by_server == Some(true) || self.incoming.confirmed;
            self.by_server = said.then_some(true);
        }
        self.by_server
    }

    /// A list is complete; `has` says of which keys there is an object by now.
    pub(super) fn listed(&mut self, has: impl Fn(&Key) -> bool) {
        self.complete = Some(self.shard.clone());
        (self.grows, self.noted) = (false, self.notes);
        self.hidden.end_list(has);
        self.requests.ready();
    }

    /// True if what is there has to be read again, since it was not noted.
    pub(super) fn is_unread(&self) -> bool {
        self.notes && !self.noted
    }

    /// Notes what an object does not tell of itself.
    pub(super) fn note<V: Object>(&mut self, object: &V, raw: Raw<'_>, listing: bool) {
        if !self.notes {
            return;
        }
        if !object.uid().is_empty() && object.namespace().is_some() {
            return self.hidden.forget(|| Key::of(object), listing);
        }
        let names = Names::read(raw);
        let hides = |names: &Names<'_>| {
            names.uid != object.uid() || names.namespace != object.namespace().unwrap_or_default()
        };
        match names.filter(hides) {
            Some(names) => {
                let hashes = Hashes {
                    uid: Shard::hash(&names.uid),
                    namespace: Shard::hash(&names.namespace),
                };
                self.hidden.note(Key::of(object), hashes, listing);
            }
            None => self.hidden.forget(|| Key::of(object), listing),
        }
    }

    /// The object of a key is gone.
    pub(super) fn gone(&mut self, key: impl FnOnce() -> Key, listing: bool) {
        self.hidden.forget(key, listing);
    }

    /// Follows the shard of a target from now on. It gives what says of each object that is there whether it is
    /// in it.
    pub(super) fn follow<V: Object>(
        &mut self,
        target: &Target,
    ) -> impl Fn(&V) -> Place + Send + 'static + use<V> {
        let shard = target.shard.clone().unwrap_or_default();
        let complete = self.complete.take();
        self.complete = complete.and_then(|complete| complete.intersection(&shard));
        self.requested.clone_from(&target.requested_shard);
        if self.requested.is_none() {
            self.by_server = None;
        }
        self.shard = shard.clone();
        self.notes = true;
        let (hidden, noted) = (self.hidden.known.clone(), self.noted);
        let cluster_scoped = target.cluster_scoped;
        move |object: &V| {
            if shard.is_nothing() {
                return Place::Outside;
            }
            let hashes = (!hidden.is_empty()).then(|| hidden.get(&Key::of(object)));
            let is_inside = match hashes.flatten() {
                Some(hashes) if shard.is_by_namespace() => shard.contains_hash(hashes.namespace),
                Some(hashes) => shard.contains_hash(hashes.uid),
                None if !noted && tells_nothing(object, &shard, cluster_scoped) => {
                    return Place::Unknown;
                }
                None => shard.contains(object),
            };
            if is_inside {
                Place::Inside
            } else {
                Place::Outside
            }
        }
    }

    /// Something that is there is in a place that is not known.
    pub(super) fn unknown(&mut self) {
        self.complete = None;
    }

    /// True if what is there is all that is in the shard, so that a watch can go on with it. `watches` says
    /// that it would have gone on without the new shard.
    pub(super) fn goes_on(&mut self, watches: bool) -> bool {
        let all = self.complete.as_ref() == Some(&self.shard);
        if all && (watches || self.grows) {
            self.grows = false;
            return true;
        }
        self.grows |= watches;
        false
    }
}

/// True if a stored form does not tell what the shard goes by, as far as it was not asked to.
fn tells_nothing<V: Object>(object: &V, shard: &Shard, cluster_scoped: bool) -> bool {
    if shard.is_whole() {
        false
    } else if shard.is_by_namespace() {
        object.namespace().is_none() && !cluster_scoped
    } else {
        object.uid().is_empty()
    }
}

/// What shards go by, of objects whose stored form does not tell it.
#[derive(Default)]
struct Hidden {
    /// Of what is there.
    known: Arc<HashMap<Key, Hashes>>,
    /// Of the list that comes in.
    incoming: HashMap<Key, Hashes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hashes {
    uid: u64,
    namespace: u64,
}

impl Hidden {
    fn note(&mut self, key: Key, hashes: Hashes, listing: bool) {
        if listing {
            self.incoming.insert(key, hashes);
        } else {
            Arc::make_mut(&mut self.known).insert(key, hashes);
        }
    }

    fn forget(&mut self, key: impl FnOnce() -> Key, listing: bool) {
        if listing && !self.incoming.is_empty() {
            self.incoming.remove(&key());
        } else if !listing && !self.known.is_empty() {
            Arc::make_mut(&mut self.known).remove(&key());
        }
    }

    fn begin_list(&mut self) {
        self.incoming = HashMap::new();
    }

    /// Of what the list has unchanged, what was known stays.
    fn end_list(&mut self, has: impl Fn(&Key) -> bool) {
        let incoming = std::mem::take(&mut self.incoming);
        if self.known.is_empty() && incoming.is_empty() {
            return;
        }
        let known = Arc::make_mut(&mut self.known);
        known.extend(incoming);
        known.retain(|key, _| has(key));
    }
}
