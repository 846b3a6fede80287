//! Objects from their messages.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use super::de::{Context, Value};
use super::envelope::Envelope;
use super::error::Error;
use super::normal::{Unread, normalised};
use super::schema::{self, Message};
use crate::deep::{DEEPEST, SHALLOW, on_a_deep_stack};

/// Makes objects of one kind from their messages: anything that serde can read from JSON.
///
/// The type sees what Go's JSON of the object would have, with three differences that JSON has and
/// protobuf has not: a list or map that is empty is absent, be it `[]`, `{}` or null; so is a pointer
/// that would be null; and a field that the table does not know is passed over.
///
/// # Example
///
/// ```
/// use kcache::protobuf::Decoder;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Named { kind: String, metadata: Metadata }
///
/// #[derive(Deserialize)]
/// struct Metadata { name: String }
///
/// let pods = Decoder::new("v1", "Pod").expect("a kind that is built in");
/// let pod: Named = pods.decode(b"\x0a\x03\x0a\x01a")?;
/// assert_eq!((pod.kind.as_str(), pod.metadata.name.as_str()), ("Pod", "a"));
/// # Ok::<(), kcache::protobuf::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'k> {
    message: &'static Message,
    types: Option<(&'k str, &'k str)>,
    managed_fields: bool,
    metadata_only: bool,
}

impl<'k> Decoder<'k> {
    /// A decoder of objects of this kind, if it is one of those in the [`schema`].
    ///
    /// The objects are given this `apiVersion` and `kind`, which stand in no message. Their
    /// `metadata.managedFields` are left out.
    pub fn new(api_version: &'k str, kind: &'k str) -> Option<Self> {
        let message = schema::message(api_version, kind)?;
        Some(Self {
            message,
            types: Some((api_version, kind)),
            managed_fields: false,
            metadata_only: false,
        })
    }

    /// A decoder of the metadata of objects of this kind, whatever kind that is: all have it in the same
    /// place.
    pub(crate) fn of_metadata(api_version: &'k str, kind: &'k str) -> Option<Self> {
        let decoder = Self::new("meta.k8s.io/v1", "PartialObjectMetadata")?;
        let types = Some((api_version, kind));
        Some(Self { types, ..decoder }.with_metadata_only(true))
    }

    /// With or without `metadata.managedFields`; they cost as much as all else.
    #[must_use]
    pub fn with_managed_fields(self, managed_fields: bool) -> Self {
        Self {
            managed_fields,
            ..self
        }
    }

    /// With nothing but `apiVersion`, `kind` and `metadata`, or with all.
    #[must_use]
    pub fn with_metadata_only(self, metadata_only: bool) -> Self {
        Self {
            metadata_only,
            ..self
        }
    }

    /// Without `apiVersion` and `kind`, as an item of a list.
    #[must_use]
    pub fn without_types(self) -> Self {
        let types = None;
        Self { types, ..self }
    }

    /// Makes an object from its message, which is in no envelope.
    ///
    /// Any bytes are an object or an error, and what is made is at most 1,000 levels deep. What is
    /// deeper than 32 is made on a thread of its own, hence `Send`.
    ///
    /// # Errors
    ///
    /// The bytes are no message of this kind, or the type does not take it.
    pub fn decode<T: DeserializeOwned + Send>(&self, message: &[u8]) -> Result<T, Error> {
        let read = |deepest| self.read(message, deepest);
        let made = match read(SHALLOW) {
            Err(Unread::TooDeep) => on_a_deep_stack(|| read(DEEPEST)),
            made => Some(made),
        };
        match made {
            Some(Ok(object)) => Ok(object),
            Some(Err(Unread::Wrong(error))) => Err(error),
            Some(Err(Unread::TooDeep)) => Err(Error::data(format!(
                "it is nested deeper than {DEEPEST} levels"
            ))),
            None => Err(Error::data(
                "it is nested deep, and there is no memory for it",
            )),
        }
    }

    /// Reads it as Kubernetes writes it, and if it is not, again in that form.
    fn read<T: DeserializeOwned>(&self, message: &[u8], deepest: usize) -> Result<T, Unread> {
        let error = match self.read_ordered(message, deepest) {
            Ok(Some(object)) => return Ok(object),
            Ok(None) => None,
            Err(Unread::Wrong(error)) => Some(error),
            Err(Unread::TooDeep) => return Err(Unread::TooDeep),
        };
        // What is missing can stand in a later piece.
        let in_order = match (normalised(message, self.message, deepest), error) {
            (Ok(in_order), Some(error)) if in_order == message => return Err(error.into()),
            (Err(Unread::Wrong(_)), Some(error)) => return Err(error.into()),
            (in_order, _) => in_order?,
        };
        let object = self.read_ordered(&in_order, deepest)?;
        object.ok_or_else(|| Error::syntax("its fields are in no order").into())
    }

    /// `None` if the message is not as Kubernetes writes it.
    fn read_ordered<T: DeserializeOwned>(
        &self,
        message: &[u8],
        deepest: usize,
    ) -> Result<Option<T>, Unread> {
        let context = Context {
            types: self.types,
            managed_fields: self.managed_fields,
            metadata_only: self.metadata_only,
            deepest,
            out_of_order: Cell::new(false),
            too_deep: Cell::new(false),
        };
        let made = T::deserialize(&Value::root(&context, self.message, message));
        if context.out_of_order.get() {
            return Ok(None);
        }
        if context.too_deep.get() {
            return Err(Unread::TooDeep);
        }
        Ok(Some(made?))
    }
}

/// Makes an object from its message in an envelope, which says what kind it is: a body that an API
/// server sent, less `metadata.managedFields`.
///
/// # Errors
///
/// It is in no envelope, or of a kind that the [`schema`] has not; else as [`Decoder::decode`].
pub fn from_enveloped<T: DeserializeOwned + Send>(bytes: &[u8]) -> Result<T, Error> {
    let envelope = Envelope::read(bytes)?;
    if !envelope.content_encoding.is_empty() || !envelope.content_type.is_empty() {
        return Err(Error::data("it is in no protobuf in its envelope"));
    }
    let decoder = Decoder::new(envelope.api_version, envelope.kind);
    let decoder = decoder.ok_or_else(|| Error::data("it is of a kind that is not known"))?;
    decoder.decode(envelope.raw)
}
