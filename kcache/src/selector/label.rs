//! What apimachinery accepts as a label key and a label value.

use super::error::SelectorError;

/// `IsLabelKey`: an optional DNS subdomain and a slash, then a name.
pub(super) fn label_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let checked = match prefix {
        Some("") => Err("the prefix is empty"),
        Some(prefix) => subdomain(prefix),
        None => Ok(()),
    };
    let checked = checked.and(if name.is_empty() {
        Err("the name is empty")
    } else {
        label_value(name)
    });
    checked.map_err(|reason| SelectorError::Key {
        key: key.to_owned(),
        reason,
    })
}

/// `IsLabelValue`; a key's name is the same but not empty.
pub(super) fn label_value(value: &str) -> Result<(), &'static str> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = [value.bytes().next(), value.bytes().last()];
    if value.len() > 63 {
        Err("longer than 63 bytes")
    } else if ends.iter().flatten().all(u8::is_ascii_alphanumeric) && value.bytes().all(inner) {
        Ok(())
    } else {
        Err("not alphanumerics, '-', '_' and '.', with alphanumerics at both ends")
    }
}

/// `IsDNS1123Subdomain`.
fn subdomain(name: &str) -> Result<(), &'static str> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let ends = [label.bytes().next(), label.bytes().last()];
        ends.into_iter().all(|end| end.is_some_and(alphanumeric))
            && label.bytes().all(|b| alphanumeric(b) || b == b'-')
    };
    if name.len() > 253 {
        Err("the prefix is longer than 253 bytes")
    } else if name.split('.').all(label) {
        Ok(())
    } else {
        Err("the prefix is not a DNS subdomain")
    }
}
