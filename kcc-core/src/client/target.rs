use std::path::PathBuf;

use http::Uri;
use rustls::pki_types::ServerName;

use super::error::{ClientError, ClientProblem, Place};
use crate::kubeconfig::{Cluster, Entry, EntryKind};

/// Where the server is, and how to know that it is the right one.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) server: Uri,
    pub(super) authority: Authority,
    pub(super) tls_server_name: Option<ServerName<'static>>,
    pub(super) proxy: Option<Uri>,
}

/// Who vouches for the server.
#[derive(Clone)]
pub(super) enum Authority {
    /// The certificate authorities that the operating system trusts.
    System,
    /// Those in this PEM.
    Pem(Vec<u8>),
    /// Those in this PEM file, which may be replaced.
    File(PathBuf),
    /// Nobody.
    Unchecked,
}

impl Target {
    pub(super) fn of(cluster: &Entry<Cluster>) -> Result<Self, ClientError> {
        let place = Place::of(cluster, EntryKind::Cluster);
        let unusable = |problem| place.unusable(problem);
        let cluster = &cluster.value;
        let authority = authority(cluster).map_err(unusable)?;
        let is_plain = matches!(authority, Authority::System);
        Ok(Self {
            server: server(&cluster.server, is_plain)
                .ok_or_else(|| unusable(ClientProblem::ServerUrl))?,
            tls_server_name: cluster
                .tls_server_name
                .clone()
                .map(|name| {
                    let name = ServerName::try_from(name);
                    name.map_err(|_| unusable(ClientProblem::TlsServerName))
                })
                .transpose()?,
            proxy: cluster
                .proxy_url
                .as_ref()
                .map(|url| url.parse().map_err(|_| unusable(ClientProblem::ProxyUrl)))
                .transpose()?,
            authority,
            place,
        })
    }

    /// Scheme, host and port, for messages: what else a URL may have can be a password.
    pub(super) fn address(&self) -> String {
        let scheme = self.server.scheme_str().unwrap_or_default();
        let host = self.server.host().unwrap_or_default();
        let port = self.server.port().map(|port| format!(":{port}"));
        format!("{scheme}://{host}{}", port.unwrap_or_default())
    }
}

/// client-go's `transport/transport.go`, `TLSConfigFor`: data before a file, and no CA where nothing
/// is checked.
fn authority(cluster: &Cluster) -> Result<Authority, ClientProblem> {
    let named = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(pem), _) => Some(Authority::Pem(pem.clone())),
        (None, Some(path)) => Some(Authority::File(path.clone())),
        (None, None) => None,
    };
    match (named, cluster.insecure_skip_tls_verify) {
        (Some(_), true) => Err(ClientProblem::AuthorityAndInsecure),
        (Some(named), false) => Ok(named),
        (None, true) => Ok(Authority::Unchecked),
        (None, false) => Ok(Authority::System),
    }
}

/// A server without a scheme speaks HTTPS where TLS is configured, else HTTP (client-go's
/// `rest/url_utils.go`, `DefaultServerURL`).
fn server(text: &str, is_plain: bool) -> Option<Uri> {
    let text = match (text.contains("://"), is_plain) {
        (true, _) => text.to_owned(),
        (false, true) => format!("http://{text}"),
        (false, false) => format!("https://{text}"),
    };
    let uri: Uri = text.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_http && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_kubectl_reads_them() {
        for (text, is_plain, expected) in [
            ("https://a:6443", false, Some("https://a:6443/")),
            ("https://a/base/", true, Some("https://a/base/")),
            ("localhost:8080", true, Some("http://localhost:8080/")),
            ("localhost:8080", false, Some("https://localhost:8080/")),
            ("https://[::1]:6443", true, Some("https://[::1]:6443/")),
            ("ftp://a", true, None),
            ("https://", true, None),
            ("a b", true, None),
        ] {
            let read = server(text, is_plain).map(|uri| uri.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_ca_beside_insecure_is_refused() {
        let cluster = Cluster {
            certificate_authority: Some("ca.crt".into()),
            insecure_skip_tls_verify: true,
            ..Cluster::default()
        };
        assert!(matches!(
            authority(&cluster),
            Err(ClientProblem::AuthorityAndInsecure)
        ));
    }
}
