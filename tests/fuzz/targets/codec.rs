//! JSON of an object: read as `serde_json` reads it where that takes it, in whatever order texts come.

#![no_main]

use kcache::{Codec, JsonCodec, Raw, WholeJsonCodec};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|json: &[u8]| {
    let mut codec = WholeJsonCodec::default();
    let read: Result<Value, _> = codec.decode(Raw::Json(json));
    match serde_json::from_slice::<Value>(json) {
        // Go has no negative zero among integers.
        Ok(value) if !json.windows(2).any(|pair| pair == b"-0") => assert_eq!(read, Ok(value)),
        Ok(_) => assert!(read.is_ok()),
        Err(_) => {}
    }
    let again: Result<Value, _> = codec.decode(Raw::Json(json));
    assert_eq!(again, read);
    let pruned: Result<Value, _> = JsonCodec::default().decode(Raw::Json(json));
    // What is wrong with managedFields is wrong with nothing else.
    assert!(pruned.is_ok() || read.is_err());
});
