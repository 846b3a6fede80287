//! Sorting many slots by their keys with few looks at objects.

use std::cmp::Ordering;

use foldhash::{HashMap, HashMapExt as _};

use crate::object::KeyRef;

/// A slot, and as much of its name as fits into a number: nearly all comparisons end there.
#[derive(Clone, Copy, Default)]
struct Entry<'a> {
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
    let (ranks, count) = ranks(keys.iter().map(|key| key.0));
    let common = common_prefix(keys.iter().map(|key| key.1));
    let mut ends = begins(&ranks, count);
    let mut entries = vec![Entry::default(); slots.len()];
    for ((slot, KeyRef(_, name)), rank) in slots.iter().zip(&keys).zip(ranks) {
        let end = &mut ends[rank];
        entries[*end] = Entry {
            prefix: prefix(&name.as_bytes()[common..]),
            slot: *slot,
            name,
        };
        *end += 1;
    }
    let mut begin = 0;
    for end in &ends[..count] {
        // Most often the names of a namespace come in runs, which this sort notices.
        entries[begin..*end].sort_by(Entry::compare);
        begin = *end;
    }
    entries.iter().map(|entry| entry.slot).collect()
}

impl Entry<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let by_prefix = self.prefix.cmp(&other.prefix);
        by_prefix.then_with(|| self.name.cmp(other.name))
    }
}

/// The place of each namespace in the order of all, and how many there are.
fn ranks<'a>(all: impl Iterator<Item = &'a str> + Clone) -> (Vec<usize>, usize) {
    let mut ranks = HashMap::new();
    // Nearly always a namespace is that of the key before.
    let mut last = None;
    for one in all.clone() {
        if last.replace(one) != Some(one) {
            ranks.insert(one, 0);
        }
    }
    let mut ordered: Vec<_> = ranks.keys().copied().collect();
    ordered.sort_unstable();
    ranks.extend(ordered.into_iter().zip(0..));
    let mut last = ("", None);
    let ranked = all.map(|one| match last {
        (before, Some(rank)) if before == one => rank,
        _ => {
            let rank = ranks[one];
            last = (one, Some(rank));
            rank
        }
    });
    (ranked.collect(), ranks.len())
}

/// Where those of each rank begin, if all are in the order of ranks.
fn begins(ranks: &[usize], count: usize) -> Vec<usize> {
    let mut begins = vec![0; count + 1];
    for rank in ranks {
        begins[rank + 1] += 1;
    }
    for rank in 0..count {
        begins[rank + 1] += begins[rank];
    }
    begins
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
