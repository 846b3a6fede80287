//! From the hash of a key to the slot of its object.

use std::sync::Arc;

use super::pages::Pages;

/// Hashes with slots, in many small tables, so that a change copies one of them at most.
///
/// It grows by linear hashing: with each so many entries one table is split in two, so no single
/// insert costs more than others.
pub(super) struct Index {
    shards: Pages<Shard, 32>,
    /// How many shards there are; never zero.
    count: usize,
    len: usize,
}

/// How many entries there are, and then a table with linear probing. An entry is the lower half of the
/// hash, then the slot plus one; zero is a free place.
type Shard = Arc<[u64]>;

/// How many entries a shard has on average. One of twice as many is still less than a kilobyte: what
/// is larger makes glibc's allocator sort what was freed before.
const MEAN: usize = 40;
/// How many places a shard has at least.
const FIRST: usize = 24;

impl Index {
    /// The index of as many slots as there are hashes, in their order. It is built in one piece, which
    /// is faster than one insert after the other.
    pub(super) fn of(hashes: impl Iterator<Item = u64> + Clone) -> Self {
        let len = hashes.clone().count();
        let count = len.div_ceil(MEAN).max(1);
        let empty = Self {
            count,
            ..Self::default()
        };
        let tags = hashes.map(tag_of);
        // Where the entries of each shard end, once all are in.
        let mut ends = vec![0; count + 1];
        for tag in tags.clone() {
            ends[empty.shard_of(tag) + 1] += 1;
        }
        for at in 0..count {
            ends[at + 1] += ends[at];
        }
        let mut entries = vec![0; len];
        for (tag, slot) in tags.zip(0..) {
            let end = &mut ends[empty.shard_of(tag)];
            entries[*end] = entry(tag, slot);
            *end += 1;
        }
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let ranges = begins.zip(&ends).take(count);
        let shards = ranges.map(|(begin, end)| shard_with(entries[begin..*end].iter().copied()));
        Self {
            shards: shards.collect(),
            count,
            len,
        }
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What the first of the slots under a hash is that is anything.
    pub(super) fn find<T>(&self, hash: u64, is_it: impl Fn(u32) -> Option<T>) -> Option<T> {
        let tag = tag_of(hash);
        let shard = self.shards.get(self.shard_of(tag))?;
        let places = shard.get(1..)?;
        let mut place = home(tag, places.len());
        while let Some(&entry) = places.get(place).filter(|entry| **entry != 0) {
            if tag_in(entry) == tag
                && let Some(found) = is_it(slot_of(entry))
            {
                return Some(found);
            }
            place = next(place, places.len());
        }
        None
    }

    /// Adds a slot. Returns the shard that it is in now.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) -> usize {
        if self.len >= self.count * MEAN {
            self.split();
        }
        self.len += 1;
        let at = self.shard_of(tag_of(hash));
        add(self.shards.get_mut(at), entry(tag_of(hash), slot));
        at
    }

    /// Takes a slot out. Returns the shard that it was in.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) -> usize {
        let entry = entry(tag_of(hash), slot);
        let at = self.shard_of(tag_of(hash));
        let shard = self.shards.get_mut(at);
        if !shard.is_empty() && take_out(Arc::make_mut(shard), entry) {
            self.len -= 1;
        }
        at
    }

    /// Becomes another index, from which it differs in these shards only, and in those that were split
    /// since.
    pub(super) fn follow(&mut self, shards: &[usize], other: &Self) {
        let split = (self.count..other.count).flat_map(|new| [new, split_of(new)]);
        for at in shards.iter().copied().chain(split) {
            if let Some(theirs) = other.shards.get(at) {
                self.shards.get_mut(at).clone_from(theirs);
            }
        }
        (self.count, self.len) = (other.count, other.len);
    }

    /// By the lowest bits of the hash; of a shard that is not split yet in this round, one bit less.
    fn shard_of(&self, tag: u32) -> usize {
        let mask = self.count.next_power_of_two() - 1;
        let at = tag as usize & mask;
        if at < self.count {
            at
        } else {
            at & (mask >> 1)
        }
    }

    /// Splits the next shard in its turn.
    fn split(&mut self) {
        let from = split_of(self.count);
        let old = std::mem::take(self.shards.get_mut(from));
        let new = self.count;
        self.count += 1;
        for at in [from, new] {
            let here = entries(&old).filter(|entry| self.shard_of(tag_in(*entry)) == at);
            let here: Shard = shard_with(here);
            *self.shards.get_mut(at) = here;
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: Pages::default(),
            count: 1,
            len: 0,
        }
    }
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self {
            shards: self.shards.clone(),
            ..*self
        }
    }
}

/// The shard of which this one is split.
fn split_of(shard: usize) -> usize {
    shard - (1 << shard.ilog2())
}

fn entry(tag: u32, slot: u32) -> u64 {
    (u64::from(tag) << 32) | (u64::from(slot) + 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn tag_of(hash: u64) -> u32 {
    hash as u32
}

fn tag_in(entry: u64) -> u32 {
    tag_of(entry >> 32)
}

fn slot_of(entry: u64) -> u32 {
    tag_of(entry) - 1
}

/// Where an entry belongs in a table of so many places. The highest bits decide: entries of one
/// shard have the lowest ones in common.
fn home(tag: u32, places: usize) -> usize {
    let place = (u64::from(tag) * (places as u64)) >> 32;
    usize::try_from(place).unwrap_or_default()
}

fn next(place: usize, places: usize) -> usize {
    if place + 1 == places { 0 } else { place + 1 }
}

fn add(shard: &mut Shard, entry: u64) {
    let taken = count(shard);
    // One place at least stays free, which ends every search.
    if (taken + 1) * 20 < shard.len().saturating_sub(1) * 17 {
        return put(Arc::make_mut(shard), entry);
    }
    *shard = shard_with(entries(shard).chain([entry]));
}

/// How many entries a shard has.
fn count(shard: &[u64]) -> usize {
    let count = shard.first().copied().unwrap_or_default();
    usize::try_from(count).unwrap_or_default()
}

fn entries(shard: &[u64]) -> impl Iterator<Item = u64> + Clone {
    let places = shard.iter().skip(1);
    places.copied().filter(|entry| *entry != 0)
}

/// A shard with these entries, and room for some more.
fn shard_with(entries: impl Iterator<Item = u64> + Clone) -> Shard {
    let places = (entries.clone().count() * 4 / 3 + 2).max(FIRST);
    let mut shard: Shard = std::iter::repeat_n(0, places + 1).collect();
    let words = Arc::make_mut(&mut shard);
    for entry in entries {
        put(words, entry);
    }
    shard
}

fn put(shard: &mut [u64], entry: u64) {
    let Some((count, places)) = shard.split_first_mut() else {
        return;
    };
    *count += 1;
    let mut place = home(tag_in(entry), places.len());
    while places[place] != 0 {
        place = next(place, places.len());
    }
    places[place] = entry;
}

/// Frees the place of an entry, and moves those behind it that were displaced by it.
fn take_out(shard: &mut [u64], entry: u64) -> bool {
    let Some((count, places)) = shard.split_first_mut() else {
        return false;
    };
    let mut free = home(tag_in(entry), places.len());
    while places[free] != entry {
        if places[free] == 0 {
            return false;
        }
        free = next(free, places.len());
    }
    let mut place = free;
    loop {
        place = next(place, places.len());
        if places[place] == 0 {
            break;
        }
        let home = home(tag_in(places[place]), places.len());
        // It may stay if its home is behind the free place, on the way to where it is.
        let stays = if free <= place {
            free < home && home <= place
        } else {
            free < home || home <= place
        };
        if !stays {
            places[free] = places[place];
            free = place;
        }
    }
    places[free] = 0;
    *count -= 1;
    true
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Hashes of which many are alike, in their lowest or in their highest bits.
    fn hash(number: u32) -> u64 {
        match number % 4 {
            0 => u64::from(number % 64),
            1 => (u64::from(number) << 24) & 0xffff_ffff,
            _ => u64::from(number.wrapping_mul(0x9e37_79b9)),
        }
    }

    #[test]
    fn slots_are_found_while_it_grows_and_shrinks() {
        let mut index = Index::default();
        let mut there = HashMap::new();
        for number in 0..20_000 {
            index.insert(hash(number), number);
            there.insert(number, hash(number));
            if number % 3 == 2 {
                let gone = number / 3 * 2;
                if let Some(hash) = there.remove(&gone) {
                    index.remove(hash, gone);
                }
                assert_eq!(index.len, there.len());
            }
        }
        for number in 0..20_000 {
            let found = index.find(hash(number), |slot| (slot == number).then_some(slot));
            assert_eq!(found.is_some(), there.contains_key(&number), "{number}");
        }
        for (number, hash) in there {
            index.remove(hash, number);
        }
        assert!(
            index.len == 0
                && index
                    .shards
                    .iter()
                    .all(|shard| shard.iter().all(|e| *e == 0))
        );
    }

    #[test]
    fn what_is_built_at_once_is_as_if_it_had_grown() {
        for len in [0, 1, 39, 41, 1_000, 5_003] {
            let mut index = Index::of((0..len).map(hash));
            for number in len..len + 200 {
                index.insert(hash(number), number);
            }
            for number in (0..len + 200).step_by(3) {
                index.remove(hash(number), number);
            }
            let found = |number: &u32| {
                let is_it = |slot| (slot == *number).then_some(slot);
                index.find(hash(*number), is_it).is_some()
            };
            let wanted = (0..len + 200).filter(|number| number % 3 != 0);
            assert!((0..len + 200).filter(found).eq(wanted.clone()));
            assert_eq!(index.len(), wanted.count());
        }
    }

    #[test]
    fn a_clone_keeps_what_it_had_until_it_follows() {
        let mut index = Index::default();
        for number in 0..1_000 {
            index.insert(hash(number), number);
        }
        let mut before = index.clone();
        let mut touched: Vec<_> = (1_000..2_000)
            .map(|number| index.insert(hash(number), number))
            .collect();
        touched.extend((0..1_000).map(|number| index.remove(hash(number), number)));
        let all = |index: &Index| {
            let found = |n: &u32| {
                index
                    .find(hash(*n), |slot| (slot == *n).then_some(slot))
                    .is_some()
            };
            (0..2_000).filter(found).collect::<Vec<_>>()
        };
        assert_eq!(all(&before), (0..1_000).collect::<Vec<_>>());
        assert_eq!(all(&index), (1_000..2_000).collect::<Vec<_>>());
        before.follow(&touched, &index);
        assert_eq!(all(&before), all(&index));
    }
}
