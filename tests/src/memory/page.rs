//! Where a list's next page starts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::status::Status;

/// The real server's token: where the next page starts, and in which state. Without a version it is
/// the newest one.
pub(super) fn token(version: Option<u64>, start: &str) -> String {
    let version = version.map_or(json!(-1), Value::from);
    let token = json!({ "v": "meta.k8s.io/v1", "rv": version, "start": start });
    URL_SAFE_NO_PAD.encode(token.to_string())
}

/// 410, with a token for the rest as it is now.
pub(super) fn expired_page(start: &str) -> Status {
    let message = "The provided continue parameter is too old to display a consistent list result. \
                   You can start a new list without the continue parameter, or use the continue \
                   token in this response to retrieve the remainder of the results. Continuing with \
                   the provided token results in an inconsistent list - objects that were created, \
                   modified, or deleted between the time the first chunk was returned and now may \
                   show up in the list.";
    Status::expired(message).with_continue(token(None, start))
}
