//! Objects of what comes in, each for itself: a bad one is reported and the others go on.

use std::sync::Arc;

use kube::core::TypeMeta;

use crate::codec::{Codec, DecodeError, Expected, Header, Raw, TypeNames};
use crate::counts::{Sampler, SourceCounts};
use crate::encoding::Encoding;
use crate::error::Error;
use crate::feed::Input;
use crate::object::{Key, Object};
use crate::request::{PARTIAL, Target};
use crate::wire::{Frame, Item};

/// Decodes objects of one resource.
pub(super) struct Decoder<C> {
    codec: C,
    types: TypeMeta,
    /// What it is if only its metadata was sent.
    partial: TypeMeta,
    metadata_only: bool,
    largest: usize,
    counts: Arc<SourceCounts>,
    sampler: Sampler,
}

/// The decoding of so many bytes is timed for itself.
const LARGE: usize = 64 << 10;
const MIB: usize = 1 << 20;

/// What became of the bytes of an object.
pub(super) enum Read<V> {
    /// An object of this version, which may be empty.
    Object(V, String),
    /// It is well formed, but not an object to keep.
    Bad {
        key: Option<Key>,
        version: Option<String>,
        error: DecodeError,
    },
    /// It is of another kind.
    Other { key: Option<Key>, kind: String },
    /// It is well formed, but no object at all.
    NoObject,
    /// It is not even in the encoding that it should be in, so the stream cannot be trusted.
    Garbled,
}

/// What an object, or a list, says of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ours,
    /// Nothing.
    Unsaid,
    /// This is its version and kind.
    Other(String),
}

/// What is reported of objects that are none of ours.
pub(super) const OTHER: &str = "it is of another kind";
const NO_OBJECT: &str = "it is no object";

impl<V: Object> Read<V> {
    /// The input that an item of a list makes.
    pub(super) fn item(self, encoding: Encoding) -> Input<V> {
        match self {
            Self::Object(object, _) => Input::Item(object),
            Self::Bad { key, error, .. } => Input::Bad(key, error),
            Self::Other { key, .. } => Input::Bad(key, DecodeError::new(OTHER)),
            Self::NoObject => Input::Bad(None, DecodeError::new(NO_OBJECT)),
            Self::Garbled => {
                let error = DecodeError::new(format!("it is not {encoding}"));
                Input::Bad(None, error)
            }
        }
    }
}

impl<C> Decoder<C> {
    pub(super) fn new(codec: C, target: &Target, counts: Arc<SourceCounts>) -> Self {
        Self {
            codec,
            types: TypeMeta {
                kind: target.resource.kind.clone(),
                api_version: target.resource.api_version.clone(),
            },
            partial: TypeMeta {
                api_version: PARTIAL.0.to_owned(),
                kind: PARTIAL.1.to_owned(),
            },
            metadata_only: target.metadata_only,
            largest: target.largest,
            counts,
            sampler: Sampler::default(),
        }
    }

    /// Decodes an item of a list, which need not say its kind: then it is what the list says, or what
    /// was requested.
    ///
    /// # Errors
    ///
    /// The codec panicked.
    pub(super) fn item<V: Object>(&mut self, item: Item<'_>) -> Result<Read<V>, Error>
    where
        C: Codec<V>,
    {
        if item.whole {
            self.decode(item.raw, item.types, false)
        } else {
            Ok(self.too_large(item.raw))
        }
    }

    /// Decodes the object of an event.
    ///
    /// # Errors
    ///
    /// The codec panicked.
    pub(super) fn event<V: Object>(&mut self, frame: &Frame<'_>) -> Result<Read<V>, Error>
    where
        C: Codec<V>,
    {
        let object = frame.object;
        if !frame.whole {
            return Ok(self.too_large(object));
        }
        let names = frame.own_types();
        if let Kind::Other(kind) = self.kind(&names) {
            let header = Header::read(object).unwrap_or_default();
            let key = header.key();
            return Ok(Read::Other { key, kind });
        }
        // JSON says this itself.
        let is_partial = frame.object.encoding() == Encoding::Protobuf
            && names.kind.as_deref() == Some(PARTIAL.1);
        self.decode(object, None, is_partial)
    }

    /// What the names of an object's type say of its kind.
    pub(super) fn kind(&self, names: &TypeNames<'_>) -> Kind {
        let (kind, api_version) = (names.kind.as_deref(), names.api_version.as_deref());
        if self.metadata_only && kind == Some(PARTIAL.1) {
            return Kind::Ours;
        }
        let is = |name: Option<&str>, wanted: &str| name.is_none_or(|name| name == wanted);
        if !is(kind, &self.types.kind) || !is(api_version, &self.types.api_version) {
            let names = [api_version, kind].into_iter().flatten();
            return Kind::Other(names.map(word).collect::<Vec<_>>().join(" "));
        }
        if kind.is_some() {
            Kind::Ours
        } else {
            Kind::Unsaid
        }
    }

    /// What the kind of a list says.
    pub(super) fn kind_of_list(&self, kind: Option<&str>) -> Kind {
        let items = kind.and_then(|kind| kind.strip_suffix("List"));
        match items.filter(|items| !items.is_empty()) {
            None => Kind::Unsaid,
            Some(items) if items == self.types.kind || items == PARTIAL.1 => Kind::Ours,
            Some(items) => Kind::Other(word(items)),
        }
    }

    /// An object that is not held, of which at most the metadata is known.
    fn too_large<V>(&self, object: Raw<'_>) -> Read<V> {
        let header = Header::read(object).unwrap_or_default();
        let limit = match self.largest {
            bytes if bytes % MIB == 0 => format!("{} MiB", bytes / MIB),
            bytes => format!("{bytes} bytes"),
        };
        Read::Bad {
            key: header.key(),
            version: header.version().map(str::to_owned),
            error: DecodeError::new(format!("it is larger than {limit}")),
        }
    }

    fn decode<V: Object>(
        &mut self,
        raw: Raw<'_>,
        types: Option<&TypeMeta>,
        is_partial: bool,
    ) -> Result<Read<V>, Error>
    where
        C: Codec<V>,
    {
        let Self {
            codec,
            types: requested,
            partial,
            metadata_only,
            counts,
            sampler,
            ..
        } = self;
        let mut expected = Expected::new(if is_partial {
            partial
        } else {
            types.unwrap_or(requested)
        });
        expected.metadata_only = *metadata_only;
        let timed = sampler.start(raw.bytes().len() >= LARGE);
        let decoded = Error::catch(|| codec.decode_as(raw, expected))?;
        counts.decode_time.add(timed.as_ref());
        counts.decoded.add(1);
        Ok(match decoded {
            Ok(object) if object.version().is_empty() => {
                let header = Header::read(raw).unwrap_or_default();
                let version = header.version().unwrap_or_default().to_owned();
                Read::Object(object, version)
            }
            Ok(object) => {
                let version = object.version().to_owned();
                Read::Object(object, version)
            }
            Err(error) => bad(error, raw),
        })
    }
}

/// A name of a type, to be reported; a server could send anything there.
fn word(name: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-');
    if name.len() <= 128 && name.bytes().all(fits) {
        name.to_owned()
    } else {
        "something".to_owned()
    }
}

fn bad<V>(error: DecodeError, raw: Raw<'_>) -> Read<V> {
    if !raw.is_well_formed() {
        return Read::Garbled;
    }
    if !raw.is_object() {
        return Read::NoObject;
    }
    let header = Header::read(raw).unwrap_or_default();
    Read::Bad {
        key: error.key().cloned().or_else(|| header.key()),
        version: header.version().map(str::to_owned),
        error,
    }
}
