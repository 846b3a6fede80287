//! The process for which this one stands in front of a plugin: its parent.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};

/// More than a line of `/proc/<pid>/stat` or a boot id takes.
const LINE: usize = 1024;

/// A client with more descriptors than this is not looked through.
const MAX_DESCRIPTORS: usize = 4096;

/// Nor is a longer table of connections.
const MAX_TABLE: u64 = 4 * 1024 * 1024;

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// A client process, told from every other one: a number alone is used again, and one cache
/// directory may serve several containers and hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientProcess {
    pid: i32,
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
        Some(Self { pid, identity })
    }

    /// The identity as one line without a line's end.
    pub(crate) fn as_str(&self) -> &str {
        &self.identity
    }

    /// Whether it has a TCP connection: without one no server can have refused anything. Where that
    /// cannot be seen, it has none.
    pub(crate) fn is_connected(&self) -> bool {
        let sockets = self.sockets();
        let table = |name| format!("/proc/{}/net/{name}", self.pid);
        let is_in = |name| is_in_table(&table(name), &sockets).unwrap_or(false);
        !sockets.is_empty() && (is_in("tcp") || is_in("tcp6"))
    }

    /// The inodes of its sockets, of whatever kind.
    fn sockets(&self) -> BTreeSet<u64> {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid));
        let links = descriptors.into_iter().flatten().flatten();
        let links = links.take(MAX_DESCRIPTORS);
        links
            .filter_map(|link| {
                let target = fs::read_link(link.path()).ok()?;
                let inode = target.to_str()?.strip_prefix("socket:[")?;
                inode.strip_suffix(']')?.parse().ok()
            })
            .collect()
    }
}

/// Whether one of these sockets is a connection in a table such as `/proc/net/tcp`, proc(5).
fn is_in_table(path: &str, sockets: &BTreeSet<u64>) -> Option<bool> {
    let table = BufReader::new(File::open(path).ok()?.take(MAX_TABLE));
    for line in table.lines().skip(1) {
        let line = line.ok()?;
        let mut fields = line.split_ascii_whitespace();
        let state = fields.nth(3);
        let inode = fields.nth(5).and_then(|inode| inode.parse().ok());
        if state != Some(LISTENS) && inode.is_some_and(|inode| sockets.contains(&inode)) {
            return Some(true);
        }
    }
    Some(false)
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
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn the_parent_is_always_the_same_one() {
        let parent = ClientProcess::parent().unwrap();
        assert_eq!(ClientProcess::parent().unwrap(), parent);
        assert!(!parent.as_str().contains('\n'));
        assert_eq!(parent.as_str().split(' ').count(), 4);
    }

    fn inode_of(socket: &impl AsRawFd) -> u64 {
        let link = format!("/proc/self/fd/{}", socket.as_raw_fd());
        let target = fs::read_link(link).unwrap();
        let digits = |byte: &char| byte.is_ascii_digit();
        let digits: String = target.to_str().unwrap().chars().filter(digits).collect();
        digits.parse().unwrap()
    }

    #[test]
    fn a_connection_is_seen_and_a_listener_is_none() {
        let me = ClientProcess {
            pid: std::process::id().try_into().unwrap(),
            identity: String::new(),
        };
        let is_connection = |inode| is_in_table("/proc/self/net/tcp", &BTreeSet::from([inode]));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(is_connection(inode_of(&listener)), Some(false));
        assert_eq!(is_connection(inode_of(&connection)), Some(true));
        assert!(me.sockets().contains(&inode_of(&connection)));
        assert!(me.is_connected());
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
