use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use granit_parser::{Event, Parser, Span, StrInput, StructureStyle};

/// A YAML document with the place in the text of each of its nodes.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// None for a file that holds nothing but comments.
    pub(super) root: Option<Node<'a>>,
    /// The anchors that an alias names.
    aliased: HashSet<usize>,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    /// The bytes of the node itself: without its tag, its anchor and the header of a block scalar;
    /// from the first child's first byte to the last child's last for what has no brackets. For a
    /// list with dashes from the first one, or what stands behind it.
    pub(super) range: Range<usize>,
    /// From 1.
    pub(super) line: usize,
    pub(super) kind: Kind<'a>,
    pub(super) tagged: bool,
    /// 0 is none.
    anchor: usize,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Scalar {
        text: Cow<'a, str>,
        style: ScalarStyle,
    },
    List {
        flow: bool,
        items: Vec<Node<'a>>,
    },
    Map {
        flow: bool,
        entries: Vec<Pair<'a>>,
    },
    /// The number of the anchor.
    Alias(usize),
}

pub(super) use granit_parser::ScalarStyle;

#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) key: Node<'a>,
    pub(super) value: Node<'a>,
}

/// Why a text has no tree.
#[derive(Debug)]
pub(super) enum TreeError {
    Syntax { line: usize },
    SecondDocument { line: usize },
}

/// Why a mapping does not say which value a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OddMapping {
    Duplicate { line: usize },
    Merge { line: usize },
    NotPlain { line: usize },
}

impl<'a> Tree<'a> {
    /// Reads the whole text, which must not begin with a byte-order mark of UTF-16.
    pub(super) fn parse(text: &'a str) -> Result<Self, TreeError> {
        // The same reading of odd files as the resolver's.
        let mut options = granit_parser::options! {
            bom_inside_document_as_content: true,
            block_scalar_eof_without_line_feed: true,
        };
        options.set_emit_comments(false);
        let mut reader = Reader {
            parser: Parser::new_from_str_with_options(text, options),
            text,
            aliased: HashSet::new(),
        };
        let root = reader.stream()?;
        Ok(Self {
            root,
            aliased: reader.aliased,
        })
    }

    /// Whether an alias elsewhere repeats this node, so that an edit would change both places.
    pub(super) fn is_shared(&self, node: &Node<'_>) -> bool {
        node.anchor != 0 && self.aliased.contains(&node.anchor)
    }
}

impl<'a> Node<'a> {
    pub(super) fn as_map(&self) -> Option<&[Pair<'a>]> {
        match &self.kind {
            Kind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Node<'a>]> {
        match &self.kind {
            Kind::List { items, .. } => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_flow(&self) -> bool {
        matches!(
            self.kind,
            Kind::List { flow: true, .. } | Kind::Map { flow: true, .. }
        )
    }

    pub(super) fn has_anchor(&self) -> bool {
        self.anchor != 0
    }

    /// A null or a list without elements: what kubectl takes for an absent list.
    pub(super) fn is_empty_list(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, style } => {
                *style == ScalarStyle::Plain
                    && matches!(&**text, "" | "~" | "null" | "Null" | "NULL")
            }
            Kind::List { items, .. } => items.is_empty(),
            _ => false,
        }
    }

    /// The position of a key's entry in this mapping.
    pub(super) fn position(&self, wanted: &str) -> Result<Option<usize>, OddMapping> {
        let mut found = None;
        for (at, entry) in self.as_map().unwrap_or_default().iter().enumerate() {
            let line = entry.key.line;
            match &entry.key.kind {
                Kind::Scalar { text, .. } if text == wanted && found.is_some() => {
                    return Err(OddMapping::Duplicate { line });
                }
                Kind::Scalar { text, .. } if text == wanted => found = Some(at),
                Kind::Scalar { text, style } if text == "<<" && *style == ScalarStyle::Plain => {
                    return Err(OddMapping::Merge { line });
                }
                Kind::Scalar { .. } => {}
                _ => return Err(OddMapping::NotPlain { line }),
            }
        }
        Ok(found)
    }

    pub(super) fn get(&self, wanted: &str) -> Result<Option<&Node<'a>>, OddMapping> {
        let at = self.position(wanted)?;
        Ok(at.and_then(|at| Some(&self.as_map()?[at].value)))
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    aliased: HashSet<usize>,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<Option<Node<'a>>, TreeError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let line = span.start.line();
                    return Err(TreeError::SecondDocument { line });
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span)?);
                }
                Event::StreamEnd => return Ok(root),
                _ => return Err(Self::syntax(span)),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), TreeError> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(TreeError::Syntax {
                line: error.marker().line().max(1),
            }),
            None => Err(TreeError::Syntax { line: 1 }),
        }
    }

    fn syntax(span: Span) -> TreeError {
        TreeError::Syntax {
            line: span.start.line().max(1),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node<'a>, TreeError> {
        let mut range = span.byte_range().ok_or_else(|| Self::syntax(span))?;
        let (kind, anchor, tagged) = match event {
            Event::Alias(id) => {
                self.aliased.insert(id);
                (Kind::Alias(id), 0, false)
            }
            Event::Scalar(text, style, anchor, tag) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    range = self.block_scalar(range);
                }
                (Kind::Scalar { text, style }, anchor, tag.is_some())
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let items = self.items(&mut range, flow)?;
                (Kind::List { flow, items }, anchor, tag.is_some())
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let entries = self.entries(&mut range, flow)?;
                (Kind::Map { flow, entries }, anchor, tag.is_some())
            }
            _ => return Err(Self::syntax(span)),
        };
        Ok(Node {
            range,
            line: span.start.line(),
            kind,
            tagged,
            anchor,
        })
    }

    fn items(&mut self, range: &mut Range<usize>, flow: bool) -> Result<Vec<Node<'a>>, TreeError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let last = items.last().map(|item: &Node<'_>| item.range.end);
                range.end = Self::end(range, flow, last, span)?;
                return Ok(items);
            }
            items.push(self.node(event, span)?);
        }
    }

    fn entries(
        &mut self,
        range: &mut Range<usize>,
        flow: bool,
    ) -> Result<Vec<Pair<'a>>, TreeError> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|entry: &Pair<'_>| {
                    let (key, value) = (&entry.key.range, &entry.value.range);
                    key.end.max(value.end)
                });
                range.end = Self::end(range, flow, last, span)?;
                return Ok(entries);
            }
            let key = self.node(event, span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            entries.push(Pair { key, value });
        }
    }

    /// The content of a block scalar. The parser's range goes on up to the next token, and is there
    /// where there is no content.
    fn block_scalar(&self, range: Range<usize>) -> Range<usize> {
        let space = [' ', '\t', '\r', '\n'];
        let content = self.text[range.clone()].trim_end_matches(space);
        if content.is_empty() {
            let before = self.text[..range.start].trim_end_matches(space).len();
            return before..before;
        }
        range.start..range.start + content.len()
    }

    /// Where a collection ends: behind its bracket, or with its last child.
    fn end(
        range: &Range<usize>,
        flow: bool,
        last: Option<usize>,
        span: Span,
    ) -> Result<usize, TreeError> {
        if flow {
            let end = span.byte_range().ok_or_else(|| Self::syntax(span))?;
            return Ok(end.end);
        }
        Ok(last.unwrap_or(range.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of the value that a path of keys leads to.
    fn source<'a>(text: &'a str, path: &[&str]) -> &'a str {
        let tree = Tree::parse(text).unwrap();
        let mut node = tree.root.as_ref().unwrap();
        for key in path {
            node = node.get(key).unwrap().unwrap();
        }
        &text[node.range.clone()]
    }

    #[test]
    fn a_range_is_the_node_without_what_surrounds_it() {
        for (text, path, expected) in [
            ("\u{feff}é: ü # c\r\n", &["é"][..], "ü"),
            ("a: 'b c'  # d", &["a"], "'b c'"),
            ("a: &x !!str b\t# d", &["a"], "b"),
            ("a: {b: [ c , d ] }", &["a"], "{b: [ c , d ] }"),
            ("a: {b: [ c , d ] }", &["a", "b"], "[ c , d ]"),
            ("a:\n- b\n- c: d # e\n\nf: g", &["a"], "b\n- c: d"),
            ("a: |+\n  b\n\n  c\n\n\nf: g", &["a"], "b\n\n  c"),
            ("{\"a\":\"\\u00e9\",\"b\":null}", &["b"], "null"),
            ("a: # c\nb: d", &["a"], ""),
        ] {
            assert_eq!(source(text, path), expected, "{text}");
        }
    }

    #[test]
    fn a_mapping_says_when_it_does_not_say() {
        let lookup = |text| {
            let tree = Tree::parse(text).unwrap();
            tree.root.unwrap().position("a")
        };
        assert_eq!(lookup("b: 1\n\"a\": 2"), Ok(Some(1)));
        assert_eq!(lookup("b: 1"), Ok(None));
        assert_eq!(
            lookup("a: 1\n'a': 2"),
            Err(OddMapping::Duplicate { line: 2 })
        );
        assert_eq!(lookup("<<: {a: 1}"), Err(OddMapping::Merge { line: 1 }));
        assert_eq!(lookup("'<<': {a: 1}"), Ok(None));
        assert_eq!(lookup("? [x]\n: 1"), Err(OddMapping::NotPlain { line: 1 }));
    }

    #[test]
    fn one_document_is_read() {
        assert!(Tree::parse("# nothing\n").unwrap().root.is_none());
        assert!(Tree::parse("---\na: 1\n...\n# c\n").is_ok());
        assert!(matches!(
            Tree::parse("a: 1\n---\nb: 2\n"),
            Err(TreeError::SecondDocument { line: 2 })
        ));
        assert!(matches!(
            Tree::parse("a: 1\n b: ["),
            Err(TreeError::Syntax { .. })
        ));
    }
}
