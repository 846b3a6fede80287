//! Decoding that never looks at `metadata.managedFields`.
//!
//! A serde deserializer that wraps another: two levels of maps are looked at by key, and everything
//! else is passed on as it is, so there is neither a second pass nor a copy.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};

use super::header::Text;

/// An object that is decoded without its `metadata.managedFields`.
pub(super) struct Pruned<V>(pub(super) V);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pruned<V> {
    fn deserialize<D: Deserializer<'de>>(inner: D) -> Result<Self, D::Error> {
        let level = Level::Object;
        V::deserialize(Wrapped { inner, level }).map(Self)
    }
}

/// Which map is being looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Object,
    Metadata,
}

/// A deserializer, visitor, map or seed that passes on what the wrapped one says, apart from what
/// is pruned.
struct Wrapped<T> {
    inner: T,
    level: Level,
}

impl<T> Wrapped<T> {
    fn wrap<U>(level: Level, inner: U) -> Wrapped<U> {
        Wrapped { inner, level }
    }
}

macro_rules! pass_on_types {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$name(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Wrapped<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Self::wrap(self.level, visitor);
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Self::wrap(self.level, visitor);
        self.inner.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Self::wrap(self.level, visitor);
        self.inner.deserialize_option(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Self::wrap(self.level, visitor);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Self::wrap(self.level, visitor);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    pass_on_types! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_seq deserialize_identifier deserialize_ignored_any
    }
}

macro_rules! pass_on_values {
    ($($name:ident: $type:ty),*) => {$(
        fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$name(value)
        }
    )*};
}

/// JSON has no other types than these.
impl<'de, V: Visitor<'de>> Visitor<'de> for Wrapped<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    pass_on_values! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64, visit_str: &str, visit_borrowed_str: &'de str, visit_string: String
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Self::wrap(self.level, inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner
            .visit_newtype_struct(Self::wrap(self.level, inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let level = self.level;
        self.inner.visit_map(Entries {
            inner,
            level,
            in_metadata: false,
        })
    }
}

/// The entries of a map on one of the two levels.
struct Entries<A> {
    inner: A,
    level: Level,
    /// The key that was given out last is `metadata`.
    in_metadata: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.inner.next_key()? {
            if self.level == Level::Metadata && key == "managedFields" {
                self.inner.next_value::<IgnoredAny>()?;
                continue;
            }
            self.in_metadata = self.level == Level::Object && key == "metadata";
            let key = match key {
                Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
                Cow::Owned(key) => seed.deserialize(key.into_deserializer()),
            };
            return key.map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.in_metadata {
            let level = Level::Metadata;
            return self.inner.next_value_seed(Wrapped { inner: seed, level });
        }
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Wrapped<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Self::wrap(self.level, inner))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::Pod;
    use kube::core::{DynamicObject, PartialObjectMeta};
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::*;

    /// All kinds of JSON values on both levels, with `managedFields` on every one.
    fn object() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod", "managedFields": [1], "escaped\u{e9}\"": "\u{e9}\n",
            "metadata": {
                "name": "a\"b", "generation": 3, "labels": {"managedFields": "kept"},
                "managedFields": [{"manager": "x", "fieldsV1": {"f:metadata": {}}}],
                "annotations": null, "finalizers": ["z"], "uid": "u"
            },
            "spec": {"metadata": {"managedFields": 1}, "containers": [], "hostNetwork": true},
            "status": {"phase": "Running"}
        })
    }

    fn without() -> Value {
        let mut object = object();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.remove("managedFields").unwrap();
        object
    }

    fn from_slice<V: DeserializeOwned>(json: &[u8]) -> Result<V, serde_json::Error> {
        serde_json::from_slice(json).map(|Pruned(object)| object)
    }

    fn is_the_same_without<V: DeserializeOwned + Serialize>() {
        let pruned: V = from_slice(object().to_string().as_bytes()).unwrap();
        let want: V = serde_json::from_value(without()).unwrap();
        let json = |value: &V| serde_json::to_value(value).unwrap();
        assert_eq!(json(&pruned), json(&want));
    }

    #[test]
    fn every_form_is_decoded_as_if_the_field_were_not_there() {
        is_the_same_without::<Value>();
        is_the_same_without::<Option<Value>>();
        is_the_same_without::<Pod>();
        is_the_same_without::<DynamicObject>();
        is_the_same_without::<PartialObjectMeta<Pod>>();
        is_the_same_without::<BTreeMap<String, Value>>();
        is_the_same_without::<Own>();
    }

    /// A struct of one's own, with what serde can do to fields.
    #[derive(Debug, Serialize, Deserialize)]
    struct Own {
        kind: Option<String>,
        metadata: Option<Inner>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Inner(BTreeMap<String, Value>);

    #[test]
    fn an_error_keeps_its_place() {
        let broken = br#"{"metadata":{"managedFields":[],"name":7}}"#;
        let error = from_slice::<Pod>(broken).unwrap_err();
        let plain = serde_json::from_slice::<Pod>(broken).unwrap_err();
        assert_eq!(error.to_string(), plain.to_string());
        assert!(from_slice::<Value>(b"{} {}").is_err());
    }
}
