//! What may be shown of a plugin's arguments and variables, which may be secrets.

use std::ffi::{OsStr, OsString};

use kcc_core::{is_harmless_option, is_harmless_variable};

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

/// What may be seen of arguments: subcommands, names of options, and values of options that are
/// known to be harmless.
pub(crate) fn arguments(args: &[OsString]) -> Vec<Shown<'_>> {
    let mut before_options = true;
    let mut option = "";
    let shown = args.iter().map(|arg| {
        let text = arg.to_str().unwrap_or_default();
        if text.starts_with('-') {
            before_options = false;
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
        let is_harmless = is_harmless_option(option);
        option = "";
        if is_harmless || (before_options && is_subcommand(text)) {
            Shown::Whole(arg)
        } else {
            before_options = false;
            hidden(arg)
        }
    });
    shown.collect()
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

fn is_subcommand(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(args: &[&str]) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let text = |shown: &Shown<'_>| match shown {
            Shown::Whole(text) => text.display().to_string(),
            Shown::Hidden { before, .. } => format!("{before}?"),
        };
        let shown: Vec<String> = arguments(&args).iter().map(text).collect();
        shown.join(" ")
    }

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        for (args, expected) in [
            (
                "eks get-token --cluster-name prod",
                "eks get-token --cluster-name prod",
            ),
            (
                "get-token --oidc-client-secret=s3cr3t",
                "get-token --oidc-client-secret=?",
            ),
            (
                "get-token --oidc-client-secret s3cr3t",
                "get-token --oidc-client-secret ?",
            ),
            ("--region=eu-1 login Hunter2", "--region=eu-1 ? ?"),
            ("-psecret -p secret -p=secret", "? -p ? -p=?"),
            ("login hunter2 later", "login ? ?"),
            ("--TOKEN123", "?"),
        ] {
            let args: Vec<&str> = args.split(' ').collect();
            assert_eq!(show(&args), expected, "{args:?}");
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
