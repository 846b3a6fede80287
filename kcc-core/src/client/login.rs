use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::credential::{Credential, basic, bearer};
use super::error::{ClientError, ClientProblem, Place};
use super::plugin_user::PluginUser;
use super::refresh::Refresher;
use super::tls::ClientCertificate;
use crate::environment::Environment;
use crate::kubeconfig::{Cluster, Entry, EntryKind, User};
use crate::secret::Secret;

/// As client-go's `transport/token_source.go`.
const TOKEN_FILE_PERIOD: Duration = Duration::from_secs(60);

/// Where the credential of each request comes from.
pub(super) enum Login {
    /// It is the same for ever: a token, a name with a password, a client certificate, or nothing.
    Fixed(Arc<Credential>),
    /// A file that somebody else keeps fresh.
    TokenFile(TokenFile),
    /// An exec plugin, through the cache.
    Plugin(Refresher),
}

/// A token in a file that is read again every minute, and after a 401.
pub(super) struct TokenFile {
    place: Place,
    path: PathBuf,
    certificate: Option<Arc<ClientCertificate>>,
    last: Mutex<Option<(Instant, Arc<Credential>)>>,
}

impl Login {
    pub(super) fn anonymous() -> Self {
        Self::Fixed(Arc::default())
    }

    /// What the user says first: a token, a password or a certificate that stands in the kubeconfig
    /// is used, and no plugin runs (client-go's exec.go, `UpdateTransportConfig`).
    pub(super) fn of(
        user: &Entry<User>,
        cluster: &Cluster,
        environment: &Environment,
        has_terminal: bool,
    ) -> Result<Self, ClientError> {
        let place = Place::of(user, EntryKind::User);
        let unusable = |problem| place.unusable(problem);
        let user = &user.value;
        let certificate = certificate(user).map_err(unusable)?;
        if let Some(path) = &user.token_file {
            let file = TokenFile::new(place, path.clone(), certificate);
            // A file that is not there is told now, not at the first request.
            file.current()?;
            return Ok(Self::TokenFile(file));
        }
        let authorization = authorization(user).map_err(unusable)?;
        if authorization.is_some() || certificate.is_some() {
            let credential = Credential::fixed(authorization, certificate);
            return Ok(Self::Fixed(Arc::new(credential)));
        }
        if let Some(spec) = &user.exec {
            let plugin = PluginUser::new(place, spec, cluster, environment, has_terminal)?;
            return Ok(Self::Plugin(Refresher::new(plugin)));
        }
        match &user.auth_provider {
            Some(name) => Err(unusable(ClientProblem::AuthProvider(name.clone()))),
            None => Ok(Self::anonymous()),
        }
    }

    /// The token file of a Pod's service account.
    pub(super) fn service_account(place: Place, path: PathBuf) -> Result<Self, ClientError> {
        let file = TokenFile::new(place, path, None);
        file.current()?;
        Ok(Self::TokenFile(file))
    }

    /// The client certificate, where it takes no plugin to get it.
    pub(super) fn fixed_certificate(&self) -> Option<&Arc<ClientCertificate>> {
        match self {
            Self::Fixed(credential) => credential.certificate(),
            Self::TokenFile(file) => file.certificate.as_ref(),
            Self::Plugin(_) => None,
        }
    }

    /// The credential for a request.
    pub(super) async fn current(&self) -> Result<Arc<Credential>, ClientError> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::TokenFile(file) => file.current(),
            Self::Plugin(refresher) => refresher.current().await,
        }
    }

    /// The credential after the server refused `rejected`; it may be no other.
    pub(super) async fn instead_of(
        &self,
        rejected: &Arc<Credential>,
    ) -> Result<Arc<Credential>, ClientError> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::TokenFile(file) => file.read_again(),
            Self::Plugin(refresher) => refresher.instead_of(rejected).await,
        }
    }
}

impl TokenFile {
    fn new(place: Place, path: PathBuf, certificate: Option<Arc<ClientCertificate>>) -> Self {
        Self {
            place,
            path,
            certificate,
            last: Mutex::default(),
        }
    }

    fn current(&self) -> Result<Arc<Credential>, ClientError> {
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match last {
            Some((read_at, credential)) if read_at.elapsed() < TOKEN_FILE_PERIOD => Ok(credential),
            _ => self.read_again(),
        }
    }

    /// Where the file cannot be read, the last token that could be goes on: some remove the file
    /// after the start (client-go's `transport/token_source.go`).
    fn read_again(&self) -> Result<Arc<Credential>, ClientError> {
        let read = self.read();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let credential = match (read, last.take()) {
            (Ok(credential), _) => Arc::new(credential),
            (Err(problem), Some((_, credential))) => {
                tracing::warn!(place = %self.place, %problem, "the token file is of no use");
                credential
            }
            (Err(problem), None) => return Err(self.place.unusable(problem)),
        };
        *last = Some((Instant::now(), Arc::clone(&credential)));
        Ok(credential)
    }

    fn read(&self) -> Result<Credential, ClientProblem> {
        let content = std::fs::read(&self.path).map(Secret::new);
        let content = content.map_err(|error| ClientProblem::unreadable(&self.path, error))?;
        let token = content.expose().trim_ascii();
        let header = bearer(token).filter(|_| !token.is_empty());
        let header = header.ok_or(ClientProblem::Header("token file's content"))?;
        Ok(Credential::fixed(Some(header), self.certificate.clone()))
    }
}

fn authorization(user: &User) -> Result<Option<http::HeaderValue>, ClientProblem> {
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

/// The kubeconfig's own certificate; data goes before a file.
fn certificate(user: &User) -> Result<Option<Arc<ClientCertificate>>, ClientProblem> {
    let read = |path: &PathBuf| {
        let content = std::fs::read(path).map(Secret::new);
        content.map_err(|error| ClientProblem::unreadable(path, error))
    };
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
