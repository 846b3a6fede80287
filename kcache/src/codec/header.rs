//! What there is to know of an object without decoding it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::identity::Identity;
use super::raw::Raw;
use crate::json::coerced;
use crate::object::Key;
use crate::protobuf::wire::{self, Value};
use crate::protobuf::{Envelope, Error};

/// The part of `metadata` that an engine needs of objects that it does not keep.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(crate) struct Header {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    annotations: Option<HashMap<String, Option<String>>>,
}

impl Header {
    /// Reads it from an object that may be wrong everywhere else.
    pub(crate) fn read(raw: Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Json(json) => Self::of_json(json),
            Raw::Protobuf(message) => Self::of_message(message),
        }
    }

    fn of_json(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Named {
            metadata: Header,
        }
        serde_json::from_slice(&coerced(json))
            .ok()
            .map(|Named { metadata }| metadata)
    }

    /// All messages that are objects have their metadata in the first field. What is damaged behind it
    /// does not matter.
    fn of_message(message: &[u8]) -> Option<Self> {
        let mut header = None;
        let mut fields = wire::Reader::new(message);
        while let Ok(Some((number, value))) = fields.next() {
            if let (METADATA, Value::Bytes(metadata)) = (number, value) {
                let header = header.get_or_insert_with(Self::default);
                header.take_metadata(metadata).ok()?;
            }
        }
        header
    }

    fn take_metadata(&mut self, metadata: &[u8]) -> Result<(), Error> {
        let mut fields = wire::Reader::new(metadata);
        while let Some((number, value)) = fields.next()? {
            let Value::Bytes(bytes) = value else { continue };
            match number {
                NAME => self.name = Some(text(bytes)),
                NAMESPACE => self.namespace = Some(text(bytes)),
                UID => self.uid = Some(text(bytes)),
                RESOURCE_VERSION => self.resource_version = Some(text(bytes)),
                ANNOTATIONS => {
                    let (key, value) = entry(bytes)?;
                    let annotations = self.annotations.get_or_insert_default();
                    annotations.insert(key, Some(value));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Its key, if it has a name.
    pub(crate) fn key(&self) -> Option<Key> {
        let name = self.name.as_deref().filter(|name| !name.is_empty())?;
        Some(Key::new(
            self.namespace.as_deref().unwrap_or_default(),
            name,
        ))
    }

    /// What identifies it, empty where it has nothing.
    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity {
            namespace: self.namespace.as_deref().unwrap_or_default(),
            name: self.name.as_deref().unwrap_or_default(),
            uid: self.uid.as_deref().unwrap_or_default(),
            version: self.resource_version.as_deref().unwrap_or_default(),
        }
    }

    /// Its version, if it has one.
    pub(crate) fn version(&self) -> Option<&str> {
        self.resource_version
            .as_deref()
            .filter(|version| !version.is_empty())
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key)?.as_deref()
    }
}

/// The number of the metadata in every object, and of its fields (`metav1.ObjectMeta`).
const METADATA: u32 = 1;
const NAME: u32 = 1;
const NAMESPACE: u32 = 3;
const UID: u32 = 5;
const RESOURCE_VERSION: u32 = 6;
const ANNOTATIONS: u32 = 12;

/// An entry of a map of texts.
fn entry(message: &[u8]) -> Result<(String, String), Error> {
    let mut entry = (String::new(), String::new());
    let mut fields = wire::Reader::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(key)) => entry.0 = text(key),
            (2, Value::Bytes(value)) => entry.1 = text(value),
            _ => {}
        }
    }
    Ok(entry)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The `kind` and `apiVersion` of an object, which stand at its beginning: no more than that is
/// read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeNames<'a> {
    pub(crate) kind: Option<Cow<'a, str>>,
    pub(crate) api_version: Option<Cow<'a, str>>,
}

impl<'a> TypeNames<'a> {
    /// What an envelope says.
    pub(crate) fn of(envelope: &Envelope<'a>) -> Self {
        let said = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
        Self {
            kind: said(envelope.kind),
            api_version: said(envelope.api_version),
        }
    }

    pub(crate) fn read(json: &'a [u8]) -> Self {
        let mut names = Self::default();
        // Reading stops with an error once both are there.
        let _ = serde_json::Deserializer::from_slice(json).deserialize_map(Reader(&mut names));
        names
    }
}

struct Reader<'n, 'a>(&'n mut TypeNames<'a>);

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.0.kind.is_none() || self.0.api_version.is_none() {
            match map
                .next_key::<CowStr<'de>>()?
                .map(|CowStr(key)| key)
                .as_deref()
            {
                Some("kind") => self.0.kind = Some(map.next_value::<CowStr<'de>>()?.0),
                Some("apiVersion") => self.0.api_version = Some(map.next_value::<CowStr<'de>>()?.0),
                Some(_) => drop(map.next_value::<IgnoredAny>()?),
                None => break,
            }
        }
        Ok(())
    }
}

/// A string, borrowed if it can be.
pub(crate) struct CowStr<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for CowStr<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = CowStr<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<CowStr<'de>, E> {
                Ok(CowStr(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<CowStr<'de>, E> {
                Ok(CowStr(Cow::Borrowed(text)))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_type_are_read_from_the_beginning() {
        let read = |json: &'static str| {
            let TypeNames { kind, api_version } = TypeNames::read(json.as_bytes());
            (kind, api_version)
        };
        let both = (Some("Pod".into()), Some("v1".into()));
        assert_eq!(read(r#"{"kind":"Pod","apiVersion":"v1","x":"#), both);
        assert_eq!(
            read(r#"{"x":{"kind":1},"apiVersion":"v1","kind":"Pod"}"#),
            both
        );
        assert_eq!(read(r#"{"kind":7}"#), (None, None));
        assert_eq!(read("[]"), (None, None));
    }

    #[test]
    fn a_header_is_read_of_what_is_wrong_elsewhere() {
        let json = br#"{"spec":7,"metadata":{"name":"a","namespace":"n","resourceVersion":"5","labels":3}}"#;
        let header = Header::read(Raw::Json(json)).unwrap();
        assert_eq!(header.key(), Some(Key::new("n", "a")));
        assert_eq!(header.version(), Some("5"));
        assert!(Header::read(Raw::Json(br#"{"metadata":{"name":7}}"#)).is_none());
    }

    #[test]
    fn a_header_is_read_of_a_message_in_pieces_and_in_any_order() {
        let message = b"\x12\x01x\x0a\x0b\x32\x015\x1a\x01n\x0a\x01b\x38\x07\x0a\x0f\x0a\x01a\
            \x62\x0a\x12\x04true\x0a\x02ok";
        let header = Header::read(Raw::Protobuf(message)).unwrap();
        assert_eq!(header.key(), Some(Key::new("n", "a")));
        assert_eq!(header.version(), Some("5"));
        assert_eq!(header.annotation("ok"), Some("true"));
        assert_eq!(header.annotation("other"), None);
        // What is damaged behind the metadata does not matter.
        let damaged = [&message[..], b"\x12\x09"].concat();
        assert!(Header::read(Raw::Protobuf(&damaged)).is_some());
        for end in 4..message.len() {
            let read = Header::read(Raw::Protobuf(&message[..end]));
            assert!(read.is_none_or(|header| header.key() != Some(Key::new("n", "a"))));
        }
        assert!(Header::read(Raw::Protobuf(b"\x12\x01x")).is_none());
    }
}
