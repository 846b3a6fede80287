//! A subscriber that believes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kcache::{Control, Error, Event, Key, Subscription};
use tokio::sync::watch;

use crate::coverage::Coverage;
use crate::forms::{Form, Spec, read};

/// The state that events add up to, and every step that was not legal.
pub(crate) struct Replay<V> {
    state: BTreeMap<Key, Arc<V>>,
    /// The newest version of each UID, which may go back only with the history.
    versions: BTreeMap<String, u64>,
    /// A new history began, and what comes may be of the one or the other.
    between: bool,
    /// The object deleted last.
    deleted: Option<(Key, String)>,
    pub(crate) illegal: Vec<String>,
    pub(crate) ended: Option<Error>,
    pub(crate) coverage: Coverage,
}

impl<V> Default for Replay<V> {
    fn default() -> Self {
        Self {
            state: BTreeMap::new(),
            versions: BTreeMap::new(),
            between: false,
            deleted: None,
            illegal: Vec::new(),
            ended: None,
            coverage: Coverage::default(),
        }
    }
}

impl<V: Form> Replay<V> {
    pub(crate) fn see(&mut self, event: Event<V>) {
        let key = Key::of(&**event.object());
        let has = self.state.get(&key).cloned();
        let is_last = |old: &Arc<V>| has.as_ref().is_some_and(|has| Arc::ptr_eq(has, old));
        let legal = match &event {
            Event::Create { .. } => has.is_none(),
            Event::Update { old, new } => is_last(old) && old.uid() == new.uid(),
            Event::Delete { old } => is_last(old),
        };
        if !legal {
            let has = has.map(|has| has.version().to_owned());
            self.illegal
                .push(format!("{event:?} for one who has {has:?}"));
        }
        let deleted = self.deleted.take();
        match event {
            Event::Create { new } => {
                let replaced = deleted.is_some_and(|(k, uid)| k == key && uid != new.uid());
                self.coverage
                    .count(if replaced { "replaced" } else { "create" });
                self.keep(key, new);
            }
            Event::Update { new, .. } => {
                self.coverage.count("update");
                self.keep(key, new);
            }
            Event::Delete { old } => {
                self.coverage.count("delete");
                self.state.remove(&key);
                self.deleted = Some((key, old.uid().to_owned()));
            }
        }
    }

    fn keep(&mut self, key: Key, new: Arc<V>) {
        let spec = read(&*new);
        let newest = self.versions.entry(spec.uid).or_default();
        if spec.version < *newest && !self.between {
            let was = *newest;
            self.illegal
                .push(format!("{key} went back from {was} to {}", spec.version));
        }
        *newest = spec.version;
        self.state.insert(key, new);
    }

    pub(crate) fn specs(&self) -> BTreeMap<Key, Spec> {
        self.state
            .iter()
            .map(|(key, object)| (key.clone(), read(&**object)))
            .collect()
    }
}

/// A replay at work in a task of its own, so that it depends on being woken.
pub(crate) struct Watcher<V: Form> {
    pub(crate) control: Control<V>,
    replay: Arc<Mutex<Replay<V>>>,
    go: watch::Sender<bool>,
}

impl<V: Form> Watcher<V> {
    pub(crate) fn start(mut subscription: Subscription<V>) -> Self {
        let control = subscription.control();
        let replay = Arc::new(Mutex::new(Replay::default()));
        let (go, mut going) = watch::channel(true);
        let seen = replay.clone();
        tokio::spawn(async move {
            while going.wait_for(|go| *go).await.is_ok() {
                tokio::select! {
                    // Otherwise tokio chooses at random, and a case is no function of its seed.
                    biased;
                    changed = going.changed() => if changed.is_err() { return },
                    event = subscription.next() => {
                        let Some(event) = event else {
                            lock(&seen).ended = subscription.error();
                            return;
                        };
                        lock(&seen).see(event);
                    }
                }
            }
        });
        Self {
            control,
            replay,
            go,
        }
    }

    /// Stops taking events, or goes on.
    pub(crate) fn stall(&self, stall: bool) {
        self.go.send_replace(!stall);
    }

    pub(crate) fn is_stalled(&self) -> bool {
        !*self.go.borrow()
    }

    pub(crate) fn with<T>(&self, read: impl FnOnce(&mut Replay<V>) -> T) -> T {
        read(&mut lock(&self.replay))
    }

    /// A new history began: versions start over.
    pub(crate) fn forget_versions(&self) {
        self.with(|replay| replay.between = true);
    }

    /// What is wrong, if the state should be this one.
    pub(crate) fn compare(&self, want: &BTreeMap<Key, Spec>) -> Result<(), String> {
        self.with(|replay| {
            if !replay.illegal.is_empty() {
                return Err(format!("illegal: {:?}", replay.illegal));
            }
            let have = replay.specs();
            if have == *want {
                if std::mem::take(&mut replay.between) {
                    replay.versions.clear();
                }
                return Ok(());
            }
            Err(format!("a subscriber has {have:?} instead of {want:?}"))
        })
    }
}

fn lock<V>(replay: &Mutex<Replay<V>>) -> std::sync::MutexGuard<'_, Replay<V>> {
    replay.lock().unwrap_or_else(PoisonError::into_inner)
}
