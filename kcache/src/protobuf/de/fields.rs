//! The fields of a message as entries of a map.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::super::error::Error;
use super::super::schema::{Field, Kind, Message};
use super::super::time::{Timestamp, int32};
use super::super::wire::{Reader, Value as Wire};
use super::{Fields, Frame, INLINE_LEVELS, Item, Value};

const TYPES: [&Field; 2] = [Field::API_VERSION, Field::KIND];

impl<'c, 'de> Fields<'c, 'de> {
    /// The fields of the message that a value is, one level below it.
    #[inline]
    pub(super) fn new(value: &Value<'c, 'de>, message: &'de [u8]) -> Self {
        let (context, level) = (value.context, value.level);
        let has_types = level == 0 && context.types.is_some() && value.message.has_types();
        Self {
            value: Value {
                level: level + 1,
                ..*value
            },
            field: Field::KIND,
            types: [has_types; 2],
            message: Frame::new(value.message, message),
            outer: [Frame::new(Message::EMPTY, &[]); INLINE_LEVELS],
            inline: 0,
        }
    }

    /// The same for a type that takes only these members.
    #[inline]
    pub(super) fn of_struct(mut self, members: &[&str]) -> Self {
        if self.types != [false; 2] {
            self.types = TYPES.map(|field| members.contains(&field.name()));
        }
        self
    }

    /// Goes to the next member that JSON would have.
    #[inline]
    fn advance(&mut self) -> Result<Option<&'static Field>, Error> {
        if self.types != [false; 2] {
            return Ok(self.next_type());
        }
        loop {
            match self.field()? {
                Some(field) if !self.is_wanted(field) => {}
                found => return Ok(found),
            }
        }
    }

    fn next_type(&mut self) -> Option<&'static Field> {
        let (api_version, kind) = self.value.context.types?;
        let place = self.types.iter().position(|wanted| *wanted)?;
        self.types[place] = false;
        let name = [api_version, kind][place];
        self.value.item = Item::One(Wire::Bytes(name.as_bytes()));
        Some(TYPES[place])
    }

    fn is_wanted(&self, field: &Field) -> bool {
        let context = self.value.context;
        match self.value.level {
            1 => !context.metadata_only || field.name() == "metadata",
            // Nothing but an object's own metadata has that.
            2 => !field.is_managed() || context.managed_fields,
            _ => true,
        }
    }

    /// The next field that JSON would have, of this message or one that it is inline in.
    #[inline]
    fn field(&mut self) -> Result<Option<&'static Field>, Error> {
        loop {
            if self.message.rest.rest().is_empty() {
                let Some(inline) = self.inline.checked_sub(1) else {
                    return Ok(None);
                };
                self.inline = inline;
                self.message = self.outer[inline];
                continue;
            }
            let before = self.message.rest;
            let (number, wire_type) = self.message.rest.tag()?;
            let Some(field) = self.known(number)? else {
                self.message.rest.value(wire_type)?;
                continue;
            };
            if field.is_list() || field.is_map() {
                self.value.item = self.message.run(before, field)?;
                return Ok(Some(field));
            }
            let value = self.message.rest.value(wire_type)?;
            if field.omits_zero() && is_zero(field.kind(), value)? {
                continue;
            }
            if field.is_inline() {
                self.enter(field, value)?;
                continue;
            }
            self.value.item = Item::One(value);
            return Ok(Some(field));
        }
    }

    /// The field with this number, if the schema has it.
    #[inline]
    fn known(&mut self, number: u32) -> Result<Option<&'static Field>, Error> {
        let frame = &mut self.message;
        if number <= frame.last {
            return match frame.message.field_numbered(number) {
                Some(_) => Err(self.value.context.out_of_order()),
                None => Ok(None),
            };
        }
        frame.last = number;
        while let Some(field) = frame.message.fields().get(frame.passed) {
            if field.number() > number {
                break;
            }
            frame.passed += 1;
            if field.number() == number {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }

    /// Goes on with a message that is inline.
    fn enter(&mut self, field: &Field, value: Wire<'de>) -> Result<(), Error> {
        let (Wire::Bytes(message), true) = (value, self.inline < INLINE_LEVELS) else {
            return Err(Error::syntax("a message is damaged"));
        };
        self.outer[self.inline] = self.message;
        self.inline += 1;
        self.message = Frame::new(field.inner(), message);
        Ok(())
    }
}

/// True if Go would leave out this value of a field with `omitempty`.
#[inline]
fn is_zero(kind: Kind, value: Wire<'_>) -> Result<bool, Error> {
    Ok(match (kind, value) {
        (Kind::Bool | Kind::Int64, Wire::Number(number)) => number == 0,
        (Kind::Int32, Wire::Number(number)) => int32(number) == 0,
        (Kind::Float64, Wire::Fixed64(bits)) => f64::from_bits(bits) == 0.0,
        (Kind::Time, Wire::Bytes(message)) => {
            let time = Timestamp::read(message)?;
            time.and_then(Timestamp::to_second).is_none()
        }
        (Kind::Text | Kind::Bytes, Wire::Bytes(bytes)) => bytes.is_empty(),
        _ => false,
    })
}

impl<'de> Frame<'de> {
    #[inline]
    fn new(message: &'static Message, bytes: &'de [u8]) -> Self {
        Self {
            rest: Reader::new(bytes),
            message,
            passed: 0,
            last: 0,
        }
    }

    /// All that there is of a list or map, which begins there.
    #[inline]
    fn run(&mut self, begin: Reader<'de>, field: &Field) -> Result<Item<'de>, Error> {
        let (mut at, mut count) = (begin, 0);
        self.rest = begin;
        while !at.rest().is_empty() {
            let (number, wire_type) = at.tag()?;
            if number != field.number() {
                break;
            }
            at.value(wire_type)?;
            self.rest = at;
            count += 1;
        }
        let length = begin.rest().len() - self.rest.rest().len();
        let fields = &begin.rest()[..length];
        Ok(if field.is_map() {
            Item::Map(fields, count)
        } else {
            Item::List(fields, count)
        })
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(field) = self.advance()? else {
            return Ok(None);
        };
        (self.field, self.value.kind, self.value.message) = (field, field.kind(), field.inner());
        let name = BorrowedStrDeserializer::new(field.name());
        seed.deserialize(name).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let mut made = seed.deserialize(&self.value);
        if let Err(error) = &mut made {
            error.add_field(self.field.name());
        }
        made
    }
}
