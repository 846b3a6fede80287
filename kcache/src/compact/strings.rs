//! Many strings in two allocations.

/// Strings, one behind the other.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Strings {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Strings {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..end as usize)
    }

    /// Those from one place to another.
    pub(super) fn range(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = &str> {
        range.map_while(|index| self.get(index))
    }

    /// Those from one place to another, of which two belong together.
    pub(super) fn pairs(
        &self,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (&str, &str)> {
        let keys = range.step_by(2);
        keys.map_while(|index| Some((self.get(index)?, self.get(index + 1)?)))
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    /// Of all strings together up to 4 GiB; what comes behind that is left out.
    fn from_iter<I: IntoIterator<Item = &'a str>>(strings: I) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for string in strings {
            let Ok(end) = u32::try_from(text.len() + string.len()) else {
                break;
            };
            text.push_str(string);
            ends.push(end);
        }
        Self {
            text: text.into(),
            ends: ends.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Strings;

    #[test]
    fn strings_come_back_as_they_were() {
        let all = ["a", "", "\u{e9}", "bc", ""];
        let strings: Strings = all.into_iter().collect();
        assert_eq!(strings.range(0..9).collect::<Vec<_>>(), all);
        assert_eq!(strings.range(1..3).collect::<Vec<_>>(), all[1..3]);
        assert_eq!(
            strings.pairs(0..4).collect::<Vec<_>>(),
            [("a", ""), ("\u{e9}", "bc")]
        );
        assert_eq!((strings.len(), strings.get(5)), (5, None));
        assert_eq!(Strings::default().range(0..1).next(), None);
    }
}
