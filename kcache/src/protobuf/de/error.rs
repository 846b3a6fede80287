//! What types say of what they do not take, without what they were given.

use std::fmt;

use serde::de::{Expected, Unexpected};

use super::super::error::Error;

impl serde::de::Error for Error {
    /// What a type says in its own words can quote the content.
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::data("the type does not take it")
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::data(format!("it is {}, not {expected}", name(&found)))
    }

    #[cold]
    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::data(format!("it is not {expected}"))
    }

    #[cold]
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::data(format!("its length is {length}, not {expected}"))
    }

    #[cold]
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::data("it is none of the variants of the type")
    }

    #[cold]
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::data("it has a field that the type does not have")
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self::data(format!("it has no {field}"))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        Self::data(format!("it has {field} twice"))
    }
}

/// What something is, and nothing of it.
fn name(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a bool",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a text",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}
