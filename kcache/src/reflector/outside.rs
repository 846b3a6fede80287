//! What a server sends that is outside of the shard.

use super::Reflector;
use super::decoder::Kind;
use super::names::Names;
use crate::codec::{Codec, Raw};
use crate::error::Error;
use crate::failure::Failure;
use crate::feed::Input;
use crate::object::Object;
use crate::wire::{EventKind, Frame};

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    /// True if an object of a list is there already, as it is, so that it need not be decoded.
    pub(super) fn keeps(&mut self, raw: Raw<'_>) -> Result<bool, Error> {
        Ok(!self.sharding.is_unread() && self.sink.keeps(raw)?)
    }

    /// What the object of an event is called, if that is outside of the shard and of the right kind.
    pub(super) fn outside<'a>(&self, frame: &Frame<'a>) -> Option<Names<'a>> {
        if matches!(
            frame.kind,
            EventKind::Bookmark | EventKind::Error | EventKind::Unknown
        ) {
            return None;
        }
        let names = self.sharding.outside(frame.object)?;
        let bare = self.target.namespace.is_some() && names.namespace.is_empty();
        let other = matches!(self.decoder.kind(&frame.own_types()), Kind::Other(_));
        (!bare && !other).then_some(names)
    }

    /// An object is none of ours. Whatever was under its name is gone: a server tells of that by itself, but
    /// not every one need. A failure ends the watch.
    pub(super) fn pass_by(
        &mut self,
        names: &Names<'_>,
        kind: EventKind,
        initial: bool,
    ) -> Option<Failure> {
        self.sink.sharded(self.sharding.pass_by(names));
        let missed = self.kinds.ours();
        // A list has what there is.
        if !initial || kind != EventKind::Added {
            self.sharding.gone(|| names.key(), initial);
            let version = Some(names.version.clone().into_owned());
            self.sink.put(Input::Gone(names.key(), version));
        }
        if initial {
            return None;
        }
        self.versions.saw(&names.version);
        missed
    }
}
