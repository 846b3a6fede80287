//! The kubeconfig editor: a file is refused, or injected so that the ejection gives the same bytes
//! back. Where the cache stood in it already, they are those of the file's own ejection.

#![no_main]

use std::path::Path;

use kcc_cli::edit::{Action, Edited, SourceFile, Users, eject, inject};
use kcc_core::kubeconfig::Kubeconfig;
use libfuzzer_sys::fuzz_target;

fn text_of(edited: &Edited, bytes: &[u8]) -> Vec<u8> {
    let text = edited.text.as_ref();
    text.map_or_else(|| bytes.to_owned(), |text| text.as_bytes().to_owned())
}

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("/home/u/.kube/config");
    let Ok(edited) = inject(SourceFile { path, bytes }, &Users::All, "kcc-cache") else {
        return;
    };
    let is_changed =
        |action: &Action| matches!(action, Action::Injected { .. } | Action::Updated { .. });
    let changed = edited.users.iter().filter(|user| is_changed(&user.action));
    let changed = Users::Named(changed.map(|user| user.user.clone()).collect());
    let ejected = |bytes: &[u8]| {
        let edited = eject(SourceFile { path, bytes }, &changed, &[]);
        text_of(&edited.expect("what was injected ejects"), bytes)
    };
    let injected = text_of(&edited, bytes);
    Kubeconfig::parse(path, &injected).expect("what was injected is a kubeconfig");
    let back = ejected(&injected);
    assert!(back == ejected(bytes), "the way back leads elsewhere");
    let only_injected = !edited
        .users
        .iter()
        .any(|user| matches!(user.action, Action::Updated { .. }));
    assert!(!only_injected || back == bytes, "a byte has changed");
});
