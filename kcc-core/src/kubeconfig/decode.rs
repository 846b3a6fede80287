use std::collections::BTreeMap;
use std::collections::btree_map;
use std::path::{Path, PathBuf};

use super::cluster::Cluster;
use super::error::KubeconfigError;
use super::folder;
use super::merged::{Context, Kubeconfig};
use super::named::{CurrentContext, Named, NamedKind, Origin};
use super::user::{ExecSpec, Impersonation, InteractiveMode, User};
use crate::base64;
use crate::secret::Secret;
use crate::yaml::{self, Item, SyntaxError, SyntaxProblem, Value};

/// The cluster extension that becomes the plugin's `config` (`clientcmd/client_config.go`).
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Reads one file's content; relative paths in it are joined to the file's folder.
pub(super) fn file(path: &Path, bytes: &[u8]) -> Result<Kubeconfig, KubeconfigError> {
    let file = File {
        path,
        folder: folder::folder(path),
    };
    let root = yaml::read(bytes).map_err(|error| file.syntax(error))?;
    file.kubeconfig(&root)
}

struct File<'a> {
    path: &'a Path,
    folder: PathBuf,
}

type ByName<T> = BTreeMap<String, Named<T>>;

impl File<'_> {
    fn origin(&self, line: usize) -> Origin {
        Origin {
            path: self.path.to_owned(),
            line,
        }
    }

    fn syntax(&self, error: SyntaxError) -> KubeconfigError {
        KubeconfigError::Syntax {
            origin: self.origin(error.line),
            column: error.column,
            problem: error.problem,
        }
    }

    fn kubeconfig(&self, root: &Item) -> Result<Kubeconfig, KubeconfigError> {
        let fields = Fields::of(root, "a kubeconfig").map_err(|error| self.syntax(error))?;
        check_kind(&fields).map_err(|error| self.syntax(error))?;
        let current = fields
            .text("current-context")
            .map_err(|error| self.syntax(error))?;
        Ok(Kubeconfig {
            clusters: self.named(&fields, NamedKind::Cluster, "clusters", "cluster", cluster)?,
            users: self.named(&fields, NamedKind::User, "users", "user", user)?,
            contexts: self.named(&fields, NamedKind::Context, "contexts", "context", context)?,
            current_context: current.map(|name| CurrentContext {
                name,
                origin: self.origin(fields.line_of("current-context")),
            }),
            files: vec![self.path.to_owned()],
            missing: Vec::new(),
        })
    }

    /// A list of named parts. A second one of the same name is an error (clientcmd/api/v1/conversion.go).
    fn named<T>(
        &self,
        fields: &Fields<'_>,
        kind: NamedKind,
        list: &'static str,
        field: &'static str,
        decode: fn(&Fields<'_>, &Path) -> Result<T, SyntaxError>,
    ) -> Result<ByName<T>, KubeconfigError> {
        let mut found = ByName::new();
        for item in fields.list(list).map_err(|error| self.syntax(error))? {
            let (name, value) = Fields::of(item, list)
                .and_then(|named| {
                    let value = decode(&named.fields(field)?, &self.folder)?;
                    Ok((named.text("name")?.unwrap_or_default(), value))
                })
                .map_err(|error| self.syntax(error))?;
            let origin = self.origin(item.line);
            match found.entry(name.clone()) {
                btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(Named {
                        name,
                        value,
                        origin,
                    });
                }
                btree_map::Entry::Occupied(first) => {
                    let first = first.get().origin.line;
                    return Err(KubeconfigError::DuplicateName {
                        origin,
                        kind,
                        name,
                        first,
                    });
                }
            }
        }
        Ok(found)
    }
}

/// Absent and empty mean v1 and Config. The names are found in any case, as by Go's JSON decoder
/// (apimachinery, serializer/json/meta.go).
fn check_kind(fields: &Fields<'_>) -> Result<(), SyntaxError> {
    for (key, item) in fields.0.into_iter().flatten() {
        let (field, accepted): (_, &[&str]) = match key.to_ascii_lowercase().as_str() {
            "apiversion" => ("apiVersion", &["", "v1", "/v1"]),
            "kind" => ("kind", &["", "Config"]),
            _ => continue,
        };
        match &*item.value {
            Value::Null => {}
            Value::Text(text) if accepted.contains(&text.as_str()) => {}
            Value::Text(_) => return Err(item.error(SyntaxProblem::Kind)),
            _ => return Err(item.wrong_type(field, "text")),
        }
    }
    Ok(())
}

fn cluster(fields: &Fields<'_>, folder: &Path) -> Result<Cluster, SyntaxError> {
    let mut exec_config = None;
    for item in fields.list("extensions")? {
        let extension = Fields::of(item, "extensions")?;
        let name = extension.text("name")?;
        if name.as_deref() == Some(EXEC_EXTENSION) && exec_config.is_none() {
            exec_config = extension
                .present("extension")
                .map(|item| item.value.to_json());
        }
    }
    Ok(Cluster {
        server: fields.text("server")?.unwrap_or_default(),
        tls_server_name: fields.text("tls-server-name")?,
        insecure_skip_tls_verify: fields.bool("insecure-skip-tls-verify")?,
        certificate_authority: fields.path("certificate-authority", folder)?,
        certificate_authority_data: fields.bytes("certificate-authority-data")?,
        proxy_url: fields.text("proxy-url")?,
        disable_compression: fields.bool("disable-compression")?,
        exec_config,
    })
}

fn user(fields: &Fields<'_>, folder: &Path) -> Result<User, SyntaxError> {
    let auth_provider = match fields.present("auth-provider") {
        Some(item) => Fields::of(item, "auth-provider")?
            .text("name")?
            .or(Some(String::new())),
        None => None,
    };
    let exec = match fields.present("exec") {
        Some(item) => Some(exec(&Fields::of(item, "exec")?, folder)?),
        None => None,
    };
    Ok(User {
        token: fields.text("token")?.map(Secret::from),
        token_file: fields.path("tokenFile", folder)?,
        username: fields.text("username")?,
        password: fields.text("password")?.map(Secret::from),
        client_certificate: fields.path("client-certificate", folder)?,
        client_certificate_data: fields.bytes("client-certificate-data")?,
        client_key: fields.path("client-key", folder)?,
        client_key_data: fields.bytes("client-key-data")?.map(Secret::new),
        impersonate: impersonation(fields)?,
        auth_provider,
        exec,
    })
}

fn impersonation(fields: &Fields<'_>) -> Result<Impersonation, SyntaxError> {
    let mut extra = BTreeMap::new();
    for (key, item) in fields.fields("as-user-extra")?.0.into_iter().flatten() {
        extra.insert(key.clone(), item.texts("as-user-extra")?);
    }
    Ok(Impersonation {
        user: fields.text("as")?,
        uid: fields.text("as-uid")?,
        groups: fields.texts("as-groups")?,
        extra,
    })
}

fn exec(fields: &Fields<'_>, folder: &Path) -> Result<ExecSpec, SyntaxError> {
    let api_version = fields.text("apiVersion")?.unwrap_or_default();
    let mut env = Vec::new();
    for item in fields.list("env")? {
        let variable = Fields::of(item, "env")?;
        let name = variable.text("name")?.unwrap_or_default();
        env.push((name, variable.text("value")?.unwrap_or_default()));
    }
    let default_mode = matches!(
        api_version.as_str(),
        "client.authentication.k8s.io/v1beta1" | "client.authentication.k8s.io/v1alpha1"
    );
    Ok(ExecSpec {
        command: folder::join_command(folder, &fields.text("command")?.unwrap_or_default()),
        args: fields.texts("args")?,
        env,
        install_hint: fields.text("installHint")?,
        provide_cluster_info: fields.bool("provideClusterInfo")?,
        interactive_mode: fields
            .text("interactiveMode")?
            .map(InteractiveMode::from)
            .or(default_mode.then_some(InteractiveMode::IfAvailable)),
        api_version,
    })
}

fn context(fields: &Fields<'_>, _: &Path) -> Result<Context, SyntaxError> {
    Ok(Context {
        cluster: fields.text("cluster")?.unwrap_or_default(),
        user: fields.text("user")?.unwrap_or_default(),
        namespace: fields.text("namespace")?,
    })
}

/// A mapping's fields; a null has none. Field names are matched exactly, unknown ones are ignored,
/// and null is the same as absent (sigs.k8s.io/json).
struct Fields<'a>(Option<&'a BTreeMap<String, Item>>);

impl<'a> Fields<'a> {
    fn of(item: &'a Item, field: &'static str) -> Result<Self, SyntaxError> {
        match &*item.value {
            Value::Null => Ok(Self(None)),
            Value::Map(map) => Ok(Self(Some(map))),
            _ => Err(item.wrong_type(field, "a mapping")),
        }
    }

    /// The field's value if there is one and it is not null.
    fn present(&self, field: &str) -> Option<&'a Item> {
        self.0?
            .get(field)
            .filter(|item| !matches!(*item.value, Value::Null))
    }

    fn line_of(&self, field: &str) -> usize {
        self.present(field).map_or(1, |item| item.line)
    }

    fn fields(&self, field: &'static str) -> Result<Self, SyntaxError> {
        self.present(field)
            .map_or(Ok(Self(None)), |item| Self::of(item, field))
    }

    fn list(&self, field: &'static str) -> Result<&'a [Item], SyntaxError> {
        self.present(field).map_or(Ok(&[]), |item| item.list(field))
    }

    fn texts(&self, field: &'static str) -> Result<Vec<String>, SyntaxError> {
        self.present(field)
            .map_or(Ok(Vec::new()), |item| item.texts(field))
    }

    /// A text; none if it is empty.
    fn text(&self, field: &'static str) -> Result<Option<String>, SyntaxError> {
        let Some(item) = self.present(field) else {
            return Ok(None);
        };
        Ok(Some(item.text(field)?.to_owned()).filter(|text| !text.is_empty()))
    }

    fn path(&self, field: &'static str, folder: &Path) -> Result<Option<PathBuf>, SyntaxError> {
        Ok(self.text(field)?.map(|path| folder::join(folder, &path)))
    }

    fn bool(&self, field: &'static str) -> Result<bool, SyntaxError> {
        match self.present(field).map(|item| (item, &*item.value)) {
            None => Ok(false),
            Some((_, Value::Bool(value))) => Ok(*value),
            Some((item, _)) => Err(item.wrong_type(field, "a boolean")),
        }
    }

    /// Base64; none if it is empty.
    fn bytes(&self, field: &'static str) -> Result<Option<Vec<u8>>, SyntaxError> {
        let Some(item) = self.present(field) else {
            return Ok(None);
        };
        let bytes = base64::decode(item.text(field)?)
            .ok_or_else(|| item.error(SyntaxProblem::Base64 { field }))?;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Item {
    fn error(&self, problem: SyntaxProblem) -> SyntaxError {
        SyntaxError {
            line: self.line,
            column: self.column,
            problem,
        }
    }

    fn wrong_type(&self, field: &'static str, expected: &'static str) -> SyntaxError {
        let found = self.value.type_name();
        self.error(SyntaxProblem::WrongType {
            field,
            expected,
            found,
        })
    }

    /// The text; a null is empty, as an element of a list may be.
    fn text(&self, field: &'static str) -> Result<&str, SyntaxError> {
        match &*self.value {
            Value::Null => Ok(""),
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong_type(field, "text")),
        }
    }

    fn list(&self, field: &'static str) -> Result<&[Item], SyntaxError> {
        match &*self.value {
            Value::Null => Ok(&[]),
            Value::List(items) => Ok(items),
            _ => Err(self.wrong_type(field, "a list")),
        }
    }

    fn texts(&self, field: &'static str) -> Result<Vec<String>, SyntaxError> {
        let items = self.list(field)?.iter();
        items.map(|item| Ok(item.text(field)?.to_owned())).collect()
    }
}
