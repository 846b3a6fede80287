//! Bodies that come in frames, and what faults do to them.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::frame::{Effect, cut, error_frame, undecodable, without, without_object};
use super::watch::Watch;
use super::writing::Writing;
use crate::container_logs::LogReader;

/// hyper drops what it has not yet written when a body fails.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// Where frames come from.
pub(super) enum Source {
    Ready(VecDeque<Bytes>),
    Watch(Box<Watch>),
    Log(Box<LogReader>),
}

impl Source {
    /// Some frames; `None` at the end.
    async fn next(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        const BATCH: usize = 256;
        match self {
            Self::Ready(frames) if frames.is_empty() => Ok(None),
            Self::Ready(frames) => {
                let count = frames.len().min(BATCH);
                Ok(Some(frames.drain(..count).collect()))
            }
            Self::Watch(watch) => watch.next().await,
            Self::Log(log) => log.next().await,
        }
    }
}

/// What stands around frames.
#[derive(Debug, Clone, Default)]
pub(super) struct Envelope {
    pub(super) head: Bytes,
    pub(super) between: &'static [u8],
    pub(super) after_each: &'static [u8],
    pub(super) tail: Bytes,
}

/// The frames of one answer, as its body sends them.
pub(super) struct Frames {
    source: Source,
    envelope: Envelope,
    writing: Writing,
    effect: Option<Effect>,
    /// How many frames the source gave.
    seen: usize,
    /// How many were sent.
    sent: usize,
    /// What a replay or a swap may need.
    kept: VecDeque<Bytes>,
    began: bool,
    last: Option<Last>,
}

/// How a stream ends, once everything before it is sent.
#[derive(Debug, Clone, Copy)]
enum Last {
    End,
    Cut,
    Stall,
    Done,
}

impl Frames {
    pub(super) fn new(
        source: Source,
        envelope: Envelope,
        writing: Writing,
        effect: Option<Effect>,
    ) -> Self {
        Self {
            source,
            envelope,
            writing,
            effect,
            seen: 0,
            sent: 0,
            kept: VecDeque::new(),
            began: false,
            last: None,
        }
    }

    /// The next chunk of the body.
    pub(super) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let mut chunk = BytesMut::new();
        if !self.began {
            self.began = true;
            chunk.put_slice(&self.envelope.head);
            self.strike(&mut chunk);
        }
        while chunk.is_empty() && self.last.is_none() {
            match self.source.next().await {
                Ok(Some(frames)) => self.put_all(frames, &mut chunk),
                Ok(None) => {
                    chunk.put_slice(&self.envelope.tail);
                    self.last = Some(Last::End);
                }
                Err(_) => self.last = Some(Last::Cut),
            }
        }
        if !chunk.is_empty() {
            return Some(Ok(chunk.freeze()));
        }
        match self.last.replace(Last::Done)? {
            Last::End | Last::Done => None,
            Last::Cut => {
                // What was sent before the cut has left the server by then.
                tokio::time::sleep(BEFORE_CUT).await;
                Some(Err(cut()))
            }
            Last::Stall => std::future::pending().await,
        }
    }

    fn put_all(&mut self, frames: Vec<Bytes>, chunk: &mut BytesMut) {
        for frame in frames {
            if self.last.is_some() {
                return;
            }
            self.pass(frame, chunk);
            self.seen += 1;
            self.strike(chunk);
        }
    }

    /// Sends a frame, changed where the fault says so.
    fn pass(&mut self, frame: Bytes, chunk: &mut BytesMut) {
        let here = self.seen;
        match self.effect.clone() {
            Some(Effect::CutInside(at)) if at == here => {
                self.separate(chunk);
                let frame = self.writing.frame(&frame);
                chunk.put_slice(&frame[..frame.len() / 2]);
                self.last = Some(Last::Cut);
            }
            Some(Effect::Truncate(at)) if at == here => {
                let frame = self.writing.frame(&frame);
                self.put_written(&frame[..frame.len() / 2], chunk);
            }
            Some(Effect::Garble(at)) if at == here => {
                let frame = self.writing.frame(&frame);
                let garbled: Vec<u8> = frame.iter().map(|byte| byte ^ 0x2a | 0x80).collect();
                self.put_written(&garbled, chunk);
            }
            Some(Effect::Undecodable(at)) if at == here => self.put(&undecodable(&frame), chunk),
            Some(Effect::WithoutObject(at)) if at == here => {
                self.put(&without_object(&frame), chunk);
            }
            Some(Effect::WithoutName(at)) if at == here => {
                self.put(&without(&frame, "name"), chunk);
            }
            Some(Effect::Swap(at)) if at == here => self.kept.push_back(frame),
            Some(Effect::Swap(at)) if at + 1 == here => {
                self.put(&frame, chunk);
                if let Some(earlier) = self.kept.pop_front() {
                    self.put(&earlier, chunk);
                }
            }
            Some(Effect::Replay { frame: at, count }) if here <= at => {
                self.put(&frame, chunk);
                self.kept.push_back(frame);
                if here == at {
                    let skipped = self.kept.len().saturating_sub(count);
                    for again in std::mem::take(&mut self.kept).into_iter().skip(skipped) {
                        self.put(&again, chunk);
                    }
                }
            }
            _ => self.put(&frame, chunk),
        }
    }

    /// Ends the stream where the fault says so.
    fn strike(&mut self, chunk: &mut BytesMut) {
        let last = match &self.effect {
            Some(Effect::CutBetween(after)) if *after == self.seen => Last::Cut,
            Some(Effect::End(after)) if *after == self.seen => Last::End,
            Some(Effect::Stall(after)) if *after == self.seen => Last::Stall,
            Some(Effect::Error(after, status)) if *after == self.seen => {
                let frame = error_frame(status);
                self.put(&frame, chunk);
                Last::End
            }
            _ => return,
        };
        self.last = Some(last);
    }

    fn separate(&mut self, chunk: &mut BytesMut) {
        if self.sent > 0 {
            chunk.put_slice(self.envelope.between);
        }
    }

    fn put(&mut self, frame: &[u8], chunk: &mut BytesMut) {
        let frame = self.writing.frame(frame);
        self.put_written(&frame, chunk);
    }

    fn put_written(&mut self, frame: &[u8], chunk: &mut BytesMut) {
        self.separate(chunk);
        chunk.put_slice(frame);
        chunk.put_slice(self.envelope.after_each);
        self.sent += 1;
    }
}
