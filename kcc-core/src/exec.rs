//! The protocol between a client and its exec plugin (`client.authentication.k8s.io`).

mod version;
// What the client requests.
mod info;
// What the plugin gives.
mod problem;
mod expiry;
mod credential;

pub use credential::{CredentialKind, ExecCredential};
pub use info::{ExecInfo, ExecInfoError};
pub use problem::OutputProblem;
pub use version::ApiVersion;
