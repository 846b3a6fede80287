//! What fuzz targets need to see of what reads a server's bytes.

use bytes::Bytes;

use crate::encoding::Encoding;
use crate::json;
use crate::wire::{ListBody, WatchBody};

/// The items of a list that comes in such chunks, each with whether it is whole, and how it ended.
pub fn list(encoding: Encoding, chunks: &[&[u8]], limit: usize) -> (Vec<(Vec<u8>, bool)>, String) {
    let mut body = ListBody::new(encoding, limit);
    let mut items = Vec::new();
    for chunk in chunks {
        body.push(Bytes::copy_from_slice(chunk));
        loop {
            match body.next() {
                Ok(Some(item)) => items.push((item.raw.bytes().to_vec(), item.whole)),
                Ok(None) => break,
                Err(error) => return (items, error.to_string()),
            }
        }
    }
    let end = body.finish();
    (items, format!("{end:?}"))
}

/// The same of the objects of a watch.
pub fn watch(encoding: Encoding, chunks: &[&[u8]], limit: usize) -> (Vec<(Vec<u8>, bool)>, String) {
    let mut body = WatchBody::new(encoding, limit);
    let mut objects = Vec::new();
    for chunk in chunks {
        body.push(Bytes::copy_from_slice(chunk));
        loop {
            match body.next() {
                Ok(Some(frame)) => objects.push((frame.object.bytes().to_vec(), frame.whole)),
                Ok(None) => break,
                Err(error) => return (objects, error.to_string()),
            }
        }
    }
    let between = body.is_between();
    (objects, between.to_string())
}

/// The text of an object without its `metadata.managedFields`.
pub fn cut_managed_fields(text: &[u8]) -> Vec<u8> {
    let mut cut = Vec::new();
    json::cut_managed_fields(text, &mut cut);
    cut
}
