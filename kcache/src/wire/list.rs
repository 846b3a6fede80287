//! The body of a LIST.

use bytes::Bytes;
use serde::Deserialize;

use super::WireError;
use super::members::{Found, Members, Use};

/// Takes the items out of the body of a list. `metadata` may stand before or after them.
pub(crate) struct ListBody {
    members: Members,
    meta: ListMeta,
    /// The list has had its `items`.
    listed: bool,
    ended: bool,
}

/// What a list says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    pub(crate) resource_version: Option<String>,
    /// Where the next page begins.
    pub(crate) r#continue: Option<String>,
    /// The kind of the list itself.
    #[serde(skip)]
    pub(crate) kind: Option<String>,
}

impl ListBody {
    pub(crate) fn new() -> Self {
        Self {
            members: Members::new(|key| match key {
                b"items" => Use::Elements,
                b"metadata" | b"kind" => Use::Whole,
                _ => Use::Skip,
            }),
            meta: ListMeta::default(),
            listed: false,
            ended: false,
        }
    }

    /// Gives it more bytes, once [`next`](Self::next) wants some.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.members.push(chunk);
    }

    /// The JSON of the next item, or `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, WireError> {
        while let Some(found) = self.members.next()? {
            if self.ended {
                return Err(WireError::NotJson);
            }
            match found {
                Found::Element(span) => return Ok(Some(self.members.bytes(&span))),
                Found::Elements => self.listed = true,
                Found::End => self.ended = true,
                Found::Value(span) => {
                    let value = self.members.bytes(&span);
                    if self.members.key() == b"metadata" {
                        let meta: Option<ListMeta> =
                            serde_json::from_slice(value).map_err(|_| WireError::NotAList)?;
                        let kind = self.meta.kind.take();
                        self.meta = meta.unwrap_or_default();
                        self.meta.kind = kind;
                    } else if self.members.key() == b"kind" {
                        self.meta.kind = serde_json::from_slice(value).unwrap_or_default();
                    } else if value == b"null" {
                        self.listed = true;
                    } else {
                        return Err(WireError::NotAList);
                    }
                }
            }
        }
        Ok(None)
    }

    /// What the list said of itself, after its last byte.
    pub(crate) fn finish(self) -> Result<ListMeta, WireError> {
        match (self.ended && self.members.is_between(), self.listed) {
            (true, true) => Ok(self.meta),
            // `{}` of a proxy must not be taken for an empty list.
            (true, false) => Err(WireError::NotAList),
            (false, _) => Err(WireError::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(Vec<String>, ListMeta), WireError>;

    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Read {
        let mut body = ListBody::new();
        let mut items = Vec::new();
        for chunk in chunks {
            body.push(Bytes::copy_from_slice(chunk));
            while let Some(item) = body.next()? {
                items.push(String::from_utf8_lossy(item).into_owned());
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
}
