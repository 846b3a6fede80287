//! What is read of every object: what [`Object`](crate::Object) answers.

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::strings::Strings;
use crate::codec::CowStr;

/// The strings of an object's `metadata`, as they were found, and what else is read of it.
#[derive(Debug, Default)]
pub(super) struct Header {
    text: String,
    parts: Vec<(Part, Range<usize>)>,
    generation: Option<i64>,
    deletion: Option<SystemTime>,
}

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Namespace,
    Name,
    Uid,
    Version,
    /// A key, and then its value.
    Label,
    /// A key, and then its value.
    Annotation,
    /// The UID of an owner.
    Owner,
    Finalizer,
}

/// What objects of one origin share: Pods of one `ReplicaSet` have the same.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shared {
    /// Labels, owners and finalizers.
    strings: Strings,
    owners_at: usize,
    finalizers_at: usize,
    pub(super) generation: Option<i64>,
    pub(super) deletion: Option<SystemTime>,
}

impl Shared {
    pub(super) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.strings.pairs(0..self.owners_at)
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &str> {
        self.strings.range(self.owners_at..self.finalizers_at)
    }

    pub(super) fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.strings.range(self.finalizers_at..self.strings.len())
    }
}

impl Header {
    /// The only string that is this; empty if there is none.
    pub(super) fn one(&self, part: Part) -> &str {
        self.all(part).next().unwrap_or_default()
    }

    fn all(&self, part: Part) -> impl Iterator<Item = &str> {
        let parts = self.parts.iter().filter(move |(kind, _)| *kind == part);
        parts.map(|(_, range)| &self.text[range.clone()])
    }

    /// Keys with their values, each key once: what came last.
    fn pairs(&self, part: Part) -> Vec<&str> {
        let strings: Vec<_> = self.all(part).collect();
        let (pairs, _) = strings.as_chunks::<2>();
        if pairs.is_sorted_by(|a, b| a[0] < b[0]) {
            return strings;
        }
        let sorted: std::collections::BTreeMap<_, _> =
            pairs.iter().map(|[key, value]| (key, value)).collect();
        sorted
            .into_iter()
            .flat_map(|(key, value)| [*key, *value])
            .collect()
    }

    pub(super) fn shared(&self) -> Shared {
        let labels = self.pairs(Part::Label);
        let owners_at = labels.len();
        let finalizers_at = owners_at + self.all(Part::Owner).count();
        let rest = self.all(Part::Owner).chain(self.all(Part::Finalizer));
        Shared {
            strings: labels.into_iter().chain(rest).collect(),
            owners_at,
            finalizers_at,
            generation: self.generation,
            deletion: self.deletion,
        }
    }

    pub(super) fn annotations(&self) -> Strings {
        self.pairs(Part::Annotation).into_iter().collect()
    }

    /// How much text the annotations are.
    pub(super) fn size_of_annotations(&self) -> usize {
        self.all(Part::Annotation).map(str::len).sum()
    }

    fn push(&mut self, part: Part, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push((part, start..self.text.len()));
    }

    fn member<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let part = match key {
            "namespace" => Part::Namespace,
            "name" => Part::Name,
            "uid" => Part::Uid,
            "resourceVersion" => Part::Version,
            "labels" => Part::Label,
            "annotations" => Part::Annotation,
            "ownerReferences" => Part::Owner,
            "finalizers" => Part::Finalizer,
            "generation" => {
                self.generation = map.next_value()?;
                return Ok(());
            }
            "deletionTimestamp" => {
                let time: Option<Time> = map.next_value()?;
                self.deletion = time.map(|time| time.0.into());
                return Ok(());
            }
            _ => return map.next_value::<IgnoredAny>().map(drop),
        };
        self.parts.retain(|(known, _)| *known != part);
        map.next_value_seed(Texts { header: self, part })
    }
}

impl<'de> Deserialize<'de> for Header {
    /// Of an object: its `metadata`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut header = Self {
            text: String::with_capacity(512),
            parts: Vec::with_capacity(32),
            ..Self::default()
        };
        let level = Level::Object;
        deserializer.deserialize_map(Reader {
            header: &mut header,
            level,
        })?;
        Ok(header)
    }
}

/// Reads the members of an object, or of its metadata.
struct Reader<'h> {
    header: &'h mut Header,
    level: Level,
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Object,
    Metadata,
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { header, level } = self;
        while let Some(CowStr(key)) = map.next_key()? {
            match level {
                Level::Metadata => header.member(&key, &mut map)?,
                Level::Object if key == "metadata" => {
                    header.parts.clear();
                    (header.generation, header.deletion) = (None, None);
                    let level = Level::Metadata;
                    map.next_value_seed(Reader { header, level })?;
                }
                Level::Object => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

/// Takes the strings of one member.
struct Texts<'h> {
    header: &'h mut Header,
    part: Part,
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.part)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if matches!(self.part, Part::Label | Part::Annotation) {
            return Err(E::invalid_type(Unexpected::Other("a string"), &self));
        }
        self.header.push(self.part, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { header, part } = self;
        if !matches!(part, Part::Owner | Part::Finalizer) {
            return Err(A::Error::invalid_type(
                Unexpected::Seq,
                &Texts { header, part },
            ));
        }
        while elements
            .next_element_seed(Texts { header, part })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { header, part } = self;
        while let Some(CowStr(key)) = map.next_key()? {
            match part {
                Part::Label | Part::Annotation => {
                    // As Go reads a null.
                    let value: Option<CowStr<'_>> = map.next_value()?;
                    header.push(part, &key);
                    header.push(part, value.as_ref().map_or("", |CowStr(text)| text));
                }
                Part::Owner if key == "uid" => map.next_value_seed(Texts { header, part })?,
                Part::Owner => drop(map.next_value::<IgnoredAny>()?),
                _ => {
                    return Err(A::Error::invalid_type(
                        Unexpected::Map,
                        &Texts { header, part },
                    ));
                }
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::{Value, json};

    use super::*;
    use crate::object::Object;

    fn read(json: &Value) -> Result<Header, serde_json::Error> {
        serde_json::from_str(&json.to_string())
    }

    #[test]
    fn a_header_says_what_the_object_says() {
        let json = json!({
            "spec": {"containers": []},
            "metadata": {
                "namespace": "n", "name": "a\u{e9}", "uid": "u", "resourceVersion": "7", "generation": 3,
                "labels": {"b": "1", "a\"": ""}, "annotations": {"x": "\u{0}", "y": "\n"},
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "K", "name": "o", "uid": "o1", "controller": true},
                    {"apiVersion": "v1", "kind": "K", "name": "p", "uid": "o2"},
                ],
                "finalizers": ["f", "g"], "deletionTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{}],
            },
        });
        let header = read(&json).unwrap();
        let pod: Pod = serde_json::from_value(json).unwrap();
        let shared = header.shared();
        let names =
            [Part::Namespace, Part::Name, Part::Uid, Part::Version].map(|part| header.one(part));
        assert_eq!(
            names,
            [
                pod.namespace().unwrap(),
                pod.name(),
                pod.uid(),
                pod.version()
            ]
        );
        assert!(shared.labels().eq(pod.labels()));
        assert!(shared.owners().eq(pod.owners()));
        assert!(shared.finalizers().eq(pod.finalizers()));
        assert_eq!(shared.generation, pod.generation());
        assert_eq!(shared.deletion, pod.deletion_timestamp());
        let annotations = header.annotations();
        assert!(
            annotations
                .pairs(0..annotations.len())
                .eq(pod.annotations())
        );
    }

    #[test]
    fn what_is_missing_or_null_is_empty() {
        let null = json!({"metadata": {
            "namespace": null, "labels": null, "ownerReferences": null, "finalizers": null,
            "generation": null, "deletionTimestamp": null, "annotations": {"a": null},
        }});
        for json in [json!({}), json!({"metadata": null}), null] {
            let header = read(&json).unwrap();
            assert_eq!(header.shared(), Shared::default());
            assert_eq!(
                (header.one(Part::Name), header.size_of_annotations() < 2),
                ("", true)
            );
        }
    }

    #[test]
    fn what_comes_last_is_true() {
        let json = r#"{"metadata":{"name":"a","uid":"u"},"metadata":{
            "labels":{"z":"0"},"name":"b","name":"c","labels":{"b":"1","a":"2","b":"3"}}}"#;
        let header: Header = serde_json::from_str(json).unwrap();
        assert_eq!((header.one(Part::Name), header.one(Part::Uid)), ("c", ""));
        let shared = header.shared();
        assert_eq!(
            shared.labels().collect::<Vec<_>>(),
            [("a", "2"), ("b", "3")]
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for metadata in [
            json!(7),
            json!([]),
            json!({"name": 7}),
            json!({"name": {"a": "b"}}),
            json!({"name": ["a"]}),
            json!({"labels": "a"}),
            json!({"labels": ["a"]}),
            json!({"labels": {"a": 1}}),
            json!({"finalizers": {"a": "b"}}),
            json!({"ownerReferences": [{"uid": 1}]}),
            json!({"generation": "1"}),
            json!({"deletionTimestamp": "now"}),
        ] {
            assert!(read(&json!({"metadata": metadata})).is_err(), "{metadata}");
        }
    }
}
