//! Why bytes are not what they should be.

/// Why bytes are not what they should be. Nothing of them is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// There is something else where JSON needs a certain character.
    #[error("the server sent something that is not JSON")]
    NotJson,
    /// It is JSON, but has no `items`.
    #[error("the server sent something that is not a list")]
    NotAList,
    /// It is JSON, but has no `type` and `object`.
    #[error("the server sent something that is not a watch event")]
    NotAnEvent,
    /// The body ended inside of a value.
    #[error("the answer ended before it was complete")]
    Incomplete,
    /// One value, and not an object, is larger than what is held of any.
    #[error("the server sent a value that is too large")]
    TooLarge,
}
