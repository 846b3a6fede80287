//! What the closures of a filter have let in.

use std::collections::HashSet;
use std::sync::Arc;

use crate::object::{Key, KeyRef, Object};
use crate::store::{Members, State};

/// Which objects a subscriber has.
pub(super) enum Accepted<V> {
    ByKey(HashSet<Key>),
    /// The slots that they have in a state: some bits an object. That is for who is given a state with
    /// all changes up to it, and derives its own from that.
    BySlot(Members, Arc<State<V>>),
}

impl<V: Object> Accepted<V> {
    /// Nothing, as of a state if it is known.
    pub(super) fn nothing(state: Option<&Arc<State<V>>>) -> Self {
        state.map_or_else(Self::default, |state| {
            Self::BySlot(Members::default(), state.clone())
        })
    }

    /// Takes a key out. True if it was in.
    pub(super) fn remove(&mut self, key: KeyRef<'_>) -> bool {
        match self {
            Self::ByKey(keys) => keys.remove(&Key::new(key.0, key.1)),
            Self::BySlot(members, state) => {
                let slot = state.slot(key.hash64(), key);
                slot.is_some_and(|slot| members.remove(slot))
            }
        }
    }

    /// What was not taken out is in a newer state, too, in the same slots.
    pub(super) fn go_on(&mut self, newer: Option<&Arc<State<V>>>) {
        match (&mut *self, newer) {
            (Self::ByKey(_), _) => {}
            (Self::BySlot(_, state), Some(newer)) => state.clone_from(newer),
            (Self::BySlot(members, state), None) => {
                let there = members.iter().filter_map(|slot| state.table.at(slot));
                *self = Self::ByKey(there.map(|object| Key::of(&**object)).collect());
            }
        }
    }

    /// Puts a key in that is in the state.
    pub(super) fn insert(&mut self, key: KeyRef<'_>) {
        match self {
            Self::ByKey(keys) => {
                keys.insert(Key::new(key.0, key.1));
            }
            Self::BySlot(members, state) => {
                if let Some(slot) = state.slot(key.hash64(), key) {
                    members.insert(slot);
                }
            }
        }
    }
}

impl<V> Default for Accepted<V> {
    fn default() -> Self {
        Self::ByKey(HashSet::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Copies;

    struct Named(&'static str);

    impl Object for Named {
        fn name(&self) -> &str {
            self.0
        }
    }

    fn commit(
        copies: &mut Copies<Named>,
        put: &[&'static str],
        remove: &[&str],
    ) -> Arc<State<Named>> {
        let mut edit = copies.edit(put.len() + remove.len());
        for name in remove {
            let key = KeyRef("", name);
            edit.remove(key.hash64(), key);
        }
        for name in put {
            edit.put(KeyRef("", name).hash64(), &Arc::new(Named(name)));
        }
        let table = edit.finish();
        copies.settle();
        Arc::new(State {
            table,
            ..State::default()
        })
    }

    #[test]
    fn what_was_let_in_stays_so_in_newer_states_and_without_any() {
        let mut copies = Copies::default();
        let first = commit(&mut copies, &["a", "b", "c"], &[]);
        // "d" comes to where "b" was.
        let second = commit(&mut copies, &["d"], &["b"]);
        let key = |name| KeyRef("", name);
        for without in [false, true] {
            let mut accepted = Accepted::nothing(Some(&first));
            accepted.insert(key("a"));
            accepted.insert(key("b"));
            assert!(accepted.remove(key("b")) && !accepted.remove(key("c")));
            accepted.go_on(Some(&second).filter(|_| !without));
            assert!(matches!(accepted, Accepted::ByKey(_)) == without);
            accepted.insert(key("d"));
            assert!(accepted.remove(key("d")) && accepted.remove(key("a")));
            assert!(!accepted.remove(key("a")) && !accepted.remove(key("c")));
        }
    }
}
