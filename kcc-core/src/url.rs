//! What may be seen of a URL.

use std::borrow::Cow;

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
    use super::*;

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
