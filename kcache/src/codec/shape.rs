//! Decoding of an object that is not quite what the server sent: without its
//! `metadata.managedFields`, with its kind where the server left that out, or its metadata alone.
//!
//! A serde deserializer that wraps another: two levels of maps are looked at by key, and everything
//! else is passed on as it is, so there is neither a second pass nor a copy.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use kube::core::TypeMeta;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::header::CowStr;

#[cfg(test)]
mod tests;

/// In which shape an object is wanted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape<'s> {
    /// With `metadata.managedFields`.
    pub(super) managed_fields: bool,
    /// Nothing but the type and the metadata.
    pub(super) metadata_only: bool,
    /// What it is if it does not say it.
    pub(super) types: Option<&'s TypeMeta>,
}

impl<'s> Shape<'s> {
    /// What decodes an object into this shape.
    pub(super) fn seed<V>(self) -> Shaped<'s, V> {
        Shaped(self, PhantomData)
    }
}

/// Decodes an object into a shape.
pub(super) struct Shaped<'s, V>(Shape<'s>, PhantomData<V>);

impl<'de, V: Deserialize<'de>> DeserializeSeed<'de> for Shaped<'_, V> {
    type Value = V;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<V, D::Error> {
        let Self(shape, _) = self;
        let level = Level::Object {
            shape,
            wanted: [true; 2],
        };
        V::deserialize(Wrapped { inner, level })
    }
}

/// The members that name a type.
const TYPES: [&str; 2] = ["apiVersion", "kind"];

/// Which map is being looked at.
#[derive(Clone, Copy)]
enum Level<'s> {
    Object {
        shape: Shape<'s>,
        /// Which of [`TYPES`] the type that is being made takes.
        wanted: [bool; 2],
    },
    Metadata,
}

impl<'s> Level<'s> {
    /// The same for a type that takes these members and no others.
    fn of_struct(self, fields: &[&str]) -> Self {
        match self {
            Self::Object { shape, .. } => Self::Object {
                shape,
                wanted: TYPES.map(|name| fields.contains(&name)),
            },
            Self::Metadata => self,
        }
    }

    /// The type to be given to the value that is being made, if it takes it.
    fn types(self) -> Option<(&'s TypeMeta, [bool; 2])> {
        match self {
            Self::Object { shape, wanted } if wanted != [false; 2] => Some((shape.types?, wanted)),
            _ => None,
        }
    }

    fn leaves_out(self, key: &str) -> bool {
        match self {
            Self::Object { shape, .. } => {
                shape.metadata_only && key != "metadata" && !TYPES.contains(&key)
            }
            Self::Metadata => key == "managedFields",
        }
    }

    /// True if the value of this key is a level of its own.
    fn goes_on_in(self, key: &str) -> bool {
        matches!(self, Self::Object { shape, .. } if !shape.managed_fields && key == "metadata")
    }
}

/// A deserializer, visitor, map or seed that passes on what the wrapped one says, apart from what
/// makes the shape.
struct Wrapped<'s, T> {
    inner: T,
    level: Level<'s>,
}

impl<'s, T> Wrapped<'s, T> {
    fn wrap<U>(level: Level<'s>, inner: U) -> Wrapped<'s, U> {
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

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Wrapped<'_, D> {
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
        let visitor = Self::wrap(self.level.of_struct(fields), visitor);
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
impl<'de, V: Visitor<'de>> Visitor<'de> for Wrapped<'_, V> {
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
            value: Value::Plain,
            missing: level.types(),
        })
    }
}

/// The entries of a map on one of the two levels.
struct Entries<'s, 'de, A> {
    inner: A,
    level: Level<'s>,
    value: Value<'s, 'de>,
    /// The type, until the map has named it, and which of [`TYPES`] are still to be supplied.
    missing: Option<(&'s TypeMeta, [bool; 2])>,
}

/// The value of the key that was given out last.
enum Value<'s, 'de> {
    Plain,
    /// It is a level of its own.
    Metadata,
    /// It has been read already.
    Read(Cow<'de, str>),
    /// The map did not have it.
    Supplied(&'s str),
}

impl<'s, 'de, A: MapAccess<'de>> Entries<'s, 'de, A> {
    /// The next key of the map that is not left out.
    fn next(&mut self) -> Result<Option<Cow<'de, str>>, A::Error> {
        while let Some(CowStr(key)) = self.inner.next_key()? {
            if self.level.leaves_out(&key) {
                self.inner.next_value::<IgnoredAny>()?;
                continue;
            }
            self.value = if self.level.goes_on_in(&key) {
                Value::Metadata
            } else {
                Value::Plain
            };
            if self.level.types().is_some() && TYPES.contains(&&*key) {
                // An empty name is none (apimachinery's `UnstructuredList`).
                let named = self.inner.next_value::<Option<CowStr<'de>>>()?;
                let Some(CowStr(name)) = named.filter(|CowStr(name)| !name.is_empty()) else {
                    continue;
                };
                self.missing = None;
                self.value = Value::Read(name);
            }
            return Ok(Some(key));
        }
        Ok(None)
    }

    /// After the last key of the map, one of a type that it did not name.
    fn supplied(&mut self) -> Option<&'static str> {
        let (types, wanted) = self.missing.as_mut()?;
        let index = wanted.iter().position(|wanted| *wanted)?;
        wanted[index] = false;
        let types: &'s TypeMeta = types;
        self.value = Value::Supplied([&types.api_version, &types.kind][index]);
        Some(TYPES[index])
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let key = match self.next()? {
            Some(Cow::Borrowed(key)) => seed.deserialize(BorrowedStrDeserializer::new(key)),
            Some(Cow::Owned(key)) => seed.deserialize(key.into_deserializer()),
            None => match self.supplied() {
                Some(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
                None => return Ok(None),
            },
        };
        key.map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match std::mem::replace(&mut self.value, Value::Plain) {
            Value::Plain => self.inner.next_value_seed(seed),
            Value::Metadata => self
                .inner
                .next_value_seed(Wrapped::<()>::wrap(Level::Metadata, seed)),
            Value::Read(Cow::Borrowed(name)) => {
                seed.deserialize(TypeName(BorrowedStrDeserializer::new(name)))
            }
            Value::Read(Cow::Owned(name)) => seed.deserialize(TypeName(name.into_deserializer())),
            Value::Supplied(name) => seed.deserialize(TypeName(name.into_deserializer())),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Wrapped<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Self::wrap(self.level, inner))
    }
}

/// A name that is there, for who takes one that may be missing, too.
struct TypeName<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for TypeName<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
