//! Which member should have which slot: a function of the names of the members and of nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::slots::{SLOTS, Slots};

/// The slots that `me` should have among these members; none if it is not one of them.
///
/// Each pair of a member and a slot has a score, as in rendezvous hashing, and the best pairs are taken
/// first, while the member has room: all get the same number of slots, but for the rest of the division,
/// which makes one more for some. So the slots of a member that goes are spread over the others, and few
/// of the rest move.
pub(crate) fn share(members: &BTreeSet<Arc<str>>, me: &str) -> Slots {
    let names: Vec<&str> = members.iter().map(|name| &**name).collect();
    let Some(place) = names.iter().position(|name| *name == me) else {
        return Slots::NONE;
    };
    all_shares(&names)[place]
}

fn all_shares(names: &[&str]) -> Vec<Slots> {
    let mut pairs: Vec<(u64, usize, u32)> = vec![];
    for (place, name) in names.iter().enumerate() {
        let name = hash(name);
        pairs.extend((0..SLOTS).map(|slot| (mix(name ^ mix(slot.into())), place, slot)));
    }
    // The highest first; names are in order, so that equal scores are no question of luck.
    pairs.sort_by_key(|(score, place, slot)| (u64::MAX - score, *place, *slot));
    let mut shares = vec![Slots::NONE; names.len()];
    let mut taken = Slots::NONE;
    let even = SLOTS as usize / names.len();
    // Each its even share, then the rest of the division, one each.
    for room in [even, even + 1] {
        for (_, place, slot) in &pairs {
            let slot = Slots::one(*slot);
            if !taken.has(slot) && (shares[*place].len() as usize) < room {
                shares[*place] = shares[*place] | slot;
                taken = taken | slot;
            }
        }
    }
    shares
}

/// FNV-1a, then mixed: all replicas must agree, whatever they were built with.
fn hash(text: &str) -> u64 {
    let bytes = text.bytes();
    mix(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// The finalizer of splitmix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<Arc<str>> {
        let names = numbers.into_iter();
        names.map(|number| format!("web-{number}").into()).collect()
    }

    fn shares(members: &BTreeSet<Arc<str>>) -> Vec<Slots> {
        members.iter().map(|name| share(members, name)).collect()
    }

    #[test]
    fn every_slot_has_one_member_and_the_shares_are_even() {
        for count in 1..=80_u32 {
            let shares = shares(&members(0..count));
            let all = shares.iter().fold(Slots::NONE, |all, one| all | *one);
            assert_eq!(all, Slots::ALL, "{count}");
            let sizes: Vec<_> = shares.iter().map(|share| share.len()).collect();
            assert_eq!(sizes.iter().sum::<u32>(), SLOTS, "{count}: {sizes:?}");
            let (least, most) = (SLOTS / count, SLOTS.div_ceil(count));
            assert!(
                sizes.iter().all(|size| (least..=most).contains(size)),
                "{sizes:?}"
            );
        }
        assert_eq!(share(&members(0..3), "web-3"), Slots::NONE);
        assert_eq!(share(&BTreeSet::new(), "web-0"), Slots::NONE);
    }

    /// Of all memberships of two to ten out of 40, with one that comes: how many slots change hands
    /// beyond those that must.
    #[test]
    fn few_slots_move() {
        let (mut moved, mut needed) = (0, 0);
        for first in 0..30 {
            for count in 2..=10 {
                let before = members(first..first + count);
                let after = members(first..=first + count);
                let came = share(&after, &format!("web-{}", first + count));
                needed += came.len();
                moved += came.len();
                for name in &before {
                    let (old, new) = (share(&before, name), share(&after, name));
                    moved += (new - old).len();
                }
            }
        }
        let ratio = f64::from(moved) / f64::from(needed);
        assert!(ratio < 1.5, "{ratio}");
    }

    #[test]
    fn the_assignment_is_the_same_in_every_build() {
        let shares = shares(&members(0..3));
        let written: Vec<_> = shares.iter().map(|share| share.written()).collect();
        assert_eq!(written, PINNED);
    }

    /// Replicas of two releases that assign otherwise would hand slots to and fro.
    const PINNED: [&str; 3] = [
        "64:bcc27e5008004141",
        "64:00150028d3a9923c",
        "64:4328818724562c82",
    ];
}
