//! The URL of a server or a proxy, read as Go reads it: net/url's `Parse`, and the ports of net.
//!
//! A URL that another reader would take for something else must not decide where a token goes:
//! `https://host:abc` must not lead to port 443.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::os::unix::ffi::OsStrExt;

use crate::path::clean;
use crate::secret::Secret;

/// Where a server is, after all rules of client-go (`rest/url_utils.go`, `DefaultServerURL`).
///
/// Shown and debugged without the name and password that a URL may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

/// Why a URL cannot be used. No message repeats it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlProblem {
    /// No scheme, or no host behind it.
    #[error("it has no host; write https://host:port")]
    NoHost,
    /// Host and port with a path need a scheme, too.
    #[error("it has a path and no scheme; begin it with https://")]
    NoScheme,
    /// Not a scheme that is spoken here.
    #[error("its scheme is none that is spoken here; begin it with https://")]
    Scheme,
    /// Not digits, or too many of them.
    #[error("its port is not a number up to 65535")]
    Port,
    /// A host with characters that none has.
    #[error("its host has characters that no host name has, such as a space")]
    Host,
    /// A host outside of ASCII.
    #[error("its host is not ASCII; write its international form, which begins with xn--")]
    NotAscii,
    /// Square brackets around something else than an IPv6 address.
    #[error("what it has in brackets is not an IPv6 address (without a zone)")]
    Brackets,
    /// Name or password.
    #[error("the name or password in it has characters that must be written as %XX")]
    UserInfo,
    /// A percent sign with something else than two digits behind it.
    #[error("a % in it is not followed by two hexadecimal digits")]
    Escape,
    /// A tab, a line's end or the like.
    #[error("it has a control character in it")]
    Control,
}

/// Scheme, host, port and path; the scheme in small letters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) userinfo: Option<(String, Secret)>,
    /// With its brackets. Empty where there is none.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Not encoded.
    path: Vec<u8>,
}

impl ServerUrl {
    /// Reads `server` of a kubeconfig's cluster.
    ///
    /// Without a scheme it is http, whatever else the cluster says: client-go decides that before it
    /// looks at a CA or at a client certificate (`clientcmd/client_config.go`, `ClientConfig`).
    ///
    /// # Errors
    /// [`UrlProblem`] where client-go, or Go's net, would not connect either.
    pub fn parse(text: &str) -> Result<Self, UrlProblem> {
        let url = match Url::parse(text) {
            Ok(url) if !url.scheme.is_empty() && !url.host.is_empty() => url,
            first => without_scheme(text, first.err())?,
        };
        match url.scheme.as_str() {
            "http" | "https" => Ok(Self(url)),
            _ => Err(UrlProblem::Scheme),
        }
    }

    /// Whether it is spoken to over TLS. client-go sends no credential anywhere else.
    pub fn is_tls(&self) -> bool {
        self.0.scheme == "https"
    }

    /// The name and password in the URL. Go sends them to the server by themselves, and then no
    /// credential of the user.
    #[cfg_attr(
        not(any(feature = "client", test)),
        expect(dead_code, reason = "for the client")
    )]
    pub(crate) fn userinfo(&self) -> Option<&(String, Secret)> {
        self.0.userinfo.as_ref()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.origin(), encoded(&self.0.path))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

impl Url {
    /// Go's `url.Parse`, of which what stands behind `?` and `#` is dropped.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlProblem> {
        let text = text.split('#').next().unwrap_or_default();
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(UrlProblem::Control);
        }
        let (scheme, rest) = scheme(text)?;
        let rest = rest.split('?').next().unwrap_or_default();
        let mut url = Self {
            scheme: scheme.to_ascii_lowercase(),
            userinfo: None,
            host: String::new(),
            port: None,
            path: vec![],
        };
        let path = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                url.set_authority(&rest[..end])?;
                &rest[end..]
            }
            // Go calls this opaque, or a relative path.
            None if !rest.starts_with('/') => return Ok(url),
            None => rest,
        };
        url.path = decoded(path).ok_or(UrlProblem::Escape)?;
        Ok(url)
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.scheme, self.host)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), UrlProblem> {
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let (host, port) = host_and_port(host)?;
        host.clone_into(&mut self.host);
        self.port = port;
        self.userinfo = userinfo.map(read_userinfo).transpose()?;
        Ok(())
    }
}

/// Go's `getScheme`.
fn scheme(text: &str) -> Result<(&str, &str), UrlProblem> {
    let is_first = |c: char| c.is_ascii_alphabetic();
    let is_more = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match text.split_once(':') {
        Some(("", _)) => Err(UrlProblem::NoScheme),
        Some((scheme, rest)) if scheme.starts_with(is_first) && scheme.chars().all(is_more) => {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

/// Host and port alone. Why it is no URL is told where it was meant to be one.
fn without_scheme(text: &str, first: Option<UrlProblem>) -> Result<Url, UrlProblem> {
    let is_meant = text.contains("://");
    let problem = |second| match first {
        Some(first) if is_meant => first,
        None if is_meant => UrlProblem::NoHost,
        _ => second,
    };
    let url = Url::parse(&format!("http://{text}")).map_err(problem)?;
    if url.host.is_empty() {
        return Err(problem(UrlProblem::NoHost));
    }
    match url.path.as_slice() {
        b"" | b"/" => Ok(url),
        _ => Err(problem(UrlProblem::NoScheme)),
    }
}

/// Go's `parseHost`.
fn host_and_port(text: &str) -> Result<(&str, Option<u16>), UrlProblem> {
    if text.starts_with('[') {
        let end = text.rfind(']').ok_or(UrlProblem::Brackets)?;
        let address = &text[1..end];
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(UrlProblem::Brackets);
        }
        return Ok((&text[..=end], port(&text[end + 1..])?));
    }
    let end = text.find(':').unwrap_or(text.len());
    let (host, port_text) = text.split_at(end);
    let port = port(port_text)?;
    if !host.is_ascii() {
        return Err(UrlProblem::NotAscii);
    }
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=".contains(&byte);
    if !host.bytes().all(is_host) {
        return Err(UrlProblem::Host);
    }
    if host.is_empty() && !port_text.is_empty() {
        return Err(UrlProblem::NoHost);
    }
    Ok((host, port))
}

/// What stands behind the host: nothing, or a colon with or without digits (`validOptionalPort`).
fn port(text: &str) -> Result<Option<u16>, UrlProblem> {
    if text.is_empty() || text == ":" {
        return Ok(None);
    }
    let digits = text.strip_prefix(':').ok_or(UrlProblem::Port)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlProblem::Port);
    }
    digits.parse().map(Some).map_err(|_| UrlProblem::Port)
}

fn read_userinfo(text: &str) -> Result<(String, Secret), UrlProblem> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !text.bytes().all(is_plain) {
        return Err(UrlProblem::UserInfo);
    }
    let (name, password) = text.split_once(':').unwrap_or((text, ""));
    let name = decoded(name).and_then(|name| String::from_utf8(name).ok());
    let password = decoded(password).map(Secret::new);
    name.zip(password).ok_or(UrlProblem::UserInfo)
}

/// Without its `%XX`; `None` where one is broken.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        decoded.push(u8::try_from(value).ok()?);
    }
    Some(decoded)
}

/// A path as it is sent: cleaned, which client-go does when it joins the rest to it, and each byte
/// that Go does not leave as it is encoded.
fn encoded(path: &[u8]) -> String {
    use fmt::Write as _;

    if path.is_empty() {
        return "/".to_owned();
    }
    let rooted = [b"/", path].concat();
    let mut path_only = clean(std::ffi::OsStr::from_bytes(&rooted));
    if path.ends_with(b"/") && path_only != "/" {
        path_only.push("/");
    }
    let mut text = String::with_capacity(path.len());
    for &byte in path_only.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The URL without the name and password that may stand before its host.
pub(crate) fn without_password(url: &str) -> Cow<'_, str> {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) => Cow::Owned(format!("{}[redacted]{}", &url[..start], &url[start + at..])),
        None => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests {
    use super::UrlProblem::*;
    use super::*;

    #[test]
    fn servers_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("https://a:6443", Ok("https://a:6443/")),
            ("HTTPS://A:06443", Ok("https://A:6443/")),
            ("https://a:", Ok("https://a/")),
            ("https://a?x#y", Ok("https://a/")),
            ("https://[::1]:6443/", Ok("https://[::1]:6443/")),
            ("https://a/base/", Ok("https://a/base/")),
            ("https://a//b/../c d/%2f%41?x=y", Ok("https://a/c%20d/A")),
            ("https://me:s3cret@a:1", Ok("https://a:1/")),
            ("HTTP://a", Ok("http://a/")),
            // Go takes "localhost" for a scheme at first.
            ("localhost:8080", Ok("http://localhost:8080/")),
            ("127.0.0.1:6443/", Ok("http://127.0.0.1:6443/")),
            ("a", Ok("http://a/")),
            ("a?x", Ok("http://a/")),
            ("[::1]:8080", Ok("http://[::1]:8080/")),
            ("https://a:abc", Err(Port)),
            ("https://a:99999", Err(Port)),
            ("https://a:-1", Err(Port)),
            ("https://a:+1", Err(Port)),
            ("https://a:1:2", Err(Port)),
            ("https://a:64 43", Err(Port)),
            ("https://::1:6443", Err(Port)),
            ("https://[::1]6443", Err(Port)),
            ("a:abc", Err(Port)),
            ("https://a b", Err(Host)),
            ("https:// a", Err(Host)),
            ("https://a%20b", Err(Host)),
            ("https://a\\b", Err(Host)),
            ("https://a<b", Err(Host)),
            ("https://bücher.example", Err(NotAscii)),
            ("https://[127.0.0.1]:1", Err(Brackets)),
            ("https://[::1", Err(Brackets)),
            ("https://[fe80::1%25lo]:1", Err(Brackets)),
            ("https://a\t:1", Err(Control)),
            ("https://a/\u{7f}", Err(Control)),
            ("https://m e@a", Err(UserInfo)),
            ("https://%zz@a", Err(UserInfo)),
            ("https://a/%zz", Err(Escape)),
            ("https://a/%2", Err(Escape)),
            ("https://", Err(NoHost)),
            ("https:///a", Err(NoHost)),
            ("https://:6443", Err(NoHost)),
            ("", Err(NoHost)),
            ("?x", Err(NoHost)),
            ("//a:6443", Err(NoHost)),
            ("https:a:6443", Err(Port)),
            (":6443", Err(NoHost)),
            ("a/base", Err(NoScheme)),
            ("ftp://a", Err(Scheme)),
            ("unix:///run/x", Err(NoHost)),
        ] {
            let read = ServerUrl::parse(text);
            let shown = read.as_ref().map(ToString::to_string);
            assert_eq!(
                shown.as_deref().map_err(|problem| **problem),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_password_is_read_and_not_shown() {
        let url = ServerUrl::parse("https://m%40e:s3c%72et:x@a:1/b").unwrap();
        let (name, password) = url.userinfo().unwrap();
        assert_eq!(
            (name.as_str(), password.expose()),
            ("m@e", &b"s3cret:x"[..])
        );
        let shown = format!("{url} {url:?}");
        assert_eq!(shown, "https://a:1/b ServerUrl(https://a:1/b)");
    }

    #[test]
    fn only_what_stands_before_the_host_is_hidden() {
        for (url, shown) in [
            ("https://a.example:6443/x@y", "https://a.example:6443/x@y"),
            (
                "https://me:pass@a.example/x",
                "https://[redacted]@a.example/x",
            ),
            ("https://me:p@ss@a", "https://[redacted]@a"),
            ("me:pass@a:1", "[redacted]@a:1"),
            ("https://[::1]:6443?u=a@b", "https://[::1]:6443?u=a@b"),
            ("", ""),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
