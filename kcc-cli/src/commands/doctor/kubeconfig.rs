use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kcc_core::kubeconfig::{Kubeconfig, LoadingRules, Overrides, User};

use super::finding::Finding;
use crate::plugin_context;

/// The files, and what they name. What can be read of them is given for further checks.
pub(super) fn check(rules: &LoadingRules) -> (Vec<Finding>, Kubeconfig) {
    let mut findings = vec![];
    for path in rules.paths() {
        findings.extend(file(&path, rules));
    }
    match Kubeconfig::load(rules) {
        Ok(kubeconfig) => {
            if kubeconfig.files.is_empty() {
                findings.push(Finding::bad(
                    "kubeconfig",
                    "there is no kubeconfig at all",
                    "get one from your cluster's provider, and name it by KUBECONFIG or put it at \
                     ~/.kube/config",
                ));
            } else {
                findings.extend(contexts(&kubeconfig));
            }
            (findings, kubeconfig)
        }
        // Each file has been told.
        Err(_) => (findings, Kubeconfig::default()),
    }
}

fn file(path: &Path, rules: &LoadingRules) -> Vec<Finding> {
    let shown = path.display();
    if !path.exists() {
        let is_default = rules.kubeconfig.is_none() && rules.explicit.is_none();
        if is_default {
            // That there is none at all is told once.
            return vec![];
        }
        return vec![Finding::warning(
            "kubeconfig",
            format!("{shown} does not exist"),
            "take it out of KUBECONFIG, or put it there",
        )];
    }
    let one = LoadingRules::default().with_explicit(path);
    let kubeconfig = match Kubeconfig::load(&one) {
        Ok(kubeconfig) => kubeconfig,
        Err(error) => {
            let repair = format!(
                "fix it at that place: kubectl --kubeconfig {shown} config view says what kubectl sees"
            );
            return vec![Finding::bad("kubeconfig", error.to_string(), repair)];
        }
    };
    let mut findings = vec![Finding::good("kubeconfig", format!("{shown} can be read"))];
    findings.extend(mode(path, &kubeconfig));
    findings
}

/// Who can write a kubeconfig decides which program runs in your name.
fn mode(path: &Path, kubeconfig: &Kubeconfig) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    let repair = format!("chmod go-rwx {shown}");
    if mode & 0o022 != 0 {
        let message =
            format!("{shown} has mode {mode:03o}: others can say which programs run in your name");
        return Some(Finding::bad("kubeconfig", message, repair));
    }
    let has_secret = |user: &User| {
        user.token.is_some() || user.password.is_some() || user.client_key_data.is_some()
    };
    let users = &mut kubeconfig.users.values();
    if mode & 0o044 != 0 && users.any(|user| has_secret(&user.value)) {
        let message = format!("{shown} has mode {mode:03o}, and a credential in it");
        return Some(Finding::warning("kubeconfig", message, repair));
    }
    None
}

fn contexts(kubeconfig: &Kubeconfig) -> Vec<Finding> {
    let mut findings = vec![];
    findings.extend(
        kubeconfig
            .contexts
            .keys()
            .filter_map(|name| context(kubeconfig, name)),
    );
    if let Some(current) = &kubeconfig.current_context
        && !kubeconfig.contexts.contains_key(&current.name)
    {
        findings.push(Finding::bad(
            "contexts",
            format!(
                "{}: the current context {:?} does not exist",
                current.origin, current.name
            ),
            "kubectl config use-context with one of kubectl config get-contexts",
        ));
    }
    if findings.is_empty() {
        let message = format!("{} can be used", kubeconfig.contexts.len());
        findings.push(Finding::good("contexts", message));
    }
    findings
}

fn context(kubeconfig: &Kubeconfig, name: &str) -> Option<Finding> {
    let overrides = Overrides {
        context: Some(name.to_owned()),
        ..Overrides::default()
    };
    let resolved = match kubeconfig.resolve(&overrides) {
        Ok(resolved) => resolved,
        Err(error) => {
            let message = format!("context {name:?} cannot be used: {error}");
            let repair = format!("fix what it names, or kubectl config delete-context {name}");
            return Some(Finding::bad("contexts", message, repair));
        }
    };
    match plugin_context::plain_http(kubeconfig, name) {
        Ok(None) => None,
        Err(error) => {
            let message = format!("context {name:?} cannot be used: {error:#}");
            Some(Finding::bad(
                "contexts",
                message,
                "write it as https://host:port",
            ))
        }
        Ok(Some(server)) => {
            let user = resolved.user.filter(|user| user.value.has_credential())?;
            let message = format!(
                "context {name:?}: its server is {server}, plain http, so no client sends what user \
                 {:?} has, nor runs a plugin",
                user.name
            );
            let repair = "begin the server with https:// if it speaks TLS";
            Some(Finding::warning("contexts", message, repair))
        }
    }
}
