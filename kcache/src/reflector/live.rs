//! A list that is read once, for whoever wants what the server has now.

use std::sync::Arc;

use kube::Client;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::connection::{self, Incoming, Part};
use super::decoder::{Decoder, Kind, Read};
use super::pages::{PAGE, Tokens};
use super::read::PATIENCE;
use super::sink::TURN;
use crate::codec::{Codec, DecodeError};
use crate::error::Error;
use crate::failure::{Cause, Failure};
use crate::object::Object;
use crate::request::{Page, Since, Target};
use crate::wire::{Item, ListBody, WireError};

/// Why there is no list.
pub(crate) enum LiveError {
    Failed(Failure),
    Decode(DecodeError),
    /// The codec panicked.
    Panicked(Error),
}

impl From<Failure> for LiveError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<WireError> for LiveError {
    fn from(error: WireError) -> Self {
        Self::Failed(error.into())
    }
}

/// Requests the newest list, in pages of a size, and reads it all: one object that cannot be read fails it.
/// Where later pages do not come all is requested at once, as client-go's pager does it.
pub(crate) async fn live_list<V: Object, C: Codec<V>>(
    client: &Client,
    target: Target,
    page_size: Option<u32>,
    codec: C,
) -> Result<Vec<Arc<V>>, LiveError> {
    let mut list = LiveList {
        client,
        decoder: Decoder::new(codec, &target, Arc::default()),
        target,
        bytes: 0,
    };
    let limit = page_size.unwrap_or(PAGE);
    if let Some(objects) = list.pages(Some(limit)).await? {
        return Ok(objects);
    }
    let all = list.pages(None).await?;
    all.ok_or_else(|| Failure::new(Cause::Pages).into())
}

struct LiveList<'a, C> {
    client: &'a Client,
    target: Target,
    decoder: Decoder<C>,
    /// How many were decoded since other tasks had their turn.
    bytes: usize,
}

impl<C> LiveList<'_, C> {
    /// All pages; `None` if those after the first do not come.
    async fn pages<V: Object>(
        &mut self,
        limit: Option<u32>,
    ) -> Result<Option<Vec<Arc<V>>>, LiveError>
    where
        C: Codec<V>,
    {
        let (mut objects, mut tokens) = (Vec::new(), Tokens::default());
        let mut page = Page::First(Since::Newest);
        loop {
            let read = match self.page(&page, limit, &mut objects).await {
                Err(LiveError::Failed(failure))
                    if matches!(page, Page::Next(_)) && failure.is_of_a_token() =>
                {
                    return Ok(None);
                }
                read => read?,
            };
            let Some(token) = read.filter(|token| !token.is_empty()) else {
                return Ok(Some(objects));
            };
            if !tokens.lead_on(&token, objects.len()) {
                return Ok(None);
            }
            page = Page::Next(token);
        }
    }

    /// One page; the token of the next.
    async fn page<V: Object>(
        &mut self,
        page: &Page,
        limit: Option<u32>,
        objects: &mut Vec<Arc<V>>,
    ) -> Result<Option<String>, LiveError>
    where
        C: Codec<V>,
    {
        let mut incoming = self.open(page, limit).await?;
        let mut body = ListBody::new(incoming.encoding(), self.target.largest);
        loop {
            while let Some(item) = body.next()? {
                self.bytes += item.raw.bytes().len();
                objects.push(self.decode(item)?);
                if self.bytes >= TURN {
                    self.bytes = 0;
                    yield_now().await;
                }
            }
            match incoming.part_within(PATIENCE).await {
                Part::Chunk(chunk) => body.push(chunk),
                Part::End(Some(failure)) => return Err(failure.into()),
                Part::End(None) => return Ok(body.finish()?.r#continue),
            }
        }
    }

    async fn open(&mut self, page: &Page, limit: Option<u32>) -> Result<Incoming, Failure> {
        loop {
            let request = self.target.list(page, limit)?;
            match connection::send(self.client, request, Instant::now() + PATIENCE).await {
                Err(failure) if failure.is_not_acceptable() && self.target.request_less() => {}
                answer => return answer,
            }
        }
    }

    fn decode<V: Object>(&mut self, item: Item<'_>) -> Result<Arc<V>, LiveError>
    where
        C: Codec<V>,
    {
        let encoding = item.raw.encoding();
        if item.whole
            && let Kind::Other(kind) = self.decoder.kind(&item.own_types())
        {
            return Err(Failure::new(Cause::OtherKind(kind.into())).into());
        }
        match self.decoder.item(item).map_err(LiveError::Panicked)? {
            Read::Object(object, _) => Ok(Arc::new(object)),
            Read::Bad { key, error, .. } => Err(LiveError::Decode(match key {
                Some(key) => error.with_key(key),
                None => error,
            })),
            Read::Other { .. } | Read::NoObject | Read::Garbled => {
                Err(WireError::garbled(encoding).into())
            }
        }
    }
}
