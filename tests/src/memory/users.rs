//! Whom the server lets in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};

use super::status::Status;
use crate::cluster::TokenUser;

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

impl User {
    pub(super) fn admin() -> Self {
        Self {
            name: "system:admin".to_owned(),
            groups: vec!["system:masters".to_owned()],
        }
    }

    fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
        }
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.name == "system:anonymous"
    }

    fn authenticated(name: &str, groups: &[String]) -> Self {
        let mut groups = groups.to_vec();
        groups.push("system:authenticated".to_owned());
        Self {
            name: name.to_owned(),
            groups,
        }
    }
}

/// The client certificate that a connection came with: the SHA-256 of its DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

/// The tokens and certificates that are good now.
#[derive(Debug, Default)]
pub(super) struct Users {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    tokens: HashMap<String, User>,
    certificates: HashMap<Fingerprint, User>,
}

impl Users {
    pub(super) fn add_token(&self, user: &TokenUser) {
        let known = User::authenticated(&user.user, &user.groups);
        self.lock().tokens.insert(user.token.clone(), known);
    }

    pub(super) fn revoke_token(&self, token: &str) {
        self.lock().tokens.remove(token);
    }

    /// Revokes `old` and lets its user in with `new`, in one step.
    pub(super) fn rotate_token(&self, old: &str, new: &str) -> bool {
        let mut known = self.lock();
        let Some(user) = known.tokens.remove(old) else {
            return false;
        };
        known.tokens.insert(new.to_owned(), user);
        true
    }

    pub(super) fn add_certificate(&self, certificate: Fingerprint, name: &str, groups: &[&str]) {
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        let user = User::authenticated(name, &groups);
        self.lock().certificates.insert(certificate, user);
    }

    /// A token counts before a certificate, as on the real server.
    ///
    /// # Errors
    /// 401 for a credential that is not good; no credential makes an anonymous user.
    pub(super) fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<Fingerprint>,
    ) -> Result<User, Status> {
        let known = self.lock();
        let by_certificate = certificate.and_then(|print| known.certificates.get(&print));
        match bearer(headers) {
            Some(token) => known.tokens.get(token).or(by_certificate).cloned(),
            None if certificate.is_some() => by_certificate.cloned(),
            None => Some(User::anonymous()),
        }
        .ok_or_else(Status::unauthorized)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of a request, if it has one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
