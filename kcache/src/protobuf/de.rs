//! A message as a `serde::Deserializer`: what the types that are made of it see is Go's JSON.
//!
//! Nothing is read before it is asked for, nothing is kept, and what the type passes over is not looked
//! at. Lists are counted before they are read, so that vectors are made in their size at once.

mod error;
mod fields;
mod collections;
mod plain;
mod value;

use std::cell::Cell;

use super::error::Error;
use super::schema::{Field, Kind, Message};
use super::time::Timestamp;
use super::wire::{Reader, Value as Wire};

/// How an object is read, and what is found out on the way.
pub(super) struct Context<'de> {
    /// Which `apiVersion` and `kind` the object is given.
    pub(super) types: Option<(&'de str, &'de str)>,
    /// With `metadata.managedFields`.
    pub(super) managed_fields: bool,
    /// Nothing but the types and the metadata.
    pub(super) metadata_only: bool,
    /// How many levels deep it may be.
    pub(super) deepest: usize,
    /// A message is not as Kubernetes writes it: nothing else that was found is right.
    pub(super) out_of_order: Cell<bool>,
    pub(super) too_deep: Cell<bool>,
}

impl Context<'_> {
    #[cold]
    fn out_of_order(&self) -> Error {
        self.out_of_order.set(true);
        Error::data("its fields are not in order")
    }

    #[cold]
    fn too_deep(&self) -> Error {
        self.too_deep.set(true);
        Error::data("it is nested too deep")
    }
}

/// A value to be made something of. Who is given it reads it by reference: it is never moved.
#[derive(Clone, Copy)]
pub(super) struct Value<'c, 'de> {
    context: &'c Context<'de>,
    kind: Kind,
    /// Of a value that is a message, or of elements that are.
    message: &'static Message,
    item: Item<'de>,
    /// How many objects and lists are around it.
    level: usize,
}

/// What a value is made of.
#[derive(Clone, Copy)]
enum Item<'de> {
    Null,
    /// The text of any JSON.
    Json(&'de [u8]),
    Time(Timestamp),
    /// In nanoseconds.
    Duration(i64),
    One(Wire<'de>),
    /// Fields of the same number, and how many they are.
    List(&'de [u8], usize),
    Map(&'de [u8], usize),
}

impl<'c, 'de> Value<'c, 'de> {
    /// The object itself.
    pub(super) fn root(
        context: &'c Context<'de>,
        schema: &'static Message,
        message: &'de [u8],
    ) -> Self {
        Self {
            context,
            kind: Kind::Message,
            message: schema,
            item: Item::One(Wire::Bytes(message)),
            level: 0,
        }
    }
}

/// A message as a map from names to values.
struct Fields<'c, 'de> {
    /// That of the key that was given out last.
    value: Value<'c, 'de>,
    field: &'static Field,
    /// Which of `apiVersion` and `kind` have still to be given out.
    types: [bool; 2],
    message: Frame<'de>,
    /// The messages in which `message` is inline, and how many they are.
    outer: [Frame<'de>; INLINE_LEVELS],
    inline: usize,
}

/// How deep messages are inline in others.
const INLINE_LEVELS: usize = 2;

/// A message that is being read.
#[derive(Clone, Copy)]
struct Frame<'de> {
    rest: Reader<'de>,
    message: &'static Message,
    /// Those that can still come: what is behind the others has.
    fields: &'static [Field],
}

/// The elements of a list.
struct Items<'c, 'de> {
    /// The next one.
    value: Value<'c, 'de>,
    rest: Reader<'de>,
    count: usize,
}

/// The entries of a map.
struct Entries<'c, 'de> {
    /// The next value.
    value: Value<'c, 'de>,
    rest: Reader<'de>,
    count: usize,
}
