//! JSON text, as far as one gets without decoding it; and what Go takes for it.

mod go;
mod scan;
mod cursor;
mod cut;
mod names;
mod nesting;

pub(crate) use self::cut::cut_managed_fields;
pub(crate) use self::go::{coerced, replace_lone_surrogates};
pub(crate) use self::names::metadata_strings;
pub(crate) use self::nesting::nesting;
pub(crate) use self::scan::Scan;
