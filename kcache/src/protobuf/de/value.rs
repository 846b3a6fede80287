//! A value for whoever asks for one.
//!
//! As in `serde_json`, who asks for a text is given no number, and the other way round.

use std::borrow::Cow;
use std::{fmt, iter};

use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Error as _, Expected, IntoDeserializer, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::error::Error;
use super::super::schema::Kind;
use super::super::text::{base64, coerced};
use super::super::time::{Buffer, Timestamp, duration, int32};
use super::super::wire::Value as Wire;
use super::{Entries, Fields, Item, Items, Value};
use crate::json::coerced as coerced_json;

impl<'c, 'de> Value<'c, 'de> {
    /// What is not this deep is an error.
    #[inline]
    fn checked(self) -> Result<Self, Error> {
        if self.level < self.context.deepest {
            return Ok(self);
        }
        Err(self.context.too_deep())
    }

    fn fields(self, message: &'de [u8]) -> Result<Fields<'c, 'de>, Error> {
        self.checked()?;
        Ok(Fields::new(self.context, self.message, message, self.level))
    }

    fn visit_object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (_, Item::Map(fields, count)) => {
                let value = self.element()?;
                visitor.visit_map(Entries::new(value, fields, count))
            }
            (Kind::Message, Item::One(Wire::Bytes(message))) => {
                visitor.visit_map(self.fields(message)?)
            }
            _ => self.visit_json(visitor),
        }
    }

    fn visit_list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.item {
            Item::List(fields, count) => {
                let value = self.element()?;
                visitor.visit_seq(Items::new(value, fields, count))
            }
            _ => self.visit_json(visitor),
        }
    }

    /// What the elements of this list or map are like.
    fn element(self) -> Result<Self, Error> {
        self.checked()?;
        let level = self.level + 1;
        Ok(Self { level, ..self })
    }

    fn visit_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Item::One(Wire::Number(bits)) = self.item else {
            return self.visit_json(visitor);
        };
        match self.kind {
            Kind::Bool => visitor.visit_bool(bits != 0),
            Kind::Int32 => integer(int32(bits).into(), visitor),
            Kind::Int64 => integer(bits.cast_signed(), visitor),
            Kind::Float64 => float(f64::from_bits(bits), visitor),
            _ => Err(damaged()),
        }
    }

    #[inline]
    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let (Kind::Text, Item::One(Wire::Bytes(bytes))) = (self.kind, self.item) {
            return match coerced(bytes) {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            };
        }
        self.visit_printed(visitor)
    }

    /// What is text in JSON only.
    fn visit_printed<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (Kind::Time | Kind::MicroTime, Item::One(Wire::Bytes(message))) => {
                let time = Timestamp::read(message)?.ok_or_else(damaged)?;
                let mut buffer = Buffer::default();
                visitor.visit_str(match self.kind {
                    Kind::Time => time.print(&mut buffer)?,
                    _ => time.print_microseconds(&mut buffer)?,
                })
            }
            (Kind::Bytes, Item::One(Wire::Bytes(bytes))) => visitor.visit_string(base64(bytes)),
            (Kind::Duration, Item::One(Wire::Number(nanoseconds))) => {
                visitor.visit_string(duration(nanoseconds.cast_signed()))
            }
            _ => self.visit_json(visitor),
        }
    }

    /// What is any JSON, or else not what the visitor wants.
    fn visit_json<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Item::Json(json) = self.item else {
            return Err(self.not(&visitor));
        };
        // As of the text of a whole object: what is no Unicode is read as Go reads it.
        match coerced_json(json) {
            Cow::Borrowed(json) => whole(&mut serde_json::Deserializer::from_slice(json), visitor),
            Cow::Owned(json) => whole(&mut serde_json::Deserializer::from_reader(&*json), visitor),
        }
    }

    #[cold]
    fn not(self, expected: &dyn Expected) -> Error {
        let found = match (self.kind, self.item) {
            (_, Item::Null) => Unexpected::Unit,
            (_, Item::List(..)) => Unexpected::Seq,
            (_, Item::Map(..)) | (Kind::Message, Item::One(Wire::Bytes(_))) => Unexpected::Map,
            (Kind::Bool, Item::One(Wire::Number(_))) => Unexpected::Bool(false),
            (Kind::Int32 | Kind::Int64, Item::One(Wire::Number(_))) => Unexpected::Signed(0),
            (Kind::Float64, Item::One(Wire::Number(_))) => Unexpected::Float(0.0),
            (Kind::Duration, Item::One(Wire::Number(_)))
            | (
                Kind::Text | Kind::Bytes | Kind::Time | Kind::MicroTime,
                Item::One(Wire::Bytes(_)),
            ) => Unexpected::Str(""),
            _ => return damaged(),
        };
        Error::invalid_type(found, expected)
    }
}

#[cold]
fn damaged() -> Error {
    Error::syntax("its wire type is another one")
}

/// What is made of a text that holds nothing else.
fn whole<'de, R: serde_json::de::Read<'de>, V: Visitor<'de>>(
    reader: &mut serde_json::Deserializer<R>,
    visitor: V,
) -> Result<V::Value, Error> {
    let made = reader.deserialize_any(visitor);
    let made = made.and_then(|made| reader.end().map(|()| made));
    made.map_err(|error| no_json(&error))
}

#[cold]
fn no_json(error: &serde_json::Error) -> Error {
    if error.is_data() {
        Error::data("it holds JSON that the type does not take")
    } else {
        Error::syntax("it holds no JSON")
    }
}

fn integer<'de, V: Visitor<'de>>(number: i64, visitor: V) -> Result<V::Value, Error> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}

/// Go prints no point where there is no fraction, up to 1e21.
fn float<'de, V: Visitor<'de>>(number: f64, visitor: V) -> Result<V::Value, Error> {
    /// The whole numbers that are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
    if is_whole && (number != 0.0 || number.is_sign_positive()) {
        #[allow(clippy::cast_possible_truncation)]
        return integer(number as i64, visitor);
    }
    visitor.visit_f64(number)
}

macro_rules! ask {
    ($($method:ident => $asked:ident),* $(,)?) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.plain()?.$asked(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    ask! {
        deserialize_bool => visit_number,
        deserialize_i8 => visit_number,
        deserialize_i16 => visit_number,
        deserialize_i32 => visit_number,
        deserialize_i64 => visit_number,
        deserialize_i128 => visit_number,
        deserialize_u8 => visit_number,
        deserialize_u16 => visit_number,
        deserialize_u32 => visit_number,
        deserialize_u64 => visit_number,
        deserialize_u128 => visit_number,
        deserialize_f32 => visit_number,
        deserialize_f64 => visit_number,
        deserialize_char => visit_text,
        deserialize_str => visit_text,
        deserialize_string => visit_text,
        deserialize_bytes => visit_text,
        deserialize_byte_buf => visit_text,
        deserialize_identifier => visit_text,
        deserialize_seq => visit_list,
        deserialize_map => visit_object,
        deserialize_unit => visit_null,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.plain()?;
        match (value.kind, value.item) {
            (_, Item::Null) => visitor.visit_unit(),
            (_, Item::List(..)) => value.visit_list(visitor),
            (_, Item::Map(..)) | (Kind::Message, _) => value.visit_object(visitor),
            (Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Float64, _) => {
                value.visit_number(visitor)
            }
            _ => value.visit_text(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.plain()?;
        match value.item {
            Item::Null => visitor.visit_none(),
            _ => visitor.visit_some(value),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = self.plain()?;
        match (value.kind, value.item) {
            (Kind::Message, Item::One(Wire::Bytes(message))) => {
                visitor.visit_map(value.fields(message)?.of_struct(members))
            }
            _ => value.visit_object(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == RAW_VALUE {
            return self.raw_value(visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = self.plain()?;
        if let Item::Json(json) = value.item {
            let mut reader = serde_json::Deserializer::from_slice(json);
            return reader
                .deserialize_enum(name, variants, visitor)
                .map_err(|error| no_json(&error));
        }
        value.deserialize_any(Enum(visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    /// It has been read already.
    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// What `serde_json::value::RawValue` asks for.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl<'de> Value<'_, 'de> {
    fn visit_null<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.item {
            Item::Null => visitor.visit_unit(),
            _ => self.visit_json(visitor),
        }
    }

    /// The text of a value, as it is if it is JSON, else printed.
    fn raw_value<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.plain()?;
        if let Item::Json(json) = value.item {
            let mut reader = serde_json::Deserializer::from_slice(json);
            return reader
                .deserialize_newtype_struct(RAW_VALUE, visitor)
                .map_err(|error| no_json(&error));
        }
        let printed = serde_json::Value::deserialize(value)?.to_string();
        visitor.visit_map(MapDeserializer::new(iter::once((RAW_VALUE, printed))))
    }
}

/// Makes an enum of the name of a variant, or of an object that has the variant as its only member.
struct Enum<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Enum<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<V::Value, E> {
        self.0.visit_enum(name.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(MapAccessDeserializer::new(map))
    }
}
