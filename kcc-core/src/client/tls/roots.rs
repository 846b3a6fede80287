use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;

use super::config;
use crate::client::error::ClientProblem;
use crate::client::reload::Reloader;
use crate::client::target::Authority;

/// What the server's certificate is checked against. A CA file is read again now and then, because
/// it may be replaced while a client runs.
pub(crate) enum Roots {
    Fixed(Arc<dyn ServerCertVerifier>),
    File(Reloader<Arc<Content>>),
}

/// What a CA file held, and what was made of it.
pub(crate) struct Content {
    verifier: Arc<dyn ServerCertVerifier>,
    pem: Vec<u8>,
}

impl Roots {
    pub(crate) fn new(authority: Authority, period: Duration) -> Result<Self, ClientProblem> {
        Ok(match authority {
            Authority::System => Self::Fixed(config::verify_by_system()?),
            Authority::Pem(pem) => Self::Fixed(config::verify_by(&pem)?),
            Authority::Unchecked => Self::Fixed(config::verify_nothing()),
            Authority::File(path) => {
                let first = Arc::new(read(&path)?);
                let what = path.display().to_string();
                let read = move |last: &Arc<Content>| {
                    let content = read(&path)?;
                    let is_same = content.pem == last.pem;
                    Ok(if is_same {
                        Arc::clone(last)
                    } else {
                        Arc::new(content)
                    })
                };
                Self::File(Reloader::new(what, first, period, read))
            }
        })
    }

    /// The same one until the file has another content that can be used.
    pub(crate) async fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        match self {
            Self::Fixed(verifier) => Arc::clone(verifier),
            Self::File(file) => Arc::clone(&file.current().await.verifier),
        }
    }
}

fn read(path: &Path) -> Result<Content, ClientProblem> {
    let pem = std::fs::read(path).map_err(|error| ClientProblem::unreadable(path, error))?;
    let verifier = config::verify_by(&pem)?;
    Ok(Content { verifier, pem })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../../testdata/client.pem");

    #[tokio::test]
    async fn a_ca_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.crt");
        let write = |content: &str| std::fs::write(&path, content).unwrap();
        write(CERTIFICATE);
        let roots = Roots::new(Authority::File(path.clone()), Duration::ZERO).unwrap();
        let first = roots.verifier().await;
        assert!(Arc::ptr_eq(&roots.verifier().await, &first));
        write(&format!("# another one\n{CERTIFICATE}"));
        let second = roots.verifier().await;
        assert!(!Arc::ptr_eq(&second, &first));
        write("rubbish");
        assert!(Arc::ptr_eq(&roots.verifier().await, &second));
        std::fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&roots.verifier().await, &second));
    }

    #[test]
    fn a_ca_file_that_is_missing_at_first_is_an_error() {
        let error = Roots::new(Authority::File("/nowhere/ca.crt".into()), Duration::ZERO);
        let text = error.err().unwrap().to_string();
        assert!(text.contains("/nowhere/ca.crt"), "{text}");
    }
}
