//! Which labels of an object are worth a look-up.

use std::sync::Arc;

/// Up to so many are compared with each label of an object; more cost as much as hashing it.
const FEW: usize = 8;

/// The label keys that filters are indexed by, with how often each.
#[derive(Default)]
pub(super) struct LabelKeys(Vec<(Arc<str>, usize)>);

impl LabelKeys {
    pub(super) fn add(&mut self, key: &str) -> Arc<str> {
        if let Some((known, count)) = self.0.iter_mut().find(|(known, _)| **known == *key) {
            *count += 1;
            return known.clone();
        }
        let key: Arc<str> = key.into();
        self.0.push((key.clone(), 1));
        key
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(at) = self.0.iter().position(|(known, _)| **known == *key) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.swap_remove(at);
            }
        }
    }

    /// False if no filter is indexed by it.
    pub(super) fn may_have(&self, key: &str) -> bool {
        self.0.len() > FEW || self.0.iter().any(|(known, _)| **known == *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_as_long_as_somebody_needs_it() {
        let mut keys = LabelKeys::default();
        keys.add("app");
        keys.add("app");
        keys.remove("app");
        assert!(keys.may_have("app") && !keys.may_have("tier"));
        keys.remove("app");
        assert!(!keys.may_have("app"));
        for number in 0..=FEW {
            keys.add(&number.to_string());
        }
        assert!(keys.may_have("app"), "nobody looks through so many");
        keys.remove("0");
        assert!(!keys.may_have("app") && keys.may_have("1"));
    }
}
