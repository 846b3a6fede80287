//! What a client requests in `KUBERNETES_EXEC_INFO`: refused, or passed on to the plugin as it was.

#![no_main]

use kcc_core::{Error, ExecInfo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let info = match ExecInfo::parse(text) {
        Ok(info) => info,
        Err(error) => {
            assert_eq!(Error::from(error).exit_code(), 2);
            return;
        }
    };
    let json = info.to_json().expect("a version was said");
    let passed_on = ExecInfo::parse(&json).expect("our own JSON");
    assert_eq!(passed_on.api_version(), info.api_version());
    assert_eq!(passed_on.interactive(), info.interactive());
    assert_eq!(passed_on.server(), info.server());
    assert!(passed_on.cluster_fields().eq(info.cluster_fields()));
    assert_eq!(passed_on.to_json(), info.to_json());
});
