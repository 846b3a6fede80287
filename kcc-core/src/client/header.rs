//! Values of `Authorization` and `Proxy-Authorization`.

use http::HeaderValue;

use super::error::ClientProblem;

/// `None` where the token cannot stand in a header.
pub(super) fn bearer(token: &[u8]) -> Option<HeaderValue> {
    sensitive(&[b"Bearer ", token].concat())
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &[u8]) -> Result<HeaderValue, ClientProblem> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let pair = zeroize::Zeroizing::new([user.as_bytes(), b":", password].concat());
    let encoded = zeroize::Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)));
    sensitive(encoded.as_bytes()).ok_or(ClientProblem::Header("password"))
}

/// One that `Debug` does not show.
fn sensitive(value: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_stand_in_basic_form() {
        let header = basic("Aladdin", b"open sesame").unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
    }
}
