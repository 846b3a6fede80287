//! Lists and maps.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::super::error::Error;
use super::super::schema::Kind;
use super::super::wire::{Reader, Value as Wire};
use super::{Entries, Item, Items, Value};

impl<'c, 'de> Items<'c, 'de> {
    /// The elements that these fields hold; `value` says what each of them is.
    pub(super) fn new(value: Value<'c, 'de>, fields: &'de [u8], count: usize) -> Self {
        Self {
            value,
            rest: Reader::new(fields),
            count,
        }
    }

    #[inline]
    fn element(&mut self) -> Result<Option<Wire<'de>>, Error> {
        if self.rest.rest().is_empty() {
            return Ok(None);
        }
        self.count = self.count.saturating_sub(1);
        let tag = self.rest.varint()?;
        self.rest.tagged(tag).map(Some)
    }
}

/// True of what is written as a varint.
fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int32 | Kind::Int64)
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(element) = self.element()? else {
            return Ok(None);
        };
        self.value.item = Item::One(element);
        let mut made = seed.deserialize(&self.value).map(Some);
        if let Err(error) = &mut made {
            error.add_field("[]");
        }
        made
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count)
    }
}

impl<'c, 'de> Entries<'c, 'de> {
    /// The entries that these fields hold; `value` says what the value of each is.
    pub(super) fn new(value: Value<'c, 'de>, fields: &'de [u8], count: usize) -> Self {
        Self {
            value,
            rest: Reader::new(fields),
            count,
        }
    }

    /// Goes to the next entry; its key.
    #[inline]
    fn advance(&mut self) -> Result<Option<&'de [u8]>, Error> {
        let Some((_, entry)) = self.rest.next()? else {
            return Ok(None);
        };
        self.count = self.count.saturating_sub(1);
        let Wire::Bytes(entry) = entry else {
            return Err(Error::syntax("an entry of a map is damaged"));
        };
        // Go leaves nothing out; others may leave out what is empty.
        let mut key = &[][..];
        let mut value = match self.value.kind {
            Kind::Float64 => Wire::Fixed64(0),
            kind if is_number(kind) => Wire::Number(0),
            _ => Wire::Bytes(&[]),
        };
        let mut fields = Reader::new(entry);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(bytes)) => key = bytes,
                (1, _) => return Err(Error::syntax("a key is no text")),
                (2, found) => value = found,
                _ => {}
            }
        }
        self.value.item = Item::One(value);
        Ok(Some(key))
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(key) = self.advance()? else {
            return Ok(None);
        };
        let key = Value {
            kind: Kind::Text,
            item: Item::One(Wire::Bytes(key)),
            ..self.value
        };
        let mut made = seed.deserialize(&key).map(Some);
        if let Err(error) = &mut made {
            error.add_field("[]");
        }
        made
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let mut made = seed.deserialize(&self.value);
        if let Err(error) = &mut made {
            error.add_field("[]");
        }
        made
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count)
    }
}
