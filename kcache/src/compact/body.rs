//! The bytes of an object, and how it is made of them again.

use std::cell::RefCell;
use std::sync::Arc;

use kube::core::TypeMeta;
use serde::de::DeserializeOwned;
use zstd::zstd_safe::{DCtx, DDict};

use super::stats::CompactStats;
use crate::codec::{DecodeError, Expected, JsonDecoder, decode_cut, decoder_of};
use crate::encoding::Encoding;
use crate::protobuf;

/// The bytes of one object, which are counted while they are there.
pub(super) struct Body {
    bytes: Box<[u8]>,
    /// How long its text is. Bytes of that length are the text itself.
    size: u32,
    context: Arc<Context>,
}

/// What the bytes of many objects have in common.
pub(super) struct Context {
    /// What an object is that does not say it.
    pub(super) types: Option<TypeMeta>,
    pub(super) metadata_only: bool,
    pub(super) encoding: Encoding,
    /// Kept as long as an object uses it.
    pub(super) dictionary: Option<Arc<DDict<'static>>>,
    pub(super) stats: CompactStats,
}

/// What cannot be undone was damaged in memory, or is a fault of ours.
const DAMAGED: &str = "its compressed bytes are damaged";
/// Between objects no more is kept than for one of this size.
const KEPT: usize = 1 << 20;

impl Body {
    /// Of a text of this size, which is stored as these bytes.
    pub(super) fn new(
        bytes: Box<[u8]>,
        size: usize,
        context: Arc<Context>,
    ) -> Result<Self, DecodeError> {
        let size = size.try_into();
        let size = size.map_err(|_| DecodeError::new("it is larger than 4 GiB"))?;
        Ok(Self::held(bytes, size, context))
    }

    fn held(bytes: Box<[u8]>, size: u32, context: Arc<Context>) -> Self {
        context.stats.hold(bytes.len(), size as usize);
        Self {
            bytes,
            size,
            context,
        }
    }

    /// What is made of it.
    pub(super) fn decode<T: DeserializeOwned + Send>(&self) -> Result<T, DecodeError> {
        thread_local! {
            static READER: RefCell<Reader> = RefCell::default();
        }
        self.context.stats.add_decoded();
        READER.with(|reader| match reader.try_borrow_mut() {
            Ok(mut reader) => reader.decode(self),
            // While an object is decoded, what decodes it can decode another.
            Err(_) => Reader::default().decode(self),
        })
    }

    pub(super) fn stats(&self) -> &CompactStats {
        &self.context.stats
    }

    /// How many bytes are stored.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Clone for Body {
    fn clone(&self) -> Self {
        Self::held(self.bytes.clone(), self.size, self.context.clone())
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.context.stats.let_go(self.len(), self.size as usize);
    }
}

/// What is needed to read a body, and used again for the next.
#[derive(Default)]
struct Reader {
    decompressor: Option<DCtx<'static>>,
    text: Vec<u8>,
    json: JsonDecoder,
}

impl Reader {
    fn decode<T: DeserializeOwned + Send>(&mut self, body: &Body) -> Result<T, DecodeError> {
        let size = body.size as usize;
        let context = &*body.context;
        if body.bytes.len() == size {
            return decode_as(&mut self.json, &body.bytes, context);
        }
        self.decompress(&body.bytes, size, context.dictionary.as_deref())?;
        let made = decode_as(&mut self.json, &self.text, context);
        if size > KEPT {
            self.text = Vec::new();
        }
        made
    }

    /// No more comes out than the size that the text had.
    fn decompress(
        &mut self,
        bytes: &[u8],
        size: usize,
        dictionary: Option<&DDict<'static>>,
    ) -> Result<(), DecodeError> {
        let Self {
            decompressor, text, ..
        } = self;
        let decompressor = decompressor.get_or_insert_with(DCtx::create);
        text.clear();
        text.resize(size, 0);
        let out = text.as_mut_slice();
        let len = match dictionary {
            Some(dictionary) => decompressor.decompress_using_ddict(out, bytes, dictionary),
            None => decompressor.decompress(out, bytes),
        };
        if len == Ok(size) {
            Ok(())
        } else {
            Err(DecodeError::new(DAMAGED))
        }
    }
}

fn decode_as<T: DeserializeOwned + Send>(
    json: &mut JsonDecoder,
    bytes: &[u8],
    context: &Context,
) -> Result<T, DecodeError> {
    let expected = context.types.as_ref().map(|types| {
        let mut expected = Expected::new(types);
        expected.metadata_only = context.metadata_only;
        expected
    });
    match (context.encoding, expected) {
        (Encoding::Protobuf, Some(expected)) => decode_message(json, bytes, expected),
        (_, expected) => decode_cut(json, bytes, expected),
    }
}

/// What is made of a message that has no `managedFields` any longer.
pub(super) fn decode_message<T: DeserializeOwned + Send>(
    json: &mut JsonDecoder,
    message: &[u8],
    expected: Expected<'_>,
) -> Result<T, DecodeError> {
    let decoder = decoder_of(expected)?;
    let wrong = |error: protobuf::Error| DecodeError::new(error.to_string());
    match decoder.decode(message) {
        Err(error) if !error.is_syntax() => {
            // Some types can be made of JSON text only.
            let value: serde_json::Value = decoder.decode(message).map_err(wrong)?;
            decode_cut(json, value.to_string().as_bytes(), Some(expected))
        }
        made => made.map_err(wrong),
    }
}
