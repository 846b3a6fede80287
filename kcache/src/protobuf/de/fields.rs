//! The fields of a message as entries of a map.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::super::error::Error;
use super::super::schema::{Field, Kind, Message};
use super::super::time::Timestamp;
use super::super::wire::{Reader, Value as Wire, WireType};
use super::{Context, Fields, Frame, INLINE_LEVELS, Item, Value};

const TYPES: [&Field; 2] = [Field::API_VERSION, Field::KIND];

impl<'c, 'de> Fields<'c, 'de> {
    /// The fields of this message, one level below it.
    pub(super) fn new(
        context: &'c Context<'de>,
        schema: &'static Message,
        message: &'de [u8],
        level: usize,
    ) -> Self {
        let types = context.types.filter(|_| level == 0 && schema.has_types());
        Self {
            context,
            level: level + 1,
            message: Frame::new(schema, message),
            outer: [Frame::new(Message::EMPTY, &[]); INLINE_LEVELS],
            inline: 0,
            types: [types.map(|types| types.0), types.map(|types| types.1)],
            next: (Field::KIND, Item::Null),
        }
    }

    /// The same for a type that takes only these members.
    pub(super) fn of_struct(mut self, members: &[&str]) -> Self {
        for (value, field) in self.types.iter_mut().zip(TYPES) {
            *value = value.filter(|_| members.contains(&field.name()));
        }
        self
    }

    /// Goes to the next member that JSON would have; its name.
    #[inline]
    fn advance(&mut self) -> Result<Option<&'static str>, Error> {
        if self.types != [None; 2]
            && let Some((field, value)) = self.next_type()
        {
            self.next = (field, Item::One(Wire::Bytes(value.as_bytes())));
            return Ok(Some(field.name()));
        }
        while let Some((field, item)) = self.field()? {
            if self.is_wanted(field) {
                self.next = (field, item);
                return Ok(Some(field.name()));
            }
        }
        Ok(None)
    }

    fn next_type(&mut self) -> Option<(&'static Field, &'de str)> {
        let mut types = self.types.iter_mut().zip(TYPES);
        types.find_map(|(value, field)| Some((field, value.take()?)))
    }

    fn is_wanted(&self, field: &Field) -> bool {
        match self.level {
            1 => !self.context.metadata_only || field.name() == "metadata",
            // Nothing but an object's own metadata has that.
            2 => !field.is_managed() || self.context.managed_fields,
            _ => true,
        }
    }

    /// The next field that JSON would have, of this message or one that it is inline in.
    #[inline]
    fn field(&mut self) -> Result<Option<(&'static Field, Item<'de>)>, Error> {
        loop {
            if self.message.rest.rest().is_empty() {
                match self.inline.checked_sub(1) {
                    Some(inline) => {
                        self.inline = inline;
                        self.message = self.outer[inline];
                        continue;
                    }
                    None => return Ok(None),
                }
            }
            let before = self.message.rest;
            let (number, wire_type) = self.message.rest.tag()?;
            let Some(field) = self.known(number)? else {
                self.message.rest.value(wire_type)?;
                continue;
            };
            if field.is_list() || field.is_map() {
                return Ok(Some((field, self.message.run(before, field)?)));
            }
            if let Some(item) = self.one(field, wire_type)? {
                return Ok(Some((field, item)));
            }
        }
    }

    /// The field with this number, if the schema has it.
    #[inline]
    fn known(&mut self, number: u32) -> Result<Option<&'static Field>, Error> {
        let frame = &mut self.message;
        if number <= frame.last {
            if frame.message.field_numbered(number).is_some() {
                return Err(self.context.out_of_order());
            }
            return Ok(None);
        }
        frame.last = number;
        while let [field, rest @ ..] = frame.fields {
            if field.number() > number {
                break;
            }
            frame.fields = rest;
            if field.number() == number {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }

    /// The value of a field that is no list and no map, unless JSON leaves it out or it is inline.
    #[inline]
    fn one(
        &mut self,
        field: &'static Field,
        wire_type: WireType,
    ) -> Result<Option<Item<'de>>, Error> {
        let value = self.message.rest.value(wire_type)?;
        if field.omits_zero() && is_zero(field.kind(), value)? {
            return Ok(None);
        }
        if !field.is_inline() {
            return Ok(Some(Item::One(value)));
        }
        let (Wire::Bytes(message), true) = (value, self.inline < INLINE_LEVELS) else {
            return Err(Error::syntax("a message is damaged"));
        };
        self.outer[self.inline] = self.message;
        self.inline += 1;
        self.message = Frame::new(field.inner(), message);
        Ok(None)
    }
}

/// True if Go would leave out this value of a field with `omitempty`.
#[inline]
fn is_zero(kind: Kind, value: Wire<'_>) -> Result<bool, Error> {
    Ok(match value {
        Wire::Number(number) => number == 0,
        Wire::Bytes(bytes) if kind == Kind::Time => Timestamp::read(bytes)?.is_none(),
        Wire::Bytes(bytes) => bytes.is_empty(),
    })
}

impl<'de> Frame<'de> {
    fn new(schema: &'static Message, message: &'de [u8]) -> Self {
        Self {
            rest: Reader::new(message),
            message: schema,
            fields: schema.fields(),
            last: 0,
        }
    }

    /// All that there is of a list or map, which begins there.
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
        match self.advance()? {
            Some(name) => seed
                .deserialize(BorrowedStrDeserializer::new(name))
                .map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (field, item) = self.next;
        let value = Value {
            context: self.context,
            kind: field.kind(),
            message: field.inner(),
            item,
            level: self.level,
        };
        seed.deserialize(value)
            .map_err(|error| error.within(field.name()))
    }
}
