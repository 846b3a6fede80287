//! The list in pages.

use std::time::Duration;

use tokio::time::Instant;

use super::connection::Part;
use super::decoder::Read;
use super::pages::{Pages, Tokens};
use super::{Interrupt, Reflector, Step, silence};
use crate::codec::Codec;
use crate::error::Error;
use crate::failure::{Cause, Failure, Operation};
use crate::feed::Input;
use crate::object::Object;
use crate::request::{Page, Since, Target};
use crate::wire::{ListBody, ListMeta};

/// A server answers a list within a minute or not at all.
const SILENCE: Duration = Duration::from_secs(75);

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    pub(super) async fn list(&mut self) -> Result<Step, Error> {
        let since = self.versions.since();
        let version = match self.pages(&since).await {
            // The server no longer or not yet has the version. Never "0": that may be older than
            // what is known.
            Err(Interrupt::Failed(failure))
                if since != Since::Newest && (failure.is_expired() || failure.is_too_large()) =>
            {
                self.versions.unavailable();
                self.pages(&Since::Newest).await
            }
            listed => listed,
        };
        match version {
            Ok(version) => {
                self.synced(version).await?;
                if self.report_wrong_kind() {
                    self.sink.flush()?;
                }
                if self.versions.seen().is_some() {
                    return Ok(Step::Watch);
                }
                // What is gone between the list and a watch from nowhere would never be known.
                self.back_off(Operation::List, &Failure::new(Cause::Unversioned))
                    .await?;
                Ok(Step::Stream)
            }
            Err(Interrupt::Ended(error)) => Err(error),
            Err(Interrupt::Resharded) => Ok(Step::Stream),
            Err(Interrupt::Failed(failure)) if self.goes_on_with_json(&failure) => {
                self.report(Operation::List, &failure, Duration::ZERO)?;
                Ok(Step::Stream)
            }
            Err(Interrupt::Failed(failure)) => {
                if failure.is_expired() || failure.is_too_large() {
                    self.versions.unavailable();
                }
                self.back_off(Operation::List, &failure).await?;
                Ok(Step::Stream)
            }
        }
    }

    /// Reads the list, and returns its version. Where later pages do not come, it is requested once
    /// without pages, as client-go's pager does it.
    async fn pages(&mut self, since: &Since) -> Result<Option<String>, Interrupt> {
        let failure = match self.read(since, self.paging.limit(since)).await? {
            Pages::All(version) => return Ok(version),
            Pages::Lost(failure) => failure,
        };
        tracing::debug!(%failure, "the pages do not come; all is listed at once");
        self.paging.lost(&failure);
        match self.read(since, None).await? {
            Pages::All(version) => Ok(version),
            Pages::Lost(failure) => Err(failure.into()),
        }
    }

    async fn read(&mut self, since: &Since, limit: Option<u32>) -> Result<Pages, Interrupt> {
        self.sink.put(Input::Restart);
        self.sharding.begin_list(false);
        self.kinds.list();
        let mut page = Page::First(since.clone());
        // All pages are of one version, that of the first.
        let mut version = None;
        let mut tokens = Tokens::default();
        loop {
            let meta = match self.page(&page, limit).await {
                Err(Interrupt::Failed(failure))
                    if matches!(page, Page::Next(_)) && failure.is_of_a_token() =>
                {
                    return Ok(Pages::Lost(failure));
                }
                read => read?,
            };
            let shard = meta.shard_info.as_ref().map(|info| &*info.selector);
            self.sharding.page(shard);
            let said = |text: Option<String>| text.filter(|text| !text.is_empty());
            version = version.or_else(|| said(meta.resource_version));
            let Some(token) = said(meta.r#continue) else {
                self.refuse_older(version.as_deref())?;
                let kind = self.decoder.kind_of_list(meta.kind.as_deref());
                self.kinds.listed(kind)?;
                return Ok(Pages::All(version));
            };
            self.paging.paginated();
            let objects = self.sink.listed()? + self.sharding.passed_by();
            if !tokens.lead_on(&token, objects) {
                return Ok(Pages::Lost(Failure::new(Cause::Pages)));
            }
            page = Page::Next(token);
        }
    }

    async fn page(&mut self, page: &Page, limit: Option<u32>) -> Result<ListMeta, Interrupt> {
        let request = |target: &Target| (target.list(page, limit), Instant::now() + SILENCE);
        let mut incoming = self.open(Operation::List, request).await?;
        let (encoding, said) = (incoming.encoding(), incoming.said());
        let mut body = ListBody::new(encoding, self.target.largest);
        loop {
            let doubts = &mut self.doubts;
            while let Some(item) = body.next().map_err(|error| doubts.failure(error, said))? {
                if item.whole && self.kinds.wants_item() {
                    self.kinds.item(self.decoder.kind(&item.own_types()));
                }
                if let Some(names) = self.sharding.outside(item.raw) {
                    self.sink.sharded(self.sharding.pass_by(&names));
                } else if !(item.whole
                    && !self.sharding.is_unread()
                    && self.sink.keeps(item.raw)?)
                {
                    let read = self.decoder.item(item)?;
                    if let Read::Object(object, _) = &read {
                        self.sharding.note(object, item.raw, true);
                    }
                    self.sink.put_decoded(read.item(encoding), item.raw);
                }
                self.sink.spent(item.raw.bytes().len()).await?;
            }
            let part = incoming.part_within(SILENCE);
            let doing = Operation::List;
            let part = silence::wait_reporting(&mut self.sink, doing, Failure::unfinished, part);
            match self.sharding.unless_asked(part).await?? {
                Part::Chunk(chunk) => body.push(chunk),
                Part::End(Some(failure)) => return Err(failure.into()),
                Part::End(None) => {
                    let meta = body.finish().map_err(|error| doubts.failure(error, said))?;
                    return Ok(meta);
                }
            }
        }
    }
}
