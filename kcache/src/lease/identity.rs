//! Who holds a Lease.

use std::sync::Arc;

use super::error::LeaseError;

/// How long the name of a Kubernetes object of most kinds can be (a DNS subdomain, RFC 1123).
const LONGEST_NAME: usize = 253;

/// An identity, chosen or made up.
#[derive(Clone, Debug)]
pub(crate) struct Identity(pub(crate) Arc<str>);

impl Identity {
    /// The name of the Pod or of the host, and something that no other process has: so a container that
    /// starts again in the same Pod is another one.
    pub(crate) fn of_process() -> Self {
        let variables = ["POD_NAME", "HOSTNAME"];
        let named = variables.iter().find_map(|name| std::env::var(name).ok());
        let host = named.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
        let host = sanitized(host.as_deref().unwrap_or_default());
        let instance = new_instance();
        Self(format!("{host}-{}", &instance[..8]).into())
    }
}

/// A text that no other process has: 128 random bits.
pub(crate) fn new_instance() -> Arc<str> {
    let random = || getrandom::u64().unwrap_or_else(|_| fallback());
    format!("{:016x}{:016x}", random(), random()).into()
}

/// Where there is no randomness to be had, which is nowhere that a Pod runs.
fn fallback() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// As the part of a DNS subdomain.
fn sanitized(host: &str) -> String {
    let host = host.trim().to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut name: String = host
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(100)
        .collect();
    name = name.trim_matches('-').to_owned();
    if name.is_empty() {
        name.push_str("replica");
    }
    name
}

/// Checks the name of an object as the API server does: a DNS subdomain.
pub(crate) fn check_name(setting: &'static str, name: &str) -> Result<(), LeaseError> {
    let refused = |reason: String| Err(LeaseError::setting(setting, reason));
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.is_empty() {
        return refused("is empty".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return refused(format!("makes a name of more than {LONGEST_NAME} bytes"));
    }
    let is_label = |label: &str| {
        label.starts_with(is_alphanumeric)
            && label.ends_with(is_alphanumeric)
            && label.chars().all(|c| is_alphanumeric(c) || c == '-')
    };
    if name.split('.').all(is_label) {
        return Ok(());
    }
    refused(format!(
        "is {name:?}, which is no name of an object: lower-case letters, digits, '-' and '.', and a letter or digit \
         at either end"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_identity_is_a_name_and_another_one_each_time() {
        let (one, other) = (Identity::of_process().0, Identity::of_process().0);
        assert_ne!(one, other);
        assert_eq!(check_name("identity", &one), Ok(()));
        assert_eq!(sanitized("Web_1.example.\n"), "web-1-example");
        assert_eq!(sanitized("..."), "replica");
    }

    #[test]
    fn names_are_those_of_objects() {
        for name in ["a", "web-1", "0.example.com", "a--b"] {
            assert_eq!(check_name("identity", name), Ok(()), "{name}");
        }
        let long = "a".repeat(254);
        for name in ["", "-a", "a-", "A", "a_b", "a..b", "a.", "ä", &long] {
            assert!(check_name("identity", name).is_err(), "{name}");
        }
    }
}
