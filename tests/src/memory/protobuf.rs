//! Bodies in Kubernetes' protobuf.
//!
//! kubectl sends what it makes by itself (`kubectl create configmap`) as protobuf and does not fall
//! back to JSON.

use kcache::protobuf::from_enveloped;
use serde_json::Value;

/// Decodes a body.
///
/// # Errors
/// What is not understood.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    from_enveloped(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::protobuf::{envelope, enveloped, field};
    use serde_json::json;

    #[test]
    fn a_config_map_is_read() {
        let map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": "settings" },
            "data": { "k": "v" },
        });
        let body = enveloped(&map).expect("written");
        assert_eq!(decode(&body), Ok(map));
    }

    #[test]
    fn what_is_not_known_is_refused_and_what_is_broken_is_no_panic() {
        assert!(decode(&envelope("v1", "Unheard", &[])).is_err());
        let message = field(1, &field(1, b"settings"));
        let whole = envelope("v1", "ConfigMap", &message);
        assert!(decode(&whole).is_ok());
        for end in 0..whole.len() - 1 {
            let _ = decode(&whole[..end]);
        }
        assert!(decode(b"{}").is_err());
    }
}
