//! What may be shown of a plugin's arguments and variables, which may be secrets.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use kcc_core::{is_harmless_option, is_harmless_variable};

/// Plugins, and the words of the command lines that print a credential.
const PLUGINS: &[(&str, &[&str])] = &[
    ("aliyun", &["cs", "DescribeClusterUserKubeconfig"]),
    ("aws", &["eks", "get-token"]),
    ("aws-vault", &["exec", "aws", "eks", "get-token"]),
    ("az", &["account", "get-access-token"]),
    ("civo", &["kubernetes"]),
    (
        "doctl",
        &["kubernetes", "cluster", "kubeconfig", "exec-credential"],
    ),
    ("exo", &["compute", "sks"]),
    ("gcloud", &["config", "config-helper"]),
    ("ibmcloud", &["ks", "cluster"]),
    ("kubectl", &["oidc-login", "get-token", "oidc_login"]),
    ("kubelogin", &["get-token"]),
    ("linode-cli", &["lke"]),
    ("oci", &["ce", "cluster", "generate-token"]),
    ("ovhcloud", &["cloud", "kube"]),
    ("pinniped", &["login", "oidc", "static"]),
    ("scw", &["k8s", "exec-credential"]),
    ("tsh", &["kube", "credentials"]),
    ("vault", &["read", "write", "login"]),
    ("yc", &["k8s", "create-token"]),
];

/// Words that many plugins take, and that say nothing about anybody.
const WORDS: &[&str] = &[
    "create-token",
    "credential",
    "credentials",
    "exec-credential",
    "exec-credentials",
    "generate-token",
    "get-credentials",
    "get-token",
    "login",
    "oidc-login",
    "token",
];

/// What may be seen of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    /// All of it.
    Whole(&'a OsStr),
    /// This, and then something that may be a secret.
    Hidden {
        /// Such as `--password=`; empty where nothing may be seen.
        before: &'a str,
        /// The rest.
        secret: &'a OsStr,
    },
}

/// Whether the value of a variable may be seen.
pub(crate) fn variable<'a>(name: &OsStr, value: &'a OsStr) -> Shown<'a> {
    if is_harmless_variable(name) {
        Shown::Whole(value)
    } else {
        hidden(value)
    }
}

/// What may be seen of a plugin's arguments: the words that it is known to take, names of options, and
/// values of options that are known to be harmless.
pub(crate) fn arguments<'a>(command: &OsStr, args: &'a [OsString]) -> Vec<Shown<'a>> {
    let words = words_of(command);
    let mut option = "";
    let shown = args.iter().map(|arg| {
        let text = arg.to_str().unwrap_or_default();
        if text.starts_with('-') {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            // Only without a value of its own does it take the next argument.
            option = if text.contains('=') { "" } else { name };
            return match value {
                "" if is_option_name(name) => Shown::Whole(arg),
                _ if is_harmless_option(name) => Shown::Whole(arg),
                _ if is_option_name(name) && !value.is_empty() => Shown::Hidden {
                    before: &text[..=name.len()],
                    secret: OsStr::new(value),
                },
                _ => hidden(arg),
            };
        }
        let option = std::mem::take(&mut option);
        let is_word = words.contains(&text) || WORDS.contains(&text);
        if is_harmless_option(option) || (is_word && !names_a_secret(option)) {
            Shown::Whole(arg)
        } else {
            hidden(arg)
        }
    });
    shown.collect()
}

/// The words of a plugin, by its name.
fn words_of(command: &OsStr) -> &'static [&'static str] {
    let name = Path::new(command).file_name().and_then(OsStr::to_str);
    let known = PLUGINS.iter().find(|(known, _)| name == Some(known));
    known.map_or(&[], |(_, words)| words)
}

/// Whether what stands behind the option may be a secret that is a plain word.
fn names_a_secret(option: &str) -> bool {
    let secret = ["secret", "pass", "token", "key", "credential", "pin", "otp"];
    secret.iter().any(|part| option.contains(part))
}

fn hidden(secret: &OsStr) -> Shown<'_> {
    Shown::Hidden { before: "", secret }
}

/// `--long-name` or `-s`: a short option may have its value behind it.
fn is_option_name(text: &str) -> bool {
    match text.strip_prefix("--") {
        Some(name) => name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
        None => text.len() <= 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command and its arguments, as they are shown.
    fn show(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let text = |shown: &Shown<'_>| match shown {
            Shown::Whole(text) => text.display().to_string(),
            Shown::Hidden { before, .. } => format!("{before}?"),
        };
        let shown = arguments(&words[0], &words[1..]);
        shown.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_words_of_known_plugins_are_shown_and_values_are_not() {
        for (line, expected) in [
            (
                "aws eks get-token --cluster-name prod",
                "eks get-token --cluster-name prod",
            ),
            (
                "/usr/bin/aws --region eu-1 --debug eks get-token --cluster-name prod --output json",
                "--region eu-1 --debug eks get-token --cluster-name prod --output json",
            ),
            (
                "aws --no-verify-ssl eks get-token x",
                "--no-verify-ssl eks get-token ?",
            ),
            (
                "kubectl oidc-login get-token --oidc-client-secret=s3cr3t",
                "oidc-login get-token --oidc-client-secret=?",
            ),
            (
                "kubelogin get-token --login spn --client-secret token",
                "get-token --login spn --client-secret ?",
            ),
            (
                "doctl kubernetes cluster kubeconfig exec-credential --version=v1 4711-aa",
                "kubernetes cluster kubeconfig exec-credential --version=? ?",
            ),
            (
                "tsh kube credentials --proxy=p",
                "kube credentials --proxy=?",
            ),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        for (line, expected) in [
            (
                "mine get-token --oidc-client-secret s3cr3t",
                "get-token --oidc-client-secret ?",
            ),
            ("mine --region=eu-1 login Hunter2", "--region=eu-1 login ?"),
            ("mine -psecret -p secret -p=secret", "? -p ? -p=?"),
            // A plain word may be a password, too.
            ("mine swordfish eks", "? ?"),
            ("mine login swordfish later", "login ? ?"),
            (
                "mine --password login --user-token token",
                "--password ? --user-token ?",
            ),
            ("mine --TOKEN123", "?"),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
    }

    #[test]
    fn only_known_variables_are_shown() {
        let secret = OsStr::new("x");
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "VAULT_TOKEN",
            "MY_NAME",
        ] {
            let shown = variable(OsStr::new(name), secret);
            assert!(matches!(shown, Shown::Hidden { before: "", .. }), "{name}");
        }
        assert_eq!(
            variable(OsStr::new("AWS_PROFILE"), secret),
            Shown::Whole(secret)
        );
    }
}
