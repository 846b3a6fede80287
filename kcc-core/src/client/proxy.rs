use std::net::IpAddr;

use http::{HeaderValue, Uri};

use super::header::basic;
use crate::environment::Environment;
use crate::kubeconfig::UrlProblem;
use crate::secret::Secret;
use crate::url::Url;

/// A proxy on the way to a server.
#[derive(Clone)]
pub(super) struct Proxy {
    uri: Uri,
    credentials: Option<(String, Secret)>,
}

impl Proxy {
    /// The kubeconfig's `proxy-url`.
    pub(super) fn parse(text: &str) -> Result<Self, UrlProblem> {
        Self::of(Url::parse(text)?)
    }

    /// As Go reads it (golang.org/x/net/http/httpproxy): never for this machine itself, and a
    /// variable that is no URL at all counts as none. In a CGI program a client of the server may
    /// have set `HTTP_PROXY`.
    pub(super) fn by_environment(
        server: &Uri,
        environment: &Environment,
    ) -> Result<Option<Self>, UrlProblem> {
        let is_tls = server.scheme_str() == Some("https");
        if !is_tls && environment.non_empty("REQUEST_METHOD").is_some() {
            return Ok(None);
        }
        let variable = |name: &str| {
            let lower = name.to_lowercase();
            let value = environment.non_empty(name);
            value.or_else(|| environment.non_empty(&lower))?.to_str()
        };
        let name = if is_tls { "HTTPS_PROXY" } else { "HTTP_PROXY" };
        let Some(proxy) = variable(name) else {
            return Ok(None);
        };
        let host = server.host().unwrap_or_default();
        let port = server.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let destination = Destination::new(host, port);
        if destination.is_loopback
            || destination.is_exempt(variable("NO_PROXY").unwrap_or_default())
        {
            return Ok(None);
        }
        let first = Url::parse(proxy);
        if let Ok(url) = &first
            && !url.scheme.is_empty()
            && !url.host.is_empty()
        {
            return Self::of(url.clone()).map(Some);
        }
        match (first, Url::parse(&format!("http://{proxy}"))) {
            (_, Ok(url)) => Self::of(url).map(Some),
            (Err(_), Err(_)) => Ok(None),
            // Go takes it all the same, and connects to nobody.
            (Ok(_), Err(problem)) => Err(problem),
        }
    }

    fn of(url: Url) -> Result<Self, UrlProblem> {
        if url.host.is_empty() {
            return Err(UrlProblem::NoHost);
        }
        Ok(Self {
            uri: url.origin().parse().map_err(|_| UrlProblem::Host)?,
            credentials: url.userinfo,
        })
    }

    /// Without its name and password.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Name and password.
    pub(super) fn credentials(&self) -> Option<&(String, Secret)> {
        self.credentials.as_ref()
    }

    pub(super) fn is_socks(&self) -> bool {
        matches!(self.uri.scheme_str(), Some("socks5" | "socks5h"))
    }

    /// For `Proxy-Authorization`.
    pub(super) fn basic_auth(&self) -> Option<HeaderValue> {
        let (name, password) = self.credentials.as_ref()?;
        basic(name, password.expose()).ok()
    }
}

/// Where a connection is to go, as `NO_PROXY` looks at it.
struct Destination {
    name: String,
    port: u16,
    address: Option<IpAddr>,
    is_loopback: bool,
}

impl Destination {
    fn new(host: &str, port: u16) -> Self {
        let name = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let address = name.parse::<IpAddr>().ok();
        let address = address.map(|address| address.to_canonical());
        Self {
            // Go knows it in small letters only.
            is_loopback: host == "localhost" || address.is_some_and(|it| it.is_loopback()),
            name,
            port,
            address,
        }
    }

    fn is_exempt(&self, no_proxy: &str) -> bool {
        let mut entries = no_proxy.split(',').map(str::trim);
        entries.any(|entry| self.matches(&entry.to_lowercase()))
    }

    fn matches(&self, entry: &str) -> bool {
        if entry.is_empty() {
            return false;
        }
        if entry == "*" {
            return true;
        }
        if let Some(network) = Network::parse(entry) {
            return self
                .address
                .is_some_and(|address| network.contains(address));
        }
        let (host, port) = split_port(entry);
        let is_port = port.is_empty() || port == self.port.to_string();
        match (host.parse::<IpAddr>(), self.address) {
            (Ok(entry), Some(address)) => entry.to_canonical() == address && is_port,
            (Err(_), None) => is_port && self.is_in_domain(host),
            _ => false,
        }
    }

    /// `x` is `x` and all below it; `.x` and `*.x` are what is below it.
    fn is_in_domain(&self, domain: &str) -> bool {
        let domain = match domain.strip_prefix('*') {
            Some(below) if below.starts_with('.') => below,
            _ => domain,
        };
        if domain.is_empty() {
            return false;
        }
        if domain.starts_with('.') {
            return self.name.ends_with(domain);
        }
        let above = self.name.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// Go's `net.SplitHostPort`, and the whole where that fails.
fn split_port(entry: &str) -> (&str, &str) {
    match entry.rsplit_once(':') {
        Some((host, port)) => match host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            Some(address) if !address.contains(['[', ']']) => (address, port),
            None if !host.contains([':', '[', ']']) => (host, port),
            _ => (entry, ""),
        },
        None => (entry, ""),
    }
}

/// Addresses that begin with the same bits (`net.ParseCIDR`).
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let is_number = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let address = sloppy(address)?;
        let bits = bits.parse().ok().filter(|_| is_number)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.leading_zeros() >= self.bits.into()
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.leading_zeros() >= self.bits.into()
            }
            // One that holds an IPv4 address begins with 96 bits of its own.
            (IpAddr::V6(network), IpAddr::V4(address)) if self.bits >= 96 => {
                let differ = network.to_bits() ^ address.to_ipv6_mapped().to_bits();
                differ.leading_zeros() >= self.bits.into()
            }
            _ => false,
        }
    }
}

/// An address of a network, whose numbers may begin with zeros: apimachinery's
/// `NewProxierWithNoProxyCIDR` reads them before Go's own rules do.
fn sloppy(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let short = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let parts: Vec<String> = text.split('.').map(short).collect();
    parts.join(".").parse().ok().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `go run ./noproxy` in tests/apiserver: what Go does with each.
    const TABLE: &str = include_str!("../../testdata/noproxy.tsv");

    #[test]
    fn the_environment_is_read_as_go_reads_it() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            let [server, variable, proxy, no_proxy, expected] =
                line.split('\t').collect::<Vec<_>>()[..]
            else {
                panic!("{line}");
            };
            let environment: Environment = [(variable, proxy), ("NO_PROXY", no_proxy)]
                .into_iter()
                .collect();
            let found = Proxy::by_environment(&server.parse().unwrap(), &environment);
            let Ok(found) = found else {
                assert!(expected.ends_with("://"), "{line}");
                continue;
            };
            let shown = found.map_or_else(String::new, |proxy| shown(&proxy));
            // An empty port is none.
            assert_eq!(shown, expected.trim_end_matches(':'), "{line}");
            count += 1;
        }
        assert!(count > 200, "{count}");
    }

    fn shown(proxy: &Proxy) -> String {
        let credentials = proxy.credentials().map(|(name, password)| {
            format!("{name}:{}@", String::from_utf8_lossy(password.expose()))
        });
        let authority = proxy.uri().authority().unwrap();
        let scheme = proxy.uri().scheme_str().unwrap();
        format!("{scheme}://{}{authority}", credentials.unwrap_or_default())
    }

    #[test]
    fn small_letters_do_and_large_ones_go_first() {
        let of = |pairs: &[(&str, &str)]| {
            let environment = pairs.iter().copied().collect();
            let server = Uri::from_static("https://a.example");
            let found = Proxy::by_environment(&server, &environment).unwrap();
            found.map(|proxy| shown(&proxy))
        };
        assert_eq!(of(&[("https_proxy", "p:1")]).as_deref(), Some("http://p:1"));
        let both = [("https_proxy", "p:1"), ("HTTPS_PROXY", "q:2")];
        assert_eq!(of(&both).as_deref(), Some("http://q:2"));
        let empty = [("https_proxy", "p:1"), ("HTTPS_PROXY", "")];
        assert_eq!(of(&empty).as_deref(), Some("http://p:1"));
        assert_eq!(
            of(&[("HTTPS_PROXY", "p:1"), ("no_proxy", "a.example")]),
            None
        );
        assert_eq!(of(&[("HTTP_PROXY", "p:1"), ("ALL_PROXY", "p:1")]), None);
    }

    #[test]
    fn a_program_behind_a_web_server_takes_no_proxy_from_its_client() {
        let environment = [("HTTP_PROXY", "p:1"), ("REQUEST_METHOD", "GET")];
        let environment = environment.into_iter().collect();
        let server = Uri::from_static("http://a.example");
        assert!(
            Proxy::by_environment(&server, &environment)
                .unwrap()
                .is_none()
        );
    }
}
