//! Where objects are that come one after the other, by the hashes of their keys.

/// A table with linear probing, of which nothing is taken out. An entry is the upper half of the hash,
/// then the place plus one; zero is a free place.
#[derive(Default)]
pub(super) struct Places {
    entries: Vec<u64>,
    len: usize,
}

const FIRST: usize = 64;
const UPPER: u64 = 0xffff_ffff << 32;

impl Places {
    /// The first of the places under a hash that is it.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let from = self.home(hash)?;
        let (before, behind) = self.entries.split_at(from);
        let run = behind.iter().chain(before);
        let run = run.take_while(|entry| **entry != 0);
        let alike = run.filter(|entry| (**entry ^ hash) & UPPER == 0);
        alike
            .map(|entry| place_of(*entry))
            .find(|place| is_it(*place))
    }

    pub(super) fn insert(&mut self, hash: u64, place: usize) {
        if (self.len + 1) * 4 > self.entries.len() * 3 {
            self.grow();
        }
        self.len += 1;
        self.put((hash & UPPER) | (place as u64 + 1));
    }

    fn grow(&mut self) {
        let places = (self.entries.len() * 2).max(FIRST);
        let old = std::mem::replace(&mut self.entries, vec![0; places]);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            self.put(entry);
        }
    }

    fn put(&mut self, entry: u64) {
        let Some(mut at) = self.home(entry) else {
            return;
        };
        while self.entries[at] != 0 {
            at = (at + 1) % self.entries.len();
        }
        self.entries[at] = entry;
    }

    /// Where an entry belongs. How many there are is a power of two.
    fn home(&self, hash: u64) -> Option<usize> {
        let bits = self.entries.len().checked_ilog2()?;
        usize::try_from(hash >> 32 >> (32 - bits.min(32))).ok()
    }
}

fn place_of(entry: u64) -> usize {
    usize::try_from((entry & !UPPER) - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Places;

    /// Hashes of which many are alike.
    fn hash(place: usize) -> u64 {
        match place % 3 {
            0 => u64::MAX,
            1 => (place as u64) << 40,
            _ => (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        }
    }

    #[test]
    fn all_are_found_while_it_grows() {
        let mut places = Places::default();
        assert_eq!(places.find(0, |_| true), None);
        for place in 0..1_000 {
            let found = |wanted| places.find(hash(wanted), |found| found == wanted);
            assert_eq!(found(place), None);
            assert_eq!(
                (place > 0).then(|| found(place / 2)).flatten(),
                (place > 0).then_some(place / 2)
            );
            places.insert(hash(place), place);
        }
    }
}
