//! The log of one container, from one stream to the next.

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::io::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::{self as core};
use kube::Api;
use kube::api::LogParams;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::time::sleep;

use crate::lines::{Lines, LogLine};
use crate::output::Output;
use crate::pod::{Doing, Pod, State};
use crate::progress::{Progress, Start};
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
    seen: watch::Receiver<Seen>,
    shared: Shared,
    progress: OwnedMutexGuard<Progress>,
    /// How many lines were printed, or have still to be seen again.
    printed: u64,
    /// How many streams failed in a row without a line.
    failures: u32,
}

/// One of the logs of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    /// That of the instance before.
    Previous,
    Newest,
    /// The newest one, where something was read before. It can be that of another instance, since the kubelet
    /// reports a restart after it, and that of another Pod, which has got the name since.
    Doubtful,
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
        uid: String,
        progress: OwnedMutexGuard<Progress>,
        seen: watch::Receiver<Seen>,
        shared: Shared,
    ) -> Self {
        Self {
            api,
            source,
            uid,
            seen,
            shared,
            progress,
            printed: 0,
            failures: 0,
        }
    }

    /// Follows it until its Pod is gone. Dropping this ends it, too.
    pub(crate) async fn follow(mut self) {
        let (mut slot, mut delay) = (None, FIRST_DELAY);
        loop {
            if slot.is_none() {
                slot = tokio::select! {
                    biased;
                    slot = self.shared.slots.take() => Some(slot),
                    // The server knows nothing of it any longer.
                    () = gone_for(self.seen.clone(), Duration::ZERO) => return,
                };
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
            if state.doing != Doing::Running {
                slot = None; // another log can be read until this one is looked at again
            }
            self.wait(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
        }
    }

    /// What it is doing now; `None` if its Pod is gone, also if another one has its name.
    async fn look(&mut self) -> Option<State> {
        let told = self.seen.borrow_and_update().state;
        if self.progress.instance.is_none() {
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
        let is_behind = |read| read < state.restarts;
        while self.progress.instance.is_some_and(is_behind) {
            let printed = self.printed;
            match self.read(state, Log::Previous).await {
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
            self.progress.instance = Some(state.restarts);
        }
        let log = match self.progress.instance.replace(state.restarts) {
            Some(_) => Log::Doubtful,
            None => Log::Newest,
        };
        self.read(state, log).await
    }

    /// Reads a stream to its end.
    async fn read(&mut self, state: State, mut log: Log) -> End {
        let params = self.params(log);
        self.progress.position.begin();
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
                let Some(line) = line else {
                    continue;
                };
                if log == Log::Doubtful && !self.progress.position.has(&line) {
                    log = Log::Newest;
                    if let Some(end) = self.make_sure(state).await {
                        return end;
                    }
                }
                if !self.print(line).await {
                    return End::Over;
                }
            }
            stream.consume_unpin(length);
        }
        self.take_rest(lines.rest(), state, log).await
    }

    /// Looks, while a log is open, whether it goes on where what was read before ended. `None` if so; else the log
    /// that is open is not to be read on.
    fn make_sure(
        &mut self,
        state: State,
    ) -> Pin<Box<dyn Future<Output = Option<End>> + Send + '_>> {
        Box::pin(async move {
            // The log was open before that, so it is the log of this Pod unless another has its name.
            let pod = self.api.get(&self.source.pod).await.map(Pod::from);
            if pod.is_ok_and(|pod| pod.uid != self.uid) {
                return Some(End::Over);
            }
            // Of one that was started again and has not been heard since, nobody knows which of the lines of
            // before are old.
            if state.restarts > 0 && self.progress.position.since().is_none() {
                return None;
            }
            let (printed, position) = (self.printed, self.progress.position.clone());
            match self.read(state, Log::Previous).await {
                // It was started again; the newest log is read anew, from behind this.
                End::Ended if self.printed > printed => Some(End::Ended),
                // There is no instance before, or all of it was read; or the Pod was deleted meanwhile.
                End::Ended | End::Refused(400 | 404, _) => {
                    self.progress.position = position;
                    None
                }
                end => Some(end),
            }
        })
    }

    /// A line without its end: the last one of a container that ended so, or what a connection brought before
    /// it was cut somewhere behind the server. The first comes again as it is.
    async fn take_rest(&mut self, rest: Option<LogLine>, state: State, log: Log) -> End {
        let Some(line) = rest else {
            return End::Ended;
        };
        let has_ended = log == Log::Previous || state.doing == Doing::Ended;
        if has_ended && self.progress.rest.as_ref() == Some(&line) {
            return if self.print(line).await {
                End::Ended
            } else {
                End::Over
            };
        }
        self.progress.rest = Some(line);
        self.printed += u64::from(has_ended); // so that it is looked at again
        End::Ended
    }

    fn params(&self, log: Log) -> LogParams {
        let previous = log == Log::Previous;
        let since_time = self.progress.position.since();
        let since_seconds = match (since_time, self.progress.start) {
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

    /// Prints a line if it is new; false if nobody takes it. Whenever this is dropped, the line was printed and
    /// counts as read, or neither.
    async fn print(&mut self, line: LogLine) -> bool {
        let Some(room) = self.shared.output.room().await else {
            return false;
        };
        if self.progress.position.is_new(&line) {
            self.printed += 1;
            room.print(&self.source, line);
        }
        true
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
