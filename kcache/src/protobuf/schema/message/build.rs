//! The table's short names.

use super::{Field, INLINE, Kind, LIST, MANAGED, MAP, Message, OMITTED, POINTER};

pub(crate) const R: u8 = LIST;
pub(crate) const M: u8 = MAP;
pub(crate) const I: u8 = INLINE;
pub(crate) const P: u8 = POINTER;
pub(crate) const O: u8 = OMITTED;
pub(crate) const G: u8 = MANAGED;

/// A field without a message.
pub(crate) const fn f(number: u8, name: &'static str, kind: Kind, flags: u8) -> Field {
    s(number, name, kind, Message::EMPTY, flags)
}

/// One that is a message.
pub(crate) const fn m(
    number: u8,
    name: &'static str,
    message: &'static Message,
    flags: u8,
) -> Field {
    s(number, name, Kind::Message, message, flags)
}

/// One whose message is what it holds.
pub(crate) const fn s(
    number: u8,
    name: &'static str,
    kind: Kind,
    message: &'static Message,
    flags: u8,
) -> Field {
    let wire_type = match kind {
        _ if flags & MAP != 0 => 2,
        Kind::Bool | Kind::Int32 | Kind::Int64 => 0,
        Kind::Float64 => 1,
        _ => 2,
    };
    Field {
        name,
        message,
        tag: (number as u16) << 3 | wire_type,
        kind,
        flags,
    }
}

pub(crate) const fn plain(fields: &'static [Field]) -> Message {
    Message {
        fields,
        has_types: false,
    }
}

/// One whose JSON has its types.
pub(crate) const fn object(fields: &'static [Field]) -> Message {
    Message {
        fields,
        has_types: true,
    }
}
