//! Who the server lets in: tokens, client certificates, and the log of who came.

use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::binaries::hex;

/// A token that the server takes, and who comes with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUser {
    /// The bearer token.
    pub token: String,
    /// The user's name.
    pub user: String,
    /// The user's groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

impl TokenUser {
    /// A user with these groups.
    pub fn new(token: &str, user: &str, groups: &[&str]) -> Self {
        Self {
            token: token.to_owned(),
            user: user.to_owned(),
            groups: groups.iter().map(ToString::to_string).collect(),
        }
    }
}

impl std::fmt::Debug for TokenUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenUser")
            .field("user", &self.user)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// A client certificate that the cluster's CA signed.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM.
    pub key: String,
    /// When it expires, as in `2026-01-02T03:04:05Z`.
    pub not_after: String,
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Reads the token file; without one there are no tokens.
pub(super) fn read_tokens(file: &Path) -> Result<Vec<TokenUser>> {
    match std::fs::read(file) {
        // The decoder's message could quote a token.
        Ok(content) => serde_json::from_slice(&content)
            .map_err(|_| anyhow::anyhow!("{} is not a list of tokens", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Replaces the token file as a whole: the server reads it at any moment.
pub(super) fn write_tokens(file: &Path, users: &[TokenUser]) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut temporary, users)?;
    temporary
        .persist(file)
        .with_context(|| format!("cannot replace {}", file.display()))?;
    Ok(())
}

/// How often the server saw one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuthCount {
    /// Requests that went on to authorization.
    pub accepted: usize,
    /// Requests that were answered with 401.
    pub rejected: usize,
}

/// What the server wrote of each request that came with a credential, in order. A request's line is
/// there before its answer is.
#[derive(Debug, Clone)]
pub struct AuthLog {
    entries: Vec<AuthEntry>,
}

/// One request.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct AuthEntry {
    /// When, in RFC 3339.
    pub time: String,
    /// Whether the credential was good; otherwise the answer was 401.
    pub accepted: bool,
    /// `token` or `certificate`.
    pub kind: String,
    /// The first 12 hexadecimal digits of the SHA-256 of the token, or of the certificate's DER.
    pub id: String,
    /// Who it was; empty for a rejected one.
    #[serde(default)]
    pub user: String,
}

impl AuthLog {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        // What follows the last line feed is still being written.
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        let entries = complete
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} has a line that is no entry", file.display()))?;
        Ok(Self { entries })
    }

    /// Every request, the oldest first.
    pub fn entries(&self) -> &[AuthEntry] {
        &self.entries
    }

    /// How often this token came.
    pub fn of_token(&self, token: &str) -> AuthCount {
        self.of("token", &fingerprint(token.as_bytes()))
    }

    /// How often this certificate (PEM) came.
    pub fn of_certificate(&self, pem: &str) -> AuthCount {
        let body: String = pem
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN CERTIFICATE"))
            .skip(1)
            .take_while(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD.decode(body).unwrap_or_default();
        self.of("certificate", &fingerprint(&der))
    }

    fn of(&self, kind: &str, id: &str) -> AuthCount {
        let mut count = AuthCount::default();
        for entry in &self.entries {
            if entry.kind == kind && entry.id == id {
                count.accepted += usize::from(entry.accepted);
                count.rejected += usize::from(!entry.accepted);
            }
        }
        count
    }
}

fn fingerprint(credential: &[u8]) -> String {
    hex(&Sha256::digest(credential)[..6])
}

#[cfg(test)]
mod tests {
    use super::{AuthCount, AuthLog, TokenUser, fingerprint, read_tokens, write_tokens};

    #[test]
    fn tokens_come_back_and_stay_out_of_debug_output() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tokens.json");
        assert_eq!(read_tokens(&file).expect("read"), []);
        let users = [TokenUser::new("s3cret", "alice", &["testers"])];
        write_tokens(&file, &users).expect("written");
        assert_eq!(read_tokens(&file).expect("read"), users);
        assert!(!format!("{users:?}").contains("s3cret"));
        std::fs::write(&file, "[{\"token\": \"s3cret\", }]").expect("written");
        let error = read_tokens(&file).expect_err("not JSON");
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn counts_each_token_apart_and_leaves_an_unfinished_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.log");
        let id = fingerprint(b"t1");
        let line = |accepted: bool| {
            format!(r#"{{"time":"t","accepted":{accepted},"kind":"token","id":"{id}"}}"#)
        };
        let text = format!("{}\n{}\n{{\"time", line(true), line(false));
        std::fs::write(&file, text).expect("written");
        let log = AuthLog::read(&file).expect("read");
        let one_each = AuthCount {
            accepted: 1,
            rejected: 1,
        };
        assert_eq!(log.of_token("t1"), one_each);
        assert_eq!(log.of_token("t2"), AuthCount::default());
    }
}
