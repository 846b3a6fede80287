use std::path::PathBuf;

use http::{HeaderValue, Uri};
use rustls::pki_types::ServerName;

use super::error::{ClientError, ClientProblem, NamedRef};
use super::header::basic;
use super::proxy::Proxy;
use crate::environment::Environment;
use crate::kubeconfig::{Cluster, Named, NamedKind, ServerUrl, UrlProblem};

/// Where the server is, and how to know that it is the right one.
pub(super) struct Target {
    pub(super) cluster: NamedRef,
    /// Without a name and password.
    pub(super) server: Uri,
    /// For the name and password that stood in the server's URL.
    pub(super) url_authorization: Option<HeaderValue>,
    pub(super) authority: Authority,
    pub(super) tls_server_name: Option<ServerName<'static>>,
    /// The kubeconfig's.
    proxy: Option<Proxy>,
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
    pub(super) fn of(cluster: &Named<Cluster>) -> Result<Self, ClientError> {
        let named = NamedRef::of(cluster, NamedKind::Cluster);
        let unusable = |problem| named.unusable(problem);
        let cluster = &cluster.value;
        let url = cluster.server_url();
        let url = url.map_err(|problem| unusable(ClientProblem::ServerUrl(problem)))?;
        let proxy = cluster.proxy_url.as_deref().map(Proxy::parse).transpose();
        let proxy = proxy.map_err(|problem| unusable(ClientProblem::ProxyUrl(problem)))?;
        let mut target = Self::at(named.clone(), &url)?;
        target.proxy = proxy;
        if url.is_tls() {
            target.authority = authority(cluster).map_err(unusable)?;
            let name = cluster.tls_server_name.clone().map(ServerName::try_from);
            let name = name.transpose();
            target.tls_server_name = name.map_err(|_| unusable(ClientProblem::TlsServerName))?;
        }
        Ok(target)
    }

    /// What the URL alone says. Where there is no TLS, nothing of it is looked at (client-go's
    /// `clientcmd/client_config.go`, `ClientConfig`); a proxy may have it all the same.
    pub(super) fn at(named: NamedRef, url: &ServerUrl) -> Result<Self, ClientError> {
        let server = url.to_string().parse();
        let server = server.map_err(|_| named.unusable(ClientProblem::ServerUrl(UrlProblem::Host)));
        let authorization = url.userinfo().map(|(name, password)| {
            let authorization = basic(name, password.expose());
            authorization.map_err(|problem| named.unusable(problem))
        });
        Ok(Self {
            server: server?,
            url_authorization: authorization.transpose()?,
            authority: Authority::System,
            tls_server_name: None,
            proxy: None,
            cluster: named,
        })
    }

    /// Whether there is no TLS to the server, so that nothing of the user's is sent.
    pub(super) fn is_plain(&self) -> bool {
        self.server.scheme_str() != Some("https")
    }

    /// The proxy on the way: the kubeconfig's, else what the environment says.
    pub(super) fn proxy(&self, environment: &Environment) -> Result<Option<Proxy>, UrlProblem> {
        match &self.proxy {
            Some(proxy) => Ok(Some(proxy.clone())),
            None => Proxy::by_environment(&self.server, environment),
        }
    }

    /// Scheme, host and port, for messages.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubeconfig::Origin;

    fn target(cluster: Cluster) -> Result<Target, ClientError> {
        Target::of(&Named {
            name: "c".to_owned(),
            value: cluster,
            origin: Origin {
                path: "config".into(),
                line: 1,
            },
        })
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

    /// client-go does not look at it, and neither does it make a scheme out of it.
    #[test]
    fn without_tls_its_settings_are_nobodys() {
        for server in ["http://a:1", "HTTP://a:1", "a:1"] {
            let target = target(Cluster {
                server: server.to_owned(),
                certificate_authority: Some("/nowhere/ca.crt".into()),
                insecure_skip_tls_verify: true,
                tls_server_name: Some("no name".to_owned()),
                ..Cluster::default()
            });
            let target = target.unwrap();
            assert!(target.is_plain());
            assert_eq!(target.server, "http://a:1/");
        }
    }

    #[test]
    fn a_urls_password_is_sent_and_not_shown() {
        let server = "https://me:s3cret@a:1/base".to_owned();
        let target = target(Cluster {
            server,
            ..Cluster::default()
        });
        let target = target.unwrap();
        assert_eq!(target.server, "https://a:1/base");
        assert_eq!(target.address(), "https://a:1");
        assert_eq!(target.url_authorization.unwrap(), "Basic bWU6czNjcmV0");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_and_the_url_is_not() {
        let wrong = |server: &str, proxy_url: Option<&str>| {
            let error = target(Cluster {
                server: server.to_owned(),
                proxy_url: proxy_url.map(str::to_owned),
                ..Cluster::default()
            });
            error.err().unwrap().to_string()
        };
        let port = "its port is not a number up to 65535";
        for (server, proxy_url, field) in [
            ("https://me:s3cret@a:abc", None, "server"),
            ("https://a:1", Some("http://me:s3cret@b:99999"), "proxy-url"),
        ] {
            let text = wrong(server, proxy_url);
            assert!(
                text.starts_with(&format!("config:1: cluster \"c\": {field}")),
                "{text}"
            );
            assert!(text.contains(port) && !text.contains("s3cret"), "{text}");
        }
    }
}
