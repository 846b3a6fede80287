//! What Linux says of processes in `/proc`; elsewhere there is nothing.

use std::fs::{self, File};
use std::io::Read;

/// More than a line of `/proc/<pid>/stat` up to the start time, or a boot id, takes.
const LINE: usize = 512;

/// What `/proc/<pid>/stat` says of a process.
pub(super) struct Stat {
    pub(super) name: String,
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// Clock ticks since boot.
    pub(super) start: u64,
}

impl Stat {
    pub(super) fn of(pid: i32) -> Option<Self> {
        first_line(&format!("/proc/{pid}/stat"), Self::parse)
    }

    /// proc(5): the name in parentheses may hold anything, so fields count from the last `)`.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (before, fields) = line.rsplit_once(')')?;
        let mut fields = fields.split_ascii_whitespace();
        Some(Self {
            name: before.split_once('(')?.1.to_owned(),
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            start: fields.nth(15)?.parse().ok()?,
        })
    }
}

/// Where process numbers mean the same: the boot and the PID namespace. A cache directory may be
/// shared by containers and hosts.
pub(super) fn origin() -> Option<String> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    first_line("/proc/sys/kernel/random/boot_id", |boot| {
        Some(format!("{boot} {}", namespace.display()))
    })
}

/// In one read and without a copy: this is on the way of every hit.
fn first_line<T>(path: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let mut bytes = [0; LINE];
    let count = File::open(path).ok()?.read(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes[..count]);
    parse(text.lines().next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let rest = (4..=52)
            .map(|field| field.to_string())
            .collect::<Vec<_>>()
            .join(" ");
        let stat = Stat::parse(&format!("7 (a) b) (c) S {rest}")).unwrap();
        assert_eq!((stat.parent, stat.start), (4, 22));
        assert_eq!((stat.state, stat.group, stat.session), ('S', 5, 6));
        assert_eq!(stat.name, "a) b) (c");
        assert!(Stat::parse("7 (a").is_none());
    }
}
