//! What is kept of Pods that are selected no longer, should they be selected again.

use std::collections::{BTreeMap, HashMap};

use kcache::Key;

use crate::pod::Pod;
use crate::progress::Kept;

/// So many are kept without a look at whether they are still there.
const FEW: usize = 256;

/// How far the logs were read of Pods that left, by UID.
pub(crate) struct Left {
    pods: HashMap<String, (Key, Logs)>,
    /// With so many it is time to forget those that were deleted.
    room: usize,
}

/// How far the logs of a Pod were read, by the names of its containers.
pub(crate) type Logs = BTreeMap<String, Kept>;

impl Default for Left {
    fn default() -> Self {
        let pods = HashMap::new();
        Self { pods, room: FEW }
    }
}

impl Left {
    /// Keeps how far a Pod's logs were read. There are at most as many as twice the Pods that are there.
    pub(crate) fn keep(&mut self, pod: &Pod, logs: Logs, is_there: impl Fn(&Key, &str) -> bool) {
        if self.pods.len() >= self.room {
            self.pods.retain(|uid, (key, _)| is_there(key, uid));
            self.room = FEW.max(2 * self.pods.len());
        }
        self.pods.insert(pod.uid.clone(), (pod.key.clone(), logs));
    }

    /// Gives what was kept of a Pod.
    pub(crate) fn take(&mut self, uid: &str) -> Logs {
        let kept = self.pods.remove(uid);
        kept.map(|(_, logs)| logs).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{FEW, Left};
    use crate::pod::Pod;

    fn pod(number: usize) -> Pod {
        let metadata = format!(r#"{{"namespace":"a","name":"p{number}","uid":"{number}"}}"#);
        serde_json::from_str(&format!(r#"{{"metadata":{metadata}}}"#)).expect("a Pod")
    }

    #[test]
    fn what_is_kept_is_bounded_by_what_is_there() {
        let (mut left, there) = (Left::default(), Cell::new(0));
        // Each Pod leaves, and is deleted a hundred Pods later.
        let is_there =
            |_: &_, uid: &str| uid.parse::<usize>().expect("a number") + 100 > there.get();
        for number in 0..10_000 {
            there.set(number);
            left.keep(&pod(number), super::Logs::new(), is_there);
            assert!(left.pods.len() <= FEW.max(2 * 100));
        }
        assert!(
            left.pods.contains_key("9900"),
            "those that are there are kept"
        );
        let before = left.pods.len();
        left.take("9900");
        assert_eq!(left.pods.len(), before - 1);
    }
}
