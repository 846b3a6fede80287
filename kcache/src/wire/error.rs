//! Why bytes are not what they should be.

use crate::encoding::Encoding;

/// Why bytes are not what they should be. Nothing of them is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// There is something else where JSON needs a certain character.
    #[error("the server sent something that is not JSON")]
    NotJson,
    /// A length or a number is none, or there is something else where an object begins.
    #[error("the server sent something that is not protobuf")]
    NotProtobuf,
    /// It is an object, but has no items.
    #[error("the server sent something that is not a list")]
    NotAList,
    /// It is an object, but has no type and no object in it.
    #[error("the server sent something that is not a watch event")]
    NotAnEvent,
    /// The body ended inside of a value.
    #[error("the answer ended before it was complete")]
    Incomplete,
    /// One value, and not an object, is larger than what is held of any.
    #[error("the server sent a value that is too large")]
    TooLarge,
}

impl WireError {
    /// Bytes are not what they should be in this encoding.
    pub(crate) fn garbled(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Json => Self::NotJson,
            Encoding::Protobuf => Self::NotProtobuf,
        }
    }
}
