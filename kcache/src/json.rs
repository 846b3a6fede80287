//! JSON text, as far as one gets without decoding it.

mod cut;
mod scan;

pub(crate) use self::cut::cut_managed_fields;
pub(crate) use self::scan::Scan;
