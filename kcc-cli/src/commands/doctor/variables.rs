use std::ffi::OsStr;

use kcc_core::{Environment, variable};

use super::finding::Finding;
use crate::{background, edit};

/// Two letters in a prefix, and one in a name: more is another word.
const SLIPS: usize = 3;

/// Names that look like a setting and are none; whoever wrote them waits for what never comes.
pub(super) fn misspelt(environment: &Environment, about: &dyn Fn(&str) -> String) -> Vec<Finding> {
    let mut names: Vec<&OsStr> = environment.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let found = names.into_iter().filter_map(|name| {
        let name = name.to_str()?;
        let meant = meant_by(name)?;
        let message = format!("{name} does nothing: there is no such setting");
        let repair = format!("did you mean {meant}?");
        Some(Finding::warning("variables", about(&message), repair))
    });
    found.collect()
}

/// The nearest right name of one that is meant to be a setting; none where it is one, or is not meant
/// to be.
fn meant_by(name: &str) -> Option<&'static str> {
    let is_known = variable::ALL.contains(&name);
    if is_known || [edit::ORIGINAL, background::VARIABLE].contains(&name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&upper, known);
    // A part of a name, such as TTL, is far from it by letters only.
    let is_part = |known: &str| {
        let part = upper.strip_prefix(variable::PREFIX).unwrap_or_default();
        !part.is_empty() && known.ends_with(part)
    };
    let known = variable::ALL.iter().copied();
    let nearest = known.min_by_key(|known| (!is_part(known), distance(known)))?;
    let is_meant = upper.starts_with(variable::PREFIX) || distance(nearest) <= SLIPS;
    is_meant.then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant() {
        for (name, meant) in [
            (
                "KUBE_CREDENTIAL_CACHE_REFRESH_MARGN",
                variable::REFRESH_MARGIN,
            ),
            (
                "KUBE_CREDENTIAL_CACHE_REFRESHMARGIN",
                variable::REFRESH_MARGIN,
            ),
            ("KUBE_CREDENTIAL_CACHE_TTL", variable::DEFAULT_TTL),
            ("KUBE_CREDENTIAL_CACHE_DEBGU", variable::DEBUG),
            ("KUBE_CREDENTIALS_CACHE_USER", variable::USER),
            ("KUBE_CREDENTAIL_CACHE_FILE", variable::FILE),
            ("KUBECREDENTIALCACHE_BACKEND", variable::BACKEND),
            ("kube_credential_cache_backend", variable::BACKEND),
            ("KUBE_CREDENTIAL_CACHE_TIMEOUT", variable::PLUGIN_TIMEOUT),
        ] {
            assert_eq!(meant_by(name), Some(meant), "{name}");
        }
    }

    #[test]
    fn other_variables_are_nobodys_business() {
        let others = [
            "KUBECONFIG",
            "KUBE_EDITOR",
            "KUBE_CACHE_USER",
            "HOME",
            "",
            edit::ORIGINAL,
        ];
        for name in variable::ALL.iter().chain(&others) {
            assert_eq!(meant_by(name), None, "{name}");
        }
    }
}
