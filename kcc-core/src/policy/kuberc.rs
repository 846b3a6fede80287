//! Finds and reads a kuberc: kubectl's pkg/kuberc/kuberc.go and marshal.go.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::environment::Environment;
use crate::path::clean;
use crate::yaml;

const GROUP: &str = "kubectl.config.k8s.io";

/// What a kuberc says of plugins.
#[derive(Debug, Clone, Default)]
pub(super) enum Rule {
    #[default]
    AllowAll,
    DenyAll,
    /// Commands, each a bare name or a path, as they are written.
    Allowlist(Vec<String>),
}

/// Which kuberc holds.
pub(super) struct Location {
    pub(super) path: PathBuf,
    /// Whether the user named it.
    pub(super) is_explicit: bool,
}

/// What a kuberc says of plugins. Its other fields are kubectl's matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Kuberc {
    api_version: Option<String>,
    kind: Option<String>,
    credential_plugin_policy: Option<String>,
    credential_plugin_allowlist: Option<Vec<Option<AllowlistEntry>>>,
}

/// `command` since Kubernetes 1.36, `name` in 1.35.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AllowlistEntry {
    name: Option<String>,
    command: Option<String>,
}

impl Location {
    pub(super) fn of(client: &Environment) -> Option<Self> {
        let switch = client.get("KUBECTL_KUBERC").unwrap_or_default();
        if switch.eq_ignore_ascii_case("false") {
            return None;
        }
        match client.non_empty("KUBERC") {
            Some(off) if off == "off" => None,
            Some(path) => Some(Self {
                path: path.into(),
                is_explicit: true,
            }),
            None => Some(Self {
                path: Path::new(client.get("HOME").unwrap_or_default()).join(".kube/kuberc"),
                is_explicit: false,
            }),
        }
    }

    /// What the file says; none where the default file is missing, or a file is empty.
    pub(super) fn read(&self) -> Result<Option<Kuberc>, String> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Kuberc::parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_explicit => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Kuberc {
    /// The first document that kubectl could use.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut problem = None;
        for document in documents(bytes)? {
            if document.trim_ascii().is_empty() {
                continue;
            }
            match Self::of_document(&document) {
                Ok(found) => return Ok(Some(found)),
                Err(found) => drop(problem.get_or_insert(found)),
            }
        }
        match problem {
            Some(problem) => Err(format!("no valid preferences found: {problem}")),
            None => Ok(None),
        }
    }

    fn of_document(document: &[u8]) -> Result<Self, String> {
        let tree = yaml::read_json(document)?;
        let mut read: Self = serde_json::from_value(tree).map_err(|error| error.to_string())?;
        let version = read.api_version.as_deref().unwrap_or_default();
        let kind = read.kind.as_deref().unwrap_or_default();
        match (version.split_once('/'), kind) {
            (Some((GROUP, "v1beta1")), "Preference") => {}
            // It knows no policy.
            (Some((GROUP, "v1alpha1")), "Preference") => return Ok(Self::default()),
            _ => {
                return Err(format!(
                    "it is {kind:?} of {version:?}; expected Preference of {GROUP}/v1beta1"
                ));
            }
        }
        for entry in read.credential_plugin_allowlist.iter_mut().flatten() {
            entry.get_or_insert_default().unite()?;
        }
        Ok(read)
    }

    /// client-go's `ValidatePluginPolicy`.
    pub(super) fn into_rule(self) -> Result<Rule, String> {
        let policy = self.credential_plugin_policy.unwrap_or_default();
        match (policy.as_str(), self.credential_plugin_allowlist) {
            ("" | "AllowAll", None) => Ok(Rule::AllowAll),
            ("DenyAll", None) => Ok(Rule::DenyAll),
            ("" | "AllowAll" | "DenyAll", Some(_)) => Err(format!(
                "misconfigured credential plugin allowlist: plugin policy is {policy:?} but allowlist is non-nil"
            )),
            ("Allowlist", None) => Err(
                "credential plugin policy set to \"Allowlist\", but allowlist is unspecified"
                    .to_owned(),
            ),
            ("Allowlist", Some(entries)) => allowlist(entries).map(Rule::Allowlist),
            _ => Err(format!("unknown plugin policy: {policy:?}")),
        }
    }
}

impl AllowlistEntry {
    /// Puts what either field says into `command`.
    fn unite(&mut self) -> Result<(), String> {
        let name = self.name.take().filter(|name| !name.is_empty());
        let command = self.command.take().filter(|command| !command.is_empty());
        self.command = match (name, command) {
            (Some(name), Some(command)) if name != command => {
                return Err(
                    "both `Name` and `Command` were supplied with different values. `Name` is deprecated, use `Command` instead"
                        .to_owned(),
                );
            }
            (name, command) => command.or(name),
        };
        Ok(())
    }
}

fn allowlist(entries: Vec<Option<AllowlistEntry>>) -> Result<Vec<String>, String> {
    if entries.is_empty() {
        return Err(
            "credential plugin policy set to \"Allowlist\", but allowlist is empty; use \"DenyAll\" policy instead"
                .to_owned(),
        );
    }
    let entries = entries.into_iter().enumerate().map(|(index, entry)| {
        let command = entry.and_then(|entry| entry.command).ok_or_else(|| {
            let number = index + 1;
            format!("misconfigured credential plugin allowlist: empty allowlist entry #{number}")
        })?;
        let cleaned = clean(command.as_ref());
        if cleaned != *command {
            return Err(format!(
                "non-normalized file path: {command:?} vs {:?}",
                cleaned.to_string_lossy()
            ));
        }
        Ok(command)
    });
    entries.collect()
}

/// A file's documents as apimachinery's `YAMLReader` cuts them: at lines that begin with `---`,
/// which may hold a comment and nothing else behind it.
fn documents(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (mut documents, mut current) = (vec![], vec![]);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(b"---") {
            if !matches!(rest.trim_ascii().first(), None | Some(b'#')) {
                return Err("invalid Yaml document separator".to_owned());
            }
            if !current.is_empty() {
                documents.push(std::mem::take(&mut current));
                continue;
            }
        }
        current.extend_from_slice(line);
    }
    documents.push(current);
    Ok(documents)
}
