use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;

use rustix::buffer::spare_capacity;
use rustix::process::Pid;
use zeroize::{Zeroize, Zeroizing};

use crate::variable;

/// The environment of a request: what settings and key are read from, and what the plugin gets.
///
/// `kcc-cache` takes the process's own. A client library takes the process's own and lays the
/// kubeconfig's `exec.env` over it, as client-go does, so that both come to the same key.
///
/// Values may be secrets (`AWS_SECRET_ACCESS_KEY`), so `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
    /// The names that a kubeconfig user declares.
    declared: Vec<OsString>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            declared: vec![],
        }
    }

    /// The environment of the client that started this process in place of its exec plugin: what a
    /// kubeconfig adds (`exec.env`) is not in it.
    ///
    /// Linux shows it in `/proc/<parent>/environ`. Where it is not shown, and where no client
    /// started this process (`KUBERNETES_EXEC_INFO` is not set), it is this process's own.
    pub fn of_client() -> Self {
        // Its own is copied only where it is the answer: this is on the way of every hit.
        let is_client = std::env::var_os(variable::EXEC_INFO).is_some_and(|info| !info.is_empty());
        let parent = rustix::process::getppid().filter(|_| is_client);
        parent.and_then(environ_of).unwrap_or_else(Self::of_process)
    }

    /// Reads `NAME=value` as `proc_pid_environ(5)` has it, each ended by a zero byte.
    pub fn from_block(block: &[u8]) -> Self {
        let pairs = block.split(|byte| *byte == 0).filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            let text = |bytes| OsStr::from_bytes(bytes).to_owned();
            Some((text(&pair[..equals]), text(&pair[equals + 1..])))
        });
        Self {
            variables: pairs.collect(),
            declared: vec![],
        }
    }

    /// The same with these variables only.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let kept = |name: &OsStr| names.iter().any(|kept| name == *kept);
        self.iter().filter(|(name, _)| kept(name)).collect()
    }

    /// Sets what a kubeconfig user declares (`exec.env`). Whatever that is, it decides which credential
    /// is meant: two users that differ in it are two.
    pub(crate) fn declare(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let name = name.into();
        self.set(name.clone(), value);
        let is_ours = name.as_bytes().starts_with(variable::PREFIX.as_bytes());
        if !is_ours && name != variable::EXEC_INFO {
            self.declared.push(name);
        }
    }

    pub(crate) fn is_declared(&self, name: &OsStr) -> bool {
        self.declared.iter().any(|declared| declared == name)
    }

    /// The same as [`from_block`](Self::from_block) reads it.
    pub fn to_block(&self) -> Zeroizing<Vec<u8>> {
        let mut block = Zeroizing::new(vec![]);
        for (name, value) in self.iter() {
            for part in [name.as_bytes(), b"=", value.as_bytes(), b"\0"] {
                block.extend_from_slice(part);
            }
        }
        block
    }

    /// Sets `name`, replacing what stood there.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let (name, value) = (name.into(), value.into());
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value));
    }

    /// Takes `name` out; whether it was there.
    pub fn remove(&mut self, name: impl AsRef<OsStr>) -> bool {
        let (name, before) = (name.as_ref(), self.variables.len());
        self.variables.retain(|(known, _)| known != name);
        self.variables.len() < before
    }

    /// The value of `name`; the first one, as `getenv` finds it.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let name = name.as_ref();
        let mut matching = self.variables.iter().filter(|(known, _)| known == name);
        matching.next().map(|(_, value)| value.as_os_str())
    }

    /// The value of `name` where it is set and not empty.
    pub fn non_empty(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Every name with its value, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let pairs = self.variables.iter();
        pairs.map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// Most environments come in one read. What was read is overwritten afterwards, since it may hold
/// secrets; the rest of the buffer is never touched.
fn environ_of(pid: Pid) -> Option<Environment> {
    let file = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()?;
    let mut size = 16 * 1024;
    loop {
        let mut block = Vec::with_capacity(size);
        let count = rustix::io::pread(&file, spare_capacity(&mut block), 0).ok()?;
        // Linux gives less than is wanted at the end only.
        let environment = (count < size).then(|| Environment::from_block(&block));
        block.as_mut_slice().zeroize();
        if environment.is_some() {
            return environment;
        }
        size *= 8;
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|pair| pair.0))
            .finish()
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.set(name, value);
        }
        environment
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};

    use super::*;

    /// Longer than one read of it, and than the first two.
    #[test]
    fn the_whole_environment_of_another_process_is_read() {
        for length in [1, 16 * 1024, 120 * 1024] {
            let long = "x".repeat(length);
            let mut cat = Command::new("cat");
            cat.env_clear().env("LONG", &long).env("LONG_2", &long);
            cat.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut cat = cat.spawn().unwrap();
            // Until it runs, its environment may still be empty.
            let (mut stdin, mut stdout) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
            stdin.write_all(b"x").unwrap();
            stdout.read_exact(&mut [0]).unwrap();
            let environment = environ_of(Pid::from_child(&cat)).unwrap();
            drop(stdin);
            cat.wait().unwrap();
            for name in ["LONG", "LONG_2"] {
                let value = environment.get(name).unwrap();
                assert_eq!(value.len(), length, "{name}");
            }
            assert_eq!(environment.iter().count(), 2);
        }
    }
}
