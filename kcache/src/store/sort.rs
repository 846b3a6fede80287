//! Sorting many slots by their keys with few looks at objects.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::object::KeyRef;

/// A slot, and as much of its key as fits into numbers: nearly all comparisons end there.
struct Entry<'a> {
    namespace: u32,
    prefix: u128,
    slot: u32,
    name: &'a str,
}

/// Sorts slots by their keys.
pub(super) fn sort_by_key<'a>(slots: Vec<u32>, key: impl Fn(u32) -> KeyRef<'a>) -> Vec<u32> {
    let keys: Vec<_> = slots.iter().map(|slot| key(*slot)).collect();
    if keys.is_sorted() {
        return slots;
    }
    let namespaces = ranks(keys.iter().map(|key| key.0));
    let common = common_prefix(keys.iter().map(|key| key.1));
    let keyed = slots.iter().zip(&keys);
    let mut entries: Vec<_> = keyed
        .map(|(slot, key)| Entry {
            namespace: namespaces[key.0],
            prefix: prefix(&key.1.as_bytes()[common..]),
            slot: *slot,
            name: key.1,
        })
        .collect();
    entries.sort_unstable_by(Entry::compare);
    entries.into_iter().map(|entry| entry.slot).collect()
}

impl Entry<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let numbers = |entry: &Self| (entry.namespace, entry.prefix);
        let by_numbers = numbers(self).cmp(&numbers(other));
        by_numbers.then_with(|| self.name.cmp(other.name))
    }
}

/// The place of each in the order of all.
fn ranks<'a>(all: impl Iterator<Item = &'a str>) -> HashMap<&'a str, u32> {
    let mut ranks = HashMap::new();
    let mut last = None;
    for one in all {
        if last != Some(one) {
            ranks.insert(one, 0);
            last = Some(one);
        }
    }
    let mut ordered: Vec<_> = ranks.keys().copied().collect();
    ordered.sort_unstable();
    ordered.into_iter().zip(0..).collect()
}

/// How many bytes all begin with.
fn common_prefix<'a>(mut all: impl Iterator<Item = &'a str>) -> usize {
    let first = all.next().unwrap_or_default().as_bytes();
    all.fold(first.len(), |common, one| {
        let pairs = first[..common].iter().zip(one.as_bytes());
        pairs.take_while(|(a, b)| a == b).count()
    })
}

/// The first sixteen bytes, in an order that is that of the text.
fn prefix(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let len = text.len().min(bytes.len());
    bytes[..len].copy_from_slice(&text[..len]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_keys() {
        let words = [
            "",
            "a",
            "a\0",
            "b",
            "ab",
            "web-0000000000000000000000-b",
            "web-0000000000000000000000-a",
            "web-00000000000000000000000",
            "web-",
        ];
        let pairs = words.iter().flat_map(|a| words.iter().map(|b| (*a, *b)));
        let keys: Vec<_> = pairs.map(|(a, b)| KeyRef(a, b)).collect();
        let key = |slot: u32| keys[slot as usize];
        for step in [1, 7, 40] {
            let len = u32::try_from(keys.len()).unwrap();
            let mixed: Vec<_> = (0..len).map(|i| i * step % len).collect();
            let mut wanted = mixed.clone();
            wanted.sort_by_key(|slot| key(*slot));
            assert_eq!(sort_by_key(mixed, key), wanted);
        }
        let alike = [KeyRef("a", "web-2"), KeyRef("a", "web-1")];
        assert_eq!(sort_by_key(vec![0, 1], |slot| alike[slot as usize]), [1, 0]);
    }
}
