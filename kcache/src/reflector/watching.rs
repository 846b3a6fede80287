//! A watch that is open.

use std::pin::Pin;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::{Incoming, Part};
use super::silence::QUIET;
use crate::encoding::Encoding;
use crate::failure::Failure;
use crate::wire::{EventKind, WatchBody};

/// A watch, or a streaming list that becomes one.
pub(super) struct Watching {
    incoming: Incoming,
    pub(super) frames: WatchBody,
    sent: Instant,
    opened: Instant,
    deadline: Instant,
    /// Wakes at what is due first, or earlier: setting it anew for each event would cost more than
    /// a look at the clock now and then.
    timer: Pin<Box<Sleep>>,
    /// How many events it has brought.
    pub(super) events: u64,
    /// The list at its beginning is not complete.
    pub(super) initial: bool,
    /// It did not end well: it broke off, or was silent for too long.
    pub(super) broke: bool,
    /// How the list at its beginning comes in.
    pub(super) list: ListProgress,
    /// It has shown that it is more than an answer that ends at once.
    settled: bool,
}

/// What happens on a watch.
pub(super) enum WatchSignal {
    /// More bytes have come.
    Bytes,
    /// The list at its beginning is not complete, and nothing new of it has come for so long.
    Quiet(Duration),
    /// It has been open long enough to be believed.
    Settled,
    /// It has ended, or shown nothing for longer than the requested time.
    End,
}

/// A watch that ends earlier than this after it was requested, without any event, is a failure
/// (client-go's `VeryShortWatchError`).
const SHORT: Duration = Duration::from_secs(1);

impl Watching {
    pub(super) fn new(
        incoming: Incoming,
        frames: WatchBody,
        sent: Instant,
        deadline: Instant,
    ) -> Self {
        Self {
            incoming,
            frames,
            sent,
            opened: Instant::now(),
            list: ListProgress::new(),
            deadline,
            timer: Box::pin(sleep_until(sent)),
            events: 0,
            initial: false,
            broke: false,
            settled: false,
        }
    }

    /// What its head says it is written in, if that is known.
    pub(super) fn said(&self) -> Option<Encoding> {
        self.incoming.said()
    }

    /// Takes more bytes if there are some already.
    pub(super) async fn poll(&mut self) -> Option<WatchSignal> {
        let mut part = self.incoming.ready_part().await;
        if part.is_none() {
            // hyper's task of the connection hands over one chunk at a time, so it may have more.
            yield_now().await;
            part = self.incoming.ready_part().await;
        }
        part.map(|part| self.take(part))
    }

    /// Waits until something happens.
    pub(super) async fn wait(&mut self) -> WatchSignal {
        if !self.frames.is_between() {
            self.list.advance();
        }
        loop {
            let due = self.due();
            if self.timer.is_elapsed() || due < self.timer.deadline() {
                self.timer.as_mut().reset(due);
            }
            tokio::select! {
                biased;
                part = self.incoming.part() => return self.take(part),
                () = &mut self.timer => {
                    if let Some(signal) = self.timed() {
                        return signal;
                    }
                }
            }
        }
    }

    /// When something happens at the latest.
    fn due(&self) -> Instant {
        let settled = (!self.settled).then_some(self.opened + SHORT);
        let quiet = self.initial.then(|| self.list.quiet_at());
        let first = settled.into_iter().chain(quiet).min();
        first.map_or(self.deadline, |first| first.min(self.deadline))
    }

    /// What has happened by now because nothing came.
    fn timed(&mut self) -> Option<WatchSignal> {
        let now = Instant::now();
        if !self.settled && now >= self.opened + SHORT {
            self.settled = true;
            return Some(WatchSignal::Settled);
        }
        if self.initial && now >= self.list.quiet_at() {
            return Some(WatchSignal::Quiet(self.list.quiet()));
        }
        if now >= self.deadline {
            tracing::debug!("the watch has outlived its timeout and is given up");
            self.broke = true;
            return Some(WatchSignal::End);
        }
        None
    }

    fn take(&mut self, part: Part) -> WatchSignal {
        match part {
            Part::Chunk(chunk) => {
                self.list.arrived = Instant::now();
                self.frames.push(chunk);
                WatchSignal::Bytes
            }
            Part::End(failure) => {
                self.broke = failure.is_some();
                let whole = self.frames.is_between();
                let failure = failure.as_ref().map(Failure::to_string);
                tracing::debug!(failure, whole, "the watch has ended");
                WatchSignal::End
            }
        }
    }

    /// True if it ended as soon as it was requested.
    pub(super) fn was_short(&self) -> bool {
        self.sent.elapsed() < SHORT
    }
}

/// How the list at the beginning of a stream comes in.
pub(super) struct ListProgress {
    /// When the last bytes came.
    arrived: Instant,
    /// When the last bytes came that lead to the end of the list.
    advanced: Instant,
    /// What comes is no longer the list, but what happened since.
    is_past: bool,
    /// How often it was reported that nothing leads to the end.
    reported: u32,
}

impl ListProgress {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            arrived: now,
            advanced: now,
            is_past: false,
            reported: 0,
        }
    }

    /// Notes an event. A list is additions; after anything else only its end is to come, so that a
    /// server which never says it is not taken for a slow one.
    pub(super) fn brought(&mut self, kind: EventKind) {
        match kind {
            EventKind::Added => self.advance(),
            EventKind::Modified | EventKind::Deleted | EventKind::Bookmark => self.is_past = true,
            EventKind::Error | EventKind::Unknown => {}
        }
    }

    fn advance(&mut self) {
        if !self.is_past && self.arrived > self.advanced {
            self.advanced = self.arrived;
            self.reported = 0;
        }
    }

    /// When it is reported next that nothing has come.
    fn quiet_at(&self) -> Instant {
        self.advanced + QUIET * (self.reported + 1)
    }

    /// For how long nothing has come, which is reported now.
    fn quiet(&mut self) -> Duration {
        self.reported += 1;
        self.advanced.elapsed()
    }
}
