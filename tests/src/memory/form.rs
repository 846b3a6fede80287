//! The forms in which objects are requested.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::{Value, json};

use super::object::{META, Stored, metadata_of};
use super::resource::Resource;
use super::status::Status;
use super::table::{Columns, Include};

/// How a client wants its objects.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Whole,
    /// `PartialObjectMetadata`.
    Metadata,
    /// `Table`, as kubectl prints.
    Table(Include),
}

impl Form {
    /// Takes the first of the client's wishes that can be met; metadata alone may not be to be had.
    ///
    /// # Errors
    /// 406 where none can.
    pub(super) fn negotiate(
        headers: &HeaderMap,
        include: &str,
        no_metadata: bool,
    ) -> Result<Self, Status> {
        let Some(accept) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else {
            return Ok(Self::Whole);
        };
        let wishes = accept.split(',').map(str::trim);
        wishes
            .filter_map(|wish| Self::of_wish(wish, include))
            .find(|form| !(no_metadata && matches!(form, Self::Metadata)))
            .ok_or_else(|| {
                let message = "only the following media types are accepted: application/json";
                Status::new(406, "NotAcceptable", message)
            })
    }

    fn of_wish(wish: &str, include: &str) -> Option<Self> {
        let mut parts = wish.split(';').map(str::trim);
        let media = parts.next()?;
        if !["application/json", "application/*", "*/*", ""].contains(&media) {
            return None;
        }
        let (mut form, mut version) = ("", "");
        for part in parts {
            match part.split_once('=') {
                Some(("as", value)) => form = value,
                Some(("v", value)) => version = value,
                _ => {}
            }
        }
        match (form, version) {
            ("", _) => Some(Self::Whole),
            ("Table", "v1") => Some(Self::Table(Include::parse(include))),
            ("PartialObjectMetadata" | "PartialObjectMetadataList", "v1") => Some(Self::Metadata),
            _ => None,
        }
    }

    /// Kind and version of a list in this form.
    pub(super) fn list_kind(&self, resource: &Resource) -> (String, String) {
        match self {
            Self::Whole => (format!("{}List", resource.kind), resource.api_version()),
            Self::Metadata => ("PartialObjectMetadataList".into(), META.into()),
            Self::Table(_) => ("Table".into(), META.into()),
        }
    }

    /// An object as it stands in a list.
    pub(super) fn item(&self, resource: &Resource, columns: &Columns, object: &Stored) -> Bytes {
        match self {
            Self::Whole => object.as_item(),
            Self::Metadata => encode(&metadata_of(&object.value(resource))),
            Self::Table(include) => encode(&columns.row(&object.value(resource), *include)),
        }
    }

    /// An object by itself; of a table, with its header where `headed`.
    pub(super) fn write_single(
        &self,
        resource: &Resource,
        columns: &Columns,
        object: &Stored,
        headed: bool,
        into: &mut BytesMut,
    ) {
        let value = match self {
            Self::Whole => return object.write_whole(resource, into),
            Self::Metadata => metadata_of(&object.value(resource)),
            Self::Table(include) => {
                let row = columns.row(&object.value(resource), *include);
                let version = object.version.to_string();
                columns.table(headed, &json!({ "resourceVersion": version }), &[row])
            }
        };
        into.extend_from_slice(&encode(&value));
    }
}

fn encode(value: &Value) -> Bytes {
    value.to_string().into()
}
