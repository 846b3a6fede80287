//! A part of a collection, by hashes: as a server cuts it, and as it is checked here.

use std::fmt;
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::sync::Arc;

use crate::object::Object;

/// A part of a collection: the objects whose UID, or whose namespace, has a hash in some ranges.
///
/// Several processes that follow a shard each share the work on one kind: no object is in two shards that do
/// not overlap, and each is in one of those that together are [whole](Self::whole). The hash is that of
/// Kubernetes (KEP-5866, `ShardedListAndWatch`): 64-bit FNV-1a of the text. Give a shard to
/// [`InformerBuilder::shard`](crate::InformerBuilder::shard), and another one to
/// [`Informer::reshard`](crate::Informer::reshard) while it runs.
///
/// By the UID an object stays in its shard as long as it lives, and another one that is made under its name may be
/// in another shard. By the namespace ([`by_namespace`](Self::by_namespace)) all objects of a namespace are
/// together, of whatever kind. The namespace of what is in none is the empty text, as for the server: all
/// cluster-scoped objects, Namespaces themselves too, are then in one shard.
///
/// It prints as the server's expression.
///
/// # Example
///
/// ```
/// use kcache::Shard;
///
/// let half = Shard::of(1, 2);
/// assert_eq!(half.to_string(), "shardRange(object.metadata.uid, '0x8000000000000000', '0x10000000000000000')");
/// let uid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
/// assert_ne!(half.contains_hash(Shard::hash(uid)), Shard::of(0, 2).contains_hash(Shard::hash(uid)));
///
/// // Three make room for a fourth; what the first of them gives away:
/// let (before, after) = (Shard::of(0, 3), Shard::of(0, 4));
/// assert!(after.is_within(&before));
/// assert_eq!(before.difference(&after), Some(Shard::ranges([1_u64 << 62..=0x5555_5555_5555_5554])));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shard {
    /// What is hashed. Of all objects and of none it does not matter, and is the UID.
    by: By,
    /// The first and the last hash of each range: in order, none next to another.
    ranges: Arc<[(u64, u64)]>,
}

/// What is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum By {
    Uid,
    Namespace,
}

/// How many hashes there are.
const ALL: u128 = 1 << 64;

impl Shard {
    /// All objects: not a shard at all.
    pub fn whole() -> Self {
        Self::ranges([..])
    }

    /// No object: nothing is requested.
    pub fn nothing() -> Self {
        Self::normal(By::Uid, Vec::new())
    }

    /// One of `count` ranges of equal size, from 0 on.
    ///
    /// # Panics
    ///
    /// If the index is not below the count.
    pub fn of(index: u32, count: u32) -> Self {
        assert!(
            index < count,
            "there are {count} shards, so none is {index}"
        );
        let start = |index: u32| ALL * u128::from(index) / u128::from(count);
        let last = start(index + 1) - 1;
        // There are more hashes than shards.
        Self::ranges([low(start(index))..=low(last)])
    }

    /// The objects with hashes in these ranges, by UID. They may overlap and be in any order; one that is empty is
    /// left out. The last hash is `u64::MAX`, so what goes to the end has no end: `0x8000_0000_0000_0000..`.
    pub fn ranges(ranges: impl IntoIterator<Item = impl RangeBounds<u64>>) -> Self {
        let ranges = ranges.into_iter().filter_map(|range| ends(&range));
        Self::normal(By::Uid, ranges.collect())
    }

    /// The same ranges of hashes of the namespace, of which all objects are together then.
    #[must_use]
    pub fn by_namespace(self) -> Self {
        Self::normal(By::Namespace, self.ranges.to_vec())
    }

    /// Sorts and merges.
    fn normal(by: By, mut ranges: Vec<(u64, u64)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        let is_plain = merged.is_empty() || merged == [(0, u64::MAX)];
        Self {
            by: if is_plain { By::Uid } else { by },
            ranges: merged.into(),
        }
    }

    /// The hash of a UID or of a namespace: 64-bit FNV-1a, as apimachinery's `sharding.HashField` has it.
    pub fn hash(text: &str) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
    }

    /// True if what has this hash is in it.
    pub fn contains_hash(&self, hash: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= hash);
        after > 0 && hash <= self.ranges[after - 1].1
    }

    /// True if an object is in it, by the UID or the namespace that its form answers. For a form that answers
    /// neither, an informer goes by what the server sent.
    pub fn contains<V: Object>(&self, object: &V) -> bool {
        self.contains_names(object.uid(), object.namespace().unwrap_or_default())
    }

    /// True if an object of this UID, in this namespace, is in it.
    pub(crate) fn contains_names(&self, uid: &str, namespace: &str) -> bool {
        self.is_whole()
            || self.contains_hash(Self::hash(match self.by {
                By::Uid => uid,
                By::Namespace => namespace,
            }))
    }

    /// True if it is all objects.
    pub fn is_whole(&self) -> bool {
        *self.ranges == [(0, u64::MAX)]
    }

    /// True if it is no object.
    pub fn is_nothing(&self) -> bool {
        self.ranges.is_empty()
    }

    /// True if the namespace decides. Of [`whole`](Self::whole) and [`nothing`](Self::nothing) it never is said to.
    pub fn is_by_namespace(&self) -> bool {
        self.by == By::Namespace
    }

    /// Its ranges of hashes, in order, none next to another.
    pub fn as_ranges(&self) -> impl ExactSizeIterator<Item = RangeInclusive<u64>> {
        self.ranges.iter().map(|(first, last)| *first..=*last)
    }

    /// True if all that is in it is in the other one, too, whatever objects there are.
    pub fn is_within(&self, other: &Self) -> bool {
        self.difference(other).is_some_and(|rest| rest.is_nothing())
    }

    /// What is in one of them, or in both. `None` if one goes by the UID and the other by the namespace.
    pub fn union(&self, other: &Self) -> Option<Self> {
        let by = self.common(other)?;
        let ranges = self.ranges.iter().chain(&*other.ranges);
        Some(Self::normal(by, ranges.copied().collect()))
    }

    /// What is in both. `None` if one goes by the UID and the other by the namespace.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let by = self.common(other)?;
        let both = self.ranges.iter().flat_map(|(first, last)| {
            let cut = move |range: &(u64, u64)| (*first.max(&range.0), *last.min(&range.1));
            other.ranges.iter().map(cut)
        });
        let both = both.filter(|(first, last)| first <= last);
        Some(Self::normal(by, both.collect()))
    }

    /// What is in this one and not in the other. `None` if one goes by the UID and the other by the namespace.
    pub fn difference(&self, other: &Self) -> Option<Self> {
        let by = self.common(other)?;
        let outside = Self::normal(by, other.gaps());
        let rest = self.intersection(&Self { by, ..outside })?;
        Some(Self::normal(by, rest.ranges.to_vec()))
    }

    /// The least that has it all in so many ranges, at least one, if it is not of fewer.
    pub(crate) fn coarse(&self, most: usize) -> Self {
        let surplus = self.ranges.len().saturating_sub(most.max(1));
        if surplus == 0 {
            return self.clone();
        }
        let mut gaps = self.gaps();
        // What is before the first range and behind the last one stays out.
        gaps.retain(|(first, last)| *first > self.ranges[0].0 && *last != u64::MAX);
        gaps.sort_unstable_by_key(|(first, last)| last - first);
        let filled = gaps.iter().take(surplus).chain(&*self.ranges);
        Self::normal(self.by, filled.copied().collect())
    }

    /// The hashes that are in none of its ranges.
    fn gaps(&self) -> Vec<(u64, u64)> {
        let mut gaps = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = Some(0);
        for (first, last) in &*self.ranges {
            if let Some(next) = next.filter(|next| next < first) {
                gaps.push((next, first - 1));
            }
            next = last.checked_add(1);
        }
        gaps.extend(next.map(|next| (next, u64::MAX)));
        gaps
    }

    /// What both go by. All objects and none go by anything.
    fn common(&self, other: &Self) -> Option<By> {
        match (self.is_plain(), other.is_plain()) {
            (true, _) => Some(other.by),
            (_, true) => Some(self.by),
            _ => (self.by == other.by).then_some(self.by),
        }
    }

    fn is_plain(&self) -> bool {
        self.is_whole() || self.is_nothing()
    }
}

/// The first and the last number in a range, if there are any.
fn ends(range: &impl RangeBounds<u64>) -> Option<(u64, u64)> {
    let first = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.checked_add(1)?,
    };
    let last = match range.end_bound() {
        Bound::Unbounded => u64::MAX,
        Bound::Included(last) => *last,
        Bound::Excluded(end) => end.checked_sub(1)?,
    };
    (first <= last).then_some((first, last))
}

#[expect(clippy::cast_possible_truncation, reason = "it is below 2^64")]
fn low(number: u128) -> u64 {
    number as u64
}

/// As apimachinery prints a shard selector, so that what a server says it did can be compared. What is nothing
/// prints as a selector that is: no server takes it.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nothing() {
            return f.write_str("<nothing>");
        }
        let field = match self.by {
            By::Uid => "object.metadata.uid",
            By::Namespace => "object.metadata.namespace",
        };
        for (place, (first, last)) in self.ranges.iter().enumerate() {
            let between = if place > 0 { " || " } else { "" };
            let end = u128::from(*last) + 1;
            write!(
                f,
                "{between}shardRange({field}, '0x{first:016x}', '0x{end:016x}')"
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shard({self})")
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::whole()
    }
}

#[cfg(test)]
mod tests;
