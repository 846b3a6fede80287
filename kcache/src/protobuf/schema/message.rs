//! A message and its fields.

pub(super) mod build;

use std::fmt;

/// What a message consists of.
pub struct Message {
    fields: &'static [Field],
    has_types: bool,
}

/// A field of a message.
pub struct Field {
    name: &'static str,
    message: &'static Message,
    /// Its number and its wire type, as they stand before it.
    tag: u16,
    kind: Kind,
    flags: u8,
}

/// What a field holds, or each element of a list and each value of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A varint; in JSON `true` or `false`.
    Bool,
    /// A varint of 64 bits, of which the lower 32 count.
    Int32,
    /// A varint.
    Int64,
    /// Eight bytes.
    Float64,
    /// UTF-8.
    Text,
    /// Base64 in JSON.
    Bytes,
    /// A message of its own; in JSON an object.
    Message,
    /// Seconds; in JSON as in `2006-01-02T15:04:05Z`, or null.
    Time,
    /// Seconds and nanoseconds; in JSON as in `2006-01-02T15:04:05.000000Z`, or null.
    MicroTime,
    /// Nanoseconds; in JSON as in `1h0m0.5s`.
    Duration,
    /// A number or a text.
    IntOrString,
    /// A text as in `500m`.
    Quantity,
    /// The text of any JSON: a `RawExtension`, a `FieldsV1`, a value in a schema.
    Json,
    /// A list of texts that is a message of its own, as values of maps have to be.
    Texts,
    /// A message that holds one or a list of them, and is what it holds in JSON
    /// (`JSONSchemaPropsOrArray`).
    OneOrMany,
    /// The same with one or a bool (`JSONSchemaPropsOrBool`).
    OneOrBool,
    /// The same with one or a list of texts (`JSONSchemaPropsOrStringArray`).
    OneOrTexts,
}

const LIST: u8 = 1;
const MAP: u8 = 2;
const INLINE: u8 = 4;
const POINTER: u8 = 8;
const OMITTED: u8 = 16;
const MANAGED: u8 = 32;

impl Message {
    pub(crate) const EMPTY: &'static Self = &Self {
        fields: &[],
        has_types: false,
    };

    /// Its fields, by number.
    pub fn fields(&self) -> &'static [Field] {
        self.fields
    }

    /// The field with this name in JSON. Those of an inline message are not looked at.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field with this number.
    pub fn field_numbered(&self, number: u32) -> Option<&'static Field> {
        let index = self.fields.binary_search_by_key(&number, Field::number);
        Some(&self.fields[index.ok()?])
    }

    /// True if its JSON has `apiVersion` and `kind`. The message itself has neither.
    pub fn has_types(&self) -> bool {
        self.has_types
    }
}

impl Field {
    /// What objects have in JSON and not in their message.
    pub(crate) const API_VERSION: &'static Self = &Self::text("apiVersion");
    pub(crate) const KIND: &'static Self = &Self::text("kind");

    const fn text(name: &'static str) -> Self {
        Self {
            name,
            message: Message::EMPTY,
            tag: 0,
            kind: Kind::Text,
            flags: 0,
        }
    }

    /// Its number on the wire.
    pub fn number(&self) -> u32 {
        u32::from(self.tag >> 3)
    }

    /// What stands before it on the wire. Lists of numbers can be packed; their elements are not.
    pub(crate) fn tag(&self) -> u64 {
        self.tag.into()
    }

    /// Its name in JSON; empty if it is inline.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message of a field that holds messages, of [`Kind::Message`] or `OneOr...`.
    pub fn message(&self) -> Option<&'static Message> {
        let is_one = matches!(
            self.kind,
            Kind::Message | Kind::OneOrMany | Kind::OneOrBool | Kind::OneOrTexts
        );
        is_one.then_some(self.message)
    }

    /// True if it is a list: a field that can be repeated.
    pub fn is_list(&self) -> bool {
        self.flags & LIST != 0
    }

    /// True if it is a map: a list of messages whose field 1 is the key, always a text, and whose
    /// field 2 is the value.
    pub fn is_map(&self) -> bool {
        self.flags & MAP != 0
    }

    /// True if the fields of its message are fields of this one in JSON.
    pub fn is_inline(&self) -> bool {
        self.flags & INLINE != 0
    }

    /// True if Go writes it only where it is set. Everything else that is no list, map or bytes is
    /// always written, even if it is zero or empty.
    pub fn is_pointer(&self) -> bool {
        self.flags & POINTER != 0
    }

    /// True if JSON leaves it out where it is zero or empty, although it is written.
    pub fn omits_zero(&self) -> bool {
        self.flags & OMITTED != 0
    }

    /// True if it is `managedFields`.
    pub(crate) fn is_managed(&self) -> bool {
        self.flags & MANAGED != 0
    }

    /// True if its value is the member that JSON has, whatever it is.
    pub(crate) fn is_single(&self) -> bool {
        self.flags & (LIST | MAP | INLINE | OMITTED) == 0
    }

    /// [`Self::message`] without a look at the kind.
    pub(crate) fn inner(&self) -> &'static Message {
        self.message
    }
}

impl fmt::Debug for Message {
    /// Without what its fields hold, which can be itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields).finish()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} = {}", self.name, self.kind, self.number())
    }
}
