//! A subscriber that believes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kcache::{Control, Error, Event, Key, Subscription};
use tokio::sync::watch;

use crate::coverage::Coverage;
use crate::forms::{Form, Spec, read};
use crate::ledger::Ledger;

/// A ledger that counts what it sees.
pub(crate) struct Replay<V> {
    ledger: Ledger<V>,
    /// The object deleted last.
    deleted: Option<(Key, String)>,
    pub(crate) ended: Option<Error>,
    pub(crate) coverage: Coverage,
}

impl<V> Default for Replay<V> {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            deleted: None,
            ended: None,
            coverage: Coverage::default(),
        }
    }
}

impl<V: Form> Replay<V> {
    fn see(&mut self, event: &Event<V>) {
        self.ledger.see(event);
        let key = Key::of(&**event.object());
        let deleted = self.deleted.take();
        self.coverage.count(match event {
            Event::Create { new } => {
                let replaced = deleted.is_some_and(|(k, uid)| k == key && uid != new.uid());
                if replaced { "replaced" } else { "create" }
            }
            Event::Update { .. } => "update",
            Event::Delete { old } => {
                self.deleted = Some((key, old.uid().to_owned()));
                "delete"
            }
        });
    }

    pub(crate) fn illegal(&self) -> &[String] {
        &self.ledger.illegal
    }

    fn specs(&self) -> BTreeMap<Key, Spec> {
        let state = self.ledger.state.iter();
        state
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
                        lock(&seen).see(&event);
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

    /// A new incarnation began: versions start over.
    pub(crate) fn forget_versions(&self) {
        self.with(|replay| replay.ledger.between = true);
    }

    /// What is wrong, if the state should be this one.
    pub(crate) fn compare(&self, want: &BTreeMap<Key, Spec>) -> Result<(), String> {
        self.with(|replay| {
            if !replay.illegal().is_empty() {
                return Err(format!("illegal: {:?}", replay.illegal()));
            }
            let have = replay.specs();
            if have == *want {
                if std::mem::take(&mut replay.ledger.between) {
                    replay.ledger.versions.clear();
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
