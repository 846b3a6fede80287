//! A label selector: refused, or printed in a form that is read as the same selector.

#![no_main]

use kcache::Selector;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(selector) = text.parse::<Selector>() else {
        return;
    };
    let printed = selector.to_string();
    let again: Selector = printed.parse().expect("our own spelling");
    assert_eq!(again, selector, "{printed}");
    assert_eq!(again.to_string(), printed);
    for labels in [&[][..], &[("a", "b")], &[("a", ""), ("b", "1")]] {
        let labels = || labels.iter().copied();
        assert_eq!(
            selector.matches_labels(labels()),
            again.matches_labels(labels())
        );
    }
});
