//! What identifies an object, in one allocation.

/// The namespace, name, UID and version of an object.
#[derive(Clone)]
pub(super) struct Names {
    text: Box<str>,
    /// Where each but the last ends.
    ends: [u32; 3],
}

impl Names {
    /// Of more than 4 GiB the rest is left out.
    pub(super) fn new(parts: [&str; 4]) -> Self {
        let mut end = 0_u32;
        let ends = [0, 1, 2].map(|index: usize| {
            end = end.saturating_add(u32::try_from(parts[index].len()).unwrap_or(u32::MAX));
            end
        });
        Self {
            text: parts.concat().into(),
            ends,
        }
    }

    pub(super) fn namespace(&self) -> &str {
        self.part(0, self.ends[0])
    }

    pub(super) fn name(&self) -> &str {
        self.part(self.ends[0], self.ends[1])
    }

    pub(super) fn uid(&self) -> &str {
        self.part(self.ends[1], self.ends[2])
    }

    pub(super) fn version(&self) -> &str {
        self.text.get(self.ends[2] as usize..).unwrap_or_default()
    }

    fn part(&self, start: u32, end: u32) -> &str {
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}
