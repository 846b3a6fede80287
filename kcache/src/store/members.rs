//! Which slots of a table are in a set.

use std::sync::Arc;

/// Two levels of bits. A clone shares them, and a change copies one page.
#[derive(Clone, Default)]
pub(crate) struct Members {
    pages: Arc<[Arc<Page>]>,
    len: usize,
}

type Page = [u64; WORDS];
const WORDS: usize = 64;
const PAGE: usize = WORDS * 64;

/// The page, the word in it and the bit in that.
fn place(slot: u32) -> (usize, usize, u64) {
    let slot = slot as usize;
    (slot / PAGE, slot % PAGE / 64, 1 << (slot % 64))
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        let (page, word, bit) = place(slot);
        let page = self.pages.get(page);
        page.is_some_and(|page| page[word] & bit != 0)
    }

    /// Puts a slot in. True if it was not in.
    pub(crate) fn insert(&mut self, slot: u32) -> bool {
        let (page, word, bit) = place(slot);
        if self.contains(slot) {
            return false;
        }
        if page >= self.pages.len() {
            let old = self.pages.iter().cloned();
            let new = (self.pages.len()..=page).map(|_| Arc::new([0; WORDS]));
            self.pages = old.chain(new).collect();
        }
        self.page(page)[word] |= bit;
        self.len += 1;
        true
    }

    /// Takes a slot out. True if it was in.
    pub(crate) fn remove(&mut self, slot: u32) -> bool {
        let (page, word, bit) = place(slot);
        if !self.contains(slot) {
            return false;
        }
        self.page(page)[word] &= !bit;
        self.len -= 1;
        true
    }

    fn page(&mut self, page: usize) -> &mut Page {
        Arc::make_mut(&mut Arc::make_mut(&mut self.pages)[page])
    }

    /// All slots, from the lowest.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let words = self.pages.iter().flat_map(|page| page.iter());
        let words = (0..).step_by(64).zip(words).filter(|(_, word)| **word != 0);
        words.flat_map(|(first, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    first + bit
                })
            })
        })
    }
}

impl FromIterator<u32> for Members {
    fn from_iter<I: IntoIterator<Item = u32>>(slots: I) -> Self {
        let mut members = Self::default();
        for slot in slots {
            members.insert(slot);
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_in_until_they_are_taken_out() {
        let slots = [0, 63, 64, 4_095, 4_096, 100_000];
        let mut members: Members = slots.into_iter().collect();
        let before = members.clone();
        assert!(!members.insert(64) && !members.remove(65) && members.remove(64));
        assert_eq!(before.iter().collect::<Vec<_>>(), slots);
        assert_eq!((before.len(), members.len()), (6, 5));
        assert!(before.contains(64) && !members.contains(64) && !members.contains(u32::MAX));
        assert_eq!(members.iter().nth(2), Some(4_095));
    }
}
