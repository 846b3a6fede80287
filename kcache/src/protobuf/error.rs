//! Why bytes are not the object that was asked for.

use std::borrow::Cow;
use std::fmt;

/// Why bytes are not the object that was asked for. Final for these bytes.
///
/// It says what is wrong and in which field, as in `spec.containers[].image: a text is not UTF-8`, and
/// nothing of the content, which may be a Secret's.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    reason: Cow<'static, str>,
    /// The fields around it, the innermost first.
    fields: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Syntax,
    Data,
}

impl Error {
    /// The bytes are damaged.
    #[cold]
    pub(crate) fn syntax(reason: &'static str) -> Self {
        Self::new(Kind::Syntax, reason.into())
    }

    /// The bytes are right, and not what was asked for.
    #[cold]
    pub(crate) fn data(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Data, reason.into())
    }

    fn new(kind: Kind, reason: Cow<'static, str>) -> Self {
        let fields = Vec::new();
        Self(Box::new(Inner {
            kind,
            reason,
            fields,
        }))
    }

    /// Notes the field in which it was met. The outermost field comes last.
    #[cold]
    pub(crate) fn add_field(&mut self, field: &'static str) {
        self.0.fields.push(field);
    }

    /// True if the bytes are no protobuf message, or not one of this kind: they end too early, a
    /// length points past their end, a field is of another wire type, a text is not UTF-8.
    pub fn is_syntax(&self) -> bool {
        self.0.kind == Kind::Syntax
    }

    /// True if the bytes are a message of this kind that the wanted type does not take, or that is
    /// nested too deep.
    pub fn is_data(&self) -> bool {
        self.0.kind == Kind::Data
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { reason, fields, .. } = &*self.0;
        let mut fields = fields.iter().rev().peekable();
        while let Some(field) = fields.next() {
            f.write_str(field)?;
            let is_last = fields.peek().is_none();
            let is_item = fields.peek().is_some_and(|next| next.starts_with('['));
            match (is_last, is_item) {
                (true, _) => f.write_str(": ")?,
                (false, true) => {}
                (false, false) => f.write_str(".")?,
            }
        }
        f.write_str(reason)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}, {:?})", self.0.kind, self.to_string())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_fields_from_the_outside() {
        let mut error = Error::syntax("it ends too early");
        assert_eq!(error.to_string(), "it ends too early");
        for field in ["image", "[]", "containers", "spec"] {
            error.add_field(field);
        }
        assert_eq!(
            error.to_string(),
            "spec.containers[].image: it ends too early"
        );
        assert!(error.is_syntax() && !error.is_data());
        let debug = "Error(Syntax, \"spec.containers[].image: it ends too early\")";
        assert_eq!(format!("{error:?}"), debug);
    }
}
