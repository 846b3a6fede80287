//! A plugin's output: whatever it is, it is refused or becomes a line that says the same.

#![no_main]

use kcc_core::{ApiVersion, ExecCredential};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|output: &[u8]| {
    for version in [None, Some(ApiVersion::V1), Some(ApiVersion::V1Beta1)] {
        let Ok(credential) = ExecCredential::parse(output, version) else {
            continue;
        };
        let line = credential.to_json(credential.expires_at());
        let text = line.expose_str().expect("JSON is text");
        assert_eq!(text.find('\n'), Some(text.len() - 1), "one line");
        let again = ExecCredential::parse(line.expose(), version).expect("our own line");
        assert_eq!(again.kind(), credential.kind());
        assert_eq!(again.token(), credential.token());
        assert_eq!(
            again.certificate_and_key(),
            credential.certificate_and_key()
        );
        // An inferred expiry is printed in whole seconds.
        let (ours, theirs) = (again.expires_at(), credential.expires_at());
        assert_eq!(
            ours.map(|at| at.as_second()),
            theirs.map(|at| at.as_second())
        );
        let twice = again.to_json(again.expires_at());
        assert!(twice == line, "the second line is another");
    }
});
