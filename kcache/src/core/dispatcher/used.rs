//! What filters are indexed by, with how many of them.

/// Each thing once, as long as somebody uses it.
pub(super) struct Used<T>(Vec<(T, usize)>);

impl<T: Clone + PartialEq> Used<T> {
    /// One more uses this. Returns the one that is kept, which may share its memory.
    pub(super) fn add(&mut self, thing: T) -> T {
        if let Some((known, count)) = self.0.iter_mut().find(|(known, _)| *known == thing) {
            *count += 1;
            return known.clone();
        }
        self.0.push((thing.clone(), 1));
        thing
    }

    /// One less uses this.
    pub(super) fn remove(&mut self, thing: &T) {
        if let Some(at) = self.0.iter().position(|(known, _)| known == thing) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.swap_remove(at);
            }
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.0.iter().map(|(thing, _)| thing)
    }
}

impl<T> Default for Used<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_there_as_long_as_somebody_uses_it() {
        let mut used = Used::default();
        used.add("app");
        used.add("tier");
        used.add("app");
        used.remove(&"app");
        assert!(used.iter().eq(&["app", "tier"]));
        used.remove(&"app");
        used.remove(&"zone");
        assert!(used.iter().eq(&["tier"]));
    }
}
