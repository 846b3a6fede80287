//! A kubeconfig: refused with a place in the file, or read, and each of its contexts resolves or
//! says why not.

#![no_main]

use std::path::Path;

use kcc_core::kubeconfig::{Kubeconfig, Overrides};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("/home/u/.kube/config");
    match Kubeconfig::parse(path, bytes) {
        Err(error) => assert!(error.to_string().contains("/home/u/.kube/config")),
        Ok(kubeconfig) => {
            if let Err(error) = kubeconfig.resolve(&Overrides::default()) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
