//! What the messages of the built-in kinds consist of, and what Go's JSON calls it.
//!
//! The table is made from the Go types of `k8s.io/api`, so it knows the kinds and fields of one version of
//! Kubernetes: 1.37. Objects of older servers are read by it as well, since numbers are never used again.
//! A newer server can send fields that it lacks; they are passed over.
//!
//! # Example
//!
//! ```
//! use kcache::protobuf::schema::{self, Kind};
//!
//! let pod = schema::message("v1", "Pod").expect("a kind that is built in");
//! let names: Vec<_> = pod.fields().iter().map(|field| (field.number(), field.name())).collect();
//! assert_eq!(names, [(1, "metadata"), (2, "spec"), (3, "status")]);
//!
//! let spec = pod.field("spec").and_then(|field| field.message()).expect("a message");
//! let containers = spec.field("containers").expect("a field");
//! assert_eq!((containers.kind(), containers.is_list()), (Kind::Message, true));
//! assert!(schema::message("example.com/v1", "Custom").is_none());
//! ```

mod message;
#[rustfmt::skip]
mod table;

pub use self::message::{Field, Kind, Message};

/// The message of a kind, if it is one of those that API servers send as protobuf: those of
/// `k8s.io/api`, `apiextensions.k8s.io`, `apiregistration.k8s.io` and `meta.k8s.io`, with their lists.
pub fn message(api_version: &str, kind: &str) -> Option<&'static Message> {
    let kinds = &table::KINDS;
    let version = kinds.binary_search_by(|(version, _)| (*version).cmp(api_version));
    let (_, kinds) = kinds[version.ok()?];
    let index = kinds.binary_search_by(|(name, _)| (*name).cmp(kind));
    Some(kinds[index.ok()?].1)
}

/// All kinds that have a message: their `apiVersion`, `kind` and message, in this order.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str, &'static Message)> {
    let versions = table::KINDS.iter();
    versions.flat_map(|(version, kinds)| {
        let kinds = kinds.iter();
        kinds.map(|(kind, message)| (*version, *kind, *message))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_is_found() {
        let mut count = 0;
        for (api_version, kind, want) in kinds() {
            let found = message(api_version, kind);
            assert!(
                found.is_some_and(|found| std::ptr::eq(found, want)),
                "{api_version} {kind}"
            );
            count += 1;
        }
        assert!(count > 350, "{count}");
        assert!(message("v1", "pod").is_none() && message("v2", "Pod").is_none());
    }

    #[test]
    fn fields_stand_in_the_order_of_their_numbers() {
        for (_, kind, message) in kinds() {
            for message in reachable(message) {
                let fields = message.fields();
                assert!(
                    fields.is_sorted_by(|a, b| a.number() < b.number()),
                    "{kind}"
                );
                for field in fields {
                    assert_eq!(field.name().is_empty(), field.is_inline(), "{kind}");
                }
            }
        }
    }

    /// A message and all that it can hold.
    fn reachable(message: &'static Message) -> Vec<&'static Message> {
        let (mut seen, mut all) = (HashSet::new(), vec![message]);
        let mut next = 0;
        while let Some(message) = all.get(next) {
            next += 1;
            for inner in message.fields().iter().filter_map(Field::message) {
                if seen.insert(std::ptr::from_ref(inner)) {
                    all.push(inner);
                }
            }
        }
        all
    }
}
