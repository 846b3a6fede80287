use std::fmt;

/// Why a file is not a kubeconfig. Never says what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxProblem {
    /// Bytes that are no text.
    #[error("not UTF-8 text")]
    Encoding,
    /// The YAML parser gave up.
    #[error(
        "not valid YAML; look for wrong indentation, a tab, or an open quote or bracket here or just before"
    )]
    Yaml,
    /// `%YAML` asks for another version than 1.1.
    #[error("only YAML 1.1 is read: remove the %YAML line")]
    Version,
    /// An alias without its anchor, or inside of it.
    #[error("an alias (*name) needs an anchor (&name) that ends before it")]
    Alias,
    /// Aliases that unfold to more than a million values.
    #[error("aliases unfold to more than a million values")]
    TooLarge,
    /// `<<` before something that is no mapping.
    #[error("a merge key (<<) needs a mapping or a list of mappings")]
    Merge,
    /// A null, a list or a mapping as a key.
    #[error("a key must be a plain word")]
    Key,
    /// A tag and a value that do not go together.
    #[error("the value does not have the type that its tag says")]
    Tag,
    /// `.inf` or `.nan`, which JSON cannot hold.
    #[error("infinite and not-a-number values are not allowed: quote it if it is text")]
    NotFinite,
    /// A value of another type than kubectl wants.
    #[error("{field} must be {expected}, not {found}{}", QuoteHint(.expected, .found))]
    WrongType {
        /// The field's name.
        field: &'static str,
        /// The type it has to have.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// A `...-data` field that is not base64.
    #[error("{field} is not base64")]
    Base64 {
        /// The field's name.
        field: &'static str,
    },
    /// `apiVersion` and `kind` are there and not those of a kubeconfig.
    #[error("not a kubeconfig: apiVersion must be v1 and kind must be Config")]
    Kind,
}

struct QuoteHint<'a>(&'a str, &'a str);

impl fmt::Display for QuoteHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            ("text", "a number" | "a boolean") => f.write_str(": put it in quotes"),
            ("a boolean", "text") => f.write_str(": remove the quotes"),
            _ => Ok(()),
        }
    }
}
