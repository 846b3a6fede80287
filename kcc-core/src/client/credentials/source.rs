use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::credential::Credential;
use super::plugin::CachedPlugin;
use super::refresh::Refresher;
use crate::client::counts::Counters;
use crate::client::error::{ClientError, ClientProblem, NamedRef};
use crate::client::header::{basic, bearer};
use crate::client::reload::Reloader;
use crate::client::tls::ClientCertificate;
use crate::environment::Environment;
use crate::kubeconfig::{Cluster, Named, NamedKind, User};
use crate::secret::Secret;

/// Where the credential of each request comes from.
pub(crate) enum CredentialSource {
    /// It is the same for ever: a token, a name with a password, a client certificate, or nothing.
    Fixed(Arc<Credential>),
    /// Files that somebody else keeps fresh.
    Files(Reloader<Arc<Credential>>),
    /// An exec plugin, through the cache.
    Plugin(Refresher),
}

impl CredentialSource {
    pub(crate) fn anonymous() -> Self {
        Self::Fixed(Arc::default())
    }

    /// What the user says first: a token, a password or a certificate that stands in the kubeconfig
    /// is used, and no plugin runs (client-go's exec.go, `UpdateTransportConfig`). Only for a server
    /// that is spoken to over TLS.
    pub(crate) fn of(
        user: &Named<User>,
        cluster: &Cluster,
        environment: &Environment,
        has_terminal: bool,
        file_period: Duration,
        counters: &Arc<Counters>,
    ) -> Result<Self, ClientError> {
        let named = NamedRef::of(user, NamedKind::User);
        let user = &user.value;
        if let Some(spec) = user.plugin() {
            let plugin =
                CachedPlugin::new(named.clone(), spec, cluster, environment, has_terminal)?;
            let plugin = plugin.counting(Arc::clone(counters));
            let issue = move |rejected: Option<&Secret>| plugin.issue(rejected);
            let refresher = Refresher::new(named, Arc::clone(counters), issue);
            return Ok(Self::Plugin(refresher));
        }
        check_methods(user).map_err(|problem| named.unusable(problem))?;
        if has_files(user) {
            return Self::files(&named, user.clone(), file_period);
        }
        let credential = credential(user).map_err(|problem| named.unusable(problem))?;
        Ok(Self::Fixed(Arc::new(credential)))
    }

    /// The token file of a Pod's service account.
    pub(crate) fn service_account(
        named: &NamedRef,
        path: PathBuf,
        file_period: Duration,
    ) -> Result<Self, ClientError> {
        let user = User {
            token_file: Some(path),
            ..User::default()
        };
        Self::files(named, user, file_period)
    }

    /// A token, or a client certificate with its key, in files that are read again now and then, and
    /// after a 401. A file that is of no use is told now, not at the first request.
    fn files(named: &NamedRef, user: User, period: Duration) -> Result<Self, ClientError> {
        let first = credential(&user).map_err(|problem| named.unusable(problem))?;
        let read = move |last: &Arc<Credential>| {
            let credential = credential(&user)?;
            Ok(if credential.proves_the_same(last) {
                Arc::clone(last)
            } else {
                Arc::new(credential)
            })
        };
        let files = Reloader::new(named.to_string(), Arc::new(first), period, read);
        Ok(Self::Files(files))
    }

    /// The client certificate, where it takes no plugin to get it.
    pub(crate) async fn own_certificate(&self) -> Option<Arc<ClientCertificate>> {
        match self {
            Self::Fixed(credential) => credential.certificate().cloned(),
            Self::Files(files) => files.current().await.certificate().cloned(),
            Self::Plugin(_) => None,
        }
    }

    /// The credential for a request.
    pub(crate) async fn current(&self) -> Result<Arc<Credential>, ClientError> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::Files(files) => Ok(files.current().await),
            Self::Plugin(refresher) => refresher.current().await,
        }
    }

    /// The credential after the server refused `rejected`; it may be no other.
    pub(crate) async fn instead_of(
        &self,
        rejected: &Arc<Credential>,
    ) -> Result<Arc<Credential>, ClientError> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::Files(files) => Ok(files.read_again().await),
            Self::Plugin(refresher) => refresher.instead_of(rejected).await,
        }
    }
}

/// What client-go refuses when it makes a client, after `clientcmd/validation.go`: two things for
/// one header (`transport/round_trippers.go`), and an `auth-provider`, which it looks up whatever
/// else there is (`rest/transport.go`). `oidc` is the one that is left, and does nothing where the
/// header is there already.
fn check_methods(user: &User) -> Result<(), ClientProblem> {
    if user.username.is_some() && user.token_file.is_some() {
        return Err(ClientProblem::TwoMethods);
    }
    let has_header = user.token.is_some() || user.token_file.is_some() || user.username.is_some();
    match &user.auth_provider {
        Some(name) if !(has_header && name == "oidc") => {
            Err(ClientProblem::AuthProvider(name.clone()))
        }
        _ => Ok(()),
    }
}

/// Whether something may be another tomorrow; data goes before a file. A key without a certificate
/// is not looked at.
fn has_files(user: &User) -> bool {
    let data = (&user.client_certificate_data, &user.client_key_data);
    let has_certificate = user.client_certificate.is_some() || data.0.is_some();
    user.token_file.is_some() || has_certificate && (data.0.is_none() || data.1.is_none())
}

/// What the kubeconfig and the files that it names hold at this moment.
fn credential(user: &User) -> Result<Credential, ClientProblem> {
    Ok(Credential::fixed(authorization(user)?, certificate(user)?))
}

fn authorization(user: &User) -> Result<Option<http::HeaderValue>, ClientProblem> {
    if let Some(path) = &user.token_file {
        match (token_in(path), &user.token) {
            (Ok(header), _) => return Ok(Some(header)),
            (Err(problem), None) => return Err(problem),
            // Until there is a file, the token counts (`transport/round_trippers.go`,
            // `NewBearerAuthWithRefreshRoundTripper`).
            (Err(_), Some(_)) => {}
        }
    }
    if let Some(token) = &user.token {
        let header = bearer(token.expose()).ok_or(ClientProblem::Header("token"))?;
        return Ok(Some(header));
    }
    let Some(name) = &user.username else {
        return Ok(None);
    };
    let password = user.password.as_ref().map(Secret::expose);
    basic(name, password.unwrap_or_default()).map(Some)
}

fn token_in(path: &Path) -> Result<http::HeaderValue, ClientProblem> {
    let content = read(path)?;
    let token = content.expose().trim_ascii();
    let header = bearer(token).filter(|_| !token.is_empty());
    header.ok_or(ClientProblem::Header("token file's content"))
}

/// The kubeconfig's own certificate; data goes before a file.
fn certificate(user: &User) -> Result<Option<Arc<ClientCertificate>>, ClientProblem> {
    let certificate = match (&user.client_certificate_data, &user.client_certificate) {
        (Some(pem), _) => Secret::new(pem.clone()),
        (None, Some(path)) => read(path)?,
        (None, None) => return Ok(None),
    };
    let key = match (&user.client_key_data, &user.client_key) {
        (Some(pem), _) => pem.clone(),
        (None, Some(path)) => read(path)?,
        (None, None) => Secret::new(Vec::new()),
    };
    let pair = ClientCertificate::from_pem(certificate.expose(), key.expose())?;
    Ok(Some(Arc::new(pair)))
}

fn read(path: &Path) -> Result<Secret, ClientProblem> {
    let content = std::fs::read(path).map(Secret::new);
    content.map_err(|error| ClientProblem::unreadable(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../../testdata/client.pem");
    const KEY: &str = include_str!("../../../testdata/client-key.pem");

    fn named() -> NamedRef {
        NamedRef {
            origin: None,
            kind: NamedKind::User,
            name: "u".to_owned(),
        }
    }

    async fn current(files: &CredentialSource) -> Arc<Credential> {
        files.current().await.unwrap()
    }

    #[tokio::test]
    async fn a_certificate_that_is_half_replaced_waits_for_the_other_half() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, content: &str| std::fs::write(path(name), content).unwrap();
        write("crt", CERTIFICATE);
        write("key", KEY);
        let user = User {
            client_certificate: Some(path("crt")),
            client_key: Some(path("key")),
            ..User::default()
        };
        let files = CredentialSource::files(&named(), user, Duration::ZERO).unwrap();
        let first = current(&files).await;
        assert!(Arc::ptr_eq(&current(&files).await, &first));
        write("key", "");
        assert!(Arc::ptr_eq(&current(&files).await, &first));
        write("key", KEY);
        write("crt", &CERTIFICATE.repeat(2));
        let second = current(&files).await;
        assert!(!second.proves_the_same(&first));
        std::fs::remove_file(path("crt")).unwrap();
        let third = files.instead_of(&second).await.unwrap();
        assert!(Arc::ptr_eq(&third, &second));
    }

    #[tokio::test]
    async fn files_are_left_alone_between_times() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, "one\n").unwrap();
        let user = User {
            token_file: Some(token_file.clone()),
            ..User::default()
        };
        let files = CredentialSource::files(&named(), user, Duration::from_secs(60)).unwrap();
        std::fs::write(&token_file, "two").unwrap();
        let one = current(&files).await;
        assert_eq!(one.authorization().unwrap(), "Bearer one");
        let two = files.instead_of(&one).await.unwrap();
        assert_eq!(two.authorization().unwrap(), "Bearer two");
        assert!(Arc::ptr_eq(&current(&files).await, &two));
    }

    #[test]
    fn data_goes_before_a_file() {
        let user = User {
            client_certificate: Some("/nowhere/crt".into()),
            client_certificate_data: Some(CERTIFICATE.into()),
            client_key: Some("/nowhere/key".into()),
            client_key_data: Some(Secret::from(KEY.to_owned())),
            ..User::default()
        };
        assert!(!has_files(&user));
        assert!(credential(&user).unwrap().certificate().is_some());
    }

    /// client-go reads the file at each request, and takes the token until there is one.
    #[tokio::test]
    async fn a_token_counts_until_its_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        let user = User {
            token: Some(Secret::from("own".to_owned())),
            token_file: Some(token_file.clone()),
            ..User::default()
        };
        let files = CredentialSource::files(&named(), user, Duration::ZERO).unwrap();
        assert_eq!(current(&files).await.authorization().unwrap(), "Bearer own");
        std::fs::write(&token_file, "of the file").unwrap();
        let sent = current(&files).await;
        assert_eq!(sent.authorization().unwrap(), "Bearer of the file");
    }
}
