//! The order of resource versions.

use std::cmp::Ordering;

/// The order of two versions of one resource, or `None` where nothing can be said.
///
/// Versions are decimal numbers of any length, without leading zeros and not zero; anything else
/// is only compared for equality (KEP-5504, "Comparable Resource Version").
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return (!a.is_empty()).then_some(Ordering::Equal);
    }
    (is_number(a) && is_number(b)).then(|| as_numbers(a, b))
}

/// The order of two numbers.
fn as_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// True if the version has an order.
pub(crate) fn is_number(version: &str) -> bool {
    version.bytes().all(|b| b.is_ascii_digit()) && !matches!(version.as_bytes(), [] | [b'0', ..])
}

/// True if it names a state. A watch from "0" or from nothing begins with any or the newest state.
pub(crate) fn is_one(version: &str) -> bool {
    !matches!(version, "" | "0")
}

/// Keeps the newest of the versions that have an order.
pub(crate) fn raise(newest: &mut Option<String>, version: &str) {
    let newest_has = newest.as_deref();
    let newer = newest_has.is_none_or(|newest| as_numbers(version, newest).is_gt());
    if newer && is_number(version) {
        let newest = newest.get_or_insert_default();
        newest.clear();
        newest.push_str(version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_length_then_text() {
        let huge = "123456789012345678901234567890";
        for (a, b, want) in [
            ("9", "10", Some(Ordering::Less)),
            ("10", "10", Some(Ordering::Equal)),
            (huge, "9", Some(Ordering::Greater)),
            ("010", "9", None),
            ("0", "1", None),
            ("a", "b", None),
            ("a", "a", Some(Ordering::Equal)),
            ("", "", None),
        ] {
            assert_eq!(compare(a, b), want, "{a:?} and {b:?}");
        }
    }
}
