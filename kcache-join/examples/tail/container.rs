//! The log of one container, from one stream to the next.

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::io::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::{self as core};
use kube::Api;
use kube::api::LogParams;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::lines::{Lines, LogLine};
use crate::output::Output;
use crate::pod::{Doing, Pod, State};
use crate::position::Position;
use crate::refusals::Refusals;
use crate::slots::Slots;
use crate::source::Source;

/// How long it waits before it reads on; twice as long each time that this brings nothing.
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// How long the log of a Pod that was deleted is read on.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// After so many failures in a row, one is told. A single one is nothing to know about: the log goes on where
/// it was cut.
const MANY: u32 = 3;

/// What is known of the container from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) state: State,
    /// The Pod was deleted.
    pub(crate) is_gone: bool,
}

/// From where on its log is read at first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Beginning,
    /// Lines that were as old as this at that moment.
    Since(Duration, Instant),
}

/// What every container's log needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) slots: Slots,
    pub(crate) output: Output,
    pub(crate) refusals: Refusals,
}

/// A container that is followed.
pub(crate) struct Container {
    api: Api<core::Pod>,
    source: Arc<Source>,
    uid: String,
    start: Start,
    seen: watch::Receiver<Seen>,
    shared: Shared,
    position: Position,
    /// The instance of which something was read.
    instance: Option<i32>,
    /// What stood behind the last line feed when the last stream ended.
    rest: Option<LogLine>,
    /// How many lines were printed, or have still to be seen again.
    printed: u64,
    /// How many streams failed in a row without a line.
    failures: u32,
}

/// How a stream ended.
enum End {
    /// As the server ends it: the container has ended, or what is between could not go on.
    Ended,
    Cut(String),
    Refused(u16, String),
    /// Nothing more is wanted, or to be had.
    Over,
}

impl Container {
    pub(crate) fn new(
        api: Api<core::Pod>,
        source: Arc<Source>,
        uid: &str,
        start: Start,
        seen: watch::Receiver<Seen>,
        shared: Shared,
    ) -> Self {
        Self {
            api,
            source,
            uid: uid.to_owned(),
            start,
            seen,
            shared,
            position: Position::default(),
            instance: None,
            rest: None,
            printed: 0,
            failures: 0,
        }
    }

    /// Follows it until its Pod is gone. Dropping this ends it, too.
    pub(crate) async fn follow(mut self) {
        let (mut slot, mut delay) = (None, FIRST_DELAY);
        loop {
            if slot.is_none() {
                slot = Some(self.shared.slots.take().await);
            }
            let Some(state) = self.look().await else {
                return;
            };
            let printed = self.printed;
            let end = self.read_all(state).await;
            let was_new = self.printed > printed;
            if was_new {
                (delay, self.failures) = (FIRST_DELAY, 0);
            }
            match end {
                End::Over => return,
                End::Ended => self.failures = 0,
                End::Cut(why) => self.failed(None, &why).await,
                End::Refused(code, why) => {
                    slot = None;
                    self.failed(Some(code), &why).await;
                }
            }
            if self.failures == 0 && state.doing != Doing::Running && !was_new {
                // All is read, until it starts again.
                slot = None;
                delay = FIRST_DELAY;
                if self.seen.borrow().is_gone || self.seen.changed().await.is_err() {
                    return;
                }
                continue;
            }
            if self.seen.borrow().is_gone && !was_new {
                return;
            }
            self.wait(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
        }
    }

    /// What it is doing now; `None` if its Pod is gone, also if another one has its name.
    async fn look(&mut self) -> Option<State> {
        let told = self.seen.borrow_and_update().state;
        if self.instance.is_none() {
            return Some(told);
        }
        // What is told may lag behind, most of all when a connection was cut.
        match self.api.get(&self.source.pod).await.map(Pod::from) {
            Ok(pod) if pod.uid != self.uid => None,
            Ok(pod) => {
                let newer = pod.state_of(&self.source.container);
                newer
                    .filter(|newer| newer.restarts >= told.restarts)
                    .or(Some(told))
            }
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(_) => Some(told),
        }
    }

    /// Reads what the instance before has left, if it was started again, and then follows the newest one.
    async fn read_all(&mut self, state: State) -> End {
        while self.instance.is_some_and(|read| read < state.restarts) {
            let printed = self.printed;
            match self.read(state, true).await {
                // An end is the end if nothing comes after it.
                End::Ended if self.printed > printed => continue,
                End::Ended => {}
                End::Refused(_, why) => {
                    let source = &self.source;
                    let notice =
                        format!("{source}: what it wrote before its restart is gone: {why}");
                    self.shared.output.say(notice).await;
                }
                end => return end,
            }
            self.instance = Some(state.restarts);
        }
        self.instance = Some(state.restarts);
        self.read(state, false).await
    }

    /// Reads a stream to its end.
    async fn read(&mut self, state: State, previous: bool) -> End {
        let params = self.params(previous);
        self.position.begin();
        let mut gone = pin!(gone_for(self.seen.clone(), LAST_WORDS));
        // A kubelet sends no headers before the first line.
        let opened = tokio::select! {
            opened = self.api.log_stream(&self.source.pod, &params) => opened,
            () = &mut gone => return End::Over,
        };
        let stream = match opened {
            Ok(stream) => stream,
            Err(kube::Error::Api(status)) => {
                return End::Refused(status.code, said(&status));
            }
            Err(error) => return End::Cut(with_causes(&error)),
        };
        let mut stream = pin!(stream);
        self.shared.refusals.over(&self.source);
        let mut lines = Lines::default();
        loop {
            let chunk = tokio::select! {
                chunk = stream.fill_buf() => chunk,
                () = &mut gone => return End::Over,
            };
            let mut bytes = match chunk {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) => return End::Cut(with_causes(&error)),
            };
            let length = bytes.len();
            while !bytes.is_empty() {
                let (taken, line) = lines.take(bytes);
                bytes = &bytes[taken..];
                if let Some(line) = line
                    && !self.print(line).await
                {
                    return End::Over;
                }
            }
            stream.consume_unpin(length);
        }
        self.take_rest(lines.rest(), state, previous).await
    }

    /// A line without its end: the last one of a container that ended so, or what a connection brought before
    /// it was cut somewhere behind the server. The first comes again as it is.
    async fn take_rest(&mut self, rest: Option<LogLine>, state: State, previous: bool) -> End {
        let Some(line) = rest else {
            return End::Ended;
        };
        let has_ended = previous || state.doing == Doing::Ended;
        if has_ended && self.rest.as_ref() == Some(&line) {
            return if self.print(line).await {
                End::Ended
            } else {
                End::Over
            };
        }
        self.rest = Some(line);
        self.printed += u64::from(has_ended); // so that it is looked at again
        End::Ended
    }

    fn params(&self, previous: bool) -> LogParams {
        let since_time = self.position.since();
        let since_seconds = match (since_time, self.start) {
            (None, Start::Since(age, at)) => {
                let seconds = (age + at.elapsed()).as_secs_f64().ceil();
                #[expect(clippy::cast_possible_truncation, reason = "no log is so old")]
                Some((seconds as i64).max(1)) // the server takes no 0
            }
            _ => None,
        };
        LogParams {
            container: Some(self.source.container.clone()),
            follow: !previous,
            previous,
            timestamps: true,
            since_time,
            since_seconds,
            ..LogParams::default()
        }
    }

    /// Prints a line if it is new; false if nobody takes it.
    async fn print(&mut self, line: LogLine) -> bool {
        if !self.position.is_new(&line) {
            return true;
        }
        self.printed += 1;
        self.shared.output.print(&self.source, line).await
    }

    /// Counts a failure, and tells it if it is not only this once.
    async fn failed(&mut self, code: Option<u16>, why: &str) {
        self.failures += 1;
        let lasts = matches!(code, Some(401 | 403));
        // A Pod that is gone is looked for next.
        let is_told = code != Some(404) && (lasts || self.failures == MANY);
        if is_told && self.shared.refusals.is_first(&self.source, code) {
            let notice = format!("{}: {why}; trying again", self.source);
            self.shared.output.say(notice).await;
        }
    }

    /// Waits until it is time, or something else is known of the container.
    async fn wait(&mut self, delay: Duration) {
        let quarter = u64::try_from(delay.as_millis() / 4).unwrap_or(u64::MAX);
        let jitter = RandomState::new().hash_one(()) % quarter.max(1);
        tokio::select! {
            () = sleep(delay + Duration::from_millis(jitter)) => {}
            // Who tells it ends only with all.
            Ok(()) = self.seen.changed() => {}
        }
    }
}

/// Waits until the Pod has been gone for so long.
async fn gone_for(mut seen: watch::Receiver<Seen>, time: Duration) {
    match seen.wait_for(|seen| seen.is_gone).await.map(drop) {
        Ok(()) => sleep(time).await,
        Err(_) => std::future::pending().await,
    }
}

fn said(status: &kube::core::Status) -> String {
    format!(
        "the server answered {} {}: {}",
        status.code, status.reason, status.message
    )
}

/// An error, and what it came of.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
