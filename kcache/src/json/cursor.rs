//! Goes over the members of objects, and over their values without a look.

use memchr::{memchr, memchr2};

use super::scan::Scan;

/// Goes through a text.
pub(super) struct Cursor<'a> {
    pub(super) json: &'a [u8],
    pub(super) at: usize,
}

/// The key of a member, with its quotes.
pub(super) struct MemberKey<'a> {
    text: &'a [u8],
    pub(super) at: usize,
}

impl MemberKey<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        let inner = &self.text[1..self.text.len() - 1];
        if memchr(b'\\', inner).is_none() {
            return inner == name.as_bytes();
        }
        serde_json::from_slice::<String>(self.text).is_ok_and(|text| text == name)
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.json[self.at..]
    }

    /// The next byte that is no space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().iter().take_while(|byte| is_space(byte)).count();
        self.json.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Begins an object; false if it has no members, and has ended.
    pub(super) fn open(&mut self) -> Option<bool> {
        (self.next()? == b'{').then_some(())?;
        let empty = self.peek()? == b'}';
        self.at += usize::from(empty);
        Some(!empty)
    }

    /// The key of the next member, with its colon.
    pub(super) fn key(&mut self) -> Option<MemberKey<'a>> {
        (self.peek()? == b'"').then_some(())?;
        let at = self.at;
        self.string()?;
        let text = &self.json[at..self.at];
        (self.next()? == b':').then_some(MemberKey { text, at })
    }

    /// True after a comma, and false after the end of the object.
    pub(super) fn goes_on(&mut self) -> Option<bool> {
        match self.next()? {
            b',' => Some(true),
            b'}' => Some(false),
            _ => None,
        }
    }

    /// Passes over a value.
    pub(super) fn value(&mut self) -> Option<()> {
        if self.peek()? == b'"' {
            return self.string();
        }
        let end = Scan::default().advance(self.rest())?;
        self.at += end;
        (end > 0).then_some(())
    }

    /// The text of the next value, if it is a string without escapes.
    pub(super) fn plain_string(&mut self) -> Option<&'a str> {
        (self.peek()? == b'"').then_some(())?;
        let at = self.at + 1;
        self.string()?;
        let text = &self.json[at..self.at - 1];
        let plain = memchr(b'\\', text).is_none();
        std::str::from_utf8(text).ok().filter(|_| plain)
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += memchr2(b'"', b'\\', self.rest())?;
            if self.json[self.at] == b'"' {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
            self.json.get(self.at)?;
        }
    }
}
