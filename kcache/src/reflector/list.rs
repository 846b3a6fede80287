//! The list in pages.

use std::time::Duration;

use tokio::time::Instant;

use super::connection::Part;
use super::{Halt, Reflector, Step};
use crate::codec::Codec;
use crate::error::Error;
use crate::feed::Input;
use crate::object::Object;
use crate::request::{Page, Since};
use crate::wire::{ListBody, ListMeta};

/// How many objects are asked for at once where that does not cost the server more than all.
const PAGE: u32 = 500;
/// A server answers a list within a minute or not at all.
const SILENCE: Duration = Duration::from_secs(75);

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    pub(super) async fn list(&mut self) -> Result<Step, Error> {
        let since = match self.list_version() {
            Some(version) => Since::NotOlderThan(version.to_owned()),
            None if self.unavailable => Since::Newest,
            None => Since::Any,
        };
        let version = match self.pages(&since).await {
            // The server no longer or not yet has the version. Never "0": that may be older than
            // what is known.
            Err(Halt::Failed(failure))
                if since != Since::Newest && (failure.is_expired() || failure.is_too_large()) =>
            {
                self.unavailable = true;
                self.pages(&Since::Newest).await
            }
            listed => listed,
        };
        match version {
            Ok(version) => {
                self.synced(version).await?;
                Ok(Step::Watch)
            }
            Err(Halt::Ended(error)) => Err(error),
            Err(Halt::Failed(failure)) => {
                self.unavailable |= failure.is_expired() || failure.is_too_large();
                self.back_off("list", &failure).await?;
                Ok(Step::Stream)
            }
        }
    }

    /// Reads all pages, and returns the version of the list.
    async fn pages(&mut self, since: &Since) -> Result<Option<String>, Halt> {
        self.sink.put(Input::Restart);
        let mut limit = self.limit(since);
        let mut page = Page::First(since.clone());
        // All pages are of one version, that of the first.
        let mut version = None;
        loop {
            match self.page(&page, limit).await {
                Ok(meta) => {
                    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
                    version = version.or_else(|| said(meta.resource_version));
                    let Some(token) = said(meta.r#continue) else {
                        self.refuse_older(version.as_deref())?;
                        return Ok(version);
                    };
                    self.paginated = true;
                    page = Page::Next(token);
                }
                Err(Halt::Failed(failure))
                    if failure.is_expired() && matches!(page, Page::Next(_)) =>
                {
                    tracing::debug!("a page has expired; all is listed at once");
                    self.sink.put(Input::Restart);
                    (page, limit, version) = (Page::First(since.clone()), None, None);
                }
                Err(halt) => return Err(halt),
            }
        }
    }

    /// A server that is asked for pages of a version that it has seen goes past its cache.
    fn limit(&self, since: &Since) -> Option<u32> {
        match (self.page_size, since) {
            (Some(size), _) => Some(size),
            (None, Since::NotOlderThan(_)) if !self.paginated => None,
            (None, _) => Some(PAGE),
        }
    }

    async fn page(&mut self, page: &Page, limit: Option<u32>) -> Result<ListMeta, Halt> {
        let ask =
            |target: &crate::request::Target| (target.list(page, limit), Instant::now() + SILENCE);
        let mut incoming = self.open("list", ask).await?;
        let mut body = ListBody::new(self.target.largest);
        loop {
            while let Some(item) = body.next().map_err(super::Failure::from)? {
                let bytes = item.json.len();
                let read = self.decoder.item(item)?;
                self.sink.put_made_of(read.item(), item.json);
                self.sink.spent(bytes).await?;
            }
            match incoming.part_within(SILENCE).await {
                Part::Chunk(chunk) => body.push(chunk),
                Part::End(Some(failure)) => return Err(failure.into()),
                Part::End(None) => return Ok(body.finish().map_err(super::Failure::from)?),
            }
        }
    }
}
