use std::ffi::{OsStr, OsString};
use std::fmt;

/// The environment of an ask: what settings and key are read from, and what the plugin gets.
///
/// `kcc-cache` takes the process's own. A client library takes the process's own and lays the
/// kubeconfig's `exec.env` over it, as client-go does, so that both come to the same key.
///
/// Values may be secrets (`AWS_SECRET_ACCESS_KEY`), so `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
        }
    }

    /// Sets `name`, replacing what stood there.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let (name, value) = (name.into(), value.into());
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value));
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
