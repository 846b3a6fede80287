//! One copy of what many objects have.

use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Weak};

use foldhash::HashMap;
use foldhash::quality::RandomState;

/// Knows the values that are in use, and keeps none of them alive.
///
/// By their hash: of two values that share one, the later one is known, and the other is not shared.
pub(super) struct Interner<T> {
    hasher: RandomState,
    known: HashMap<u64, Weak<T>>,
    /// After so many new values those that are gone are forgotten.
    until_sweep: usize,
}

/// The memory of so many values may be held for nothing.
const FEW: usize = 1_024;

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            known: HashMap::default(),
            until_sweep: FEW,
        }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The value that is in use, if there is one like this.
    pub(super) fn intern(&mut self, value: T) -> Arc<T> {
        let hash = self.hasher.hash_one(&value);
        if let Some(known) = self.known.get(&hash).and_then(Weak::upgrade)
            && *known == value
        {
            return known;
        }
        self.sweep();
        let value = Arc::new(value);
        self.known.insert(hash, Arc::downgrade(&value));
        value
    }

    /// As many as are in use come in before it is done again.
    fn sweep(&mut self) {
        self.until_sweep -= 1;
        if self.until_sweep > 0 {
            return;
        }
        self.known.retain(|_, value| value.strong_count() > 0);
        if self.known.capacity() / 4 > self.known.len() + FEW {
            self.known.shrink_to_fit();
        }
        self.until_sweep = self.known.len().max(FEW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_is_shared() {
        let mut interner = Interner::default();
        let first = interner.intern("a".to_owned());
        assert!(Arc::ptr_eq(&first, &interner.intern("a".to_owned())));
        assert!(!Arc::ptr_eq(&first, &interner.intern("b".to_owned())));
    }

    #[test]
    fn what_is_not_in_use_is_forgotten() {
        let mut interner = Interner::default();
        let kept: Vec<_> = (0..2 * FEW).map(|n| interner.intern(n)).collect();
        for n in 0..100 * FEW {
            interner.intern(n + 2 * FEW);
        }
        assert!(interner.known.len() <= 2 * kept.len() + FEW);
        assert!(interner.known.capacity() <= 16 * kept.len());
        assert!(Arc::ptr_eq(&kept[7], &interner.intern(7)));
    }
}
