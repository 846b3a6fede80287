//! An object as it came in.

use serde::de::IgnoredAny;

use crate::encoding::Encoding;
use crate::json::coerced;
use crate::protobuf::wire::Reader;

/// An object as it came in, in one of the encodings that API servers speak.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Raw<'a> {
    /// JSON text of one object.
    Json(&'a [u8]),
    /// The protobuf message of one object, without the envelope of `runtime.Unknown`. It does not say
    /// what it is; [`Expected::types`](crate::Expected::types) does.
    Protobuf(&'a [u8]),
}

impl<'a> Raw<'a> {
    /// What it is written in.
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Json(_) => Encoding::Json,
            Self::Protobuf(_) => Encoding::Protobuf,
        }
    }

    /// The bytes, in whatever encoding.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Json(bytes) | Self::Protobuf(bytes) => bytes,
        }
    }

    /// True if the bytes are in that encoding at all.
    pub(crate) fn is_well_formed(self) -> bool {
        match self {
            Self::Json(json) => serde_json::from_slice::<IgnoredAny>(&coerced(json)).is_ok(),
            Self::Protobuf(message) => {
                let mut fields = Reader::new(message);
                loop {
                    match fields.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => return true,
                        Err(_) => return false,
                    }
                }
            }
        }
    }

    /// True if what is well formed can be an object.
    pub(crate) fn is_object(self) -> bool {
        match self {
            Self::Json(json) => json.trim_ascii_start().starts_with(b"{"),
            Self::Protobuf(_) => true,
        }
    }
}
