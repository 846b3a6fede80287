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
use super::super::time::{Buffer, duration, int32};
use super::super::wire::Value as Wire;
use super::plain::is_plain;
use super::{Entries, Fields, Item, Items, Value};
use crate::deep::DEEPEST;
use crate::json::{coerced as coerced_json, nesting};

impl<'c, 'de> Value<'c, 'de> {
    /// What is not this deep is an error.
    #[inline]
    fn checked(&self) -> Result<(), Error> {
        if self.level < self.context.deepest {
            return Ok(());
        }
        Err(self.context.too_deep())
    }

    #[inline]
    fn fields(&self, message: &'de [u8]) -> Result<Fields<'c, 'de>, Error> {
        self.checked()?;
        Ok(Fields::new(self, message))
    }

    /// What the elements of this list or map are like.
    #[inline]
    fn element(&self) -> Result<Self, Error> {
        self.checked()?;
        let level = self.level + 1;
        Ok(Self { level, ..*self })
    }

    #[inline]
    fn visit_list<V: Visitor<'de>>(
        &self,
        fields: &'de [u8],
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(&mut Items::new(self.element()?, fields, count))
    }

    #[inline]
    fn visit_map<V: Visitor<'de>>(
        &self,
        fields: &'de [u8],
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(&mut Entries::new(self.element()?, fields, count))
    }

    /// What it is in JSON; it is plain.
    fn visit_plain<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (_, Item::Null) => visitor.visit_unit(),
            (_, Item::List(fields, count)) => self.visit_list(fields, count, visitor),
            (_, Item::Map(..)) | (Kind::Message, Item::One(_)) => self.visit_object(visitor),
            (Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Float64, Item::One(_)) => {
                self.visit_number(visitor)
            }
            _ => self.visit_text(visitor),
        }
    }

    fn visit_object<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (_, Item::Map(fields, count)) => self.visit_map(fields, count, visitor),
            (Kind::Message, Item::One(Wire::Bytes(message))) => {
                visitor.visit_map(&mut self.fields(message)?)
            }
            _ => self.visit_any(visitor),
        }
    }

    fn visit_number<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (kind, Item::One(Wire::Number(bits))) => visit_varint(kind, bits, visitor),
            (Kind::Float64, Item::One(Wire::Fixed64(bits))) => float(f64::from_bits(bits), visitor),
            _ => self.visit_any(visitor),
        }
    }

    /// What is a text, or is one in JSON only.
    fn visit_text<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (Kind::Text, Item::One(Wire::Bytes(bytes))) => visit_str(bytes, visitor),
            (Kind::Bytes, Item::One(Wire::Bytes(bytes))) => visitor.visit_string(base64(bytes)),
            (_, Item::Duration(nanoseconds)) => visitor.visit_string(duration(nanoseconds)),
            (kind, Item::Time(time)) => {
                let mut buffer = Buffer::default();
                visitor.visit_str(match kind {
                    Kind::Time => time.print(&mut buffer)?,
                    _ => time.print_microseconds(&mut buffer)?,
                })
            }
            _ => self.visit_any(visitor),
        }
    }

    /// What is any JSON, or else not what the visitor wants.
    fn visit_any<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match self.item {
            Item::Json(json) => self.visit_json(json, visitor),
            _ => Err(self.not(&visitor)),
        }
    }

    fn visit_json<V: Visitor<'de>>(&self, json: &'de [u8], visitor: V) -> Result<V::Value, Error> {
        // As of the text of a whole object: what is no Unicode is read as Go reads it.
        match coerced_json(json) {
            Cow::Borrowed(json) => {
                let mut reader = serde_json::Deserializer::from_slice(json);
                self.whole(json, &mut reader, visitor)
            }
            Cow::Owned(json) => {
                let mut reader = serde_json::Deserializer::from_reader(&*json);
                self.whole(&json, &mut reader, visitor)
            }
        }
    }

    /// What is made of a text that holds nothing else.
    fn whole<R: serde_json::de::Read<'de>, V: Visitor<'de>>(
        &self,
        json: &[u8],
        reader: &mut serde_json::Deserializer<R>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.limit(json, reader)?;
        let made = reader.deserialize_any(visitor);
        let made = made.and_then(|made| reader.end().map(|()| made));
        made.map_err(|error| no_json(&error))
    }

    /// Has the text read as deep as the object may be. Where something deeper is passed over, `serde_json`
    /// has its own limit, which is 128 levels.
    fn limit<R>(&self, json: &[u8], reader: &mut serde_json::Deserializer<R>) -> Result<(), Error>
    where
        R: serde_json::de::Read<'de>,
    {
        if self.level + nesting(json) <= self.context.deepest {
            reader.disable_recursion_limit();
        } else if self.context.deepest < DEEPEST {
            return Err(self.context.too_deep());
        }
        Ok(())
    }

    #[cold]
    fn not(&self, expected: &dyn Expected) -> Error {
        let found = match (self.kind, self.item) {
            (_, Item::Null) => Unexpected::Unit,
            (_, Item::List(..)) => Unexpected::Seq,
            (_, Item::Map(..)) | (Kind::Message, Item::One(Wire::Bytes(_))) => Unexpected::Map,
            (Kind::Bool, Item::One(Wire::Number(_))) => Unexpected::Bool(false),
            (Kind::Int32 | Kind::Int64, Item::One(Wire::Number(_))) => Unexpected::Signed(0),
            (Kind::Float64, Item::One(Wire::Fixed64(_))) => Unexpected::Float(0.0),
            (_, Item::Time(_) | Item::Duration(_))
            | (Kind::Text | Kind::Bytes, Item::One(Wire::Bytes(_))) => Unexpected::Str(""),
            _ => return damaged(),
        };
        Error::invalid_type(found, expected)
    }
}

#[cold]
fn damaged() -> Error {
    Error::syntax("its wire type is another one")
}

#[cold]
fn no_json(error: &serde_json::Error) -> Error {
    if error.is_data() {
        Error::data("it holds JSON that the type does not take")
    } else {
        Error::syntax("it holds no JSON")
    }
}

#[inline]
fn visit_str<'de, V: Visitor<'de>>(bytes: &'de [u8], visitor: V) -> Result<V::Value, Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => visitor.visit_borrowed_str(text),
        Err(_) => visitor.visit_string(coerced(bytes).into_owned()),
    }
}

#[inline]
fn visit_varint<'de, V>(kind: Kind, bits: u64, visitor: V) -> Result<V::Value, Error>
where
    V: Visitor<'de>,
{
    match kind {
        Kind::Bool => visitor.visit_bool(bits != 0),
        Kind::Int32 => integer(int32(bits).into(), visitor),
        Kind::Int64 => integer(bits.cast_signed(), visitor),
        _ => Err(damaged()),
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
            self.$asked(visitor)
        }
    )*};
}

/// What most values are is looked at first, and each visitor is called in one place: the code of a type
/// that is made is small, which counts for more than what it does.
impl<'de> Value<'_, 'de> {
    /// The same, be it plain already or not.
    #[inline]
    fn as_plain<'v>(&'v self, plain: &'v mut Option<Self>) -> Result<&'v Self, Error> {
        if is_plain(self.kind) {
            return Ok(self);
        }
        Ok(plain.insert(self.plain()?))
    }

    #[inline]
    fn number<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match self.item {
            Item::One(Wire::Number(bits)) => visit_varint(self.kind, bits, visitor),
            _ => self.plain()?.visit_number(visitor),
        }
    }

    #[inline]
    fn text<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        match (self.kind, self.item) {
            (Kind::Text, Item::One(Wire::Bytes(bytes))) => visit_str(bytes, visitor),
            _ => self.plain()?.visit_text(visitor),
        }
    }

    #[inline]
    fn list<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        let mut plain = None;
        let value = match self.item {
            Item::List(..) => self,
            _ => self.as_plain(&mut plain)?,
        };
        match value.item {
            Item::List(fields, count) => value.visit_list(fields, count, visitor),
            _ => value.visit_any(visitor),
        }
    }

    fn object<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        let mut plain = None;
        let value = self.as_plain(&mut plain)?;
        value.visit_object(visitor)
    }

    fn null<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        let value = self.plain()?;
        match value.item {
            Item::Null => visitor.visit_unit(),
            _ => value.visit_any(visitor),
        }
    }
}

impl<'de> Deserializer<'de> for &Value<'_, 'de> {
    type Error = Error;

    ask! {
        deserialize_bool => number,
        deserialize_i8 => number,
        deserialize_i16 => number,
        deserialize_i32 => number,
        deserialize_i64 => number,
        deserialize_i128 => number,
        deserialize_u8 => number,
        deserialize_u16 => number,
        deserialize_u32 => number,
        deserialize_u64 => number,
        deserialize_u128 => number,
        deserialize_f32 => number,
        deserialize_f64 => number,
        deserialize_char => text,
        deserialize_str => text,
        deserialize_string => text,
        deserialize_bytes => text,
        deserialize_byte_buf => text,
        deserialize_identifier => text,
        deserialize_seq => list,
        deserialize_map => object,
        deserialize_unit => null,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain()?.visit_plain(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut plain = None;
        let value = self.as_plain(&mut plain)?;
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
        let mut plain = None;
        let value = self.as_plain(&mut plain)?;
        match (value.kind, value.item) {
            (Kind::Message, Item::One(Wire::Bytes(message))) => {
                visitor.visit_map(&mut value.fields(message)?.of_struct(members))
            }
            (_, Item::Map(fields, count)) => value.visit_map(fields, count, visitor),
            _ => value.visit_any(visitor),
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
            self.limit(json, &mut reader)?;
            return reader
                .deserialize_enum(name, variants, visitor)
                .map_err(|error| no_json(&error));
        }
        value.visit_plain(Enum(visitor))
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
    /// The text of a value, as it is if it is JSON, else printed.
    fn raw_value<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        let value = self.plain()?;
        if let Item::Json(json) = value.item {
            let mut reader = serde_json::Deserializer::from_slice(json);
            return reader
                .deserialize_newtype_struct(RAW_VALUE, visitor)
                .map_err(|error| no_json(&error));
        }
        let printed = serde_json::Value::deserialize(&value)?.to_string();
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
