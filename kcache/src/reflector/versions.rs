//! The versions that a server has shown, and what can be requested with them.

use std::cmp::Ordering;

use crate::request::Since;
use crate::version;

/// What is known of the versions of the resource.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// The newest that was seen.
    seen: Option<String>,
    /// The server could not give a list at that version, so the next request names none.
    unavailable: bool,
    /// There has been a complete list: any other may be older than it.
    listed: bool,
    /// Something went wrong since the server has last shown that its versions go on.
    doubt: bool,
    /// The newest that a check beside a watch was answered, if that is newer than what was seen. The watch may
    /// still bring older ones, so nothing is requested from here on.
    floor: Option<String>,
}

impl Versions {
    /// From where on to watch, if that is known.
    pub(super) fn seen(&self) -> Option<&str> {
        self.seen.as_deref()
    }

    /// The version that a list must not be older than.
    pub(super) fn of_list(&self) -> Option<&str> {
        self.seen().filter(|_| !self.unavailable)
    }

    /// Where a list in pages begins.
    pub(super) fn since(&self) -> Since {
        match self.of_list() {
            Some(version) => Since::NotOlderThan(version.to_owned()),
            None if self.unavailable || self.listed => Since::Newest,
            None => Since::Any,
        }
    }

    /// True if a list is older than what was requested.
    pub(super) fn is_older(&self, listed: Option<&str>) -> bool {
        let versions = listed.zip(self.of_list());
        let order = versions.and_then(|(listed, requested)| version::compare(listed, requested));
        order == Some(Ordering::Less)
    }

    /// The newest version that the server has had, if something went wrong since and it can be compared with
    /// others.
    pub(super) fn doubted(&self) -> Option<&str> {
        let newest = self.newest().filter(|_| self.doubt);
        newest.filter(|version| version::is_number(version))
    }

    fn newest(&self) -> Option<&str> {
        self.floor.as_deref().or(self.seen())
    }

    /// The server's newest list, a consistent read, has this version: its versions go on.
    pub(super) fn confirmed(&mut self, newest: &str) {
        self.doubt = false;
        if self.is_past(newest) {
            self.floor = Some(newest.to_owned());
        }
    }

    /// True if the server has had no version as new as this one.
    fn is_past(&self, version: &str) -> bool {
        let newest = self.newest().unwrap_or_default();
        version::compare(version, newest) == Some(Ordering::Greater)
    }

    /// An event of a watch has this version; an older one than before says nothing new.
    pub(super) fn saw(&mut self, seen: &str) {
        if !version::is_one(seen) {
            return;
        }
        if version::compare(seen, self.seen().unwrap_or_default()) == Some(Ordering::Less) {
            return;
        }
        if self.is_past(seen) {
            (self.doubt, self.floor) = (false, None);
        }
        self.seen = Some(seen.to_owned());
    }

    /// A list of this version is complete.
    pub(super) fn synced(&mut self, version: Option<String>) {
        *self = Self {
            seen: version.filter(|version| version::is_one(version)),
            listed: true,
            ..Self::default()
        };
    }

    /// The server has no list at the version that was seen.
    pub(super) fn unavailable(&mut self) {
        self.unavailable = true;
    }

    /// Something has ended; if it broke, who knows what the server does meanwhile.
    pub(super) fn broke(&mut self, broke: bool) {
        self.doubt |= broke;
    }

    /// Whether it is in doubt that the versions go on.
    pub(super) fn doubt(&mut self, doubt: bool) {
        self.doubt = doubt;
    }
}
