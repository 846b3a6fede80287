use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use crate::url::{ServerUrl, UrlProblem, without_password};

/// How to reach a cluster (clientcmd/api/v1/types.go, `Cluster`).
///
/// An empty string in the file is the same as an absent field. `Debug` hides the proxy, whose URL
/// may hold a password, and that of the server's URL.
#[derive(Clone, Default)]
pub struct Cluster {
    /// `server`: a URL. Empty if the file has none.
    pub server: String,
    /// `tls-server-name`: the name that the certificate must have, if not the server's.
    pub tls_server_name: Option<String>,
    /// `insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `certificate-authority`: a PEM file; a relative path was joined to the kubeconfig's folder.
    pub certificate_authority: Option<PathBuf>,
    /// `certificate-authority-data`: PEM.
    pub certificate_authority_data: Option<Vec<u8>>,
    /// `proxy-url`.
    pub proxy_url: Option<String>,
    /// `disable-compression`.
    pub disable_compression: bool,
    /// The extension `client.authentication.k8s.io/exec`: `spec.cluster.config` for a plugin that
    /// wants cluster information.
    pub exec_config: Option<serde_json::Value>,
}

impl Cluster {
    /// Where `server` is.
    ///
    /// # Errors
    /// [`UrlProblem`] where no client would find it.
    pub fn server_url(&self) -> Result<ServerUrl, UrlProblem> {
        ServerUrl::parse(&self.server)
    }

    /// `server` for messages: without a name and password that it may have.
    pub fn shown_server(&self) -> Cow<'_, str> {
        without_password(&self.server)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("server", &without_password(&self.server))
            .field("tls_server_name", &self.tls_server_name)
            .field("insecure_skip_tls_verify", &self.insecure_skip_tls_verify)
            .field("certificate_authority", &self.certificate_authority)
            .finish_non_exhaustive()
    }
}
