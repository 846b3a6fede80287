//! Which plugins never prompt, although a client lets them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A command with the words that its arguments begin with.
type Known = (&'static str, &'static [&'static str]);

/// Plugins that are never interactive, by their own documentation. A client at a terminal offers it
/// to every plugin whose kubeconfig does not say `interactiveMode: Never`, and most do not.
const NEVER_PROMPT: &[Known] = &[
    ("aws", &["eks", "get-token"]),
    ("aws-iam-authenticator", &["token"]),
    (
        "doctl",
        &["kubernetes", "cluster", "kubeconfig", "exec-credential"],
    ),
    ("gke-gcloud-auth-plugin", &[]),
    ("oci", &["ce", "cluster", "generate-token"]),
];

/// The ways of kubelogin (Azure) to log in that need nobody.
const KUBELOGIN: &[&str] = &["azd", "azurecli", "msi", "spn", "workloadidentity"];

/// Whether this plugin is known never to prompt. Options may stand before the words that matter, as
/// in `aws --region eu-west-1 eks get-token`.
pub(crate) fn never_prompts(command: &OsStr, args: &[OsString]) -> bool {
    let Some(name) = Path::new(command).file_name().and_then(OsStr::to_str) else {
        return false;
    };
    let args: Option<Vec<&str>> = args.iter().map(|arg| arg.to_str()).collect();
    let Some(args) = args else {
        return false;
    };
    if name == "kubelogin" {
        return login_mode(&args).is_some_and(|mode| KUBELOGIN.contains(&mode));
    }
    NEVER_PROMPT.iter().any(|(known, words)| {
        *known == name && (words.is_empty() || args.windows(words.len()).any(|args| args == *words))
    })
}

/// What stands behind `--login` or `-l`.
fn login_mode<'a>(args: &[&'a str]) -> Option<&'a str> {
    let position = args.iter().position(|arg| matches!(*arg, "-l" | "--login"));
    let by_itself = position.and_then(|position| args.get(position + 1).copied());
    by_itself.or_else(|| args.iter().find_map(|arg| arg.strip_prefix("--login=")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(line: &str) -> bool {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        never_prompts(&words[0], &words[1..])
    }

    #[test]
    fn known_plugins_are_known_by_name_and_words() {
        for line in [
            "aws eks get-token --cluster-name prod",
            "/usr/local/bin/aws --region eu-west-1 eks get-token --cluster-name prod",
            "gke-gcloud-auth-plugin",
            "kubelogin get-token --login azurecli --server-id x",
            "kubelogin get-token --login=spn",
        ] {
            assert!(never(line), "{line}");
        }
        for line in [
            "aws sso login",
            "aws eks",
            "kubelogin get-token --login devicecode",
            "kubelogin get-token",
            "kubelogin get-token --login",
            "kubectl oidc-login get-token",
            "my-aws eks get-token",
            "..",
        ] {
            assert!(!never(line), "{line}");
        }
    }
}
