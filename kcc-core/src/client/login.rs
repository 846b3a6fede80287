use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::credential::{Credential, basic, bearer};
use super::error::{ClientError, ClientProblem, Place};
use super::plugin_user::PluginUser;
use super::refresh::Refresher;
use super::tls::ClientCertificate;
use crate::environment::Environment;
use crate::kubeconfig::{Cluster, Entry, EntryKind, User};
use crate::secret::Secret;

/// Where a file could not be used: it may be in the middle of being replaced.
const SOON: Duration = Duration::from_secs(1);

/// Where the credential of each request comes from.
pub(super) enum Login {
    /// It is the same for ever: a token, a name with a password, a client certificate, or nothing.
    Fixed(Arc<Credential>),
    /// Files that somebody else keeps fresh.
    Files(Box<Files>),
    /// An exec plugin, through the cache.
    Plugin(Refresher),
}

/// A token, or a client certificate with its key, in files that are read again now and then, and
/// after a 401.
pub(super) struct Files {
    place: Place,
    user: User,
    period: Duration,
    last: Mutex<Last>,
}

struct Last {
    credential: Arc<Credential>,
    look_again_at: Instant,
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
        file_period: Duration,
    ) -> Result<Self, ClientError> {
        let place = Place::of(user, EntryKind::User);
        let user = &user.value;
        if has_files(user) {
            let files = Files::new(place, user.clone(), file_period)?;
            return Ok(Self::Files(Box::new(files)));
        }
        let unusable = |problem| place.unusable(problem);
        let credential = credential(user).map_err(unusable)?;
        if credential.authorization().is_some() || credential.certificate().is_some() {
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
    pub(super) fn service_account(
        place: Place,
        path: PathBuf,
        file_period: Duration,
    ) -> Result<Self, ClientError> {
        let user = User {
            token_file: Some(path),
            ..User::default()
        };
        let files = Files::new(place, user, file_period)?;
        Ok(Self::Files(Box::new(files)))
    }

    /// The client certificate, where it takes no plugin to get it.
    pub(super) fn own_certificate(&self) -> Option<Arc<ClientCertificate>> {
        match self {
            Self::Fixed(credential) => credential.certificate().cloned(),
            Self::Files(files) => files.current().certificate().cloned(),
            Self::Plugin(_) => None,
        }
    }

    /// The credential for a request.
    pub(super) async fn current(&self) -> Result<Arc<Credential>, ClientError> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::Files(files) => Ok(files.current()),
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
            Self::Files(files) => Ok(files.read_again()),
            Self::Plugin(refresher) => refresher.instead_of(rejected).await,
        }
    }
}

impl Files {
    /// A file that is of no use is told now, not at the first request.
    fn new(place: Place, user: User, period: Duration) -> Result<Self, ClientError> {
        let credential = credential(&user).map_err(|problem| place.unusable(problem))?;
        let last = Last {
            credential: Arc::new(credential),
            look_again_at: Instant::now() + period,
        };
        Ok(Self {
            place,
            user,
            period,
            last: Mutex::new(last),
        })
    }

    fn current(&self) -> Arc<Credential> {
        let mut last = self.lock();
        if Instant::now() >= last.look_again_at {
            self.read_into(&mut last);
        }
        Arc::clone(&last.credential)
    }

    fn read_again(&self) -> Arc<Credential> {
        let mut last = self.lock();
        self.read_into(&mut last);
        Arc::clone(&last.credential)
    }

    /// Where a file cannot be used, what it held last goes on: some remove the token's file after
    /// the start (client-go's `transport/token_source.go`), and of a certificate and its key one is
    /// always replaced first.
    fn read_into(&self, last: &mut Last) {
        let now = Instant::now();
        match credential(&self.user) {
            Ok(credential) => {
                last.look_again_at = now + self.period;
                if !credential.proves_the_same(&last.credential) {
                    last.credential = Arc::new(credential);
                }
            }
            Err(problem) => {
                last.look_again_at = now + self.period.min(SOON);
                tracing::warn!(place = %self.place, %problem, "the last credential goes on");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something may be another tomorrow; data goes before a file.
fn has_files(user: &User) -> bool {
    let has_certificate = user.client_certificate_data.is_none()
        && user.client_certificate.is_some()
        || user.client_key_data.is_none() && user.client_key.is_some();
    user.token_file.is_some() || has_certificate
}

/// What the kubeconfig and the files that it names hold at this moment.
fn credential(user: &User) -> Result<Credential, ClientProblem> {
    Ok(Credential::fixed(authorization(user)?, certificate(user)?))
}

fn authorization(user: &User) -> Result<Option<http::HeaderValue>, ClientProblem> {
    if let Some(path) = &user.token_file {
        let content = read(path)?;
        let token = content.expose().trim_ascii();
        let header = bearer(token).filter(|_| !token.is_empty());
        let header = header.ok_or(ClientProblem::Header("token file's content"))?;
        return Ok(Some(header));
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

    const CERTIFICATE: &str = include_str!("../../testdata/client.pem");
    const KEY: &str = include_str!("../../testdata/client-key.pem");

    fn place() -> Place {
        Place {
            origin: None,
            kind: EntryKind::User,
            name: "u".to_owned(),
        }
    }

    #[test]
    fn a_certificate_that_is_half_replaced_waits_for_the_other_half() {
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
        let files = Files::new(place(), user, Duration::ZERO).unwrap();
        let first = files.current();
        assert!(Arc::ptr_eq(&files.current(), &first));
        write("key", "");
        assert!(Arc::ptr_eq(&files.current(), &first));
        write("key", KEY);
        write("crt", &CERTIFICATE.repeat(2));
        let second = files.current();
        assert!(!second.proves_the_same(&first));
        std::fs::remove_file(path("crt")).unwrap();
        assert!(Arc::ptr_eq(&files.read_again(), &second));
    }

    #[test]
    fn files_are_left_alone_between_times() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, "one\n").unwrap();
        let user = User {
            token_file: Some(token_file.clone()),
            ..User::default()
        };
        let files = Files::new(place(), user, Duration::from_secs(60)).unwrap();
        std::fs::write(&token_file, "two").unwrap();
        assert_eq!(files.current().authorization().unwrap(), "Bearer one");
        assert_eq!(files.read_again().authorization().unwrap(), "Bearer two");
        assert_eq!(files.current().authorization().unwrap(), "Bearer two");
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
}
