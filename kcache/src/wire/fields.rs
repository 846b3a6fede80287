//! The fields of protobuf messages, each as soon as it is complete.

use std::ops::Range;

use bytes::Bytes;

use super::error::WireError;
use super::limits::{KEPT, LARGEST_METADATA};
use super::span::Span;

/// What becomes of a field, by the level of its message and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is a message, whose fields are given out.
    Open,
    /// It is given out.
    Whole,
    /// It is an object in this form. It is given out; of one that is too large no more than its metadata.
    Object(Form),
    /// Nothing; its bytes are not held.
    Skip,
}

/// What an object is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its message.
    Bare,
    /// Its envelope.
    Enveloped,
}

/// What stands before each outermost message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing. It has no end but that of the bytes.
    Nothing,
    /// What an envelope begins with. It has no end but that of the bytes.
    Magic,
    /// Its length, in four bytes; another message follows.
    Length,
}

/// Something that is complete.
pub(super) enum Found {
    /// A field that is used whole.
    Field {
        level: usize,
        number: u32,
        span: Span,
    },
    /// A message; the outermost is of level 0.
    End { level: usize },
}

/// Takes messages apart, in bytes that come in chunks.
pub(super) struct Fields {
    before: Before,
    uses: fn(usize, u32) -> Use,
    limit: usize,
    chunk: Bytes,
    at: usize,
    /// How many bytes there were before this chunk.
    passed: u64,
    /// Where each message ends that is open, the outermost first.
    ends: Vec<u64>,
    /// The bytes so far of a value that began in an earlier chunk.
    carry: Vec<u8>,
    /// The value in `carry` or `large` was given out.
    given: bool,
    /// What there is of an object that is larger than the limit.
    large: Option<Box<Large>>,
    state: State,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    /// So many bytes of what stands before an outermost message, as a number.
    Before(usize, u32),
    /// A tag, or the end of the message.
    Tag(Varint),
    /// The length of a field.
    Length(u32, Varint),
    /// So many bytes of a field that is used.
    Value(u32, Use, usize),
    /// A number that is not used.
    Number(Varint),
    /// So many bytes that are not used.
    Skip(u64),
}

/// A number that is being read.
#[derive(Clone, Copy, Default)]
struct Varint {
    number: u64,
    bytes: u32,
}

/// What every envelope begins with.
pub(super) const MAGIC: &[u8; 4] = b"k8s\0";
/// What no object, and nothing else that is used whole, comes near: such a length is none.
const LONGEST: u64 = 1 << 30;
/// Where a message ends that says no length.
const OPEN_END: u64 = u64::MAX;

impl Fields {
    /// Fields of more bytes than the limit are not held.
    pub(super) fn new(before: Before, uses: fn(usize, u32) -> Use, limit: usize) -> Self {
        let (ends, state) = match before {
            Before::Nothing => (vec![OPEN_END], State::Tag(Varint::default())),
            Before::Magic | Before::Length => (Vec::new(), State::Before(0, 0)),
        };
        Self {
            before,
            uses,
            limit,
            chunk: Bytes::new(),
            at: 0,
            passed: 0,
            ends,
            carry: Vec::new(),
            given: false,
            large: None,
            state,
        }
    }

    /// Gives it more bytes; those before must be used up.
    pub(super) fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.at == self.chunk.len(), "bytes are left");
        self.passed = self.position();
        (self.chunk, self.at) = (chunk, 0);
    }

    /// The bytes of what was just found.
    pub(super) fn bytes(&self, span: &Span) -> &[u8] {
        match span {
            Span::Chunk(range) => &self.chunk[range.clone()],
            Span::Carry => &self.carry,
            Span::TooLarge => self.large.as_ref().map_or(b"", |large| &large.header),
        }
    }

    /// How many bytes of the value that is being read are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let large = self.large.as_ref();
        let fields = large.and_then(|large| large.fields.as_ref());
        self.carry.len()
            + large.map_or(0, |large| large.header.len() + large.types.len())
            + fields.map_or(0, Self::held)
    }

    /// True if all that was pushed were whole messages.
    pub(super) fn is_between(&self) -> bool {
        match (self.before, self.state) {
            (Before::Length, State::Before(0, _)) => true,
            (Before::Nothing | Before::Magic, State::Tag(tag)) => {
                self.ends.len() == 1 && tag.bytes == 0
            }
            _ => false,
        }
    }

    /// The next thing that is complete, or `None` if more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Found>, WireError> {
        if std::mem::take(&mut self.given) {
            self.carry.clear();
            self.carry.shrink_to(KEPT);
            self.large = None;
        }
        loop {
            let found = match self.state {
                State::Tag(tag) if tag.bytes == 0 && self.is_at_end() => Some(self.close()),
                // What is empty needs no more bytes.
                State::Value(number, uses, left) if left == 0 || self.has_more() => {
                    self.value(number, uses, left)
                }
                _ if !self.has_more() => return Ok(None),
                _ => {
                    self.step()?;
                    None
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn has_more(&self) -> bool {
        self.at < self.chunk.len()
    }

    /// How many bytes there were before what comes next.
    fn position(&self) -> u64 {
        self.passed + length(self.at)
    }

    /// Where the innermost message ends that is open.
    fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(OPEN_END)
    }

    fn is_at_end(&self) -> bool {
        !self.ends.is_empty() && self.position() == self.end()
    }

    fn close(&mut self) -> Found {
        self.ends.pop();
        let level = self.ends.len();
        self.state = if level == 0 {
            State::Before(0, 0)
        } else {
            State::Tag(Varint::default())
        };
        Found::End { level }
    }

    /// Takes bytes that are not given out.
    fn step(&mut self) -> Result<(), WireError> {
        self.state = match self.state {
            State::Before(bytes, number) => self.before(bytes, number)?,
            State::Tag(mut tag) => match self.varint(&mut tag)? {
                Some(tag) => self.tagged(tag)?,
                None => State::Tag(tag),
            },
            State::Length(number, mut length) => match self.varint(&mut length)? {
                Some(length) => self.field(number, length)?,
                None => State::Length(number, length),
            },
            State::Number(mut number) => match self.varint(&mut number)? {
                Some(_) => State::Tag(Varint::default()),
                None => State::Number(number),
            },
            State::Skip(left) => self.skip(left)?,
            value @ State::Value(..) => value,
        };
        Ok(())
    }

    fn before(&mut self, bytes: usize, number: u32) -> Result<State, WireError> {
        let byte = self.chunk[self.at];
        self.at += 1;
        if self.before == Before::Magic && byte != MAGIC[bytes] {
            return Err(WireError::NotProtobuf);
        }
        let number = number << 8 | u32::from(byte);
        if bytes + 1 < MAGIC.len() {
            return Ok(State::Before(bytes + 1, number));
        }
        let end = match self.before {
            Before::Length if u64::from(number) > LONGEST => return Err(WireError::NotProtobuf),
            Before::Length => self.position() + u64::from(number),
            Before::Nothing | Before::Magic => OPEN_END,
        };
        self.ends.push(end);
        Ok(State::Tag(Varint::default()))
    }

    /// Takes bytes of a number; the number, if it ends among them.
    fn varint(&mut self, varint: &mut Varint) -> Result<Option<u64>, WireError> {
        while self.has_more() {
            let byte = self.chunk[self.at];
            self.at += 1;
            varint.number |= u64::from(byte & 0x7f) << (7 * varint.bytes);
            varint.bytes += 1;
            if byte < 0x80 {
                let is_inside = self.position() <= self.end();
                return is_inside
                    .then_some(Some(varint.number))
                    .ok_or(WireError::NotProtobuf);
            }
            if varint.bytes == LONGEST_VARINT {
                return Err(WireError::NotProtobuf);
            }
        }
        Ok(None)
    }

    /// What comes after a tag. Nothing that is used is a number.
    fn tagged(&self, tag: u64) -> Result<State, WireError> {
        let number = u32::try_from(tag >> 3).ok();
        let number = number.filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or(WireError::NotProtobuf)?;
        let is_used = (self.uses)(self.ends.len() - 1, number) != Use::Skip;
        Ok(match tag & 7 {
            2 => State::Length(number, Varint::default()),
            _ if is_used => return Err(WireError::NotProtobuf),
            0 => State::Number(Varint::default()),
            1 => State::Skip(8),
            5 => State::Skip(4),
            _ => return Err(WireError::NotProtobuf),
        })
    }

    /// What is to be done with a field of this length.
    fn field(&mut self, number: u32, length: u64) -> Result<State, WireError> {
        let end = self.position().checked_add(length);
        let end = end.filter(|end| *end <= self.end());
        let end = end.ok_or(WireError::NotProtobuf)?;
        let uses = (self.uses)(self.ends.len() - 1, number);
        let held = || usize::try_from(length).ok().filter(|_| length <= LONGEST);
        Ok(match uses {
            Use::Skip if length == 0 => State::Tag(Varint::default()),
            Use::Skip => State::Skip(length),
            Use::Open => {
                self.ends.push(end);
                State::Tag(Varint::default())
            }
            Use::Whole | Use::Object(_) => {
                let held = held().ok_or(WireError::NotProtobuf)?;
                if held > self.limit {
                    self.large = match uses {
                        Use::Object(form) => Some(Box::new(Large::new(form))),
                        _ => return Err(WireError::TooLarge),
                    };
                }
                State::Value(number, uses, held)
            }
        })
    }

    fn skip(&mut self, left: u64) -> Result<State, WireError> {
        if self.position().saturating_add(left) > self.end() {
            return Err(WireError::NotProtobuf);
        }
        let rest = self.chunk.len() - self.at;
        let taken = usize::try_from(left).map_or(rest, |left| left.min(rest));
        self.at += taken;
        Ok(match left - length(taken) {
            0 => State::Tag(Varint::default()),
            left => State::Skip(left),
        })
    }

    /// Takes bytes of a value up to its end, or keeps all of them for the next chunk.
    fn value(&mut self, number: u32, uses: Use, left: usize) -> Option<Found> {
        let taken = left.min(self.chunk.len() - self.at);
        let range = self.at..self.at + taken;
        self.at = range.end;
        let ends = taken == left;
        self.state = if ends {
            State::Tag(Varint::default())
        } else {
            State::Value(number, uses, left - taken)
        };
        let span = self.hold(range, ends);
        let level = self.ends.len() - 1;
        ends.then_some(Found::Field {
            level,
            number,
            span,
        })
    }

    fn hold(&mut self, range: Range<usize>, ends: bool) -> Span {
        if let Some(large) = &mut self.large {
            large.push(self.chunk.slice(range));
            self.given = ends;
            return Span::TooLarge;
        }
        if ends && self.carry.is_empty() {
            return Span::Chunk(range);
        }
        self.carry.extend_from_slice(&self.chunk[range]);
        self.given = ends;
        Span::Carry
    }
}

/// Ten bytes have 64 bits.
const LONGEST_VARINT: u32 = 10;

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// An object that is too large to be held: what it is and its metadata are looked for while it passes.
struct Large {
    form: Form,
    /// Until the metadata was found, or anything that is no object.
    fields: Option<Fields>,
    /// What the envelope says of the type.
    types: Vec<u8>,
    /// An object with that and nothing else.
    header: Vec<u8>,
}

impl Large {
    fn new(form: Form) -> Self {
        let fields = match form {
            Form::Bare => Fields::new(
                Before::Nothing,
                |_, number| match number {
                    1 => Use::Whole,
                    _ => Use::Skip,
                },
                LARGEST_METADATA,
            ),
            Form::Enveloped => Fields::new(
                Before::Magic,
                |level, number| match (level, number) {
                    (_, 1) => Use::Whole,
                    (0, 2) => Use::Open,
                    _ => Use::Skip,
                },
                LARGEST_METADATA,
            ),
        };
        let mut large = Self {
            form,
            fields: Some(fields),
            types: Vec::new(),
            header: Vec::new(),
        };
        large.header = large.with(&[]);
        large
    }

    fn push(&mut self, chunk: Bytes) {
        let Some(mut fields) = self.fields.take() else {
            return;
        };
        fields.push(chunk);
        while let Ok(found) = fields.next() {
            match found {
                None => {
                    self.fields = Some(fields);
                    return;
                }
                Some(Found::Field { level, span, .. }) => {
                    let bytes = fields.bytes(&span);
                    if self.form == Form::Enveloped && level == 0 {
                        self.types = bytes.to_vec();
                        self.header = self.with(&[]);
                    } else {
                        self.header = self.with(&field(1, bytes));
                        return;
                    }
                }
                Some(Found::End { .. }) => {}
            }
        }
    }

    /// An object of this message.
    fn with(&self, message: &[u8]) -> Vec<u8> {
        match self.form {
            Form::Bare => message.to_vec(),
            Form::Enveloped => [&MAGIC[..], &field(1, &self.types), &field(2, message)].concat(),
        }
    }
}

/// A field, written.
pub(super) fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut left = content.len();
    while left >= 0x80 {
        bytes.push(low(left) | 0x80);
        left >>= 7;
    }
    bytes.push(low(left));
    bytes.extend_from_slice(content);
    bytes
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits are wanted")]
fn low(number: usize) -> u8 {
    number as u8 & 0x7f
}
