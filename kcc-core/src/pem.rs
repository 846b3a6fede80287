//! PEM, as Go's `encoding/pem` reads it: a block that cannot be read is passed over, and so is any
//! text around blocks, whatever its encoding.

use zeroize::Zeroizing;

use crate::base64;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// What stands between two marks.
pub(crate) struct Block<'a> {
    label: &'a [u8],
    /// Lines such as `Proc-Type: ...` before the base64.
    headers: &'a [u8],
    /// The decoded bytes, which may be a key.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Block<'_> {
    pub(crate) fn is_certificate(&self) -> bool {
        self.label == b"CERTIFICATE"
    }

    #[cfg(feature = "client")]
    pub(crate) fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// A private key of any kind: `tls.X509KeyPair` takes the first, whatever its label says else.
    pub(crate) fn is_private_key(&self) -> bool {
        self.label == b"PRIVATE KEY" || self.label.ends_with(b" PRIVATE KEY")
    }

    /// A key that needs a password, which nobody could give.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label.starts_with(b"ENCRYPTED ") || find(self.headers, b"ENCRYPTED").is_some()
    }
}

/// All blocks that can be read, in order.
pub(crate) fn blocks(pem: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = pem;
    let next = move || {
        // From an END back to the last BEGIN before it, so that a BEGIN without its END costs
        // nobody else anything.
        let end = find(rest, END)?;
        let (before, after) = (&rest[..end], &rest[end + END.len()..]);
        rest = after;
        Some(block(before, after))
    };
    std::iter::from_fn(next).flatten()
}

/// The block between the last BEGIN of `before` and the END whose label starts `after`.
fn block<'a>(before: &'a [u8], after: &[u8]) -> Option<Block<'a>> {
    let begin = before
        .windows(BEGIN.len())
        .rposition(|window| window == BEGIN)?;
    if begin > 0 && before[begin - 1] != b'\n' {
        return None;
    }
    let (label, mut body) = line(&before[begin + BEGIN.len()..]);
    let label = label.strip_suffix(DASHES)?;
    let end = line(after).0.strip_prefix(label)?;
    if end != DASHES {
        return None;
    }
    let (text, mut headers) = (body, 0);
    while let (header, rest) = line(body)
        && header.contains(&b':')
    {
        headers = text.len() - rest.len();
        body = rest;
    }
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(
        body.iter()
            .copied()
            .filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
            .collect(),
    );
    let bytes = base64::decode_packed(&packed)?;
    Some(Block {
        label,
        headers: &text[..headers],
        bytes: Zeroizing::new(bytes),
    })
}

/// The first line without the blanks at its end, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[][..]),
    };
    (line.trim_ascii_end(), rest)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pem: &[u8]) -> Vec<(String, Vec<u8>)> {
        blocks(pem)
            .map(|block| {
                let label = String::from_utf8_lossy(block.label).into_owned();
                (label, block.bytes.to_vec())
            })
            .collect()
    }

    #[test]
    fn a_broken_block_hides_no_good_one() {
        let good = "-----BEGIN A-----\nAAEC\n-----END A-----\n";
        let expected = vec![("A".to_owned(), vec![0, 1, 2])];
        for before in [
            "",
            "subject=somebody\n",
            "-----BEGIN A-----\n",
            "-----BEGIN A-----\nAAEC",
            "-----BEGIN A-----\nA?==\n-----END A-----\n",
            "-----BEGIN A-----\nAAEC\n-----END B-----\n",
            "-----BEGIN A-----\nAAEC\n-----END A---\n",
            "-----BEGIN A\nAAEC\n-----END A-----\n",
            " -----BEGIN A-----\nAAEC\n-----END A-----\n",
            "-----BEGIN A-----\nAAEC\n-----END A----- and more\n",
            "\n-----END A-----\n",
        ] {
            for after in ["", "-----BEGIN A-----\nAAEC", "\n-----END "] {
                let text = format!("{before}\n{good}{after}");
                assert_eq!(read(text.as_bytes()), expected, "{text}");
                let text = text.replace('\n', "\r\n");
                assert_eq!(read(text.as_bytes()), expected, "{text}");
            }
        }
        let latin = [b"# M\xfcller\n", good.as_bytes()].concat();
        assert_eq!(read(&latin), expected);
    }

    #[test]
    fn what_go_is_lenient_about_is_taken() {
        for text in [
            "-----BEGIN A-----  \nAA EC\n\t\n-----END A-----\t",
            "-----BEGIN A-----\nName: value\nOther: one\n\nAAEC\n-----END A-----",
            "-----BEGIN A-----\nName: value\nAAEC\n-----END A-----",
        ] {
            assert_eq!(read(text.as_bytes()), [("A".to_owned(), vec![0, 1, 2])]);
        }
        let last_bits = b"-----BEGIN A-----\nAAF=\n-----END A-----";
        assert_eq!(read(last_bits), [("A".to_owned(), vec![0, 1])]);
        assert_eq!(
            read(b"-----BEGIN A-----\n-----END A-----"),
            [("A".to_owned(), vec![])]
        );
    }
}
