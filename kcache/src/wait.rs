//! Waiting for a version: how to read one's own writes, through whatever was made of what was written.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Error;
use crate::sync::{Mutex, lock};
use crate::version;

/// Why a version was not waited for to the end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is over. The version may still come.
    #[error("the version was not seen in time")]
    TimedOut,
    /// The version is no decimal number, so nothing can be said to be as new. Final.
    #[error("the version has no order")]
    NoOrder,
    /// What was waited at stands on these inputs, which are several resources: a version of one says nothing
    /// of another. Name one of them, or the publisher that has it. Final.
    #[error("versions are of one resource each: wait for one of the inputs {}", .0.join(", "))]
    SeveralInputs(Vec<String>),
    /// What was waited at stands on these inputs, and not on the one that was named. Final.
    #[error("there is no such input; the inputs are {}", .0.join(", "))]
    NoInput(Vec<String>),
    /// A [`Writer`](crate::Writer) fills it, or an input of it, without saying of what
    /// ([`Writer::stands_on`](crate::Writer::stands_on)): such a set has no versions. Final.
    #[error("no versions are known here: a writer fills this that says of no inputs")]
    Unversioned,
    /// It was closed, or an input on the way was. Final.
    #[error(transparent)]
    Closed(#[from] Error),
}

/// How far a publisher's state is in the versions of its source.
#[derive(Default)]
pub(crate) struct Progress {
    /// The newest version that the state has seen.
    seen: Mutex<Option<String>>,
    moved: Notify,
    origin: OnceLock<Origin>,
}

/// Where a publisher has its objects from.
pub(crate) enum Origin {
    /// A source of one resource, whose versions are known.
    Source,
    /// Other publishers, each with what it is called here; the only one needs no name.
    Inputs(Vec<(String, Follower)>),
    /// Several that are one source together, as namespaces of a server are: they come and go.
    Parts(Weak<dyn Parts>),
}

/// What a source is made of at the moment.
pub(crate) trait Parts: Send + Sync {
    /// How far the whole is with each.
    fn followers(&self) -> Vec<Follower>;
}

/// Which of the inputs are waited for.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// All, which must be of one resource.
    All,
    /// Those under a name.
    Input(&'a str),
    /// Those that stand on the source that another publisher stands on.
    Of(&'a Progress),
}

/// How a publisher comes to stand on a source: by way of these, from the publisher down.
pub(crate) struct Way {
    /// What the inputs on the way are called, where they have a name.
    input: String,
    followed: Vec<Arc<dyn Follow>>,
    end: End,
}

/// What is at the end of a way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// A source, which this tells from others.
    Source(usize),
    /// What a writer fills that says of no inputs.
    Written,
    /// Nobody reads the input any longer.
    Closed,
}

impl Way {
    /// True if it is the input of this name, or one below it.
    fn is_under(&self, input: &str) -> bool {
        let rest = self.input.strip_prefix(input);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(BELOW))
    }
}

/// Stands between the names of an input and of an input of that.
const BELOW: &str = "/";

impl Progress {
    pub(crate) fn set_origin(&self, origin: Origin) {
        let _ = self.origin.set(origin);
    }

    pub(crate) fn reach(&self, version: &str) {
        let mut seen = lock(&self.seen);
        if seen.as_deref() == Some(version) {
            return;
        }
        *seen = Some(version.to_owned());
        drop(seen);
        self.moved.notify_waiters();
    }

    /// All ways to the sources that it stands on, in the order of inputs.
    fn ways(&self) -> Vec<Way> {
        let alone = |end| {
            let (input, followed) = (String::new(), Vec::new());
            vec![Way {
                input,
                followed,
                end,
            }]
        };
        let source = End::Source(std::ptr::from_ref(self).addr());
        let inputs = match self.origin.get() {
            None => return alone(End::Written),
            Some(Origin::Source) => return alone(source),
            Some(Origin::Inputs(inputs)) => inputs,
            Some(Origin::Parts(parts)) => {
                let Some(parts) = parts.upgrade() else {
                    return alone(End::Closed);
                };
                // One that has left takes nothing more, so nothing is waited for there.
                let parts = parts.followers().into_iter();
                let followed = parts.filter_map(|part| part.0.upgrade());
                let way = |part| Way {
                    input: String::new(),
                    followed: vec![part],
                    end: source,
                };
                let mut ways: Vec<_> = followed.map(way).collect();
                if ways.is_empty() {
                    ways = alone(source);
                }
                return ways;
            }
        };
        let mut ways = Vec::new();
        for (name, follower) in inputs {
            let followed = follower.0.upgrade();
            let below = followed.as_ref().map(|followed| followed.progress().ways());
            for mut way in below.unwrap_or_else(|| alone(End::Closed)) {
                let parts = [name.as_str(), way.input.as_str()];
                let parts = parts.into_iter().filter(|part| !part.is_empty());
                way.input = parts.collect::<Vec<_>>().join(BELOW);
                way.followed.splice(..0, followed.clone());
                ways.push(way);
            }
        }
        ways
    }

    /// The names of its inputs, each once.
    pub(crate) fn inputs(&self) -> Vec<String> {
        names(&self.ways())
    }

    /// The ways to what is waited for, which is one source.
    fn ways_to(&self, wanted: Wanted<'_>) -> Result<Vec<Way>, WaitError> {
        let mut ways = self.ways();
        let inputs = names(&ways);
        match wanted {
            Wanted::All => {}
            Wanted::Input(input) => ways.retain(|way| way.is_under(input)),
            Wanted::Of(other) => {
                let source = End::Source(only(&other.ways())?);
                let has_lost = ways.iter().any(|way| way.end == End::Closed);
                ways.retain(|way| way.end == source);
                // It may have been on a way that is closed.
                if ways.is_empty() && has_lost {
                    return Err(Error::Closed.into());
                }
            }
        }
        if ways.is_empty() {
            return Err(WaitError::NoInput(inputs));
        }
        only(&ways)?;
        Ok(ways)
    }

    /// Whether there is something to wait for, without waiting.
    pub(crate) fn check(&self, wanted: Wanted<'_>, version: &str) -> Result<(), WaitError> {
        if !version::is_number(version) {
            return Err(WaitError::NoOrder);
        }
        self.ways_to(wanted).map(drop)
    }

    /// Waits until the state has seen this version or a newer one of an input; an end is for the
    /// caller to look for.
    pub(crate) async fn reached(&self, wanted: Wanted<'_>, version: &str) -> Result<(), WaitError> {
        self.check(wanted, version)?;
        // What was seen stays so, whatever the other ways take.
        for way in self.ways_to(wanted)? {
            self.reached_by(&way.followed, version).await?;
        }
        Ok(())
    }

    /// The same by one way.
    pub(crate) async fn reached_by(
        &self,
        way: &[Arc<dyn Follow>],
        version: &str,
    ) -> Result<(), WaitError> {
        if let Some((next, below)) = way.split_first() {
            let reached = next.reached(below, version).await;
            return match (&reached, self.origin.get()) {
                (Err(WaitError::Closed(_)), Some(Origin::Parts(parts)))
                    if has_left(parts, next) =>
                {
                    Ok(())
                }
                _ => reached,
            };
        }
        // Without a part there is nothing that it could lack.
        if let Some(Origin::Parts(_)) = self.origin.get() {
            return Ok(());
        }
        until(&self.moved, || {
            let seen = lock(&self.seen);
            let seen = seen.as_deref();
            let seen = seen.and_then(|seen| version::compare(seen, version));
            seen.is_some_and(std::cmp::Ordering::is_ge)
        })
        .await;
        Ok(())
    }
}

/// Whether it is no longer a part of a source that goes on.
fn has_left(parts: &Weak<dyn Parts>, part: &Arc<dyn Follow>) -> bool {
    let address = |follow: &Arc<dyn Follow>| Arc::as_ptr(follow).cast::<()>();
    let is_it = |other: Follower| {
        other
            .0
            .upgrade()
            .is_some_and(|it| address(&it) == address(part))
    };
    let parts = parts.upgrade();
    parts.is_some_and(|parts| !parts.followers().into_iter().any(is_it))
}

/// The names of the inputs at the ends of the ways, each once.
fn names(ways: &[Way]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for way in ways {
        if !way.input.is_empty() && !names.contains(&way.input) {
            names.push(way.input.clone());
        }
    }
    names
}

/// The source that all ways lead to.
fn only(ways: &[Way]) -> Result<usize, WaitError> {
    let has = |end| ways.iter().any(|way| way.end == end);
    let mut sources = ways.iter().filter_map(|way| match way.end {
        End::Source(source) => Some(source),
        End::Written | End::Closed => None,
    });
    let first = sources.next();
    if sources.any(|source| Some(source) != first) {
        return Err(WaitError::SeveralInputs(names(ways)));
    }
    if has(End::Closed) {
        return Err(Error::Closed.into());
    }
    let source = first.filter(|_| !has(End::Written));
    source.ok_or(WaitError::Unversioned)
}

/// Waits for what holds after some notification, or already.
pub(crate) async fn until(moved: &Notify, holds: impl Fn() -> bool) {
    loop {
        let notified = moved.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if holds() {
            return;
        }
        notified.await;
    }
}

/// Gives it up after a time.
pub(crate) async fn within(
    timeout: Duration,
    wait: impl Future<Output = Result<(), WaitError>>,
) -> Result<(), WaitError> {
    let waited = tokio::time::timeout(timeout, wait).await;
    waited.unwrap_or(Err(WaitError::TimedOut))
}

pub(crate) type Waiting<'a> = Pin<Box<dyn Future<Output = Result<(), WaitError>> + Send + 'a>>;

/// What a [`Follower`] waits on, whatever the stored form is.
pub(crate) trait Follow: Send + Sync {
    /// How far the publisher is.
    fn progress(&self) -> &Progress;

    /// Waits until the publisher has seen a version by this way, and the reader is through with all that
    /// the publisher delivered until then.
    fn reached<'a>(&'a self, way: &'a [Arc<dyn Follow>], version: &'a str) -> Waiting<'a>;

    /// Waits until the reader is through with all that the publisher has delivered by now.
    fn caught_up(&self) -> Waiting<'_>;

    /// As [`Follower::is_even`].
    fn is_even(&self, taken: u64, with: u64) -> bool;
}

/// How far whoever reads a [`Subscription`](crate::Subscription) by batches is with its publisher: through
/// with a version when it has asked for the batch after the one in which that version was.
///
/// For those who make sets of objects out of others, as `kcache-join` does: given to
/// [`Writer::stands_on`](crate::Writer::stands_on), it lets [`wait_for`](crate::Publisher::wait_for) see
/// through the set that the writer fills. It does not keep the subscription going.
#[derive(Clone)]
pub struct Follower(pub(crate) Weak<dyn Follow>);

impl Follower {
    /// True if the reader, whose last batch was of the commit `taken`, has all that its publisher committed up to
    /// `with`: either nothing came after that batch, or what came has been undone before it was read.
    pub fn is_even(&self, taken: u64, with: u64) -> bool {
        let followed = self.0.upgrade();
        followed.is_some_and(|followed| followed.is_even(taken, with))
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
