//! The body of a list.

use bytes::Bytes;
use kube::core::TypeMeta;

use super::error::WireError;
use super::json::JsonList;
use super::part::{ListMeta, ListPart};
use super::protobuf::ProtobufList;
use super::span::Span;
use crate::codec::{Raw, TypeNames};
use crate::encoding::Encoding;

/// Takes the items out of the body of a list.
pub(crate) struct ListBody {
    framing: Framing,
    meta: ListMeta,
    types: ListTypes,
    /// The list has had its items.
    listed: bool,
}

enum Framing {
    Json(JsonList),
    Protobuf(ProtobufList),
}

/// One item of a list.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) raw: Raw<'a>,
    /// False if it is larger than what is held of an object: then this is its `metadata` at most.
    pub(crate) whole: bool,
    /// What the list says it is, if it has said that already.
    pub(crate) types: Option<&'a TypeMeta>,
}

impl Item<'_> {
    /// What it says itself that it is: nothing, in protobuf.
    pub(crate) fn own_types(&self) -> TypeNames<'_> {
        match self.raw {
            Raw::Json(json) => TypeNames::read(json),
            Raw::Protobuf(_) => TypeNames::default(),
        }
    }
}

/// What a list says it is, and what its items are by that.
#[derive(Default)]
struct ListTypes {
    kind: Option<String>,
    api_version: Option<String>,
    items: Option<TypeMeta>,
}

impl ListTypes {
    /// As apimachinery has it (`UnstructuredList`): the kind of the list without its `List`.
    fn name_items(&mut self) {
        let kind = self
            .kind
            .as_deref()
            .and_then(|kind| kind.strip_suffix("List"));
        let kind = kind.filter(|kind| !kind.is_empty());
        let api_version = self
            .api_version
            .as_deref()
            .filter(|version| !version.is_empty());
        self.items = kind.zip(api_version).map(|(kind, api_version)| TypeMeta {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        });
    }
}

impl ListBody {
    /// Items of more bytes than the limit are not held.
    pub(crate) fn new(encoding: Encoding, limit: usize) -> Self {
        Self {
            framing: match encoding {
                Encoding::Json => Framing::Json(JsonList::new(limit)),
                Encoding::Protobuf => Framing::Protobuf(ProtobufList::new(limit)),
            },
            meta: ListMeta::default(),
            types: ListTypes::default(),
            listed: false,
        }
    }

    /// Gives it more bytes, once [`next`](Self::next) wants some.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        match &mut self.framing {
            Framing::Json(list) => list.push(chunk),
            Framing::Protobuf(list) => list.push(chunk),
        }
    }

    /// The next item, or `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Item<'_>>, WireError> {
        while let Some(part) = self.framing.next()? {
            match part {
                ListPart::Item(span) => {
                    return Ok(Some(Item {
                        raw: self.framing.raw(&span),
                        whole: span.is_whole(),
                        types: self.types.items.as_ref(),
                    }));
                }
                ListPart::Listed => self.listed = true,
                ListPart::Meta(meta) => self.meta = meta,
                ListPart::Kind(kind) => {
                    self.types.kind = kind;
                    self.types.name_items();
                }
                ListPart::ApiVersion(version) => {
                    self.types.api_version = version;
                    self.types.name_items();
                }
            }
        }
        Ok(None)
    }

    /// How many bytes of the item that is being read are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        match &self.framing {
            Framing::Json(list) => list.members.held(),
            Framing::Protobuf(list) => list.fields.held(),
        }
    }

    /// What the list said of itself, after its last byte.
    pub(crate) fn finish(self) -> Result<ListMeta, WireError> {
        if !self.framing.is_complete() {
            return Err(WireError::Incomplete);
        }
        // `{}` of a proxy must not be taken for an empty list.
        if !self.listed || !self.framing.is_a_list() {
            return Err(WireError::NotAList);
        }
        Ok(ListMeta {
            kind: self.types.kind,
            ..self.meta
        })
    }
}

impl Framing {
    fn next(&mut self) -> Result<Option<ListPart>, WireError> {
        match self {
            Self::Json(list) => list.next(),
            Self::Protobuf(list) => list.next(),
        }
    }

    fn raw(&self, span: &Span) -> Raw<'_> {
        match self {
            Self::Json(list) => Raw::Json(list.members.bytes(span)),
            Self::Protobuf(list) => Raw::Protobuf(list.fields.bytes(span)),
        }
    }

    fn is_complete(&self) -> bool {
        match self {
            Self::Json(list) => list.is_complete(),
            Self::Protobuf(list) => list.is_complete(),
        }
    }

    /// In JSON the items say it.
    fn is_a_list(&self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::Protobuf(list) => list.is_named(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(Vec<String>, ListMeta), WireError>;

    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Read {
        let mut body = ListBody::new(Encoding::Json, 1 << 20);
        let mut items = Vec::new();
        for chunk in chunks {
            body.push(Bytes::copy_from_slice(chunk));
            while let Some(item) = body.next()? {
                items.push(String::from_utf8_lossy(item.raw.bytes()).into_owned());
            }
        }
        Ok((items, body.finish()?))
    }

    fn meta(version: &str, next: Option<&str>) -> ListMeta {
        let resource_version = Some(version.to_owned());
        let r#continue = next.map(str::to_owned);
        ListMeta {
            resource_version,
            r#continue,
            shard_info: None,
            kind: None,
        }
    }

    /// Reads it whole, byte by byte, and cut in two at every place.
    fn read_every_way(text: &str) -> Read {
        let whole = read([text.as_bytes()]);
        assert_eq!(read(text.as_bytes().chunks(1)), whole, "{text}");
        for cut in 0..text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            assert_eq!(read([first, second]), whole, "{text} cut at {cut}");
        }
        whole
    }

    #[test]
    fn items_come_one_by_one_and_metadata_before_or_after() {
        let head = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"c"},"items":[{"a":"]}"},{"b":[{}]}]}"#;
        let tail = "{ \"items\" : [ {\"a\":\"]}\"} ,\n{\"b\":[{}]} ], \"x\": [1,{\"items\":2}],\r\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"c\"}}\n";
        for text in [head, tail] {
            let (items, mut meta_) = read_every_way(text).unwrap();
            assert_eq!(items, [r#"{"a":"]}"}"#, r#"{"b":[{}]}"#]);
            let kind = meta_.kind.take();
            assert_eq!(kind.as_deref(), (text == head).then_some("PodList"));
            assert_eq!(meta_, meta("7", Some("c")));
        }
    }

    #[test]
    fn a_list_may_say_of_which_shard_it_is() {
        for (info, want) in [
            (r#"{"selector":"half"}"#, Some("half")),
            (r#"{"selector":"","x":1}"#, Some("")),
            ("null", None),
        ] {
            let text = format!(r#"{{"metadata":{{"shardInfo":{info}}},"items":[]}}"#);
            let (_, meta) = read_every_way(&text).unwrap();
            let said = meta.shard_info.map(|info| info.selector);
            assert_eq!(said.as_deref(), want, "{info}");
        }
    }

    #[test]
    fn no_items_are_an_empty_list_and_missing_items_are_none() {
        let empty = Ok((Vec::new(), meta("7", None)));
        for items in ["null", "[]", " [ ] "] {
            let text = format!(r#"{{"items":{items},"metadata":{{"resourceVersion":"7"}}}}"#);
            assert_eq!(read_every_way(&text), empty);
        }
        for text in [r"{}", r#"{"kind":"Status","code":410}"#, r#"{"items":{}}"#] {
            assert_eq!(read_every_way(text), Err(WireError::NotAList), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in [
            "<html>",
            "[1]",
            r#"{"items":[]}{}"#,
            r#"{"items" []}"#,
            r#"{"items":[,]}"#,
        ] {
            assert_eq!(read_every_way(text), Err(WireError::NotJson), "{text}");
        }
        for text in [
            "",
            "{",
            r#"{"items":["#,
            r#"{"items":[{}"#,
            r#"{"items":[{}]"#,
        ] {
            assert_eq!(read_every_way(text), Err(WireError::Incomplete), "{text}");
        }
    }

    #[test]
    fn items_are_what_the_list_says_they_are() {
        let types = |head: &str| {
            let text = format!(r#"{{{head}"items":[{{}}]}}"#);
            let mut body = ListBody::new(Encoding::Json, 1 << 20);
            body.push(text.into());
            let item = body.next().unwrap().unwrap();
            item.types
                .map(|types| (types.kind.clone(), types.api_version.clone()))
        };
        let pods = Some(("Pod".to_owned(), "v1".to_owned()));
        assert_eq!(types(r#""kind":"PodList","apiVersion":"v1","#), pods);
        assert_eq!(types(r#""apiVersion":"v1","kind":"PodList","#), pods);
        for none in [
            "",
            r#""kind":"List","apiVersion":"v1","#,
            r#""kind":"PodList","#,
            r#""kind":"Pod","apiVersion":"v1","#,
            r#""kind":"PodList","apiVersion":"","#,
            r#""kind":7,"apiVersion":{},"#,
        ] {
            assert_eq!(types(none), None, "{none}");
        }
    }

    /// Items by their `metadata`, and whether they were whole.
    fn read_within(
        limit: usize,
        text: &str,
        chunk: usize,
    ) -> Result<Vec<(String, bool)>, WireError> {
        let mut body = ListBody::new(Encoding::Json, limit);
        let mut items = Vec::new();
        for chunk in text.as_bytes().chunks(chunk) {
            body.push(Bytes::copy_from_slice(chunk));
            while let Some(item) = body.next()? {
                items.push((
                    String::from_utf8_lossy(item.raw.bytes()).into_owned(),
                    item.whole,
                ));
            }
        }
        body.finish().map(|_| items)
    }

    #[test]
    fn of_an_item_that_is_too_large_the_metadata_is_kept_and_the_rest_goes_on() {
        let (small, header) = (
            r#"{"metadata":{"name":"s"}}"#,
            r#"{"metadata":{"name":"l"}}"#,
        );
        let large = "x".repeat(100);
        for item in [
            format!(r#"{{"metadata":{{"name":"l"}},"data":"{large}"}}"#),
            format!(r#"{{"data":"{large}","x":[{{"metadata":1}}],"metadata":{{"name":"l"}} }}"#),
        ] {
            let text = format!(r#"{{"items":[{small},{item}, {item} ,{small}]}}"#);
            for chunk in 1..=text.len() {
                let items = read_within(64, &text, chunk).unwrap();
                let items: Vec<_> = items
                    .iter()
                    .map(|(item, whole)| (item.as_str(), *whole))
                    .collect();
                let (small, large) = ((small, true), (header, false));
                assert_eq!(items, [small, large, large, small], "{chunk}");
            }
        }
        for item in [
            format!("[{large}]"),
            format!("\"{large}\""),
            format!(r#"{{"a":{{{large}"#) + "}}",
        ] {
            let text = format!(r#"{{"items":[{item},{small}]}}"#);
            for chunk in [1, 7, text.len()] {
                let items = read_within(64, &text, chunk).unwrap();
                assert_eq!(items, [("{}".to_owned(), false), (small.to_owned(), true)]);
            }
        }
    }

    #[test]
    fn what_has_no_end_is_not_waited_for() {
        let endless = format!(r#"{{"items":[{{"a":"{}"#, "x".repeat(64 * 20));
        assert_eq!(read_within(64, &endless, 10), Err(WireError::TooLarge));
        let meta = format!(
            r#"{{"metadata":{{"continue":"{}"}},"items":[]}}"#,
            "x".repeat(100)
        );
        assert_eq!(read_within(64, &meta, 10), Err(WireError::TooLarge));
        let key = format!(r#"{{"{}":1,"items":[]}}"#, "x".repeat(100));
        assert_eq!(read_within(64, &key, 10), Err(WireError::TooLarge));
    }

    #[test]
    fn of_what_is_too_large_no_more_is_held_than_the_limit() {
        let mut body = ListBody::new(Encoding::Json, 1 << 10);
        body.push(Bytes::from_static(
            br#"{"items":[{"metadata":{"name":"l"},"data":""#,
        ));
        assert!(body.next().unwrap().is_none());
        for _ in 0..100 {
            body.push(Bytes::from(vec![b'x'; 100]));
            assert!(body.next().unwrap().is_none());
            assert!(body.held() <= 1 << 10, "{}", body.held());
        }
    }
}
