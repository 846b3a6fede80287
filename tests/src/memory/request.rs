//! What a request is for: its path and its query.

use std::collections::BTreeMap;

use http::Method;

use super::status::Status;

/// What a request does, as in RBAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Reads one object, or discovery.
    Get,
    /// Reads a collection.
    List,
    /// Follows a collection or an object.
    Watch,
    /// Makes an object.
    Create,
    /// Replaces an object.
    Update,
    /// Changes parts of an object.
    Patch,
    /// Removes an object.
    Delete,
    /// Removes a collection.
    DeleteCollection,
}

impl Verb {
    /// As in RBAC: `get`, `deletecollection`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }
}

/// A request as the server understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestInfo {
    /// What it does.
    pub verb: Verb,
    /// The path as it came.
    pub path: String,
    /// The API group; empty for core.
    pub group: String,
    /// The group's version; empty for a path that names no resource.
    pub version: String,
    /// The resource, as in `pods`; empty for discovery and `/version`.
    pub resource: String,
    /// Empty for all of them and for cluster-wide resources.
    pub namespace: String,
    /// The object's name; empty for a collection.
    pub name: String,
    /// As in `status`.
    pub subresource: String,
    /// The parameters, decoded.
    pub query: BTreeMap<String, String>,
    /// Who sent it, once known.
    pub user: String,
}

impl RequestInfo {
    pub(crate) fn parse(method: &Method, path: &str, query: &str) -> Self {
        let mut info = Self {
            verb: Verb::Get,
            path: path.to_owned(),
            group: String::new(),
            version: String::new(),
            resource: String::new(),
            namespace: String::new(),
            name: String::new(),
            subresource: String::new(),
            query: parse_query(query),
            user: String::new(),
        };
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect();
        info.read_path(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        info.verb = info.verb_of(method);
        info
    }

    fn read_path(&mut self, parts: &[&str]) {
        let rest = match parts {
            ["api", version, rest @ ..] => {
                (*version).clone_into(&mut self.version);
                rest
            }
            ["apis", group, version, rest @ ..] => {
                (*group).clone_into(&mut self.group);
                (*version).clone_into(&mut self.version);
                rest
            }
            _ => return,
        };
        let rest = match rest {
            // `status` and `finalize` are subresources of the namespace itself.
            ["namespaces", namespace, resource, rest @ ..]
                if !["status", "finalize"].contains(resource) =>
            {
                (*namespace).clone_into(&mut self.namespace);
                (*resource).clone_into(&mut self.resource);
                rest
            }
            [resource, rest @ ..] => {
                (*resource).clone_into(&mut self.resource);
                rest
            }
            [] => return,
        };
        if let [name, rest @ ..] = rest {
            (*name).clone_into(&mut self.name);
            self.subresource = rest.join("/");
        }
    }

    fn verb_of(&self, method: &Method) -> Verb {
        let collection = self.name.is_empty() && !self.resource.is_empty();
        match *method {
            Method::POST => Verb::Create,
            Method::PUT => Verb::Update,
            Method::PATCH => Verb::Patch,
            Method::DELETE if collection => Verb::DeleteCollection,
            Method::DELETE => Verb::Delete,
            // One object is watched by a field selector, not by its path.
            _ if self.is_true("watch") && collection => Verb::Watch,
            _ if collection => Verb::List,
            _ => Verb::Get,
        }
    }

    /// A parameter; empty where it is not given.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(
            self.parameter(name),
            "1" | "t" | "T" | "true" | "TRUE" | "True"
        )
    }

    /// `None` where it is not given; as the server parses them, "0" and "false" are false and any
    /// other word is true.
    pub(super) fn switch(&self, name: &str) -> Option<bool> {
        let value = self.query.get(name)?;
        Some(!["0", "false"].contains(&value.to_lowercase().as_str()))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Status> {
        match self.parameter(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                Status::bad_request(format!(
                    "strconv.ParseInt: parsing \"{text}\": invalid syntax"
                ))
            }),
        }
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.parameter("dryRun") == "All"
    }
}

fn parse_query(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.insert(
            decode(&name.replace('+', " ")),
            decode(&value.replace('+', " ")),
        );
    }
    parameters
}

/// Undoes `%2F` and the like.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{RequestInfo, Verb};
    use http::Method;

    fn info(method: &Method, path: &str, query: &str) -> RequestInfo {
        RequestInfo::parse(method, path, query)
    }

    #[test]
    fn paths_are_read() {
        let list = info(&Method::GET, "/api/v1/namespaces/a/pods", "watch=0&limit=5");
        assert_eq!((list.verb, list.resource.as_str()), (Verb::List, "pods"));
        assert_eq!(
            (list.namespace.as_str(), list.parameter("limit")),
            ("a", "5")
        );
        let one = info(&Method::GET, "/api/v1/namespaces/a", "");
        assert_eq!((one.verb, one.resource.as_str()), (Verb::Get, "namespaces"));
        assert_eq!((one.name.as_str(), one.namespace.as_str()), ("a", ""));
        let status = info(
            &Method::PUT,
            "/apis/apps/v1/namespaces/a/deployments/d/status",
            "",
        );
        assert_eq!(status.verb, Verb::Update);
        assert_eq!(
            (status.group.as_str(), status.subresource.as_str()),
            ("apps", "status")
        );
        let all = info(
            &Method::GET,
            "/apis/apps/v1/deployments",
            "watch=true&a=x%3Dy%2Cz+w",
        );
        assert_eq!((all.verb, all.parameter("a")), (Verb::Watch, "x=y,z w"));
        let discovery = info(&Method::GET, "/apis/apps/v1", "");
        assert_eq!(
            (discovery.verb, discovery.resource.as_str()),
            (Verb::Get, "")
        );
        let sweep = info(&Method::DELETE, "/api/v1/namespaces/a/pods", "");
        assert_eq!(sweep.verb, Verb::DeleteCollection);
    }
}
