use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::secret::Secret;

/// Who one is on a cluster (clientcmd/api/v1/types.go, `AuthInfo`).
///
/// An empty string in the file is the same as an absent field.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// `token`: a bearer token.
    pub token: Option<Secret>,
    /// `tokenFile`: a file that holds one; it is read again now and then.
    pub token_file: Option<PathBuf>,
    /// `username`, for basic authentication.
    pub username: Option<String>,
    /// `password`, for basic authentication.
    pub password: Option<Secret>,
    /// `client-certificate`: a PEM file.
    pub client_certificate: Option<PathBuf>,
    /// `client-certificate-data`: PEM.
    pub client_certificate_data: Option<Vec<u8>>,
    /// `client-key`: a PEM file.
    pub client_key: Option<PathBuf>,
    /// `client-key-data`: PEM.
    pub client_key_data: Option<Secret>,
    /// `as` and its relatives.
    pub impersonate: Impersonation,
    /// The name of an `auth-provider`. Its configuration, which may hold tokens, is not kept:
    /// no client of today runs one.
    pub auth_provider: Option<String>,
    /// `exec`: the plugin that gives the credential.
    pub exec: Option<ExecSpec>,
}

impl User {
    /// The plugin that a client runs: none where the user says a credential, which goes before
    /// (client-go's exec.go, `UpdateTransportConfig`). A key without a certificate, and a password
    /// without a name, are none.
    pub fn plugin(&self) -> Option<&ExecSpec> {
        self.exec.as_ref().filter(|_| !self.says_credential())
    }

    /// Whether there is anything that could be sent, or run to get it.
    pub fn has_credential(&self) -> bool {
        self.says_credential() || self.exec.is_some() || self.auth_provider.is_some()
    }

    fn says_credential(&self) -> bool {
        self.token.is_some()
            || self.token_file.is_some()
            || self.username.is_some()
            || self.client_certificate.is_some()
            || self.client_certificate_data.is_some()
    }
}

/// Whom to impersonate (`as`, `as-uid`, `as-groups`, `as-user-extra`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// `as`.
    pub user: Option<String>,
    /// `as-uid`.
    pub uid: Option<String>,
    /// `as-groups`.
    pub groups: Vec<String>,
    /// `as-user-extra`.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// An exec credential plugin as the kubeconfig declares it (clientcmd/api/v1/types.go,
/// `ExecConfig`).
///
/// As the file has it: only [`resolve`](super::Kubeconfig::resolve) checks it. `Debug` shows neither arguments nor
/// the values of variables, which may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExecSpec {
    /// `apiVersion`. Empty if the file has none.
    pub api_version: String,
    /// `command`. With a path separator it was joined to the kubeconfig's folder; a bare name is
    /// looked for in `PATH` by whoever runs it. Empty if the file has none.
    pub command: OsString,
    /// `args`; nothing in them is resolved.
    pub args: Vec<String>,
    /// `env`: names and values, in the file's order.
    pub env: Vec<(String, String)>,
    /// `installHint`, as it stands; for a terminal see [`ExecSpec::printable_install_hint`].
    pub install_hint: Option<String>,
    /// `provideClusterInfo`.
    pub provide_cluster_info: bool,
    /// `interactiveMode`; `IfAvailable` where v1beta1 says nothing (clientcmd/api/v1/defaults.go).
    pub interactive_mode: Option<InteractiveMode>,
}

impl ExecSpec {
    /// The install hint without control characters, so that it cannot steer a terminal
    /// (`clientcmd/client_config.go`, `cleanANSIEscapeCodes`): ESC becomes `U+001B`.
    pub fn printable_install_hint(&self) -> Option<String> {
        let hint = self.install_hint.as_ref()?;
        let printable = |c: char| match c {
            '\t'..='\r' => c.to_string(),
            c if c.is_control() => format!("U+{:04X}", u32::from(c)),
            c => c.to_string(),
        };
        Some(hint.chars().map(printable).collect())
    }
}

impl fmt::Debug for ExecSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ExecSpec")
            .field("api_version", &self.api_version)
            .field("command", &self.command)
            .field("args", &format_args!("{} of them", self.args.len()))
            .field("env", &names)
            .field("interactive_mode", &self.interactive_mode)
            .finish_non_exhaustive()
    }
}

/// What a plugin does with standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InteractiveMode {
    /// Never reads it.
    Never,
    /// Reads it where there is a terminal.
    IfAvailable,
    /// Cannot work without one.
    Always,
    /// Something else; [`resolve`](super::Kubeconfig::resolve) refuses it.
    Other(String),
}

impl From<String> for InteractiveMode {
    fn from(text: String) -> Self {
        match text.as_str() {
            "Never" => Self::Never,
            "IfAvailable" => Self::IfAvailable,
            "Always" => Self::Always,
            _ => Self::Other(text),
        }
    }
}
