use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::danger::ServerCertVerifier;

use super::error::ClientProblem;
use super::target::Authority;
use super::tls;

/// What the server's certificate is checked against. A CA file is read again now and then, because
/// it may be replaced while a client runs.
pub(super) struct Roots {
    authority: Authority,
    period: Duration,
    last: Mutex<Last>,
}

struct Last {
    verifier: Arc<dyn ServerCertVerifier>,
    /// The file's content; empty where there is no file.
    pem: Vec<u8>,
    looked_at: Instant,
}

impl Roots {
    pub(super) fn new(authority: Authority, period: Duration) -> Result<Self, ClientProblem> {
        let (verifier, pem) = match &authority {
            Authority::System => (tls::verify_by_system()?, Vec::new()),
            Authority::Pem(pem) => (tls::verify_by(pem)?, Vec::new()),
            Authority::File(path) => read(path)?,
            Authority::Unchecked => (tls::verify_nothing(), Vec::new()),
        };
        let last = Last {
            verifier,
            pem,
            looked_at: Instant::now(),
        };
        Ok(Self {
            authority,
            period,
            last: Mutex::new(last),
        })
    }

    /// The same one until the file has another content that can be used.
    pub(super) fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Authority::File(path) = &self.authority
            && last.looked_at.elapsed() >= self.period
        {
            last.looked_at = Instant::now();
            match read(path) {
                Ok((_, pem)) if pem == last.pem => {}
                Ok((verifier, pem)) => (last.verifier, last.pem) = (verifier, pem),
                Err(problem) => tracing::warn!(%problem, "the last CA file goes on"),
            }
        }
        Arc::clone(&last.verifier)
    }
}

fn read(path: &Path) -> Result<(Arc<dyn ServerCertVerifier>, Vec<u8>), ClientProblem> {
    let pem = std::fs::read(path).map_err(|error| ClientProblem::unreadable(path, error))?;
    Ok((tls::verify_by(&pem)?, pem))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../testdata/client.pem");

    #[test]
    fn a_ca_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.crt");
        let write = |content: &str| std::fs::write(&path, content).unwrap();
        write(CERTIFICATE);
        let roots = Roots::new(Authority::File(path.clone()), Duration::ZERO).unwrap();
        let first = roots.verifier();
        assert!(Arc::ptr_eq(&roots.verifier(), &first));
        write(&format!("# another one\n{CERTIFICATE}"));
        let second = roots.verifier();
        assert!(!Arc::ptr_eq(&second, &first));
        write("rubbish");
        assert!(Arc::ptr_eq(&roots.verifier(), &second));
        std::fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&roots.verifier(), &second));
    }

    #[test]
    fn a_ca_file_that_is_missing_at_first_is_an_error() {
        let error = Roots::new(Authority::File("/nowhere/ca.crt".into()), Duration::ZERO);
        let text = error.err().unwrap().to_string();
        assert!(text.contains("/nowhere/ca.crt"), "{text}");
    }
}
