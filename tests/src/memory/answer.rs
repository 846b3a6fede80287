//! What the server sends back.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use super::fault::{Mishap, NoProtobuf};
use super::frame::Effect;
use super::status::Status;
use super::stream::{Envelope, Frames, Source};
use super::writing::{self, ProtobufList, Writing};

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
        content_type: &'static str,
        source: Source,
        envelope: Envelope,
        writing: Writing,
    },
    /// A list in protobuf.
    ProtobufList {
        items: VecDeque<Bytes>,
        list: ProtobufList,
    },
}

pub(super) const JSON: &str = "application/json";
pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

impl Answer {
    pub(super) fn json(code: StatusCode, value: &Value) -> Self {
        Self::encoded(code, value.to_string().into())
    }

    pub(super) fn encoded(code: StatusCode, bytes: Bytes) -> Self {
        Self::Whole {
            code,
            content_type: JSON,
            bytes,
        }
    }

    /// An object that is JSON, written as agreed.
    pub(super) fn object(code: StatusCode, json: Bytes, protobuf: bool) -> Self {
        if !protobuf {
            return Self::encoded(code, json);
        }
        Self::Whole {
            code,
            content_type: PROTOBUF,
            bytes: writing::single(&json),
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
            Self::Stream { .. } | Self::ProtobufList { .. } => StatusCode::OK,
        }
    }

    pub(super) fn into_response(self, mishap: Mishap) -> Response<Body> {
        let code = self.code();
        let (content_type, body) = self.into_body(mishap.effect);
        let is_protobuf = content_type.starts_with(PROTOBUF);
        let (content_type, body) = match mishap.no_protobuf.filter(|_| is_protobuf) {
            Some(NoProtobuf::Mangled) => (content_type, body.mangled()),
            Some(NoProtobuf::Mislabelled) => (JSON, body),
            _ => (content_type, body),
        };
        response(code, content_type, body)
    }

    fn into_body(self, mut effect: Option<Effect>) -> (&'static str, Body) {
        match self {
            Self::Whole {
                content_type,
                bytes,
                ..
            } => {
                if effect.is_none() {
                    return (content_type, Body(Inner::Whole(Some(bytes))));
                }
                let source = Source::Ready([bytes].into());
                let (envelope, writing) = (Envelope::default(), Writing::AsMade);
                let frames = Frames::new(source, envelope, writing, effect);
                (content_type, framed(frames))
            }
            Self::Stream {
                content_type,
                source,
                envelope,
                writing,
            } => {
                let frames = Frames::new(source, envelope, writing, effect);
                (content_type, framed(frames))
            }
            Self::ProtobufList { items, list } => {
                let (head, items, tail) = list.write(items, &mut effect);
                let envelope = Envelope {
                    head,
                    tail,
                    ..Envelope::default()
                };
                let frames = Frames::new(Source::Ready(items), envelope, Writing::AsMade, effect);
                (PROTOBUF, framed(frames))
            }
        }
    }
}

impl Body {
    /// Read as text, and written again.
    fn mangled(self) -> Self {
        let mangle = |bytes: Bytes| -> Bytes {
            let text = String::from_utf8_lossy(&bytes).replace('\0', "");
            text.into_bytes().into()
        };
        Self(match self.0 {
            Inner::Whole(bytes) => Inner::Whole(bytes.map(mangle)),
            Inner::Frames(frames) => {
                Inner::Frames(Box::pin(frames.map(move |chunk| chunk.map(mangle))))
            }
        })
    }
}

fn framed(frames: Frames) -> Body {
    let stream = stream::unfold(frames, async |mut frames| {
        frames.next().await.map(|chunk| (chunk, frames))
    });
    Body(Inner::Frames(Box::pin(stream.fuse())))
}

/// A refusal as an HTTP answer.
pub(super) fn refuse(status: &Status, protobuf: bool) -> Response<Body> {
    let json = Bytes::from(status.to_json().to_string());
    let answer = Answer::object(status.http_code(), json, protobuf);
    let mut response = answer.into_response(Mishap::default());
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
