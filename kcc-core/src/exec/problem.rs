use super::version::ApiVersion;

/// What is wrong with a plugin's output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputProblem {
    /// Nothing was printed on stdout.
    #[error("it printed nothing on stdout")]
    Empty,
    /// More was printed than a credential can be.
    #[error("it printed more than {} KiB on stdout", .limit / 1024)]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Neither JSON nor YAML.
    #[error("its stdout is neither JSON nor YAML of the expected form (line {line})")]
    Syntax {
        /// Where, counted from 1.
        line: u64,
    },
    /// Not text.
    #[error("its stdout is not UTF-8")]
    NotUtf8,
    /// The `kind` is another.
    #[error("its kind is not ExecCredential")]
    OtherKind,
    /// There is no `apiVersion`.
    #[error("it has no apiVersion")]
    NoApiVersion,
    /// The `apiVersion` is not the one that was requested.
    #[error("its apiVersion is not the {requested} that the client requested")]
    OtherApiVersion {
        /// What was requested.
        requested: ApiVersion,
    },
    /// The `apiVersion` is none that is known.
    #[error("its apiVersion is no known version of client.authentication.k8s.io")]
    UnknownApiVersion,
    /// There is no `status`.
    #[error("it has no status")]
    NoStatus,
    /// `status` has neither token nor certificate.
    #[error("its status has neither a token nor a client certificate with its key")]
    NoCredential,
    /// A certificate without its key.
    #[error("its status has clientCertificateData without clientKeyData")]
    CertificateWithoutKey,
    /// A key without its certificate.
    #[error("its status has clientKeyData without clientCertificateData")]
    KeyWithoutCertificate,
    /// The certificate cannot be read.
    #[error("its clientCertificateData is not a PEM certificate")]
    Certificate,
    /// The key cannot be read.
    #[error("its clientKeyData is not a PEM private key, or is encrypted")]
    Key,
    /// The certificate and the key are none that a client can use together. Only a client looks at
    /// that.
    #[error("its client certificate and key cannot be used: {0}")]
    ClientCertificate(String),
    /// The token cannot be sent. Only a client looks at that.
    #[error("its token has characters that no HTTP header can hold")]
    Token,
    /// The timestamp cannot be read.
    #[error("its expirationTimestamp is not an RFC 3339 time such as 2030-01-02T03:04:05Z")]
    Timestamp,
}
