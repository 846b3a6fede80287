//! What bodies are made of, in whatever encoding.

use serde::Deserialize;

use super::span::Span;

/// A part of the body of a list.
pub(super) enum ListPart {
    /// What the list says that it is.
    Kind(Option<String>),
    ApiVersion(Option<String>),
    Meta(ListMeta),
    Item(Span),
    /// There are no more items.
    Listed,
}

/// What a list says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    pub(crate) resource_version: Option<String>,
    /// Where the next page begins.
    pub(crate) r#continue: Option<String>,
    /// The shard that the list is of, if the server says that it is of one.
    pub(crate) shard_info: Option<ShardInfo>,
    /// The kind of the list itself.
    #[serde(skip)]
    pub(crate) kind: Option<String>,
}

/// What a server has left out of a list: all that its shard selector does not match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ShardInfo {
    pub(crate) selector: String,
}

/// A part of an event.
pub(super) enum EventPart {
    Kind(EventKind),
    Object(Span),
    End,
}

/// What an event says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
    /// A kind that this version does not know.
    Unknown,
}

impl EventKind {
    pub(super) fn of(text: &[u8]) -> Self {
        match text {
            b"ADDED" => Self::Added,
            b"MODIFIED" => Self::Modified,
            b"DELETED" => Self::Deleted,
            b"BOOKMARK" => Self::Bookmark,
            b"ERROR" => Self::Error,
            _ => Self::Unknown,
        }
    }
}
