use std::fs::File;
use std::path::Path;

use super::cluster::Cluster;
use super::error::{ClusterProblem, KubeconfigError, UnreadableFile, UserProblem};
use super::named::Named;
use super::user::{ExecSpec, InteractiveMode, User};
use crate::exec::ApiVersion;
use crate::url::Url;

/// clientcmd/validation.go, `validateClusterInfo`.
pub(super) fn check_cluster(entry: &Named<Cluster>) -> Result<(), KubeconfigError> {
    cluster(&entry.value).map_err(|problem| KubeconfigError::InvalidCluster {
        origin: entry.origin.clone(),
        name: entry.name.clone(),
        problem,
    })
}

/// clientcmd/validation.go, `validateAuthInfo`.
pub(super) fn check_user(entry: &Named<User>) -> Result<(), KubeconfigError> {
    user(&entry.value).map_err(|problem| KubeconfigError::InvalidUser {
        origin: entry.origin.clone(),
        name: entry.name.clone(),
        problem,
    })
}

fn cluster(cluster: &Cluster) -> Result<(), ClusterProblem> {
    if cluster.server.is_empty() {
        return Err(ClusterProblem::NoServer);
    }
    if let Some(url) = &cluster.proxy_url {
        let url = Url::parse(url).map_err(ClusterProblem::MalformedProxyUrl)?;
        if !matches!(url.scheme.as_str(), "http" | "https" | "socks5") {
            return Err(ClusterProblem::ProxyUrl);
        }
    }
    let authority = cluster.certificate_authority.as_deref();
    if authority.is_some() && cluster.certificate_authority_data.is_some() {
        return Err(ClusterProblem::TwoAuthorities);
    }
    Ok(readable("certificate-authority", authority)?)
}

fn user(user: &User) -> Result<(), UserProblem> {
    client_certificate(user)?;
    if let Some(spec) = &user.exec {
        if user.auth_provider.is_some() {
            return Err(UserProblem::ExecAndAuthProvider);
        }
        exec(spec)?;
    }
    if user.token.is_some() && (user.username.is_some() || user.password.is_some()) {
        return Err(UserProblem::TwoMethods);
    }
    let who = &user.impersonate;
    if who.user.is_none() && !(who.uid.is_none() && who.groups.is_empty() && who.extra.is_empty()) {
        return Err(UserProblem::ImpersonationWithoutUser);
    }
    Ok(())
}

/// A key without a certificate is not looked at.
fn client_certificate(user: &User) -> Result<(), UserProblem> {
    let (certificate, key) = (
        user.client_certificate.as_deref(),
        user.client_key.as_deref(),
    );
    match (certificate, &user.client_certificate_data) {
        (None, None) => return Ok(()),
        (Some(_), Some(_)) => {
            return Err(UserProblem::FileAndData {
                field: "client-certificate",
            });
        }
        _ => {}
    }
    match (key, &user.client_key_data) {
        (None, None) => return Err(UserProblem::NoKey),
        (Some(_), Some(_)) => {
            return Err(UserProblem::FileAndData {
                field: "client-key",
            });
        }
        _ => {}
    }
    for (field, path) in [("client-certificate", certificate), ("client-key", key)] {
        readable(field, path)?;
    }
    Ok(())
}

fn exec(exec: &ExecSpec) -> Result<(), UserProblem> {
    if exec.command.is_empty() {
        return Err(UserProblem::NoCommand);
    }
    if exec.api_version.is_empty() {
        return Err(UserProblem::NoApiVersion);
    }
    let Some(ApiVersion::V1 | ApiVersion::V1Beta1) = ApiVersion::parse(&exec.api_version) else {
        return Err(UserProblem::ApiVersion {
            found: exec.api_version.clone(),
        });
    };
    if exec.env.iter().any(|(name, _)| name.is_empty()) {
        return Err(UserProblem::NoVariableName);
    }
    match &exec.interactive_mode {
        None => Err(UserProblem::NoInteractiveMode),
        Some(InteractiveMode::Other(found)) => Err(UserProblem::InteractiveMode {
            found: found.clone(),
        }),
        Some(_) => Ok(()),
    }
}

/// Whether the file, if there is one, can be opened.
fn readable(field: &'static str, path: Option<&Path>) -> Result<(), UnreadableFile> {
    let Some(path) = path else { return Ok(()) };
    let opened = File::open(path).map(drop);
    opened.map_err(|source| UnreadableFile {
        field,
        path: path.to_owned(),
        source,
    })
}
