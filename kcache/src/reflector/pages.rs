//! The pages of a list.

use crate::failure::Failure;
use crate::request::Since;

/// How many objects are requested at once where that does not cost the server more than all.
pub(super) const PAGE: u32 = 500;
/// How many pages may bring nothing new, one after the other. Servers that filter what they have read
/// send some.
const IDLE: u32 = 16;

/// Whether to request pages.
pub(super) struct Paging {
    /// How many objects a page holds, if the user said so.
    size: Option<u32>,
    /// The server has answered with pages.
    paginated: bool,
    /// Its pages led nowhere, so none are requested.
    whole: bool,
}

impl Paging {
    pub(super) fn new(size: Option<u32>) -> Self {
        Self {
            size,
            paginated: false,
            whole: false,
        }
    }

    /// How many objects to request at once. A server that gets a request for pages of a version that it has
    /// seen goes past its cache.
    pub(super) fn limit(&self, since: &Since) -> Option<u32> {
        match (self.size, since) {
            _ if self.whole => None,
            (Some(size), _) => Some(size),
            (None, Since::NotOlderThan(_)) if !self.paginated => None,
            (None, _) => Some(PAGE),
        }
    }

    /// There was a page that is not the last.
    pub(super) fn paginated(&mut self) {
        self.paginated = true;
    }

    /// A later page did not come. A server that cannot count pages will not learn it.
    pub(super) fn lost(&mut self, failure: &Failure) {
        self.whole |= !failure.is_expired();
    }
}

/// What became of the pages of a list.
pub(super) enum Pages {
    /// They are all there; the version of the list.
    All(Option<String>),
    /// Those after the first do not come.
    Lost(Failure),
}

/// Follows the tokens of pages, to notice those that lead nowhere.
#[derive(Default)]
pub(super) struct Tokens {
    /// One that was given before: if it comes again the pages run in a circle. It is moved on at
    /// powers of two, so that any circle is found (Brent).
    mark: String,
    pages: u64,
    /// How many objects there were.
    objects: usize,
    /// How many pages brought no other.
    idle: u32,
}

impl Tokens {
    /// True if it makes sense to request the page of this token, now that there are so many objects.
    pub(super) fn lead_on(&mut self, token: &str, objects: usize) -> bool {
        if self.mark == token {
            return false;
        }
        self.pages += 1;
        if self.pages.is_power_of_two() {
            token.clone_into(&mut self.mark);
        }
        self.idle = if objects > self.objects {
            0
        } else {
            self.idle + 1
        };
        self.objects = objects;
        self.idle < IDLE
    }
}
