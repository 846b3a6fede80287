//! Where a JSON value ends.

use wide::u8x16;

/// Follows one JSON value to its end, wherever its bytes are cut.
///
/// It counts brackets and knows strings; whether the value is well formed is for who decodes it.
#[derive(Default)]
pub(crate) struct Scan {
    depth: u64,
    string_state: StringState,
}

/// Whether the scan is inside of a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum StringState {
    #[default]
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

impl Scan {
    /// Takes the next bytes of the value, and returns how many of them belong to it if it ends
    /// among them. The end of a number or a word shows by what follows it.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at..].first_chunk().map(|block| self.block(block)) {
                Some(Block::GoesOn(next)) => {
                    *self = next;
                    at += BLOCK;
                }
                Some(Block::Ends(end)) => {
                    *self = Self::default();
                    return Some(at + end);
                }
                Some(Block::Unclear) | None => {
                    let block = &bytes[at..bytes.len().min(at + BLOCK)];
                    if let Some(end) = self.walk(block) {
                        return Some(at + end);
                    }
                    at += block.len();
                }
            }
        }
        None
    }

    /// What a block does, as far as that shows by counting, without a look at each byte.
    fn block(&self, block: &[u8; BLOCK]) -> Block {
        let marks = Marks::of(block);
        let (escaped, escapes_next) = marks.escaped(self.string_state == StringState::Escaped);
        let began_inside = u64::from(self.string_state != StringState::Outside).wrapping_neg();
        let inside = prefix_xor(marks.quotes & !escaped) ^ began_inside;
        // Outside of strings a backslash escapes nothing; it is no JSON, and read the same wherever it
        // is cut. What is in no bracket has other ends.
        if self.depth == 0 || marks.backslashes & !inside != 0 {
            return Block::Unclear;
        }
        let (opens, closes) = (marks.opens & !inside, marks.closes & !inside);
        if let Some(end) = end_in(self.depth, opens, closes) {
            return Block::Ends(end);
        }
        let string_state = match (inside >> (BLOCK - 1) == 1, escapes_next) {
            (true, true) => StringState::Escaped,
            (true, false) => StringState::Inside,
            (false, _) => StringState::Outside,
        };
        let depth = self.depth + u64::from(opens.count_ones()) - u64::from(closes.count_ones());
        Block::GoesOn(Self {
            depth,
            string_state,
        })
    }

    /// As [`advance`](Self::advance), byte by byte.
    fn walk(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.string_state == StringState::Outside {
                let found = bytes[at..].iter().position(|byte| self.is_mark(*byte))?;
                at += found + 1;
                match bytes[at - 1] {
                    b'"' => self.string_state = StringState::Inside,
                    b'{' | b'[' => self.depth += 1,
                    _ if self.depth == 0 => return Some(at - 1),
                    _ => self.depth -= 1,
                }
            } else {
                at += self.string(&bytes[at..]);
            }
            if self.depth == 0 && self.string_state == StringState::Outside {
                return Some(at);
            }
        }
        None
    }

    /// True if the scan has to look at this byte, outside of a string.
    fn is_mark(&self, byte: u8) -> bool {
        let bracket = matches!(byte | 0x20, b'{' | b'}') || byte == b'"';
        bracket || self.depth == 0 && (byte == b',' || byte.is_ascii_whitespace())
    }

    /// Takes bytes of a string up to its end, or all of them.
    fn string(&mut self, bytes: &[u8]) -> usize {
        let mut at = usize::from(self.string_state == StringState::Escaped);
        self.string_state = StringState::Inside;
        while let Some(found) = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\')) {
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.string_state = StringState::Outside;
                return at;
            }
            if at == bytes.len() {
                self.string_state = StringState::Escaped;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }
}

/// How many bytes are looked at together: as many as a word has bits.
const BLOCK: usize = 64;

/// What a value does in a block.
enum Block {
    /// It goes on behind it, in this state.
    GoesOn(Scan),
    /// So many bytes of the block belong to it.
    Ends(usize),
    Unclear,
}

/// How many bytes there are up to the bracket that closes a value at this depth.
fn end_in(depth: u64, opens: u64, mut closes: u64) -> Option<usize> {
    if depth > u64::from(closes.count_ones()) {
        return None;
    }
    let mut closed = 0;
    while closes != 0 {
        let bit = closes.trailing_zeros();
        let opened = opens & ((1 << bit) - 1);
        closed += 1;
        if depth + u64::from(opened.count_ones()) == closed {
            return Some(bit as usize + 1);
        }
        closes &= closes - 1;
    }
    None
}

/// Where in a block the marks are, a bit for each byte, the first in the lowest.
#[derive(Default)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Marks {
    fn of(block: &[u8; BLOCK]) -> Self {
        const LANES: usize = 16;
        let mut marks = Self::default();
        let (lanes, _) = block.as_chunks::<LANES>();
        for (i, lane) in lanes.iter().enumerate() {
            let lane = u8x16::from(*lane);
            let is = |lane: u8x16, byte| {
                let mask = lane.cmp_eq(u8x16::splat(byte)).move_mask();
                u64::from(mask.cast_unsigned()) << (LANES * i)
            };
            // A brace is a bracket and this bit.
            let folded = lane | u8x16::splat(0x20);
            marks.quotes |= is(lane, b'"');
            marks.backslashes |= is(lane, b'\\');
            marks.opens |= is(folded, b'{');
            marks.closes |= is(folded, b'}');
        }
        marks
    }

    /// Which bytes are after a backslash that is not after one itself, and whether the first of
    /// the next block does.
    fn escaped(&self, mut next: bool) -> (u64, bool) {
        let mut escaped = u64::from(next);
        let mut backslashes = self.backslashes & !escaped;
        next = false;
        while backslashes != 0 {
            let bit = backslashes.trailing_zeros();
            let follower = 2_u64.checked_shl(bit).filter(|_| bit < 63);
            next = follower.is_none();
            escaped |= follower.unwrap_or_default();
            backslashes &= backslashes - 1;
            backslashes &= !escaped;
        }
        (escaped, next)
    }
}

/// For each bit whether an odd number of bits is set up to it: from quotes, what they enclose.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_does_wherever_it_is_cut() {
        for (value, rest) in [
            (r#"{"a":[1,{"b":"}]"}],"c":"\"}\\"}"#, ","),
            (r#""\\\"x""#, "}"),
            ("[[],[]]", "]"),
            ("null", " }"),
            ("-1.5e3", ","),
            ("true", "]"),
        ] {
            let text = [value, rest].concat();
            for cut in 1..text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut scan = Scan::default();
                let end = scan.advance(first);
                let end = end.or_else(|| scan.advance(second).map(|end| cut + end));
                assert_eq!(end, Some(value.len()), "{text} cut at {cut}");
            }
        }
    }

    #[test]
    fn blocks_are_as_good_as_bytes() {
        let long = format!("\"{}\"", r#"}\\{\""#.repeat(30));
        let pieces = [
            "{",
            "[",
            "{\"a\":",
            "}",
            "]",
            "}",
            "]",
            ",",
            ":",
            "word",
            " ",
            "{}",
            "[[]]",
            r#""""#,
            r#""\"""#,
            r#""\\""#,
            r#""\\\"}""#,
            r#""}]{[""#,
            "\\",
            &long,
        ];
        let mut random = 1_u64;
        let mut below = |limit: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(random >> 33).unwrap() % limit
        };
        let mut ended = 0;
        for _ in 0..5_000 {
            let mut text = "{".repeat(1 + below(12));
            while text.len() < 400 {
                text.push_str(pieces[below(pieces.len())]);
            }
            text.truncate(1 + below(text.len()));
            let (mut blocks, mut bytes) = (Scan::default(), Scan::default());
            let end = blocks.advance(text.as_bytes());
            assert_eq!(end, bytes.walk(text.as_bytes()), "{text}");
            assert_eq!(
                (blocks.depth, blocks.string_state),
                (bytes.depth, bytes.string_state),
                "{text}"
            );
            ended += usize::from(end.is_some());
        }
        assert!((500..4_500).contains(&ended), "{ended}");
    }
}
