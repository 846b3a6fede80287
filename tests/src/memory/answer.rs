//! What the server sends back.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use super::fault::Mishap;
use super::status::Status;
use super::stream::{Envelope, Frames, Source};

/// The body of an answer.
pub struct Body(Inner);

enum Inner {
    Whole(Option<Bytes>),
    Frames(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Frames(frames) => {
                let next = frames.as_mut().poll_next(context);
                next.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Inner::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Inner::Frames(_) => SizeHint::default(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

/// An answer, before it is HTTP.
pub(super) enum Answer {
    Whole {
        code: StatusCode,
        content_type: &'static str,
        bytes: Bytes,
    },
    Stream {
        source: Source,
        envelope: Envelope,
    },
}

impl Answer {
    pub(super) fn json(code: StatusCode, value: &Value) -> Self {
        Self::encoded(code, value.to_string().into())
    }

    pub(super) fn encoded(code: StatusCode, bytes: Bytes) -> Self {
        Self::Whole {
            code,
            content_type: "application/json",
            bytes,
        }
    }

    pub(super) fn text(code: StatusCode, text: &'static str) -> Self {
        Self::Whole {
            code,
            content_type: "text/plain; charset=utf-8",
            bytes: Bytes::from_static(text.as_bytes()),
        }
    }

    pub(super) fn code(&self) -> StatusCode {
        match self {
            Self::Whole { code, .. } => *code,
            Self::Stream { .. } => StatusCode::OK,
        }
    }

    pub(super) fn into_response(self, mishap: Mishap) -> Response<Body> {
        let code = self.code();
        let (content_type, body) = match (self, mishap.effect) {
            (
                Self::Whole {
                    content_type,
                    bytes,
                    ..
                },
                None,
            ) => (content_type, Body(Inner::Whole(Some(bytes)))),
            (
                Self::Whole {
                    content_type,
                    bytes,
                    ..
                },
                effect,
            ) => {
                let source = Source::Ready([bytes].into());
                (
                    content_type,
                    framed(Frames::new(source, Envelope::default(), effect)),
                )
            }
            (Self::Stream { source, envelope }, effect) => (
                "application/json",
                framed(Frames::new(source, envelope, effect)),
            ),
        };
        response(code, content_type, body)
    }
}

fn framed(frames: Frames) -> Body {
    let stream = stream::unfold(frames, async |mut frames| {
        frames.next().await.map(|chunk| (chunk, frames))
    });
    Body(Inner::Frames(Box::pin(stream.fuse())))
}

/// A refusal as an HTTP answer.
pub(super) fn refuse(status: &Status) -> Response<Body> {
    let bytes = Bytes::from(status.to_json().to_string());
    let body = Body(Inner::Whole(Some(bytes)));
    let mut response = response(status.http_code(), "application/json", body);
    if let Some(seconds) = status.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn response(code: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
