//! The leaves of an order.

use std::cmp::Ordering;

use crate::object::{Key, KeyRef};

/// Slots whose keys are behind each other.
#[derive(Clone)]
pub(super) struct Leaf {
    /// No key in this leaf is lower, and none in the leaves before it is as high. It is kept here so
    /// that a search looks at few objects.
    pub(super) from: Key,
    /// The namespace of all keys and what all names begin with; `None` if there is more than one
    /// namespace.
    shared: Option<Key>,
    slots: [u32; LEAF],
    /// Of each name the first bytes behind what they share, as a number of the same order.
    hints: [u16; LEAF],
    len: usize,
}

/// How many slots a leaf has at most. With its hints it is less than a kilobyte: what is larger makes
/// glibc's allocator sort what was freed before.
const LEAF: usize = 140;
/// How many one has that is made of many.
pub(super) const FILLED: usize = 122;

impl Leaf {
    pub(super) fn new<'a>(some: &[u32], key: impl Fn(u32) -> KeyRef<'a>) -> Self {
        let KeyRef(namespace, name) = some.first().map_or(KeyRef("", ""), |slot| key(*slot));
        let mut leaf = Self {
            from: Key::new(namespace, name),
            shared: None,
            slots: [0; LEAF],
            hints: [0; LEAF],
            len: some.len(),
        };
        leaf.slots[..some.len()].copy_from_slice(some);
        leaf.share(key);
        leaf
    }

    pub(super) fn slots(&self) -> &[u32] {
        &self.slots[..self.len]
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == LEAF
    }

    /// Notes what all keys share.
    fn share<'a>(&mut self, key: impl Fn(u32) -> KeyRef<'a>) {
        let (Some(first), Some(last)) = (self.slots().first(), self.slots().last()) else {
            return;
        };
        let (first, last) = (key(*first), key(*last));
        self.shared = (first.0 == last.0).then(|| {
            // What the first and the last begin with, all in between begin with.
            let mut chars = first.1.char_indices().zip(last.1.chars());
            let differs = chars.find(|((_, a), b)| a != b);
            let shorter = first.1.len().min(last.1.len());
            let common = differs.map_or(shorter, |((at, _), _)| at);
            Key::new(first.0, &first.1[..common])
        });
        if let Some(shared) = &self.shared {
            let skip = shared.name().len();
            for (hint, slot) in self.hints.iter_mut().zip(&self.slots[..self.len]) {
                *hint = hint_of(key(*slot).1, skip);
            }
        }
    }

    /// How many slots are before a key.
    fn place<'a>(&self, new: KeyRef<'_>, key: impl Fn(u32) -> KeyRef<'a>) -> usize {
        let before = |slot: &u32| key(*slot) < new;
        let Some(hint) = self.hint(new) else {
            return self.slots().partition_point(before);
        };
        let hints = &self.hints[..self.len];
        let from = hints.partition_point(|other| *other < hint);
        let alike = hints[from..].partition_point(|other| *other == hint);
        from + self.slots[from..from + alike].partition_point(before)
    }

    /// The hint of a key, if it begins as all here do.
    fn hint(&self, key: KeyRef<'_>) -> Option<u16> {
        let shared = self.shared.as_ref()?;
        let fits = shared.namespace() == key.0 && key.1.starts_with(shared.name());
        fits.then(|| hint_of(key.1, shared.name().len()))
    }

    /// Puts a slot in, which there must be room for.
    pub(super) fn insert<'a>(&mut self, slot: u32, key: impl Fn(u32) -> KeyRef<'a>) {
        let new = key(slot);
        let at = self.place(new, &key);
        if self.from.parts() > new {
            self.from = Key::new(new.0, new.1);
        }
        self.slots.copy_within(at..self.len, at + 1);
        self.hints.copy_within(at..self.len, at + 1);
        self.slots[at] = slot;
        self.len += 1;
        match self.hint(new) {
            Some(hint) => self.hints[at] = hint,
            // Only at the ends, or where there is more than one namespace.
            None if self.shared.is_some() => self.share(key),
            None => {}
        }
    }

    /// Takes a slot out, if it is in.
    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(at) = self.slots().iter().position(|other| *other == slot) {
            self.slots.copy_within(at + 1..self.len, at);
            self.hints.copy_within(at + 1..self.len, at);
            self.len -= 1;
        }
    }

    /// Lets the upper half go, as a leaf of its own.
    pub(super) fn split<'a>(&mut self, key: impl Fn(u32) -> KeyRef<'a>) -> Self {
        self.len = LEAF / 2;
        Self::new(&self.slots[LEAF / 2..], key)
    }

    /// Takes over the slots of the next leaf.
    pub(super) fn append<'a>(&mut self, next: &Self, key: impl Fn(u32) -> KeyRef<'a>) {
        self.slots[self.len..self.len + next.len].copy_from_slice(next.slots());
        self.len += next.len;
        self.share(key);
    }

    /// How many slots are before what is looked for.
    pub(super) fn search<'a>(
        &self,
        key: impl Fn(u32) -> KeyRef<'a>,
        compare: impl Fn(KeyRef<'_>) -> Ordering,
    ) -> usize {
        let is_before = |slot: &u32| compare(key(*slot)) == Ordering::Less;
        self.slots().partition_point(is_before)
    }
}

fn hint_of(name: &str, skip: usize) -> u16 {
    let rest = &name.as_bytes()[skip..];
    let mut bytes = [0; 2];
    let len = rest.len().min(bytes.len());
    bytes[..len].copy_from_slice(&rest[..len]);
    u16::from_be_bytes(bytes)
}
