use std::fmt;

use serde_json::{Map, Value};

use super::version::ApiVersion;
use crate::environment::Environment;
use crate::variable;

const KIND: &str = "ExecCredential";

/// What a client requests of its plugin: the content of `KUBERNETES_EXEC_INFO`.
#[derive(Clone, PartialEq)]
pub struct ExecInfo {
    /// `None` where the client set no `KUBERNETES_EXEC_INFO`.
    pub(crate) api_version: Option<ApiVersion>,
    pub(crate) interactive: bool,
    /// The cluster object as it came, present where the kubeconfig has `provideClusterInfo: true`.
    pub(crate) cluster: Option<Map<String, Value>>,
}

/// `KUBERNETES_EXEC_INFO` is not what a client sends. Final.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: {problem}; unset it to call the plugin by hand",
    variable::EXEC_INFO
)]
pub struct ExecInfoError {
    problem: String,
}

impl ExecInfo {
    /// A request of this version, without cluster information.
    pub fn new(api_version: ApiVersion, interactive: bool) -> Self {
        Self {
            api_version: Some(api_version),
            interactive,
            cluster: None,
        }
    }

    /// A request by a client that does not set `KUBERNETES_EXEC_INFO`, as many outside of Go do not, or
    /// by somebody who calls the plugin by hand. The plugin answers in a version of its own choice.
    pub fn unset() -> Self {
        Self {
            api_version: None,
            interactive: false,
            cluster: None,
        }
    }

    /// The same request, where a client that says nothing leaves its standard input to the plugin.
    #[must_use]
    pub fn with_terminal(mut self, has_terminal: impl FnOnce() -> bool) -> Self {
        if self.api_version.is_none() {
            self.interactive = has_terminal();
        }
        self
    }

    /// Reads `KUBERNETES_EXEC_INFO`; absent or empty is [`unset`](Self::unset).
    ///
    /// # Errors
    /// [`ExecInfoError`], which says what is wrong and where.
    pub fn from_environment(env: &Environment) -> Result<Self, ExecInfoError> {
        match env.non_empty(variable::EXEC_INFO) {
            None => Ok(Self::unset()),
            Some(text) => match text.to_str() {
                Some(text) => Self::parse(text),
                None => Err(wrong("it is not UTF-8")),
            },
        }
    }

    /// Reads the JSON text of `KUBERNETES_EXEC_INFO`.
    ///
    /// # Errors
    /// [`ExecInfoError`], which says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, ExecInfoError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            wrong(format!(
                "it is not valid JSON at line {line}, column {column}"
            ))
        })?;
        let Value::Object(mut info) = value else {
            return Err(wrong("it is not a JSON object"));
        };
        match info.get("kind") {
            None => {}
            Some(Value::String(kind)) if kind == KIND => {}
            Some(_) => return Err(wrong("its kind is not ExecCredential")),
        }
        let api_version = match info.get("apiVersion").and_then(Value::as_str) {
            None | Some("") => return Err(wrong("it has no apiVersion")),
            Some(text) => ApiVersion::parse(text).ok_or_else(|| unsupported(text))?,
        };
        let mut spec = object(info.remove("spec"), "spec")?.unwrap_or_default();
        let interactive = match spec.get("interactive") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(interactive)) => *interactive,
            Some(_) => return Err(wrong("spec.interactive is neither true nor false")),
        };
        Ok(Self {
            api_version: Some(api_version),
            interactive,
            cluster: object(spec.remove("cluster"), "spec.cluster")?,
        })
    }

    /// The protocol version that was requested; `None` where the client did not say.
    pub fn api_version(&self) -> Option<ApiVersion> {
        self.api_version
    }

    /// Whether the plugin may prompt: then it gets the client's standard input.
    pub fn interactive(&self) -> bool {
        self.interactive
    }

    /// The server's URL, where the client gave cluster information.
    pub fn server(&self) -> Option<&str> {
        self.cluster.as_ref()?.get("server")?.as_str()
    }

    /// The names of the fields that the client gave of the cluster.
    pub fn cluster_fields(&self) -> impl Iterator<Item = &str> {
        self.cluster
            .iter()
            .flat_map(|cluster| cluster.keys().map(String::as_str))
    }

    /// The same as JSON; `None` for a request that came without it, since the plugin is to see what the
    /// client set.
    pub fn to_json(&self) -> Option<String> {
        let version = self.api_version?.as_str();
        let mut spec = Map::new();
        if let Some(cluster) = &self.cluster {
            spec.insert("cluster".into(), Value::Object(cluster.clone()));
        }
        spec.insert("interactive".into(), self.interactive.into());
        let info = serde_json::json!({ "kind": KIND, "apiVersion": version, "spec": spec });
        Some(info.to_string())
    }
}

/// Of the cluster, whose proxy may have a password and whose extension may hold anything, only the
/// names of what is there.
impl fmt::Debug for ExecInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster: Vec<&str> = self.cluster_fields().collect();
        f.debug_struct("ExecInfo")
            .field("api_version", &self.api_version)
            .field("interactive", &self.interactive)
            .field("cluster", &cluster)
            .finish_non_exhaustive()
    }
}

fn object(value: Option<Value>, name: &str) -> Result<Option<Map<String, Value>>, ExecInfoError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(wrong(format!("its {name} is not an object"))),
    }
}

fn unsupported(version: &str) -> ExecInfoError {
    let shown: String = version.chars().take(80).collect();
    wrong(format!(
        "its apiVersion {shown:?} is none of {}, {} and {}",
        ApiVersion::V1,
        ApiVersion::V1Beta1,
        ApiVersion::V1Alpha1
    ))
}

fn wrong(problem: impl Into<String>) -> ExecInfoError {
    ExecInfoError {
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_say_nothing() {
        let by_hand = ExecInfo::unset();
        assert_eq!(by_hand.to_json(), None, "and nothing is made up");
        let absent = Environment::default();
        let empty: Environment = [(variable::EXEC_INFO, "")].into_iter().collect();
        assert_eq!(ExecInfo::from_environment(&absent).unwrap(), by_hand);
        assert_eq!(ExecInfo::from_environment(&empty).unwrap(), by_hand);
    }

    #[test]
    fn what_kubectl_sends_is_read() {
        let info = ExecInfo::parse(
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",
                "spec":{"interactive":true,"cluster":{"server":"https://a","config":null}}}"#,
        )
        .unwrap();
        assert_eq!(info.api_version(), Some(ApiVersion::V1Beta1));
        assert!(info.interactive());
        assert_eq!(info.server(), Some("https://a"));
        assert_eq!(ExecInfo::parse(&info.to_json().unwrap()).unwrap(), info);
    }

    #[test]
    fn a_malformed_one_says_what_is_wrong() {
        let v1 = r#""apiVersion":"client.authentication.k8s.io/v1""#;
        for (text, expected) in [
            ("{".to_owned(), "line 1, column 1"),
            ("[]".to_owned(), "not a JSON object"),
            ("{}".to_owned(), "no apiVersion"),
            (r#"{"apiVersion":"v1"}"#.to_owned(), "none of"),
            (format!(r#"{{"kind":"Pod",{v1}}}"#), "kind"),
            (format!(r#"{{{v1},"spec":3}}"#), "spec is not an object"),
            (
                format!(r#"{{{v1},"spec":{{"interactive":"yes"}}}}"#),
                "spec.interactive",
            ),
            (
                format!(r#"{{{v1},"spec":{{"cluster":[]}}}}"#),
                "spec.cluster",
            ),
        ] {
            let error = ExecInfo::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.contains(variable::EXEC_INFO), "{error}");
        }
    }

    /// Found by fuzzing: read without care, this number came out as another one.
    #[test]
    fn a_number_is_passed_on_as_it_was() {
        let number = "7.555533333333333e+54";
        let text = format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/v1","spec":{{"cluster":{{"config":{number}}}}}}}"#
        );
        let passed_on = ExecInfo::parse(&text).unwrap().to_json().unwrap();
        assert!(passed_on.contains(number), "{passed_on}");
    }
}
