//! The shard selector of lists and watches (KEP-5866).

use super::object::Stored;
use super::status::Status;

/// Which objects a request is about, by a hash.
#[derive(Debug, Clone)]
pub(super) struct ShardSelector {
    by_namespace: bool,
    /// From a hash on, up to another one that is no longer in it.
    ranges: Vec<(u64, u128)>,
    /// As it came, but for blanks around it.
    text: String,
}

impl ShardSelector {
    /// `None` where there is none.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Status> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let terms = text.split(" || ").map(term).collect::<Option<Vec<_>>>();
        let (by, ranges): (Vec<_>, Vec<_>) = terms.unwrap_or_default().into_iter().unzip();
        let same = by.windows(2).all(|pair| pair[0] == pair[1]);
        match by.first().filter(|_| same) {
            Some(by_namespace) => Ok(Some(Self {
                by_namespace: *by_namespace,
                ranges,
                text: text.to_owned(),
            })),
            None => Err(Status::new(
                500,
                "InternalError",
                format!("invalid shard selector: {text}"),
            )),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, object: &Stored) -> bool {
        let hash = hash(if self.by_namespace {
            &object.namespace
        } else {
            &object.uid
        });
        let mut ranges = self.ranges.iter();
        ranges.any(|(start, end)| *start <= hash && u128::from(hash) < *end)
    }
}

/// Whether it is by namespace, and the range.
fn term(text: &str) -> Option<(bool, (u64, u128))> {
    let arguments = text.trim().strip_prefix("shardRange(")?.strip_suffix(')')?;
    let mut arguments = arguments.split(", ");
    let by_namespace = match arguments.next()? {
        "object.metadata.uid" => false,
        "object.metadata.namespace" => true,
        _ => return None,
    };
    let mut bound = || {
        let digits = arguments.next()?.strip_prefix("'0x")?.strip_suffix('\'')?;
        let whole = digits.len() == 16 || digits == "10000000000000000";
        let small = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
        let fits = whole && digits.chars().all(small);
        u128::from_str_radix(digits, 16).ok().filter(|_| fits)
    };
    let (start, end) = (u64::try_from(bound()?).ok()?, bound()?);
    (u128::from(start) < end && arguments.next().is_none()).then_some((by_namespace, (start, end)))
}

/// 64-bit FNV-1a.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_parses_is_parsed() {
        let uid = "object.metadata.uid";
        let half = format!("shardRange({uid}, '0x0000000000000000', '0x8000000000000000')");
        let rest = format!("shardRange({uid}, '0x8000000000000000', '0x10000000000000000')");
        let both = ShardSelector::parse(&format!(" {half} || {rest}"));
        let both = both.expect("it is one").expect("it is there");
        assert_eq!(both.ranges, [(0, 1 << 63), (1 << 63, 1 << 64)]);
        assert_eq!(both.text(), format!("{half} || {rest}"));
        assert!(ShardSelector::parse("").expect("nothing").is_none());
        for wrong in [
            half.replace("0x8000000000000000", "0x8"),
            half.replace("0x8000000000000000", "0x0000000000000000"),
            half.replace("uid", "name"),
            half.replace('8', "A"),
            format!("{half} && {rest}"),
            format!("{half} || {}", rest.replace("uid", "namespace")),
        ] {
            assert!(ShardSelector::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
