//! What an object is called, read of its bytes before it is decoded.

use std::borrow::Cow;

use crate::codec::{Header, Identity, Raw};
use crate::encoding::Encoding;
use crate::object::Key;
use crate::shard::Shard;

/// The strings that identify an object, whatever its stored form tells of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) uid: Cow<'a, str>,
    pub(super) version: Cow<'a, str>,
}

impl<'a> Names<'a> {
    /// `None` if they cannot be read, as of what is no object.
    pub(super) fn read(raw: Raw<'a>) -> Option<Self> {
        if let Some(identity) = Identity::read(raw).filter(|identity| is_all(raw, identity)) {
            return Some(Self {
                namespace: identity.namespace.into(),
                name: identity.name.into(),
                uid: identity.uid.into(),
                version: identity.version.into(),
            });
        }
        let header = Header::read(raw)?;
        let Identity {
            namespace,
            name,
            uid,
            version,
        } = header.identity();
        let own = |text: &str| Cow::Owned(text.to_owned());
        Some(Self {
            namespace: own(namespace),
            name: own(name),
            uid: own(uid),
            version: own(version),
        })
    }

    pub(super) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    pub(super) fn is_in(&self, shard: &Shard) -> bool {
        shard.contains_names(&self.uid, &self.namespace)
    }
}

/// The quick look ends at the first field of a message that comes late, as Kubernetes writes none. What is
/// missing may come behind it.
fn is_all(raw: Raw<'_>, identity: &Identity<'_>) -> bool {
    raw.encoding() == Encoding::Json || ![identity.name, identity.uid].contains(&"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_both_encodings_however_they_are_written() {
        let want = Names {
            namespace: "n".into(),
            name: "a".into(),
            uid: "u".into(),
            version: "7".into(),
        };
        for json in [
            r#"{"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"7"},"spec":{}}"#,
            r#"{"spec":{},"metadata":{"uid":"\u0075","x":[],"resourceVersion":"7","name":"a","namespace":"n"}}"#,
        ] {
            assert_eq!(Names::read(Raw::Json(json.as_bytes())), Some(want.clone()));
        }
        for message in [
            &b"\x0a\x0e\x0a\x01a\x1a\x01n\x2a\x01u\x32\x017\x38\x01\x12\x00"[..],
            // In no order.
            b"\x12\x00\x0a\x0e\x38\x01\x32\x017\x2a\x01u\x1a\x01n\x0a\x01a",
            b"\x0a\x0e\x0a\x01a\x38\x01\x1a\x01n\x2a\x01u\x32\x017",
        ] {
            assert_eq!(Names::read(Raw::Protobuf(message)), Some(want.clone()));
        }
        for raw in [
            Raw::Json(b"[]"),
            Raw::Json(b"{}"),
            Raw::Protobuf(b"\x12\x00"),
        ] {
            assert_eq!(Names::read(raw), None);
        }
    }
}
