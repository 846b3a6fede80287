//! YAML as kubectl reads it.

mod problem;
mod scalar;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, Tag};
use zeroize::Zeroizing;

use crate::base64;
use scalar::Scalar;

pub use problem::SyntaxProblem;

/// Aliases share their target; whoever walks the tree would still visit it again and again.
const MAX_VALUES: usize = 1_000_000;

/// A value where it is used: the place of an alias is the alias's.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) line: usize,
    /// From 1.
    pub(crate) column: usize,
    pub(crate) value: Rc<Value>,
}

/// What a file says, as kubectl's conversion to JSON sees it.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Zeroizing<String>),
    List(Vec<Item>),
    Map(BTreeMap<String, Item>),
}

impl Value {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(value) => value.clone().into(),
            Self::Text(value) => value.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(items) => items
                .iter()
                .map(|(key, item)| (key.clone(), item.value.to_json()))
                .collect(),
        }
    }
}

/// A problem and its place in the file.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) problem: SyntaxProblem,
}

impl SyntaxError {
    fn at(mark: Marker, problem: SyntaxProblem) -> Self {
        Self {
            line: mark.line().max(1),
            column: mark.col() + 1,
            problem,
        }
    }

    fn of_item(item: &Item, problem: SyntaxProblem) -> Self {
        Self {
            line: item.line,
            column: item.column,
            problem,
        }
    }
}

/// Reads the first document of a file; whatever follows it is not looked at. An empty file is
/// null.
///
/// The rules are those of kubectl's YAML library (go.yaml.in/yaml/v2), which differ from the
/// specification and from serde-saphyr's own in two points, so the tree is made from parser
/// events: the last of two equal keys wins, and a merge key (`<<`) counts where it stands, so that
/// it overrides the keys above it.
///
/// The parser itself keeps to YAML 1.2: it takes a key over two lines in braces, which kubectl
/// refuses, and U+0085 and U+2028 are text to it and line breaks to kubectl.
pub(crate) fn read(bytes: &[u8]) -> Result<Item, SyntaxError> {
    let start = Marker::new(0, 1, 0);
    let text = decode(bytes).ok_or_else(|| SyntaxError::at(start, SyntaxProblem::Encoding))?;
    let mut options = granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
    };
    options.set_emit_comments(false);
    let mut composer = Composer {
        parser: Parser::new_from_str_with_options(&text, options),
        anchors: HashMap::new(),
    };
    composer.document()
}

/// A file's first document by kubectl's rules, whatever its type. The error names line and column
/// and nothing that stands there.
pub(crate) fn read_json(bytes: &[u8]) -> Result<serde_json::Value, String> {
    match read(bytes) {
        Ok(item) => Ok(item.value.to_json()),
        Err(error) => Err(format!(
            "line {}, column {}: {}",
            error.line, error.column, error.problem
        )),
    }
}

/// The text of a file in UTF-8, or in UTF-16 with a byte-order mark (a Windows shell's `>`).
fn decode(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Zeroizing<Vec<u16>> =
            Zeroizing::new(pairs.iter().map(|pair| unit(*pair)).collect());
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    match bytes {
        [0xFF, 0xFE, ..] => utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => utf16(u16::from_be_bytes),
        _ => str::from_utf8(bytes).ok().map(str::to_owned),
    }
    .map(Zeroizing::new)
}

/// A node and the number of values that it unfolds to.
type Weighed<T> = (T, usize);

struct Composer<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Weighed<Rc<Value>>>,
}

impl<'a> Composer<'a> {
    fn document(&mut self) -> Result<Item, SyntaxError> {
        loop {
            let (event, mark) = self.next()?;
            match event {
                Event::DocumentStart(_, Some(version))
                    if (version.major, version.minor) != (1, 1) =>
                {
                    return Err(SyntaxError::at(mark, SyntaxProblem::Version));
                }
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd => {
                    return Ok(Item {
                        line: 1,
                        column: 1,
                        value: Rc::new(Value::Null),
                    });
                }
                event => {
                    let (item, _) = self.node(event, mark)?;
                    // Only now does the parser look at what stands behind the node.
                    self.next()?;
                    return Ok(item);
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Marker), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start)),
            Some(Err(error)) => {
                let problem = match error.kind() {
                    granit_parser::ErrorKind::UnknownAnchor => SyntaxProblem::Alias,
                    _ => SyntaxProblem::Yaml,
                };
                Err(SyntaxError::at(*error.marker(), problem))
            }
            None => Err(SyntaxError::at(Marker::new(0, 1, 0), SyntaxProblem::Yaml)),
        }
    }

    fn node(&mut self, event: Event<'a>, mark: Marker) -> Result<Weighed<Item>, SyntaxError> {
        let (anchor, (value, size)) = match event {
            Event::Alias(id) => {
                let target = self.anchors.get(&id).cloned();
                (
                    0,
                    target.ok_or_else(|| SyntaxError::at(mark, SyntaxProblem::Alias))?,
                )
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref())
                    .and_then(|meaning| value(meaning, &text, tag.as_deref()))
                    .map_err(|problem| SyntaxError::at(mark, problem))?;
                (anchor, (Rc::new(value), 1))
            }
            Event::SequenceStart(_, anchor, _) => {
                let (list, size) = self.list()?;
                (anchor, (Rc::new(Value::List(list)), size))
            }
            Event::MappingStart(_, anchor, _) => {
                let (map, size) = self.map()?;
                (anchor, (Rc::new(Value::Map(map)), size))
            }
            _ => return Err(SyntaxError::at(mark, SyntaxProblem::Yaml)),
        };
        if size > MAX_VALUES {
            return Err(SyntaxError::at(mark, SyntaxProblem::TooLarge));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (Rc::clone(&value), size));
        }
        Ok((
            Item {
                line: mark.line(),
                column: mark.col() + 1,
                value,
            },
            size,
        ))
    }

    fn list(&mut self) -> Result<Weighed<Vec<Item>>, SyntaxError> {
        let (mut items, mut total) = (Vec::new(), 1);
        loop {
            let (event, mark) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((items, total));
            }
            let (item, size) = self.node(event, mark)?;
            items.push(item);
            total += size;
        }
    }

    fn map(&mut self) -> Result<Weighed<BTreeMap<String, Item>>, SyntaxError> {
        let (mut items, mut total) = (BTreeMap::new(), 1);
        loop {
            let (event, mark) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((items, total));
            }
            let key = self.key(event, mark)?;
            let (event, mark) = self.next()?;
            let (item, size) = self.node(event, mark)?;
            total += size;
            match key {
                Key::Name(name) => {
                    items.insert(name, item);
                }
                Key::Merge => merge(&mut items, &item)?,
            }
        }
    }

    fn key(&mut self, event: Event<'a>, mark: Marker) -> Result<Key, SyntaxError> {
        let wrong = || SyntaxError::at(mark, SyntaxProblem::Key);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                if text == "<<" && is_merge(style, tag) {
                    return Ok(Key::Merge);
                }
                let meaning =
                    scalar(&text, style, tag).map_err(|problem| SyntaxError::at(mark, problem))?;
                let name = meaning.to_key(&text).ok_or_else(wrong)?;
                if anchor != 0 {
                    let value = Value::Text(Zeroizing::new(name.clone()));
                    self.anchors.insert(anchor, (Rc::new(value), 1));
                }
                Ok(Key::Name(name))
            }
            Event::Alias(id) => match self.anchors.get(&id).map(|(value, _)| &**value) {
                Some(Value::Text(text)) => Ok(Key::Name(text.to_string())),
                Some(Value::Number(number)) => Ok(Key::Name(number.to_string())),
                Some(Value::Bool(value)) => Ok(Key::Name(value.to_string())),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

enum Key {
    Name(String),
    Merge,
}

/// Adds what a merge key names to the keys that stand above it, and over them. The first mapping
/// of a list wins.
fn merge(items: &mut BTreeMap<String, Item>, source: &Item) -> Result<(), SyntaxError> {
    let mut add = |item: &Item| match &*item.value {
        Value::Map(map) => {
            items.extend(map.iter().map(|(key, item)| (key.clone(), item.clone())));
            Ok(())
        }
        _ => Err(SyntaxError::of_item(item, SyntaxProblem::Merge)),
    };
    match &*source.value {
        Value::List(list) => list.iter().rev().try_for_each(add),
        _ => add(source),
    }
}

/// The part of a tag behind `tag:yaml.org,2002:`; none for a tag that means nothing here.
fn known_tag(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

/// `!` alone: libyaml takes the scalar for a plain one without a tag.
fn is_non_specific(tag: &Tag) -> bool {
    tag.parts() == ("", "!")
}

fn is_merge(style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) => is_non_specific(tag) || known_tag(tag).is_some_and(|tag| tag == "merge"),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Scalar, SyntaxProblem> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(Scalar::of_plain(text)),
        None => Ok(Scalar::Text),
        Some(tag) if is_non_specific(tag) => Ok(Scalar::of_plain(text)),
        Some(tag) => match known_tag(tag) {
            Some(tag) => Scalar::of_tagged(&tag, text),
            None => Ok(Scalar::Text),
        },
    }
}

fn value(meaning: Scalar, text: &str, tag: Option<&Tag>) -> Result<Value, SyntaxProblem> {
    Ok(match meaning {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Text if tag.and_then(known_tag).is_some_and(|tag| tag == "binary") => {
            let bytes = Zeroizing::new(base64::decode(text).ok_or(SyntaxProblem::Tag)?);
            Value::Text(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Scalar::Text => Value::Text(Zeroizing::new(text.to_owned())),
        number => Value::Number(number.to_number().ok_or(SyntaxProblem::NotFinite)?),
    })
}
