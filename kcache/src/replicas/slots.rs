//! Sets of slots: the 64 equal parts of all hashes.

use std::fmt;
use std::ops::{BitAnd, BitOr, RangeInclusive, Sub};

/// How many slots there are. A set of them is at most 32 ranges, which is what a URL can hold beside
/// other parameters (a range takes some 75 bytes of it); and with up to some twenty replicas a slot more
/// or less makes no great difference.
pub(super) const SLOTS: u32 = 64;

/// A set of slots.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slots(u64);

impl Slots {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(u64::MAX);

    pub(crate) fn one(slot: u32) -> Self {
        Self(1 << slot)
    }

    /// The slot of a hash, which is its highest six bits.
    pub(crate) fn of_hash(hash: u64) -> Self {
        Self::one(u32::try_from(hash >> 58).expect("six bits"))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        (0..SLOTS).filter(move |slot| self.0 >> slot & 1 == 1)
    }

    /// The hashes of these slots, in order, one range for neighbours.
    pub(crate) fn ranges(self) -> Vec<RangeInclusive<u64>> {
        let mut ranges: Vec<RangeInclusive<u64>> = vec![];
        for slot in self.iter() {
            let start = u64::from(slot) << 58;
            let end = start | (u64::MAX >> 6);
            match ranges.last_mut() {
                Some(last) if last.end().wrapping_add(1) == start => *last = *last.start()..=end,
                _ => ranges.push(start..=end),
            }
        }
        ranges
    }

    /// As it stands in an annotation: how many slots there are, and these as a hexadecimal number.
    pub(crate) fn written(self) -> String {
        format!("{SLOTS}:{:016x}", self.0)
    }

    /// What [`written`](Self::written) wrote. `None` if it is anything else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("64:")?;
        let is_hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 16 || !digits.bytes().all(is_hex) {
            return None;
        }
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl BitOr for Slots {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Slots {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Slots {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl FromIterator<u32> for Slots {
    fn from_iter<I: IntoIterator<Item = u32>>(slots: I) -> Self {
        let slots = slots.into_iter();
        slots.fold(Self::NONE, |all, slot| all | Self::one(slot))
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range_and_the_last_ends_at_the_end() {
        assert_eq!(Slots::NONE.ranges(), []);
        assert_eq!(Slots::ALL.ranges(), [0..=u64::MAX]);
        let slots: Slots = [0, 1, 5, 63].into_iter().collect();
        let expected = [
            0..=(2 << 58) - 1,
            5 << 58..=(6 << 58) - 1,
            63 << 58..=u64::MAX,
        ];
        assert_eq!(slots.ranges(), expected);
        let odd: Slots = (0..SLOTS).filter(|slot| slot % 2 == 1).collect();
        assert_eq!(odd.ranges().len(), 32);
    }

    #[test]
    fn a_hash_is_in_the_range_of_its_slot() {
        let border = 1 << 58;
        for hash in [0, 1, border - 1, border, u64::MAX, u64::MAX >> 1] {
            let [range] = &Slots::of_hash(hash).ranges()[..] else {
                panic!("one slot is one range");
            };
            assert!(range.contains(&hash), "{hash:x}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for slots in [Slots::NONE, Slots::ALL, Slots::one(63), Slots::one(0)] {
            assert_eq!(Slots::read(&slots.written()), Some(slots));
        }
        assert_eq!(Slots::one(4).written(), "64:0000000000000010");
        for odd in [
            "",
            "64:",
            "64:10",
            "128:0000000000000010",
            "64:+000000000000010",
            "64:000000000000001G",
        ] {
            assert_eq!(Slots::read(odd), None, "{odd}");
        }
    }
}
