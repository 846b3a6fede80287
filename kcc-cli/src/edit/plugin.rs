//! What the injection writes into `exec`, and how it is recognised again.

use std::ffi::OsStr;
use std::path::Path;

use kcc_core::kubeconfig::ExecSpec;

/// The name of what is put in front of plugins.
pub(crate) const CACHE: &str = "kcc-cache";

/// Of `args` and `env`, what was there before the injection where its absence would not say it: a
/// null or an empty list, in its own spelling. Only the ejection reads it.
pub(crate) const ORIGINAL: &str = "KUBE_CREDENTIAL_CACHE_ORIGINAL";

/// How many of `args` belong to the cache in front: none where it is not there.
///
/// `names` are further commands that count as the cache.
pub(crate) fn wrapped(command: &OsStr, args: &[String], names: &[String]) -> Option<usize> {
    let name = Path::new(command).file_name()?.to_str()?;
    let stem = name.strip_suffix(".exe").unwrap_or(name);
    let (own, inner) = match (stem, args) {
        ("kcc", [exec, inner @ ..]) if exec == "exec" => (1, inner),
        (CACHE, inner) => (0, inner),
        (_, inner) if names.iter().any(|name| OsStr::new(name) == command) => (0, inner),
        _ => return None,
    };
    let plugin = inner.first()?;
    (!plugin.is_empty() && !plugin.starts_with('-')).then_some(own)
}

/// The plugin behind the cache, or the command itself.
pub(super) fn inner_command(spec: &ExecSpec, names: &[String]) -> String {
    match wrapped(&spec.command, &spec.args, names) {
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
    fn the_cache_is_known_by_its_name_and_a_plugin_behind_it() {
        let wrapped = |command: &str, args: &[&str]| {
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            super::wrapped(OsStr::new(command), &args, &["/opt/mine".to_owned()])
        };
        assert_eq!(wrapped("kcc-cache", &["aws"]), Some(0));
        assert_eq!(wrapped("/opt/bin/kcc-cache.exe", &["aws"]), Some(0));
        assert_eq!(wrapped("kcc", &["exec", "aws"]), Some(1));
        assert_eq!(wrapped("/opt/mine", &["aws"]), Some(0));
        for (command, args) in [
            ("aws", &["kcc-cache"][..]),
            ("kcc", &["list", "aws"]),
            ("kcc", &["exec"]),
            ("kcc-cache", &[]),
            ("kcc-cache", &["--help"]),
            ("kcc-cache", &[""]),
            ("mine", &["aws"]),
        ] {
            assert_eq!(wrapped(command, args), None, "{command} {args:?}");
        }
    }

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
