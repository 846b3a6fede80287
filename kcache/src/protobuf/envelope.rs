//! What is around an object on the wire.

use super::error::Error;
use super::wire::{Reader, Value, text};

/// What the bytes of an enveloped object begin with.
const MAGIC: &[u8] = b"k8s\0";

/// An object with its envelope off: four bytes that say what it is, and a `runtime.Unknown`. Bodies of
/// requests and answers are in one, and objects of watch events.
///
/// It is the only place where an object's `apiVersion` and `kind` stand; items of lists have neither.
///
/// # Example
///
/// ```
/// use kcache::protobuf::Envelope;
///
/// let envelope = Envelope::read(b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x05\x0a\x03\x0a\x01a")?;
/// assert_eq!((envelope.api_version, envelope.kind), ("v1", "Pod"));
/// assert_eq!(envelope.raw, b"\x0a\x03\x0a\x01a");
/// # Ok::<(), kcache::protobuf::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// As in `apps/v1`.
    pub api_version: &'a str,
    /// As in `Deployment`.
    pub kind: &'a str,
    /// The object's message, if `content_type` does not say otherwise.
    pub raw: &'a [u8],
    /// How `raw` is encoded beside that; empty if it is not.
    pub content_encoding: &'a str,
    /// What `raw` is, if it is not the object's message; else empty.
    pub content_type: &'a str,
}

impl<'a> Envelope<'a> {
    /// Takes the envelope off.
    ///
    /// # Errors
    ///
    /// These bytes are in none, or it is damaged.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let message = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| Error::syntax("it is in no envelope of Kubernetes"))?;
        let mut envelope = Self::default();
        let mut fields = Reader::new(message);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(types)) => envelope.read_types(types)?,
                (2, Value::Bytes(raw)) => envelope.raw = raw,
                (3, Value::Bytes(encoding)) => envelope.content_encoding = text(encoding)?,
                (4, Value::Bytes(types)) => envelope.content_type = text(types)?,
                (1..=4, _) => return Err(damaged()),
                _ => {}
            }
        }
        Ok(envelope)
    }

    fn read_types(&mut self, types: &'a [u8]) -> Result<(), Error> {
        let mut fields = Reader::new(types);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(version)) => self.api_version = text(version)?,
                (2, Value::Bytes(kind)) => self.kind = text(kind)?,
                (1 | 2, _) => return Err(damaged()),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cold]
fn damaged() -> Error {
    Error::syntax("the envelope is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_taken_off() {
        let message = b"\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x01r\x1a\x01e\x22\x01t\x2a\x01?";
        let whole = [b"k8s\0", &message[..]].concat();
        let want = Envelope {
            api_version: "v1",
            kind: "Pod",
            raw: b"r",
            content_encoding: "e",
            content_type: "t",
        };
        assert_eq!(Envelope::read(&whole).unwrap(), want);
        assert_eq!(Envelope::read(b"k8s\0").unwrap(), Envelope::default());
    }

    #[test]
    fn what_is_in_no_envelope_is_refused() {
        for damaged in [
            &b""[..],
            b"k8s",
            b"{\"kind\":\"Pod\"}",
            b"k8s\0\x0a\x09\x0a",
            b"k8s\0\x0a\x03\x0a\x01\xff",
            b"k8s\0\x10\x01",
            b"k8s\0\x0a\x02\x08\x01",
        ] {
            assert!(Envelope::read(damaged).is_err_and(|error| error.is_syntax()));
        }
    }
}
