//! A line of the log, and how often what it tells may happen again.

use std::time::Duration;

use jiff::Timestamp;

/// How long a replacement counts in the backoff.
pub(super) const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The credential was given to the client.
    Used,
    /// The server seems to have refused the credential, and it was not replaced for that.
    Suspected,
    /// The server seems to have refused the credential, and it was replaced.
    Replaced,
    /// A process was started to refresh the credential ahead.
    Ahead,
}

/// `<event> <time> <generation> <number> <client>`, times in microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) event: Event,
    pub(super) at: i64,
    pub(super) generation: i64,
    /// Of a use, the [program](crate::process::ClientProcess::program); of a suspicion, how much
    /// weight all of them have; else 0.
    pub(super) number: u64,
    pub(super) client: &'a str,
}

/// Waiting times that double.
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Event {
    pub(super) const ALL: [Self; 4] = [Self::Replaced, Self::Ahead, Self::Suspected, Self::Used];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Used => "served",
            Self::Suspected => "suspected",
            Self::Replaced => "replaced",
            Self::Ahead => "ahead",
        }
    }
}

impl<'a> Line<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(5, ' ');
        let event = fields.next()?;
        let event = Event::ALL
            .into_iter()
            .find(|known| known.as_str() == event)?;
        Some(Self {
            event,
            at: fields.next()?.parse().ok()?,
            generation: fields.next()?.parse().ok()?,
            number: fields.next()?.parse().ok()?,
            client: fields.next()?,
        })
    }

    pub(super) fn to_text(self) -> String {
        let event = self.event.as_str();
        let Self {
            at,
            generation,
            number,
            client,
            ..
        } = self;
        format!("{event} {at} {generation} {number} {client}\n")
    }
}

impl Backoff {
    /// Whether, after those that are remembered, it is time for one more.
    pub(super) fn is_over<'a>(
        &self,
        attempts: impl Iterator<Item = Line<'a>>,
        now: Timestamp,
    ) -> bool {
        let recent: Vec<Duration> = remembered(attempts, now).collect();
        let Some(last) = recent.iter().min() else {
            return true;
        };
        let doublings = u32::try_from(recent.len() - 1).unwrap_or(u32::MAX).min(16);
        *last >= (self.first * (1 << doublings)).min(self.longest)
    }
}

/// How long ago those lines were written that still count.
pub(super) fn remembered<'a>(
    lines: impl Iterator<Item = Line<'a>>,
    now: Timestamp,
) -> impl Iterator<Item = Duration> {
    let ages = lines.filter_map(move |line| age(line.at, now));
    ages.filter(|age| *age < REMEMBERED)
}

/// How long ago that was; `None` where the clock was set back since.
pub(super) fn age(at: i64, now: Timestamp) -> Option<Duration> {
    u64::try_from(now.as_microsecond() - at)
        .ok()
        .map(Duration::from_micros)
}
