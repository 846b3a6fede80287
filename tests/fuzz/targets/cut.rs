//! The text of an object, from which `managedFields` are cut: what is left is read as all the rest.

#![no_main]

use kcache::fuzzing::cut_managed_fields;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|json: &[u8]| {
    let cut = cut_managed_fields(json);
    assert!(cut.len() <= json.len());
    let Ok(mut want) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    if let Some(Value::Object(metadata)) = want.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    let read: Value = serde_json::from_slice(&cut).expect("it was read with them");
    assert_eq!(read, want);
    assert_eq!(cut_managed_fields(&cut), cut, "there are no more");
});
