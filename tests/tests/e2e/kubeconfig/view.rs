//! What kubectl shows and what we read, in one form that can be compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kcc_core::kubeconfig::{Cluster, Context, ExecSpec, InteractiveMode, Kubeconfig, Named, User};
use serde_json::{Map, Value, json};

/// The folder of the file from which a cluster or a user comes, by list and name.
pub(super) type Folders = BTreeMap<(&'static str, String), PathBuf>;

/// kubectl's output in the form of [`of_ours`]: names to entries, nothing that is empty, paths
/// absolute (`config view` shows them as the files have them).
pub(super) fn of_kubectl(view: &Value, folders: &Folders) -> Value {
    let entries = |list: &'static str, field: &str| -> Value {
        let mut entries = Map::new();
        for entry in view[list].as_array().into_iter().flatten() {
            let name = entry["name"].as_str().unwrap_or_default().to_owned();
            let mut value = entry[field].clone();
            if let Some(folder) = folders.get(&(list, name.clone())) {
                absolute(&mut value, folder);
            }
            keep_exec_extension(&mut value);
            entries.insert(name, pruned(value));
        }
        entries.into()
    };
    json!({
        "clusters": entries("clusters", "cluster"),
        "users": entries("users", "user"),
        "contexts": entries("contexts", "context"),
        "current-context": view["current-context"],
    })
}

fn absolute(value: &mut Value, folder: &Path) {
    let join = |value: &mut Value| match value.as_str() {
        Some(path) if !path.is_empty() && !path.starts_with('/') => {
            *value = clean(&folder.join(path)).into();
        }
        _ => {}
    };
    for field in [
        "certificate-authority",
        "client-certificate",
        "client-key",
        "tokenFile",
    ] {
        value.get_mut(field).map(join);
    }
    let command = value.pointer_mut("/exec/command");
    command
        .filter(|command| command.as_str().is_some_and(|text| text.contains('/')))
        .map(join);
}

fn clean(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn keep_exec_extension(value: &mut Value) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    let extensions = object.remove("extensions").unwrap_or_default();
    for extension in extensions.as_array().into_iter().flatten() {
        if extension["name"] == "client.authentication.k8s.io/exec" {
            object.insert("exec-config".to_owned(), extension["extension"].clone());
        }
    }
    if let Some(provider) = object.get_mut("auth-provider") {
        *provider = provider["name"].take();
    }
}

/// Without the fields that are as good as absent.
fn pruned(value: Value) -> Value {
    let Value::Object(object) = value else {
        return value;
    };
    let empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    let fields = object.into_iter().map(|(key, value)| match key.as_str() {
        "exec-config" | "env" => (key, value),
        _ => (key, pruned(value)),
    });
    // An `exec` with nothing in it is not the same as none.
    fields
        .filter(|(key, value)| key == "exec" || !empty(value))
        .collect::<Map<_, _>>()
        .into()
}

pub(super) fn of_ours(kubeconfig: &Kubeconfig) -> Value {
    fn entries<T>(entries: &BTreeMap<String, Named<T>>, show: fn(&T) -> Value) -> Value {
        let shown = entries.iter().map(|(name, entry)| {
            assert_eq!(*name, entry.name);
            (name.clone(), pruned(show(&entry.value)))
        });
        shown.collect::<Map<_, _>>().into()
    }
    json!({
        "clusters": entries(&kubeconfig.clusters, cluster),
        "users": entries(&kubeconfig.users, user),
        "contexts": entries(&kubeconfig.contexts, context),
        "current-context": kubeconfig.current_context.as_ref().map_or("", |current| &current.name),
    })
}

fn cluster(cluster: &Cluster) -> Value {
    json!({
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority": cluster.certificate_authority,
        "certificate-authority-data": cluster.certificate_authority_data.as_ref().map(|data| STANDARD.encode(data)),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "exec-config": cluster.exec_config,
    })
}

fn user(user: &User) -> Value {
    json!({
        "token": user.token.as_ref().and_then(|secret| secret.expose_str()),
        "tokenFile": user.token_file,
        "username": user.username,
        "password": user.password.as_ref().and_then(|secret| secret.expose_str()),
        "client-certificate": user.client_certificate,
        "client-certificate-data": user.client_certificate_data.as_ref().map(|data| STANDARD.encode(data)),
        "client-key": user.client_key,
        "client-key-data": user.client_key_data.as_ref().map(|data| STANDARD.encode(data.expose())),
        "as": user.impersonate.user,
        "as-uid": user.impersonate.uid,
        "as-groups": user.impersonate.groups,
        "as-user-extra": user.impersonate.extra,
        "auth-provider": user.auth_provider,
        "exec": user.exec.as_ref().map(exec),
    })
    .as_object()
    .map(|fields| fields.iter().filter(|(_, value)| !value.is_null()))
    .map(|fields| fields.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
    .into()
}

fn exec(exec: &ExecSpec) -> Value {
    let variable = |(name, value): &(String, String)| json!({"name": name, "value": value});
    json!({
        "apiVersion": exec.api_version,
        "command": exec.command.to_str(),
        "args": exec.args,
        "env": exec.env.iter().map(variable).collect::<Vec<_>>(),
        "installHint": exec.install_hint,
        "provideClusterInfo": exec.provide_cluster_info,
        "interactiveMode": exec.interactive_mode.as_ref().map(|mode| match mode {
            InteractiveMode::Never => "Never",
            InteractiveMode::IfAvailable => "IfAvailable",
            InteractiveMode::Always => "Always",
            InteractiveMode::Other(other) => other,
        }),
    })
}

fn context(context: &Context) -> Value {
    json!({
        "cluster": context.cluster,
        "user": context.user,
        "namespace": context.namespace,
    })
}
