use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::permit::StreamPermit;

/// The body of a response. Over HTTP/2 it holds a stream of its connection until it is dropped.
pub(crate) struct ResponseBody {
    content: Content,
    _permit: Option<StreamPermit>,
}

enum Content {
    Wire(Incoming),
    /// Nothing once it was read.
    Text(Option<Bytes>),
}

impl ResponseBody {
    pub(super) fn with_permit(body: Incoming, permit: StreamPermit) -> Self {
        Self {
            content: Content::Wire(body),
            _permit: Some(permit),
        }
    }

    /// One that is there already.
    pub(crate) fn of_text(text: String) -> Self {
        Self {
            content: Content::Text(Some(text.into())),
            _permit: None,
        }
    }
}

impl From<Incoming> for ResponseBody {
    fn from(body: Incoming) -> Self {
        Self {
            content: Content::Wire(body),
            _permit: None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.content {
            Content::Wire(body) => Pin::new(body).poll_frame(context),
            Content::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Wire(body) => body.is_end_stream(),
            Content::Text(text) => text.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Wire(body) => body.size_hint(),
            Content::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
