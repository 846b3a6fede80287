use std::ffi::{OsStr, OsString};
use std::fmt;

use serde_json::{Map, Value};

use super::installation::{Hasher, InstallationKey, hex};
use crate::environment::Environment;
use crate::exec::ApiVersion;
use crate::identity::{FileState, KeyNames};

/// Changes whenever the same request would come to another key, or an entry to another meaning.
const FORMAT: &[u8] = b"kcc key 2";

/// The name of an entry: an HMAC-SHA-256 over everything that decides which credential is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key([u8; 32]);

/// Everything that decides which credential is meant.
///
/// `interactive` is not among it: a terminal and a pipe share an entry.
pub(crate) struct KeyParts<'a> {
    /// What was requested, or what the kubeconfig names; `None` where nothing says.
    pub(crate) api_version: Option<ApiVersion>,
    pub(crate) command: &'a OsStr,
    pub(crate) args: &'a [OsString],
    /// Sorted by name.
    pub(crate) env: Vec<(&'a OsStr, &'a OsStr)>,
    /// How the files are that say who is active.
    pub(crate) files: &'a [FileState],
    pub(crate) cluster: Option<&'a Map<String, Value>>,
    pub(crate) user: &'a OsStr,
}

impl Key {
    /// Reads what [`to_hex`](Self::to_hex) wrote.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The file name of the entry, without its extension.
    pub(crate) fn to_hex(self) -> String {
        hex(&self.0)
    }
}

impl<'a> KeyParts<'a> {
    /// The variables of `env` that decide who one is, sorted: those that one of `names` matches, and
    /// those that a kubeconfig user declares.
    pub(crate) fn relevant_env(
        env: &'a Environment,
        names: &KeyNames,
    ) -> Vec<(&'a OsStr, &'a OsStr)> {
        // A desktop says the name of the login once more, SSH does not.
        let repeats =
            |name: &OsStr, value: &OsStr| name == "USERNAME" && env.get("USER") == Some(value);
        let matches = |name: &OsStr, value: &OsStr| {
            let is_declared = env.is_declared(name) || names.list(name);
            is_declared || (names.decide(name) && !repeats(name, value))
        };
        let variables = env.iter();
        let mut relevant: Vec<_> = variables
            .filter(|(name, value)| matches(name, value))
            .collect();
        relevant.sort_unstable();
        relevant
    }

    pub(crate) fn key(&self, installation: &InstallationKey) -> Key {
        let mut hasher = Hasher::new(installation);
        hasher.field(FORMAT);
        let api_version = self.api_version.map_or("", ApiVersion::as_str);
        hasher.field(api_version.as_bytes());
        hasher.field(self.user.as_encoded_bytes());
        hasher.field(self.command.as_encoded_bytes());
        hasher.count(self.args.len());
        for arg in self.args {
            hasher.field(arg.as_encoded_bytes());
        }
        hasher.count(self.env.len());
        for (name, value) in &self.env {
            hasher.field(name.as_encoded_bytes());
            hasher.field(value.as_encoded_bytes());
        }
        hasher.count(self.files.len());
        for file in self.files {
            hasher.field(file.path.as_os_str().as_encoded_bytes());
            file.seen.encode(&mut |part| hasher.field(part));
        }
        hasher.cluster(self.cluster);
        Key(hasher.finish())
    }
}

impl Hasher {
    /// Clients write a field that is not set as `null`, `false`, `""` or not at all, so those are
    /// left out; a cluster without any field is no cluster.
    fn cluster(&mut self, cluster: Option<&Map<String, Value>>) {
        let set = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        };
        let fields = cluster
            .into_iter()
            .flatten()
            .filter(|(_, value)| set(value));
        self.members(fields.collect());
    }

    /// The members of an object by name: `serde_json` keeps another order where some crate of the
    /// program asks it to.
    fn members(&mut self, mut members: Vec<(&String, &Value)>) {
        members.sort_unstable_by_key(|(name, _)| *name);
        self.count(members.len());
        for (name, value) in members {
            self.field(name.as_bytes());
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.field(b"null"),
            Value::Bool(true) => self.field(b"true"),
            Value::Bool(false) => self.field(b"false"),
            Value::Number(number) => {
                self.field(b"number");
                self.field(number.to_string().as_bytes());
            }
            Value::String(text) => {
                self.field(b"string");
                self.field(text.as_bytes());
            }
            Value::Array(items) => {
                self.field(b"array");
                self.count(items.len());
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(object) => {
                self.field(b"object");
                self.members(object.iter().collect());
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exec::ExecInfo;

    fn installation() -> InstallationKey {
        InstallationKey::from_bytes(&[7; 32]).unwrap()
    }

    fn key_of(args: &[&str], env: &[(&str, &str)], info: &ExecInfo, user: &str) -> Key {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let env: Environment = env.iter().copied().collect();
        let names = KeyNames::default();
        KeyParts {
            api_version: info.api_version,
            command: OsStr::new("aws"),
            args: &args,
            env: KeyParts::relevant_env(&env, &names),
            files: &[],
            cluster: info.cluster.as_ref(),
            user: OsStr::new(user),
        }
        .key(&installation())
    }

    fn with_cluster(cluster: &str) -> ExecInfo {
        ExecInfo::parse(&format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/v1","spec":{{"cluster":{cluster}}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn every_part_that_decides_the_identity_changes_the_key() {
        let v1 = ExecInfo::new(ApiVersion::V1, false);
        let base = key_of(&["a", "b"], &[("AWS_PROFILE", "x")], &v1, "u");
        let keys = [
            base,
            key_of(&["a b"], &[("AWS_PROFILE", "x")], &v1, "u"),
            key_of(&["ab"], &[("AWS_PROFILE", "x")], &v1, "u"),
            key_of(&["a", "b", ""], &[("AWS_PROFILE", "x")], &v1, "u"),
            key_of(&["a", "b"], &[("AWS_PROFILE", "y")], &v1, "u"),
            key_of(&["a", "b"], &[("AWS_PROFIL", "Ex")], &v1, "u"),
            key_of(&["a", "b"], &[("AWS_PROFILE", "")], &v1, "u"),
            key_of(&["a", "b"], &[], &v1, "u"),
            key_of(&["a", "b"], &[("AWS_PROFILE", "x")], &v1, "v"),
            key_of(
                &["a", "b"],
                &[("AWS_PROFILE", "x")],
                &ExecInfo::new(ApiVersion::V1Beta1, false),
                "u",
            ),
            key_of(
                &["a", "b"],
                &[("AWS_PROFILE", "x")],
                &with_cluster(r#"{"server":"https://1"}"#),
                "u",
            ),
            key_of(
                &["a", "b"],
                &[("AWS_PROFILE", "x")],
                &with_cluster(r#"{"server":"https://2"}"#),
                "u",
            ),
        ];
        for (i, left) in keys.iter().enumerate() {
            for right in &keys[i + 1..] {
                assert_ne!(left, right);
            }
        }
    }

    #[test]
    fn what_does_not_decide_it_does_not() {
        let interactive = ExecInfo::new(ApiVersion::V1, true);
        let v1 = ExecInfo::new(ApiVersion::V1, false);
        let base = key_of(&["a"], &[("AWS_A", "1"), ("AWS_B", "2")], &v1, "u");
        assert_eq!(
            base,
            key_of(&["a"], &[("AWS_A", "1"), ("AWS_B", "2")], &interactive, "u")
        );
        assert_eq!(
            base,
            key_of(
                &["a"],
                &[("AWS_B", "2"), ("AWS_A", "1"), ("TERM", "x")],
                &v1,
                "u"
            )
        );
    }

    #[test]
    fn forms_of_one_cluster_share_a_key() {
        let key = |cluster| key_of(&[], &[], &with_cluster(cluster), "");
        let plain = key(r#"{"server":"https://a","config":{"b":1,"a":[true,null]}}"#);
        for same in [
            r#"{"config":{"a":[true,null],"b":1},"server":"https://a"}"#,
            r#"{"server":"https://a","insecure-skip-tls-verify":false,"proxy-url":"","config":{"b":1,"a":[true,null]}}"#,
            r#"{"server":"https://a","certificate-authority-data":null,"config":{"b":1,"a":[true,null]}}"#,
        ] {
            assert_eq!(plain, key(same), "{same}");
        }
        assert_ne!(
            plain,
            key(r#"{"server":"https://a","config":{"b":1,"a":[true]}}"#)
        );
        assert_ne!(
            plain,
            key(r#"{"server":"https://a","config":{"b":"1","a":[true,null]}}"#)
        );
        let none = key_of(&[], &[], &ExecInfo::new(ApiVersion::V1, false), "");
        assert_eq!(none, key("{}"));
        assert_eq!(none, key("null"));
    }

    proptest! {
        #[test]
        fn other_args_come_to_another_key(
            left in prop::collection::vec("[ab ]{0,3}", 0..4),
            right in prop::collection::vec("[ab ]{0,3}", 0..4),
        ) {
            let v1 = ExecInfo::new(ApiVersion::V1, false);
            let key = |args: &[String]| {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                key_of(&args, &[], &v1, "")
            };
            prop_assert_eq!(key(&left) == key(&right), left == right);
        }
    }
}
