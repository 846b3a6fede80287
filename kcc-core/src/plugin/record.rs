//! What a lock file tells: one short record.

use std::fs::File;
use std::os::unix::fs::FileExt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// More than any record takes; padded with blanks, which JSON allows.
const RECORD_SIZE: usize = 256;

/// The record in a lock file; a file without one has none.
pub(super) fn read_record<T: DeserializeOwned>(file: &File) -> Option<T> {
    let mut bytes = [0; RECORD_SIZE];
    file.read_exact_at(&mut bytes, 0).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// One write of a fixed size, so that a reader, or a process killed in between, leaves no half.
pub(super) fn write_record<T: Serialize>(file: &File, record: &T) {
    if let Ok(mut bytes) = serde_json::to_vec(record) {
        bytes.resize(RECORD_SIZE, b' ');
        let _ = file.write_all_at(&bytes, 0);
    }
}
