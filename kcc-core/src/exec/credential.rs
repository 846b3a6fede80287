mod json_text;
mod sink;
mod yaml_input;
mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expiry;
use super::problem::OutputProblem;
use super::version::ApiVersion;
use crate::secret::Secret;
use wire::Wire;

/// What a plugin answered: its `ExecCredential`, checked by client-go's rules.
#[derive(Debug, Clone)]
pub struct ExecCredential {
    api_version: ApiVersion,
    /// As the plugin wrote it, so that it is printed unchanged.
    expiration_timestamp: Option<String>,
    token: Option<Secret>,
    certificate: Option<CertificateAndKey>,
    /// The earliest of what the timestamp, the certificate and the token say.
    expires_at: Option<Timestamp>,
}

/// What kind of credential a plugin gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CredentialKind {
    /// A bearer token.
    Token,
    /// A client certificate with its key.
    Certificate,
    /// A token and a certificate; the client sends both.
    Both,
}

#[derive(Debug, Clone)]
struct CertificateAndKey {
    certificate: Secret,
    key: Secret,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    kind: &'static str,
    api_version: &'static str,
    spec: PrintedSpec,
    status: PrintedStatus<'a>,
}

/// `spec` is required in v1, and `{}` is what plugins print.
#[derive(Serialize)]
struct PrintedSpec {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedStatus<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_key_data: Option<&'a str>,
}

impl ExecCredential {
    /// Reads a plugin's output, JSON or YAML, as an answer to a request of version `requested`; where the
    /// client did not say one, any known version is an answer.
    ///
    /// # Errors
    /// [`OutputProblem`] where client-go would refuse the output, too. It never repeats any of it.
    ///
    /// What is odd is read as client-go reads it: of a name that comes twice the last one counts, an
    /// unknown one does not, the kind may be missing, and behind a YAML document anything may stand.
    pub fn parse(output: &[u8], requested: Option<ApiVersion>) -> Result<Self, OutputProblem> {
        let wire = Wire::parse(output)?;
        // No kind is the kind that is expected (apimachinery's `gvkWithDefaults`).
        if !matches!(wire.kind.as_str(), "" | "ExecCredential") {
            return Err(OutputProblem::OtherKind);
        }
        let api_version = answered_version(&wire.api_version, requested)?;
        let status = wire.status.ok_or(OutputProblem::NoStatus)?;
        let stated = match &status.expiration_timestamp {
            Some(text) => expiry::of_timestamp(text)?,
            None => None,
        };
        let token = status.token.filter(|token| !token.expose().is_empty());
        let certificate = certificate(status.client_certificate_data, status.client_key_data)?;
        if token.is_none() && certificate.is_none() {
            return Err(OutputProblem::NoCredential);
        }
        let not_after = match &certificate {
            Some(pair) => Some(expiry::of_certificate(pair.certificate.expose())?),
            None => None,
        };
        let exp = token
            .as_ref()
            .and_then(|token| expiry::of_jwt(token.expose()));
        Ok(Self {
            api_version,
            expiration_timestamp: status.expiration_timestamp,
            token,
            certificate,
            expires_at: [stated, not_after, exp].into_iter().flatten().min(),
        })
    }

    /// The version in which the plugin answered.
    pub fn api_version(&self) -> ApiVersion {
        self.api_version
    }

    /// Whether the plugin itself named an expiry.
    pub(crate) fn states_expiry(&self) -> bool {
        self.expiration_timestamp.is_some()
    }

    /// As [`to_json`](Self::to_json), without any expiry.
    pub(crate) fn without_expiry(mut self) -> Secret {
        self.expiration_timestamp = None;
        self.to_json(None)
    }

    /// When it ends: the earliest of the plugin's timestamp, the certificate's `NotAfter` and a
    /// JWT's `exp`; `None` where nothing says.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The bearer token, if there is one.
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// The client certificate and its private key, both PEM, if there are any.
    pub fn certificate_and_key(&self) -> Option<(&Secret, &Secret)> {
        let pair = self.certificate.as_ref()?;
        Some((&pair.certificate, &pair.key))
    }

    /// Whether it is a token, a certificate or both.
    pub fn kind(&self) -> CredentialKind {
        match (&self.token, &self.certificate) {
            (Some(_), Some(_)) => CredentialKind::Both,
            (None, Some(_)) => CredentialKind::Certificate,
            _ => CredentialKind::Token,
        }
    }

    /// One line of JSON for the client. The plugin's own timestamp stands unchanged; where it gave
    /// none, `expires_at` stands, so that a client that saw an expiry once sees one every time
    /// (kube-rs never runs its plugin again without one, and fails if it vanishes later).
    pub fn to_json(&self, expires_at: Option<Timestamp>) -> Secret {
        let printed = Printed {
            kind: "ExecCredential",
            api_version: self.api_version.as_str(),
            spec: PrintedSpec {},
            status: PrintedStatus {
                expiration_timestamp: self
                    .expiration_timestamp
                    .clone()
                    .or_else(|| expires_at.map(whole_seconds)),
                token: self.token.as_ref().and_then(Secret::expose_str),
                client_certificate_data: self
                    .certificate
                    .as_ref()
                    .and_then(|pair| pair.certificate.expose_str()),
                client_key_data: self
                    .certificate
                    .as_ref()
                    .and_then(|pair| pair.key.expose_str()),
            },
        };
        // A buffer that never grows leaves no copies of the secret behind in freed memory.
        let mut line = Vec::with_capacity(self.printed_size());
        serde_json::to_writer(&mut line, &printed).expect("strings and a writer that cannot fail");
        line.push(b'\n');
        Secret::new(line)
    }

    /// More than the JSON can take: each byte may need an escape of six.
    fn printed_size(&self) -> usize {
        let secrets = [
            self.token.as_ref(),
            self.certificate.as_ref().map(|pair| &pair.certificate),
            self.certificate.as_ref().map(|pair| &pair.key),
        ];
        let bytes: usize = secrets
            .iter()
            .flatten()
            .map(|secret| secret.expose().len())
            .sum();
        let stated = self.expiration_timestamp.as_ref().map_or(40, String::len);
        6 * (bytes + stated) + 512
    }
}

/// As client-go wants it: the version that was requested. Who requested none takes what it gets.
fn answered_version(
    answered: &str,
    requested: Option<ApiVersion>,
) -> Result<ApiVersion, OutputProblem> {
    if answered.is_empty() {
        return Err(OutputProblem::NoApiVersion);
    }
    match (ApiVersion::parse(answered), requested) {
        (Some(answered), None) => Ok(answered),
        (Some(answered), Some(requested)) if answered == requested => Ok(answered),
        (_, Some(requested)) => Err(OutputProblem::OtherApiVersion { requested }),
        (None, None) => Err(OutputProblem::UnknownApiVersion),
    }
}

fn certificate(
    certificate: Option<Secret>,
    key: Option<Secret>,
) -> Result<Option<CertificateAndKey>, OutputProblem> {
    let present = |secret: Option<Secret>| secret.filter(|secret| !secret.expose().is_empty());
    match (present(certificate), present(key)) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(OutputProblem::CertificateWithoutKey),
        (None, Some(_)) => Err(OutputProblem::KeyWithoutCertificate),
        (Some(certificate), Some(key)) => {
            if !expiry::is_private_key(key.expose()) {
                return Err(OutputProblem::Key);
            }
            Ok(Some(CertificateAndKey { certificate, key }))
        }
    }
}

/// RFC 3339 as Kubernetes writes times: whole seconds, never later than the instant itself.
fn whole_seconds(instant: Timestamp) -> String {
    let whole = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
    whole.to_string()
}
