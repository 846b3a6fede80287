//! Whether the server sends the kind of objects that was requested.

use kube::core::ApiResource;

use super::decoder::Kind;
use crate::failure::{Cause, Failure};
use crate::request::Target;

/// What the server has shown of the kind that it sends.
///
/// One object of another kind is passed by. Where nothing else comes, nothing is followed, whatever
/// the bookmarks say: the kind of the resource is wrong, or what answers is not the server.
pub(super) struct Kinds {
    /// What was requested.
    wanted: String,
    /// A watch has brought the right one.
    proven: bool,
    /// The watch that is open has brought an object of it.
    ours: bool,
    /// How many of another kind came since.
    others: u32,
    /// What the last of them was.
    other: String,
    /// What the first item of the list that comes in says.
    item: Option<Kind>,
}

/// As many of another kind in a row are no accident.
const MANY: u32 = 3;
/// Among as many there was something of ours, under whatever name.
const MISSED: u32 = 10;

impl Kinds {
    pub(super) fn new(target: &Target) -> Self {
        let ApiResource {
            api_version, kind, ..
        } = &target.resource;
        Self {
            wanted: format!("{api_version} {kind}"),
            proven: false,
            ours: false,
            others: 0,
            other: String::new(),
            item: None,
        }
    }

    /// A watch was opened.
    pub(super) fn open(&mut self) {
        self.ours = false;
    }

    /// An event brought an object of the right kind. If the server comes back to it after so many
    /// others that what happened meanwhile is not known, that is a failure.
    pub(super) fn ours(&mut self) -> Option<Failure> {
        let missed = (self.others >= MISSED).then(|| self.failure(&self.other));
        (self.proven, self.ours, self.others) = (true, true, 0);
        missed
    }

    /// An event brought an object of another kind.
    pub(super) fn other(&mut self, kind: String) {
        self.others = self.others.saturating_add(1);
        self.other = kind;
    }

    /// A bookmark has a kind, too. What it says against it counts for nothing: it is no object.
    pub(super) fn bookmark(&mut self, kind: &Kind) {
        self.proven |= *kind == Kind::Ours;
    }

    /// Why nothing can be followed, if that is so.
    pub(super) fn wrong_kind(&self) -> Option<Failure> {
        let many = if self.proven { MANY } else { 1 };
        (self.others >= many).then(|| self.failure(&self.other))
    }

    /// The same of a streaming list that is complete: one that has any of the right kind is a list of
    /// it.
    pub(super) fn streamed(&mut self) -> Option<Failure> {
        if self.ours {
            self.others = 0;
        }
        self.wrong_kind()
    }

    /// A list begins.
    pub(super) fn list(&mut self) {
        self.item = None;
    }

    /// True if the kind of an item is not known yet.
    pub(super) fn wants_item(&self) -> bool {
        self.item.is_none()
    }

    pub(super) fn item(&mut self, kind: Kind) {
        self.item = Some(kind);
    }

    /// A list is complete, and this is its own kind. Items of lists of built-in kinds say none; the
    /// list of a custom resource may be called anything, so it says nothing without items.
    ///
    /// # Errors
    ///
    /// It is of another kind than what the server has shown before. If that was nothing it is taken,
    /// and [`wrong_kind`](Self::wrong_kind) says so.
    pub(super) fn listed(&mut self, list: Kind) -> Result<(), Failure> {
        match self.item.take() {
            Some(Kind::Ours) => self.proven = true,
            Some(Kind::Other(other)) => return self.listed_other(other),
            Some(Kind::Unsaid) => match list {
                Kind::Ours | Kind::Unsaid => {}
                Kind::Other(other) => return self.listed_other(other),
            },
            None => {}
        }
        Ok(())
    }

    fn failure(&self, other: &str) -> Failure {
        let wanted = &self.wanted;
        let kinds = format!("{other} where {wanted} was requested");
        Failure::new(Cause::OtherKind(kinds.into()))
    }

    fn listed_other(&mut self, other: String) -> Result<(), Failure> {
        if self.proven {
            return Err(self.failure(&other));
        }
        self.other(other);
        Ok(())
    }
}
