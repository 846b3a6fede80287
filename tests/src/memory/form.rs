//! The forms in which objects are requested.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::{Value, json};

use super::fault::NoProtobuf;
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

/// What a client gets: a form, and what it is written in.
#[derive(Debug, Clone)]
pub(super) struct Agreed {
    pub(super) form: Form,
    pub(super) protobuf: bool,
}

/// What cannot be had of a resource, or now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lacks {
    pub(super) metadata: bool,
    /// Whole objects in protobuf.
    pub(super) protobuf: bool,
    pub(super) fault: Option<NoProtobuf>,
}

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

impl Agreed {
    /// Takes the first of the client's wishes that can be met.
    ///
    /// # Errors
    /// 406 where none can.
    pub(super) fn negotiate(
        headers: &HeaderMap,
        include: &str,
        lacks: Lacks,
    ) -> Result<Self, Status> {
        let Some(accept) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else {
            return Ok(Self {
                form: Form::Whole,
                protobuf: false,
            });
        };
        let refuses = lacks.fault == Some(NoProtobuf::NotAcceptable) && accept.contains(PROTOBUF);
        let wishes = accept.split(',').map(str::trim).filter(|_| !refuses);
        wishes
            .filter_map(|wish| Self::of_wish(wish, include))
            .find(|agreed| lacks.allow(agreed))
            .ok_or_else(|| {
                let message = "only the following media types are accepted: application/json";
                Status::new(406, "NotAcceptable", message)
            })
    }

    /// What a refusal is written in: it is in no form but its own.
    pub(super) fn writes_refusals_in_protobuf(headers: &HeaderMap) -> bool {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let wishes = accept.into_iter().flat_map(|accept| accept.split(','));
        let first = wishes.map(str::trim).find(|wish| !wish.contains("as="));
        first.and_then(|wish| wish.split(';').next()) == Some(PROTOBUF)
    }

    fn of_wish(wish: &str, include: &str) -> Option<Self> {
        let mut parts = wish.split(';').map(str::trim);
        let media = parts.next()?;
        let protobuf = media == PROTOBUF;
        if !protobuf && !["application/json", "application/*", "*/*", ""].contains(&media) {
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
        let form = match (form, version) {
            ("", _) => Form::Whole,
            ("Table", "v1") => Form::Table(Include::parse(include)),
            ("PartialObjectMetadata" | "PartialObjectMetadataList", "v1") => Form::Metadata,
            _ => return None,
        };
        Some(Self { form, protobuf })
    }
}

impl Lacks {
    fn allow(self, agreed: &Agreed) -> bool {
        match (&agreed.form, agreed.protobuf) {
            (_, true) if self.fault == Some(NoProtobuf::Json) => false,
            (Form::Whole, true) => !self.protobuf,
            (Form::Table(_), true) => false,
            (Form::Metadata, _) => !self.metadata,
            (Form::Whole | Form::Table(_), false) => true,
        }
    }
}

impl Form {
    /// Version and kind of a list in this form.
    pub(super) fn list_types(&self, resource: &Resource) -> (String, String) {
        match self {
            Self::Whole => (resource.api_version(), format!("{}List", resource.kind)),
            Self::Metadata => (META.into(), "PartialObjectMetadataList".into()),
            Self::Table(_) => (META.into(), "Table".into()),
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
