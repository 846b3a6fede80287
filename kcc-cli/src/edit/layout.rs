//! How new text is laid out: as what stands around it.

use super::exec_node::ExecNode;
use super::scalar::Quote;
use super::text;
use super::tree::{Kind, Node};

/// A variable of `exec.env`.
pub(super) type Variable = (&'static str, String);

/// The new elements of a list, as yet without a layout.
#[derive(Clone, Copy, Debug)]
pub(super) enum Items<'a> {
    /// Scalars' sources.
    Args(&'a [String]),
    Variables(&'a [Variable]),
}

impl Items<'_> {
    pub(super) fn key(self) -> &'static str {
        match self {
            Items::Args(_) => "args",
            Items::Variables(_) => "env",
        }
    }
}

/// The layout of one user's `exec`.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    newline: &'a str,
    key_quote: Quote,
    value_quote: Quote,
    shape: Shape<'a>,
}

#[derive(Debug)]
enum Shape<'a> {
    Block {
        /// What stands before the keys of `exec`.
        indent: String,
        /// What stands before the dashes of a list, beside the indentation of its key.
        list_indent: String,
        /// A dash and the space behind it.
        dash: String,
    },
    Flow {
        /// What stands before the command's key: where that is a line break, each entry has a line.
        gap: &'a str,
        /// One more level of indentation; empty where lists stand on one line.
        unit: String,
        /// `:` or `: `.
        colon: &'static str,
    },
}

impl<'a> Layout<'a> {
    pub(super) fn of(exec: &ExecNode<'_, 'a>) -> Self {
        let (text, node, command) = (exec.text, exec.node, exec.command());
        let quote = |node: &Node<'_>| match &node.kind {
            Kind::Scalar { style, .. } => Quote::from(*style),
            _ => Quote::Plain,
        };
        let newline = text::newline_at(text, command.value.range.end);
        let shape = if node.is_flow() {
            let gap = text::space_before(text, command.key.range.start);
            let closing = text::space_before(text, node.range.end - 1);
            let is_tight = text[command.key.range.end..].starts_with(':')
                && !text[command.key.range.end + 1..].starts_with([' ', '\t', '\r', '\n']);
            Shape::Flow {
                gap,
                unit: unit(gap, closing),
                colon: if is_tight { ":" } else { ": " },
            }
        } else {
            let (list_indent, dash) = list_layout(text, exec.users);
            Shape::Block {
                indent: indent_of(text, node.range.start),
                list_indent,
                dash,
            }
        };
        Self {
            newline,
            key_quote: quote(&command.key),
            value_quote: quote(&command.value),
            shape,
        }
    }

    /// A scalar in the place of the command's.
    pub(super) fn scalar(&self, text: &str) -> String {
        self.value_quote.write(text, self.is_flow())
    }

    /// The same for a place between brackets or outside of them.
    pub(super) fn word(&self, text: &str) -> String {
        self.value_quote.write(text, true)
    }

    pub(super) fn is_flow(&self) -> bool {
        matches!(self.shape, Shape::Flow { .. })
    }

    /// New entries of `exec`, to stand behind the command's.
    pub(super) fn entries(&self, lists: &[Items<'_>]) -> String {
        let mut written = String::new();
        for list in lists {
            let key = list.key();
            match &self.shape {
                Shape::Block { indent, .. } => {
                    written.extend([self.newline, indent, key, ":"]);
                }
                Shape::Flow { gap, .. } => {
                    let key = self.key_quote.write(key, true);
                    written.extend([",", gap, &key]);
                }
            }
            written += &self.list(*list);
        }
        written
    }

    /// What stands behind the key of a list whose elements are all new; in a mapping with brackets
    /// with the colon.
    fn list(&self, list: Items<'_>) -> String {
        match &self.shape {
            Shape::Block { .. } => self.value_of_block(list),
            Shape::Flow { colon, .. } => format!("{colon}{}", self.flow_list(list)),
        }
    }

    /// What stands behind the colon of a list whose elements are all new, where the value before
    /// it was `was`.
    pub(super) fn value(&self, list: Items<'_>, was: &str) -> String {
        match &self.shape {
            Shape::Block { .. } => self.value_of_block(list),
            Shape::Flow { colon, .. } => {
                let space = &was[..was.len() - was.trim_start().len()];
                let space = if space.is_empty() { &colon[1..] } else { space };
                format!("{space}{}", self.flow_list(list))
            }
        }
    }

    fn value_of_block(&self, list: Items<'_>) -> String {
        let Shape::Block {
            indent,
            list_indent,
            dash,
        } = &self.shape
        else {
            return String::new();
        };
        let before = format!("{indent}{list_indent}{dash}");
        let lines = self.block_items(list, &before, false);
        let lines = lines.iter();
        lines.flat_map(|line| [self.newline, line]).collect()
    }

    fn flow_list(&self, list: Items<'_>) -> String {
        let Shape::Flow { gap, unit, colon } = &self.shape else {
            return String::new();
        };
        let (item, inner) = if unit.is_empty() {
            (String::new(), String::new())
        } else {
            (format!("{gap}{unit}"), format!("{gap}{unit}{unit}"))
        };
        let form = FlowForm {
            colon,
            inner: &inner,
            closing: &item,
            between: if *colon == ":" { "" } else { " " },
            key_quote: self.key_quote,
        };
        let items = self.flow_items(list, &form);
        if unit.is_empty() {
            let between = format!(",{}", form.between);
            return format!("[{}]", items.join(&between));
        }
        format!("[{item}{}{gap}]", items.join(&format!(",{item}")))
    }

    /// The lines of new elements in a list with dashes. `before` is what stands before the first
    /// byte of an element; `braces` is whether mappings have them.
    fn block_items(&self, list: Items<'_>, before: &str, braces: bool) -> Vec<String> {
        let variables = match list {
            Items::Args(sources) => {
                let line = |source| format!("{before}{source}");
                return sources.iter().map(line).collect();
            }
            Items::Variables(variables) => variables,
        };
        let blank = " ".repeat(before.chars().count());
        let mut lines = Vec::new();
        for (name, value) in variables {
            let value = self.value_quote.write(value, braces);
            if braces {
                lines.push(format!("{before}{{name: {name}, value: {value}}}"));
            } else {
                lines.push(format!("{before}name: {name}"));
                lines.push(format!("{blank}value: {value}"));
            }
        }
        lines
    }

    fn flow_items(&self, list: Items<'_>, form: &FlowForm<'_>) -> Vec<String> {
        let variables = match list {
            Items::Args(sources) => return sources.to_vec(),
            Items::Variables(variables) => variables,
        };
        let key = |key| form.key_quote.write(key, true);
        let FlowForm {
            inner,
            closing,
            colon,
            ..
        } = form;
        let between = if inner.is_empty() {
            form.between
        } else {
            inner
        };
        let value = |text: &str| self.value_quote.write(text, true);
        let item = |(name, text): &Variable| {
            let name = format!("{}{colon}{}", key("name"), value(name));
            let text = format!("{}{colon}{}", key("value"), value(text));
            format!("{{{inner}{name},{between}{text}{closing}}}")
        };
        variables.iter().map(item).collect()
    }

    /// The elements of a list that has brackets already, and nothing between them.
    pub(super) fn between_brackets(&self, list: Items<'_>) -> String {
        let form = FlowForm {
            colon: ": ",
            inner: "",
            closing: "",
            between: " ",
            key_quote: self.key_quote,
        };
        self.flow_items(list, &form).join(", ")
    }

    /// New elements before the first one of a list: where to insert, and what. None where the
    /// list's layout is unusual.
    pub(super) fn prepend(
        &self,
        text: &str,
        node: &Node<'_>,
        list: Items<'_>,
    ) -> Option<(usize, String)> {
        let first = node.as_list()?.first()?;
        if node.is_flow() {
            return Some(self.prepend_flow(text, node, first, list));
        }
        let start = text::line_start(text, node.range.start);
        let before = dash_before(text, node.range.start)?;
        let newline = &text[text::previous_line_end(text, start)?..start];
        let lines = self.block_items(list, before, first.is_flow());
        let lines = lines.iter().flat_map(|line| [line, newline]);
        Some((start, lines.collect()))
    }

    fn prepend_flow(
        &self,
        text: &str,
        node: &Node<'_>,
        first: &Node<'_>,
        list: Items<'_>,
    ) -> (usize, String) {
        let open = node.range.start + 1;
        let at = text::skip_space(text, open);
        let gap = &text[open..at];
        let items = node.as_list().unwrap_or_default();
        let is_tight = items
            .get(1)
            .is_some_and(|second| text[..second.range.start].ends_with(','))
            || matches!(self.shape, Shape::Flow { colon: ":", .. });
        let between = match gap {
            gap if gap.contains(['\n', '\r']) => gap,
            // A comment needs its space.
            _ if is_tight && !text[at..].starts_with('#') => "",
            _ => " ",
        };
        let own = match (&self.shape, first.as_map()) {
            (_, Some([entry, ..])) if first.is_flow() => {
                let quote = match &entry.key.kind {
                    Kind::Scalar { style, .. } => Quote::from(*style),
                    _ => Quote::Plain,
                };
                let inner = text::space_before(text, entry.key.range.start);
                (quote, inner, text::space_before(text, first.range.end - 1))
            }
            _ => (self.key_quote, "", ""),
        };
        let (key_quote, inner, closing) = own;
        let form = FlowForm {
            colon: if is_tight { ":" } else { ": " },
            inner: if inner.contains(['\n', '\r']) {
                inner
            } else {
                ""
            },
            closing: if inner.contains(['\n', '\r']) {
                closing
            } else {
                ""
            },
            between: if is_tight { "" } else { " " },
            key_quote,
        };
        let form = FlowForm {
            // A colon without a space ends nothing but a quoted key.
            colon: if key_quote == Quote::Double {
                form.colon
            } else {
                ": "
            },
            ..form
        };
        let items = self.flow_items(list, &form);
        let written = items.iter().map(|item| format!("{item},{between}"));
        (at, written.collect())
    }
}

struct FlowForm<'a> {
    colon: &'a str,
    /// Before each key of a mapping, where those have lines of their own; else empty.
    inner: &'a str,
    /// Before the closing brace then.
    closing: &'a str,
    /// Behind a comma on one line.
    between: &'a str,
    key_quote: Quote,
}

/// The beginning of a list element's line: white space, a dash, white space. None if anything but
/// the element, perhaps with an anchor or a tag before it, stands behind it.
///
/// `at` is the element's first byte, or the dash.
pub(super) fn dash_before(text: &str, at: usize) -> Option<&str> {
    let space = [' ', '\t'];
    let start = text::line_start(text, at);
    let line = &text[start..];
    let indent = line.len() - line.trim_start_matches(' ').len();
    let behind = line[indent..].strip_prefix('-')?;
    let own = behind.trim_start_matches(space);
    let dash = line.len() - own.len();
    let is_usual = own.len() < behind.len()
        && !own.starts_with(['\n', '\r', '#'])
        && (start + indent == at || start + dash == at || own.starts_with(['&', '!']));
    is_usual.then(|| &line[..dash])
}

/// The spaces that put a line's first byte under the one at `at`.
fn indent_of(text: &str, at: usize) -> String {
    let before = &text[text::line_start(text, at)..at];
    " ".repeat(before.chars().count())
}

/// How the dashes of a list at the top level stand: their indentation, a dash with its space.
fn list_layout(text: &str, users: &Node<'_>) -> (String, String) {
    let before = dash_before(text, users.range.start);
    match before.and_then(|before| before.split_once('-')) {
        Some((indent, space)) if !space.contains('\t') => (indent.to_owned(), format!("-{space}")),
        _ => (String::new(), "- ".to_owned()),
    }
}

/// By how much `inner`, a line break and its indentation, goes further in than `outer`; empty if
/// these are no line breaks.
fn unit(inner: &str, outer: &str) -> String {
    match inner.strip_prefix(outer) {
        Some(unit) if outer.contains(['\n', '\r']) => unit.to_owned(),
        _ => String::new(),
    }
}
