//! Values whose kind says not yet what JSON has for them.

use super::super::error::Error;
use super::super::schema::{Kind, Message};
use super::super::time::{Timestamp, int32};
use super::super::wire::{Reader, Value as Wire};
use super::{Item, Value};

/// True of a kind that has one form in JSON, the one that it has on the wire.
#[inline]
pub(super) fn is_plain(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::Int32
            | Kind::Int64
            | Kind::Float64
            | Kind::Text
            | Kind::Bytes
            | Kind::Message
    )
}

impl<'de> Value<'_, 'de> {
    /// The same as null, a list, a map, or a value of a kind that has one form in JSON.
    pub(super) fn plain(self) -> Result<Self, Error> {
        match self.item {
            _ if is_plain(self.kind) => Ok(self),
            Item::One(Wire::Bytes(message)) => self.plain_message(message),
            Item::One(_) => Err(damaged()),
            // It is so already.
            _ => Ok(self),
        }
    }

    fn plain_message(self, message: &'de [u8]) -> Result<Self, Error> {
        let item = match self.kind {
            Kind::Time => Timestamp::read(message)?
                .and_then(Timestamp::to_second)
                .map(Item::Time),
            Kind::MicroTime => Timestamp::read(message)?
                .and_then(Timestamp::to_microsecond)
                .map(Item::Time),
            Kind::Json => match last(message, 1)? {
                None | Some(Wire::Bytes([])) => None,
                Some(Wire::Bytes(json)) => Some(Item::Json(json)),
                Some(_) => return Err(damaged()),
            },
            Kind::Duration => match last(message, 1)? {
                None => Some(Item::Duration(0)),
                Some(Wire::Number(nanoseconds)) => Some(Item::Duration(nanoseconds.cast_signed())),
                Some(_) => return Err(damaged()),
            },
            Kind::Quantity => return self.quantity(message),
            Kind::IntOrString => return self.int_or_string(message),
            Kind::Texts => return self.elements(Kind::Text, 1, message),
            Kind::OneOrMany => return self.one_or_many(message),
            Kind::OneOrBool => return self.one_or_bool(message),
            Kind::OneOrTexts => return self.one_or_texts(message),
            _ => Some(self.item),
        };
        let item = item.unwrap_or(Item::Null);
        Ok(Self { item, ..self })
    }

    fn one(self, kind: Kind, value: Wire<'de>) -> Self {
        let item = Item::One(value);
        Self { kind, item, ..self }
    }

    fn nothing(self) -> Self {
        let item = Item::Null;
        Self { item, ..self }
    }

    fn quantity(self, message: &'de [u8]) -> Result<Self, Error> {
        // Go's zero value is an empty text.
        let text = match last(message, 1)? {
            None | Some(Wire::Bytes([])) => Wire::Bytes(b"0"),
            Some(text) => text,
        };
        Ok(self.one(Kind::Text, text))
    }

    fn int_or_string(self, message: &'de [u8]) -> Result<Self, Error> {
        const STRING: i32 = 1;
        let is_string = match last(message, 1)? {
            None => false,
            Some(Wire::Number(number)) => int32(number) == STRING,
            Some(_) => return Err(damaged()),
        };
        Ok(if is_string {
            let text = last(message, 3)?.unwrap_or(Wire::Bytes(&[]));
            self.one(Kind::Text, text)
        } else {
            let number = last(message, 2)?.unwrap_or(Wire::Number(0));
            self.one(Kind::Int32, number)
        })
    }

    fn one_or_many(self, message: &'de [u8]) -> Result<Self, Error> {
        let many = self.list_of_messages(2, message)?;
        match many.item {
            Item::List(_, 0) => Ok(self.schema(1, message)?.unwrap_or(self.nothing())),
            _ => Ok(many),
        }
    }

    fn one_or_bool(self, message: &'de [u8]) -> Result<Self, Error> {
        if let Some(schema) = self.schema(2, message)? {
            return Ok(schema);
        }
        let allows = last(message, 1)?.unwrap_or(Wire::Number(0));
        Ok(self.one(Kind::Bool, allows))
    }

    fn one_or_texts(self, message: &'de [u8]) -> Result<Self, Error> {
        let texts = self.elements(Kind::Text, 2, message)?;
        match texts.item {
            Item::List(_, 0) => Ok(self.schema(1, message)?.unwrap_or(self.nothing())),
            _ => Ok(texts),
        }
    }

    /// The message in a field of this one, which stands in one piece.
    fn schema(self, number: u32, message: &'de [u8]) -> Result<Option<Self>, Error> {
        let (mut fields, mut found) = (Reader::new(message), None);
        while let Some((other, value)) = fields.next()? {
            if other == number && found.replace(value).is_some() {
                return Err(self.context.out_of_order());
            }
        }
        let message = self.inner(number);
        Ok(found.map(|value| Self {
            message,
            ..self.one(Kind::Message, value)
        }))
    }

    fn list_of_messages(self, number: u32, message: &'de [u8]) -> Result<Self, Error> {
        let list = self.elements(Kind::Message, number, message)?;
        let message = self.inner(number);
        Ok(Self { message, ..list })
    }

    fn inner(self, number: u32) -> &'static Message {
        let field = self.message.field_numbered(number);
        field.map_or(Message::EMPTY, |field| field.inner())
    }

    /// The list in a field of this message, which stands in one piece.
    fn elements(self, kind: Kind, number: u32, message: &'de [u8]) -> Result<Self, Error> {
        let mut fields = Reader::new(message);
        let (mut begin, mut end, mut count) = (message, message, 0);
        loop {
            let before = fields.rest();
            match fields.next()? {
                None => break,
                Some((found, _)) if found != number => {}
                Some((_, Wire::Bytes(_))) => {
                    if count == 0 {
                        begin = before;
                    } else if before.len() != end.len() {
                        return Err(self.context.out_of_order());
                    }
                    (end, count) = (fields.rest(), count + 1);
                }
                Some(_) => return Err(damaged()),
            }
        }
        let item = match count {
            0 => Item::List(&[], 0),
            _ => Item::List(&begin[..begin.len() - end.len()], count),
        };
        Ok(Self { kind, item, ..self })
    }
}

/// The last value of a field.
fn last(message: &[u8], number: u32) -> Result<Option<Wire<'_>>, Error> {
    let (mut fields, mut last) = (Reader::new(message), None);
    while let Some((found, value)) = fields.next()? {
        if found == number {
            last = Some(value);
        }
    }
    Ok(last)
}

#[cold]
fn damaged() -> Error {
    Error::syntax("a message is damaged")
}
