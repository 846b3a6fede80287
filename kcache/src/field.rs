//! Field selectors, as apimachinery has them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::fact::{Fact, NodeName};
use crate::object::Object;

/// A field that filters can select by: a path and how to read it.
///
/// Two fields of one path are the same field. The reader is run by the writer of a cache, so it
/// must be cheap and must not block; what is dear to compute belongs into
/// [`Filter::by`](crate::Filter::by).
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Pod;
/// use kcache::{Field, Filter};
///
/// let phase = Field::new("status.phase", |pod: &Pod| {
///     pod.status.as_ref()?.phase.as_deref().map(Into::into)
/// });
/// let running = Filter::field(phase, ["Running"]);
/// assert_eq!(running.to_string(), "status.phase in (Running)");
/// ```
pub struct Field<V> {
    path: &'static str,
    read: fn(&V) -> Option<Cow<'_, str>>,
}

impl<V> Field<V> {
    /// A field of the user's own.
    pub fn new(path: &'static str, read: fn(&V) -> Option<Cow<'_, str>>) -> Self {
        Self { path, read }
    }

    /// The path, as it is written in a field selector.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The value in an object; an absent one reads as the empty string.
    pub fn read<'a>(&self, object: &'a V) -> Cow<'a, str> {
        (self.read)(object).unwrap_or_default()
    }
}

impl<V: Object> Field<V> {
    /// `metadata.name`.
    pub fn name() -> Self {
        Self::new("metadata.name", |object| Some(object.name().into()))
    }

    /// `metadata.namespace`.
    pub fn namespace() -> Self {
        Self::new("metadata.namespace", |object| {
            object.namespace().map(Into::into)
        })
    }

    /// `spec.nodeName`, of objects that know their node.
    pub fn node() -> Self
    where
        V: Fact<NodeName>,
    {
        Self::new("spec.nodeName", |object| {
            object.fact().map(|node| node.0.into())
        })
    }
}

impl<V> Clone for Field<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Field<V> {}

impl<V> PartialEq for Field<V> {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl<V> fmt::Debug for Field<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

/// A field selector, parsed as `k8s.io/apimachinery/pkg/fields` does it.
///
/// # Example
///
/// ```
/// use kcache::FieldSelector;
/// let selector: FieldSelector = r"spec.nodeName=n1,metadata.name!=a\,b".parse()?;
/// assert_eq!(selector.to_string(), r"metadata.name!=a\,b,spec.nodeName=n1");
/// assert!("spec.nodeName".parse::<FieldSelector>().is_err());
/// # Ok::<(), kcache::FieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldSelector {
    pub(crate) terms: Vec<FieldTerm>,
}

/// One `path=value` or `path!=value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FieldTerm {
    pub(crate) path: String,
    pub(crate) equal: bool,
    pub(crate) value: String,
}

/// Why a field selector was refused. Final: the same input is refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A term without an operator.
    #[error("{0:?} is not a field selector term")]
    Term(String),
    /// A backslash before something that needs none, or at the end.
    #[error("invalid escape sequence in {0:?}")]
    Escape(String),
    /// A comma or an equals sign in a value without a backslash.
    #[error("unescaped character in {0:?}")]
    Unescaped(String),
    /// A path that the stored form has no [`Field`] for.
    #[error("there is no field {0:?} to select by")]
    Unknown(String),
}

impl FromStr for FieldSelector {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let mut parts = split_terms(text);
        parts.sort_unstable();
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let terms = parts.map(FieldTerm::parse).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }
}

/// The terms between commas; a comma behind a backslash belongs to its term.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

impl FieldTerm {
    fn parse(text: &str) -> Result<Self, FieldError> {
        for (i, _) in text.char_indices() {
            for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
                if let Some(value) = text[i..].strip_prefix(operator) {
                    let path = text[..i].to_owned();
                    let value = unescape(value)?;
                    return Ok(Self { path, equal, value });
                }
            }
        }
        Err(FieldError::Term(text.to_owned()))
    }
}

fn unescape(text: &str) -> Result<String, FieldError> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => value.push(escaped),
                _ => return Err(FieldError::Escape(text.to_owned())),
            },
            ',' | '=' => return Err(FieldError::Unescaped(text.to_owned())),
            c => value.push(c),
        }
    }
    Ok(value)
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let operator = if term.equal { "=" } else { "!=" };
            write!(f, "{comma}{}{operator}", term.path)?;
            for c in term.value.chars() {
                let escape = if matches!(c, '\\' | ',' | '=') {
                    "\\"
                } else {
                    ""
                };
                write!(f, "{escape}{c}")?;
            }
        }
        Ok(())
    }
}
