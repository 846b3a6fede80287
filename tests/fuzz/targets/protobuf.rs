//! Any bytes as an object in Kubernetes' protobuf.

#![no_main]

use kcache::protobuf::{Decoder, Envelope, from_enveloped, schema, without_managed_fields};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let _ = from_enveloped::<Value>(bytes);
    let Ok(envelope) = Envelope::read(bytes) else {
        return;
    };
    let (version, kind) = (envelope.api_version, envelope.kind);
    if !is_object(version, kind) {
        return;
    }
    let decoder = Decoder::new(version, kind).expect("it is in the schema");
    let whole = decoder.with_managed_fields(true);
    let Ok(read) = decoder.decode::<Value>(envelope.raw) else {
        let _ = whole.decode::<IgnoredAny>(envelope.raw);
        return;
    };
    let mut pruned = Vec::new();
    without_managed_fields(envelope.raw, &mut pruned).expect("it was read");
    let again: Value = whole.decode(&pruned).expect("it was read");
    assert_eq!(again, read);
    let metadata = decoder.with_metadata_only(true);
    let metadata: Value = metadata.decode(envelope.raw).expect("it was read");
    assert_eq!(metadata.get("metadata"), read.get("metadata"));
});

/// True of kinds that can have `managedFields`.
fn is_object(version: &str, kind: &str) -> bool {
    let message = schema::message(version, kind);
    let metadata = message.and_then(|message| message.field("metadata"));
    let metadata = metadata.and_then(|field| field.message());
    metadata.is_some_and(|metadata| metadata.field("managedFields").is_some())
}
