//! The forms in which objects are sent.

use std::str::FromStr;

use anyhow::{Error, bail};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    Json,
    Protobuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    pub(crate) encoding: Encoding,
    pub(crate) metadata_only: bool,
}

impl Form {
    /// What a request accepts, of the forms that there are.
    pub(super) fn accepted(accept: &str, protobuf: bool) -> Self {
        let wants_protobuf = accept.contains("application/vnd.kubernetes.protobuf");
        Self {
            encoding: if protobuf && wants_protobuf {
                Encoding::Protobuf
            } else {
                Encoding::Json
            },
            metadata_only: accept.contains("as=PartialObjectMetadata"),
        }
    }

    /// As an argument, and as what the server says that a watch got.
    pub(crate) fn name(self) -> &'static str {
        match (self.encoding, self.metadata_only) {
            (Encoding::Json, false) => "json",
            (Encoding::Json, true) => "json-metadata",
            (Encoding::Protobuf, false) => "protobuf",
            (Encoding::Protobuf, true) => "protobuf-metadata",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self.encoding {
            Encoding::Json => "application/json",
            Encoding::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

impl FromStr for Form {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        for encoding in [Encoding::Json, Encoding::Protobuf] {
            for metadata_only in [false, true] {
                let form = Self {
                    encoding,
                    metadata_only,
                };
                if form.name() == name {
                    return Ok(form);
                }
            }
        }
        bail!("no such form: {name}")
    }
}
