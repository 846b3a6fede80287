//! Which object it is, and at which version, as cheap as that can be known.

use super::raw::Raw;
use crate::json::metadata_strings;
use crate::protobuf::wire::{self, Value};

/// The strings that identify an object at a version; empty where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) uid: &'a str,
    pub(crate) version: &'a str,
}

/// The numbers of the metadata in every object, and of its fields (`metav1.ObjectMeta`).
const METADATA: u32 = 1;
const NAME: u32 = 1;
const GENERATE_NAME: u32 = 2;
const NAMESPACE: u32 = 3;
const SELF_LINK: u32 = 4;
const UID: u32 = 5;
const RESOURCE_VERSION: u32 = 6;

impl<'a> Identity<'a> {
    /// Reads no more than it has to, so the object may be wrong everywhere else, and say later that it is
    /// another one. `None` if it is not plain to see.
    pub(crate) fn read(raw: Raw<'a>) -> Option<Self> {
        match raw {
            Raw::Json(json) => {
                let names = ["namespace", "name", "uid", "resourceVersion"];
                let [namespace, name, uid, version] = metadata_strings(json, names)?;
                Some(Self {
                    namespace,
                    name,
                    uid,
                    version,
                })
            }
            Raw::Protobuf(message) => Self::of_message(message),
        }
    }

    fn of_message(message: &'a [u8]) -> Option<Self> {
        let (METADATA, Value::Bytes(metadata)) = wire::Reader::new(message).next().ok()?? else {
            return None;
        };
        let mut identity = Self::default();
        let mut fields = wire::Reader::new(metadata);
        while let Some((number, value)) = fields.next().ok()? {
            let text = match number {
                NAME => &mut identity.name,
                NAMESPACE => &mut identity.namespace,
                UID => &mut identity.uid,
                RESOURCE_VERSION => &mut identity.version,
                // Kubernetes writes fields in the order of their numbers.
                GENERATE_NAME | SELF_LINK => continue,
                _ => break,
            };
            let Value::Bytes(bytes) = value else {
                return None;
            };
            *text = std::str::from_utf8(bytes).ok()?;
        }
        Some(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_say_who_it_is() {
        let want = Identity {
            namespace: "n",
            name: "a",
            uid: "u",
            version: "7",
        };
        let json = br#"{"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"7","#;
        assert_eq!(Identity::read(Raw::Json(json)), Some(want));
        let message = b"\x0a\x0e\x0a\x01a\x1a\x01n\x2a\x01u\x32\x017\x38\x01\x12\x00";
        assert_eq!(Identity::read(Raw::Protobuf(message)), Some(want));
        assert_eq!(Identity::read(Raw::Protobuf(b"\x12\x00")), None);
        assert_eq!(Identity::read(Raw::Protobuf(b"\x0a\x02\x0a\x05a")), None);
        assert_eq!(Identity::read(Raw::Protobuf(b"")), None);
    }
}
