//! The process for which this one stands in front of a plugin: its parent.

use std::fs::{self, File};
use std::io::Read;

/// More than a line of `/proc/<pid>/stat` or a boot id takes.
const LINE: usize = 512;

/// A client process, told from every other one: a number alone is used again, and one cache
/// directory may serve several containers and hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientProcess {
    /// `<pid> <start time> <PID namespace> <boot>`
    identity: String,
}

impl ClientProcess {
    /// This process's parent; `None` where the system does not tell enough of it (it needs Linux's
    /// `/proc`), or where it is outside of our PID namespace.
    pub(crate) fn parent() -> Option<Self> {
        let pid = rustix::process::getppid()?.as_raw_nonzero().get();
        let start = start_time(&first_line(&format!("/proc/{pid}/stat"))?)?;
        let boot = first_line("/proc/sys/kernel/random/boot_id")?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        let identity = format!("{pid} {start} {} {boot}", namespace.to_str()?);
        Some(Self { identity })
    }

    #[cfg(test)]
    pub(crate) fn from_identity(identity: &str) -> Self {
        let identity = identity.to_owned();
        Self { identity }
    }

    /// The identity as one line without a line's end.
    pub(crate) fn as_str(&self) -> &str {
        &self.identity
    }
}

/// In one read: this is on the way of every hit.
fn first_line(path: &str) -> Option<String> {
    let mut bytes = [0; LINE];
    let count = File::open(path).ok()?.read(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes[..count]);
    Some(text.lines().next()?.to_owned())
}

/// Clock ticks since boot. The name in parentheses may hold anything, so fields count from the last
/// `)`.
fn start_time(stat: &str) -> Option<u64> {
    let fields = stat.rsplit_once(')')?.1;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_always_the_same_one() {
        let parent = ClientProcess::parent().unwrap();
        assert_eq!(ClientProcess::parent().unwrap(), parent);
        assert!(!parent.as_str().contains('\n'));
        assert_eq!(parent.as_str().split(' ').count(), 4);
    }

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let rest = (4..=52)
            .map(|field| field.to_string())
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(start_time(&format!("7 (a) b) (c) S {rest}")), Some(22));
        assert_eq!(start_time("7 (a"), None);
    }
}
