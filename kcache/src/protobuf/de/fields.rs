//! The fields of a message as entries of a map.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::super::error::Error;
use super::super::schema::{Field, Kind, Message};
use super::super::time::{Timestamp, int32};
use super::super::wire::{Reader, Value as Wire, parts};
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
            let begin = self.message.rest;
            if begin.rest().is_empty() {
                let Some(inline) = self.inline.checked_sub(1) else {
                    return Ok(None);
                };
                self.inline = inline;
                self.message = self.outer[inline];
                continue;
            }
            let tag = self.message.rest.varint()?;
            let Some(field) = self.message.known(tag) else {
                self.pass(tag)?;
                continue;
            };
            let value = self.message.rest.tagged(tag)?;
            if field.is_single() {
                self.value.item = Item::One(value);
                return Ok(Some(field));
            }
            if self.is_member(field, value, begin)? {
                return Ok(Some(field));
            }
        }
    }

    /// Goes on with a list or a map, with a message that is inline, or not at all with what JSON leaves
    /// out; true if there is a member now.
    fn is_member(
        &mut self,
        field: &'static Field,
        value: Wire<'de>,
        begin: Reader<'de>,
    ) -> Result<bool, Error> {
        if field.is_list() || field.is_map() {
            self.value.item = self.message.run(begin, field)?;
            return Ok(true);
        }
        if field.omits_zero() && is_zero(field.kind(), value)? {
            return Ok(false);
        }
        if field.is_inline() {
            self.enter(field, value)?;
            return Ok(false);
        }
        self.value.item = Item::One(value);
        Ok(true)
    }

    /// Passes over a field that is none of the next. If the schema has its number, it comes late or is of
    /// another wire type.
    #[cold]
    fn pass(&mut self, tag: u64) -> Result<(), Error> {
        let (number, wire_type) = parts(tag)?;
        if self.message.message.field_numbered(number).is_some() {
            return Err(self.value.context.out_of_order());
        }
        self.message.rest.value(wire_type).map(|_| ())
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
            fields: message.fields(),
        }
    }

    /// The field that has this tag, if it can still come.
    #[inline]
    fn known(&mut self, tag: u64) -> Option<&'static Field> {
        while let [field, rest @ ..] = self.fields
            && field.tag() <= tag
        {
            self.fields = rest;
            if field.tag() == tag {
                return Some(field);
            }
        }
        None
    }

    /// All that there is of a list or map, which begins there and of which one element has been read.
    fn run(&mut self, begin: Reader<'de>, field: &Field) -> Result<Item<'de>, Error> {
        let (mut at, mut count) = (self.rest, 1);
        while !at.rest().is_empty() && at.varint()? == field.tag() {
            at.tagged(field.tag())?;
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
