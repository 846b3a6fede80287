//! A watch that is open.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::connection::{Incoming, Part};
use super::failure::Failure;
use crate::wire::WatchBody;

/// A watch, or a streaming list that becomes one.
pub(super) struct Watching {
    incoming: Incoming,
    pub(super) frames: WatchBody,
    asked: Instant,
    opened: Instant,
    deadline: Instant,
    /// How many events it has brought.
    pub(super) events: u64,
    /// The list at its beginning is not complete.
    pub(super) initial: bool,
    /// It has shown that it is more than an answer that ends at once.
    settled: bool,
}

/// What happens at a watch.
pub(super) enum Happening {
    /// More bytes have come.
    Bytes,
    /// It has been open long enough to be believed.
    Settled,
    /// It has ended, or shown nothing for longer than the server was asked to keep it open.
    End,
}

/// A watch that ends earlier than this after it was asked for, without any event, is a failure
/// (client-go's `VeryShortWatchError`).
const SHORT: Duration = Duration::from_secs(1);

impl Watching {
    pub(super) fn new(
        incoming: Incoming,
        frames: WatchBody,
        asked: Instant,
        deadline: Instant,
    ) -> Self {
        Self {
            incoming,
            frames,
            asked,
            opened: Instant::now(),
            deadline,
            events: 0,
            initial: false,
            settled: false,
        }
    }

    /// Takes more bytes if there are some already.
    pub(super) async fn poll(&mut self) -> Option<Happening> {
        let part = self.incoming.ready_part().await?;
        Some(self.take(part))
    }

    /// Waits until something happens.
    pub(super) async fn wait(&mut self) -> Happening {
        let settled = self.opened + SHORT;
        tokio::select! {
            biased;
            part = self.incoming.part() => self.take(part),
            () = sleep_until(settled), if !self.settled => {
                self.settled = true;
                Happening::Settled
            }
            () = sleep_until(self.deadline) => {
                tracing::debug!("the watch has outlived its timeout and is given up");
                Happening::End
            }
        }
    }

    fn take(&mut self, part: Part) -> Happening {
        match part {
            Part::Chunk(chunk) => {
                self.frames.push(chunk);
                Happening::Bytes
            }
            Part::End(failure) => {
                let whole = self.frames.is_between();
                let failure = failure.as_ref().map(Failure::to_string);
                tracing::debug!(failure, whole, "the watch has ended");
                Happening::End
            }
        }
    }

    /// True if it ended as soon as it was asked for.
    pub(super) fn was_short(&self) -> bool {
        self.asked.elapsed() < SHORT
    }
}
