//! What the injection writes into `exec`, and how it is recognised again.

use kcc_core::ApiVersion;
use kcc_core::kubeconfig::ExecSpec;

/// Of `args` and `env`, what was there before the injection where its absence would not say it: a
/// null or an empty list, in its own spelling. Only the ejection reads it.
pub(crate) const ORIGINAL: &str = "KUBE_CREDENTIAL_CACHE_ORIGINAL";

/// Whether the cache speaks this `exec.apiVersion`.
pub(super) fn is_supported(version: &str) -> bool {
    let version = ApiVersion::parse(version);
    matches!(version, Some(ApiVersion::V1 | ApiVersion::V1Beta1))
}

/// The plugin behind the cache, or the command itself.
pub(super) fn inner_command(spec: &ExecSpec, names: &[String]) -> String {
    match spec.plugin_position(names) {
        Some(own) => spec.args[own].clone(),
        None => spec.command.to_string_lossy().into_owned(),
    }
}

/// The names of `exec.env` that decide which credential is meant: not those that steer the cache.
pub(super) fn declared<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut declared = Vec::new();
    for name in names {
        if !name.starts_with("KUBE_CREDENTIAL_CACHE_") && !declared.contains(&name) {
            declared.push(name);
        }
    }
    declared
}

/// The list of these names for the key. A comma at its end, which means nothing to the cache, says
/// that nobody set it by hand.
pub(super) fn own_list(declared: &[&str]) -> String {
    declared.iter().flat_map(|name| [name, ","]).collect()
}

pub(super) fn is_own_list(list: &str) -> bool {
    list.ends_with(',')
}

/// In a [`Record`]: the list had brackets with a comment between them, and has them still.
pub(super) const BRACKETS: &str = "[";

/// What stood in place of a list before it had elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The text behind `args:`.
    pub(super) args: Option<String>,
    /// The text behind `env:`.
    pub(super) env: Option<String>,
}

impl Record {
    pub(super) fn write(&self) -> Option<String> {
        match (&self.args, &self.env) {
            (None, None) => None,
            (Some(args), None) => Some(format!("args:{args}")),
            (None, Some(env)) => Some(format!("env:{env}")),
            (Some(args), Some(env)) => Some(format!("args:{args};env:{env}")),
        }
    }

    pub(super) fn read(text: &str) -> Self {
        let (args, env) = match text.split_once(';') {
            Some((args, env)) => (args.strip_prefix("args:"), env.strip_prefix("env:")),
            None => (text.strip_prefix("args:"), text.strip_prefix("env:")),
        };
        Self {
            args: args.map(str::to_owned),
            env: env.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for args in [None, Some(""), Some(" []")] {
            for env in [None, Some(" null"), Some("\t[ ]")] {
                let record = Record {
                    args: args.map(str::to_owned),
                    env: env.map(str::to_owned),
                };
                let read = record.write().map(|text| Record::read(&text));
                assert_eq!(read.unwrap_or_default(), record);
            }
        }
    }
}
