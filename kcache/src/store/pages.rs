//! Arrays that two states share page by page.

use std::sync::Arc;

/// A growing array in pages of `N`. A clone shares all pages; a change copies the page that it
/// touches, if another array has it, and nothing else.
pub(super) struct Pages<T, const N: usize>(Arc<[Arc<[T; N]>]>);

impl<T, const N: usize> Pages<T, N> {
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        Some(&self.0.get(at / N)?[at % N])
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().flat_map(|page| page.iter())
    }
}

impl<T: Clone + Default, const N: usize> Pages<T, N> {
    /// The place of this number, which is there from now on.
    pub(super) fn get_mut(&mut self, at: usize) -> &mut T {
        while self.0.len() <= at / N {
            self.grow();
        }
        &mut Arc::make_mut(&mut Arc::make_mut(&mut self.0)[at / N])[at % N]
    }

    fn grow(&mut self) {
        let page = Arc::new(std::array::from_fn(|_| T::default()));
        self.0 = self.0.iter().cloned().chain([page]).collect();
    }
}

impl<T: Default, const N: usize> FromIterator<T> for Pages<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut all = all.into_iter().peekable();
        let page = || {
            all.peek()?;
            Some(Arc::new(std::array::from_fn(|_| {
                all.next().unwrap_or_default()
            })))
        };
        Self(std::iter::from_fn(page).collect())
    }
}

impl<T, const N: usize> Default for Pages<T, N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T, const N: usize> Clone for Pages<T, N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Pages;

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut pages: Pages<u32, 4> = Pages::default();
        for at in 0..10 {
            *pages.get_mut(at) = 1;
        }
        let before = pages.clone();
        *pages.get_mut(9) = 2;
        *pages.get_mut(13) = 3;
        assert_eq!((before.get(9), before.get(13)), (Some(&1), None));
        assert_eq!((pages.get(9), pages.get(13)), (Some(&2), Some(&3)));
        assert_eq!(pages.iter().sum::<u32>(), 9 + 2 + 3);
        let same: Pages<u32, 4> = pages.iter().copied().collect();
        assert!(same.iter().eq(pages.iter()) && same.get(16).is_none());
    }
}
