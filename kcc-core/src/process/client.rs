//! The process for which this one stands in front of a plugin.

use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::id::ProcessId;
use super::stat::Stat;

/// More of a command line than tells programs apart.
const COMMAND_LINE: usize = 4096;

const SHELLS: &[&str] = &[
    "sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "zsh",
];

/// Programs of languages whose clients read their kubeconfig once, so that only the next process runs
/// its plugin after a 401: Python's `kubernetes`, JavaScript's client-node, Java's client-java and their like.
/// (client-go's run it again in the same process.)
const INTERPRETERS: &[&str] = &[
    "MainThread", // Node.js since 22
    "bun",
    "deno",
    "dotnet",
    "java",
    "node",
    "nodejs",
    "php",
    "python",
    "ruby",
];

/// A client process, told from every other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientProcess {
    /// Its [`ProcessId`] as a line.
    identity: String,
    /// Tells the program and its arguments from others, where only its next process runs its
    /// plugin after a 401.
    program: Option<u64>,
}

impl ClientProcess {
    /// The process that started this one, by way of a shell or not; `None` where the system does not
    /// tell enough of it (it needs Linux's `/proc`), or where it is outside of our PID namespace.
    ///
    /// `says_so` is whether it told this one that it is a client (`KUBERNETES_EXEC_INFO`). A shell
    /// that does not is somebody who calls by hand.
    pub(crate) fn of_parent(says_so: bool) -> Option<Self> {
        let mut pid = rustix::process::getppid()?.as_raw_nonzero().get();
        let mut stat = Stat::of(pid)?;
        if is_shell(&stat) && runs_only_us(pid) {
            pid = stat.parent;
            stat = Stat::of(pid)?;
        }
        if is_shell(&stat) && !says_so {
            return None;
        }
        let identity = ProcessId::seen(pid, &stat)?.to_line()?;
        let program = is_interpreter(&stat).then(|| program(pid)).flatten();
        Some(Self { identity, program })
    }

    #[cfg(test)]
    pub(crate) fn from_identity(identity: &str, program: Option<u64>) -> Self {
        let identity = identity.to_owned();
        Self { identity, program }
    }

    /// The identity as one line without a line's end.
    pub(crate) fn as_str(&self) -> &str {
        &self.identity
    }

    pub(crate) fn program(&self) -> Option<u64> {
        self.program
    }

    /// Whether another client, by its identity, is known to have ended: one of this boot and PID
    /// namespace that is not there any more.
    pub(crate) fn has_ended(&self, other: &str) -> bool {
        let own = ProcessId::from_line(&self.identity);
        own.zip(ProcessId::from_line(other))
            .is_some_and(|(own, other)| own.has_origin_of(&other) && other.is_gone())
    }
}

fn is_shell(stat: &Stat) -> bool {
    SHELLS.contains(&stat.name.as_str())
}

/// `python3.11` is Python, too.
fn is_interpreter(stat: &Stat) -> bool {
    let version = |c: char| c.is_ascii_digit() || c == '.';
    INTERPRETERS.contains(&stat.name.trim_end_matches(version))
}

/// Whether a shell was started for nothing but this program: `sh -c 'kcc-cache aws ...'`, as fabric8
/// does it each time, and as `system(3)` does.
fn runs_only_us(shell: i32) -> bool {
    let line = command_line(shell);
    let mut words = line.split(|byte| *byte == 0).skip(1);
    let mut script = None;
    while let Some(word) = words.next() {
        match word {
            b"-c" => script = words.next(),
            option if option.starts_with(b"-") => continue,
            _ => {}
        }
        break;
    }
    let own = std::env::args_os().next();
    match (script, own) {
        (Some(script), Some(own)) => names(script, &own),
        _ => false,
    }
}

/// Whether the first word of a shell's script is this program.
fn names(script: &[u8], program: &OsStr) -> bool {
    let script = script.trim_ascii_start();
    let quoted = |byte: &u8| matches!(byte, b'\'' | b'"');
    let first = script.split(u8::is_ascii_whitespace).next();
    let first: Vec<u8> = first
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|byte| !quoted(byte))
        .collect();
    let name = |path: &OsStr| Path::new(path).file_name().map(OsStr::to_owned);
    name(OsStr::from_bytes(&first)).is_some_and(|first| Some(first) == name(program))
}

/// A number for a program with its arguments.
fn program(pid: i32) -> Option<u64> {
    let line = command_line(pid);
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    (!line.is_empty()).then(|| hasher.finish())
}

fn command_line(pid: i32) -> Vec<u8> {
    let mut bytes = vec![0; COMMAND_LINE];
    let file = File::open(format!("/proc/{pid}/cmdline"));
    let count = file.and_then(|mut file| file.read(&mut bytes));
    bytes.truncate(count.unwrap_or(0));
    bytes
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_always_the_same_one() {
        let parent = ClientProcess::of_parent(true).unwrap();
        assert_eq!(ClientProcess::of_parent(true).unwrap(), parent);
        assert!(!parent.as_str().contains('\n'));
        assert_eq!(parent.as_str().split(' ').count(), 4);
    }

    #[test]
    fn interpreters_are_known_with_their_version() {
        let is = |name: &str| {
            let line = format!("7 ({name}) S 1 {}", "0 ".repeat(30));
            is_interpreter(&Stat::parse(&line).unwrap())
        };
        for name in ["python", "python3", "python3.11", "node", "java", "ruby3.1"] {
            assert!(is(name), "{name}");
        }
        for name in ["kubectl", "helm", "k9s", "nodeport", "java-thing", "sh"] {
            assert!(!is(name), "{name}");
        }
    }

    #[test]
    fn a_shell_for_one_command_is_known_by_its_first_word() {
        let own = OsStr::new("/opt/bin/kcc-cache");
        for script in [
            "kcc-cache aws eks get-token",
            "  /opt/bin/kcc-cache aws",
            "'/usr/local/bin/kcc-cache' aws",
            "\"kcc-cache\" aws",
        ] {
            assert!(names(script.as_bytes(), own), "{script}");
        }
        for script in [
            "while read x; do kcc-cache aws; done",
            "aws",
            "",
            "kcc-cache-2",
        ] {
            assert!(!names(script.as_bytes(), own), "{script}");
        }
    }

    #[test]
    fn who_has_ended_is_not_there_or_is_another() {
        let me = ClientProcess::of_parent(true).unwrap();
        assert!(!me.has_ended(me.as_str()));
        let mut fields: Vec<&str> = me.as_str().splitn(3, ' ').collect();
        fields[1] = "1";
        assert!(
            me.has_ended(&fields.join(" ")),
            "the number is another's now"
        );
        fields[2] = "elsewhere";
        assert!(!me.has_ended(&fields.join(" ")), "nobody knows");
    }
}
