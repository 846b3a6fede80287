//! How API servers write objects.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// How an API server writes objects.
///
/// Both are of the same objects. Every server writes JSON; protobuf is smaller and read in a fraction of
/// the time, and there is none of custom resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// `application/json`.
    Json,
    /// `application/vnd.kubernetes.protobuf`.
    Protobuf,
}

impl Encoding {
    /// The one that a `Content-Type` names, whatever its parameters.
    pub(crate) fn of_content_type(text: &str) -> Option<Self> {
        let media_type = text.split(';').next().unwrap_or_default().trim();
        [Self::Json, Self::Protobuf]
            .into_iter()
            .find(|encoding| media_type.eq_ignore_ascii_case(encoding.media_type()))
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Protobuf => "protobuf",
        })
    }
}

/// Which encoding came last, for all threads to see.
#[derive(Default)]
pub(crate) struct LastEncoding(AtomicU8);

impl LastEncoding {
    pub(crate) fn set(&self, encoding: Encoding) {
        let code = match encoding {
            Encoding::Json => 1,
            Encoding::Protobuf => 2,
        };
        self.0.store(code, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<Encoding> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(Encoding::Json),
            2 => Some(Encoding::Protobuf),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_names_an_encoding_whatever_its_parameters() {
        for (text, want) in [
            ("application/json", Some(Encoding::Json)),
            ("application/json;stream=watch", Some(Encoding::Json)),
            ("Application/JSON; charset=utf-8", Some(Encoding::Json)),
            (
                "application/vnd.kubernetes.protobuf",
                Some(Encoding::Protobuf),
            ),
            (
                "application/vnd.kubernetes.protobuf;stream=watch",
                Some(Encoding::Protobuf),
            ),
            ("application/vnd.kubernetes.protobuf2", None),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of_content_type(text), want, "{text}");
        }
    }

    #[test]
    fn the_last_encoding_stands() {
        let last = LastEncoding::default();
        assert_eq!(last.get(), None);
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            last.set(encoding);
            assert_eq!(last.get(), Some(encoding));
        }
    }
}
