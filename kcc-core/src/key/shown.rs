//! What may be shown of a key.

use std::ffi::{OsStr, OsString};

use super::installation::InstallationKey;
use super::parts::KeyParts;

/// Variables whose value says which identity is meant and is no secret itself.
const VARIABLES: &[&str] = &[
    "AAD_LOGIN_METHOD",
    "APPDATA",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AZURE_CLIENT_ID",
    "AZURE_CONFIG_DIR",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_CORE_ACCOUNT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HOME",
    "KRB5CCNAME",
    "KUBECACHEDIR",
    "LOGNAME",
    "TELEPORT_HOME",
    "TELEPORT_PROXY",
    "USER",
    "USERPROFILE",
    "VAULT_NAMESPACE",
    "XDG_CONFIG_HOME",
];

/// What the names of others end in: names of things, which are no secrets.
const ENDINGS: &[&str] = &[
    "CLOUD",
    "CLUSTER",
    "CLUSTER_ID",
    "CLUSTER_NAME",
    "CONTEXT",
    "PROFILE",
    "PROJECT",
    "PROJECT_ID",
    "PROJECT_NAME",
    "REGION",
    "REGION_NAME",
    "SUBSCRIPTION_ID",
    "TENANT",
    "TENANT_ID",
];

/// With one of these in its name the value may be a secret, whatever the end.
const SECRET: &[&str] = &["CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN"];

/// Options whose value is no secret.
const OPTIONS: &[&str] = &[
    "--account",
    "--client-id",
    "--cluster",
    "--cluster-id",
    "--cluster-name",
    "--context",
    "--environment",
    "--kube-cluster",
    "--location",
    "--login",
    "--oidc-client-id",
    "--oidc-issuer-url",
    "--output",
    "--profile",
    "--project",
    "--region",
    "--role",
    "--role-arn",
    "--server-id",
    "--teleport-cluster",
    "--tenant-id",
];

/// Whether the value of a variable of this name is no secret.
pub fn is_harmless_variable(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let ends = |ending: &&str| {
        let before = name.strip_suffix(ending);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    VARIABLES.contains(&name)
        || (ENDINGS.iter().any(ends) && !SECRET.iter().any(|word| name.contains(word)))
}

/// Whether the value of an option, such as `--cluster-name`, is no secret.
pub fn is_harmless_option(name: &str) -> bool {
    OPTIONS.contains(&name)
}

impl KeyParts<'_> {
    /// What tells this key from others, as it may be shown: a part with its value, or with a
    /// fingerprint of it.
    pub(crate) fn shown(&self, installation: &InstallationKey) -> Vec<(String, String)> {
        let value = |value: &OsStr, is_harmless: bool| match value.to_str() {
            Some(text) if is_harmless && !has_password(text) => text.to_owned(),
            _ => format!("#{}", installation.fingerprint(value.as_encoded_bytes())),
        };
        let (mut parts, others) = harmless_arguments(self.args);
        if !others.is_empty() {
            let mut bytes = vec![];
            for arg in others {
                bytes.extend_from_slice(&(arg.len() as u64).to_le_bytes());
                bytes.extend_from_slice(arg.as_encoded_bytes());
            }
            parts.push((
                "arguments".into(),
                format!("#{}", installation.fingerprint(&bytes)),
            ));
        }
        for (name, content) in &self.env {
            let shown = value(content, is_harmless_variable(name));
            parts.push((name.to_string_lossy().into_owned(), shown));
        }
        for file in self.files {
            let mut bytes = vec![];
            file.seen.encode(&mut |part| bytes.extend_from_slice(part));
            let shown = format!("#{}", installation.fingerprint(&bytes));
            parts.push((file.path.to_string_lossy().into_owned(), shown));
        }
        parts
    }
}

/// The options that may be shown, with their values; and all other arguments.
fn harmless_arguments(args: &[OsString]) -> (Vec<(String, String)>, Vec<&OsStr>) {
    let (mut shown, mut others) = (vec![], vec![]);
    let mut args = args.iter().peekable();
    while let Some(arg) = args.next() {
        let text = arg.to_str().unwrap_or_default();
        let (option, inner) = match text.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (text, None),
        };
        if is_harmless_option(option) {
            let value = inner.or_else(|| args.peek().and_then(|next| next.to_str()));
            if let Some(value) =
                value.filter(|value| !has_password(value) && !value.starts_with('-'))
            {
                shown.push((option.to_owned(), value.to_owned()));
                if inner.is_none() {
                    args.next();
                }
                continue;
            }
        }
        others.push(arg.as_os_str());
    }
    (shown, others)
}

/// Whether a text is a URL with a user in it.
fn has_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/')
            .next()
            .is_some_and(|host| host.contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{FileState, Seen};

    fn shown(args: &[&str], env: &[(&str, &str)]) -> Vec<String> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let files = [FileState {
            path: "/home/me/.aws/config".into(),
            seen: Seen::Absent,
        }];
        let parts = KeyParts {
            api_version: Some(crate::ApiVersion::V1),
            command: OsStr::new("aws"),
            args: &args,
            env: env
                .iter()
                .map(|(name, value)| (OsStr::new(*name), OsStr::new(*value)))
                .collect(),
            files: &files,
            cluster: None,
            user: OsStr::new(""),
        };
        let installation = InstallationKey::from_bytes(&[7; 32]).unwrap();
        let parts = parts.shown(&installation).into_iter();
        parts
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }

    #[test]
    fn secrets_are_fingerprints() {
        let args = [
            "get-token",
            "--cluster-name",
            "prod",
            "--region=eu",
            "--secret",
            "MARKER",
        ];
        let env = [
            ("AWS_PROFILE", "dev"),
            ("OS_CLOUD", "https://me:MARKER@cloud"),
            ("AWS_SESSION_TOKEN", "MARKER"),
            ("TOKEN_CONTEXT", "MARKER"),
        ];
        let shown = shown(&args, &env);
        assert_eq!(shown[..2], ["--cluster-name=prod", "--region=eu"]);
        assert!(shown[2].starts_with("arguments=#"), "{shown:?}");
        assert_eq!(shown[3], "AWS_PROFILE=dev");
        assert!(shown[7].starts_with("/home/me/.aws/config=#"), "{shown:?}");
        assert!(!shown.concat().contains("MARKER"), "{shown:?}");
    }

    #[test]
    fn other_secrets_have_other_fingerprints() {
        let of = |value| shown(&["--password", value], &[("MY_TOKEN", value)]);
        assert_eq!(of("a"), of("a"));
        let (a, b) = (of("a"), of("b"));
        assert!(a[0] != b[0] && a[1] != b[1], "{a:?} {b:?}");
    }

    #[test]
    fn an_option_without_a_value_takes_none() {
        assert_eq!(shown(&["--output", "--region"], &[]).len(), 2);
        assert_eq!(shown(&["--region"], &[]).len(), 2);
    }
}
