//! Files that somebody else may replace, read again now and then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::error::ClientProblem;

/// Where a file could not be used: it may be in the middle of being replaced.
const SOON: Duration = Duration::from_secs(1);
/// How long a request waits for files: long for a disk, and short for a file server that is gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is made of files that somebody else may replace, read again now and then.
///
/// They are read on a thread of its own: a file may lie on a server that does not answer, which
/// holds up neither the runtime nor, for longer than a second, a request.
pub(super) struct Reloader<T>(Arc<Shared<T>>);

struct Shared<T> {
    /// For messages.
    what: String,
    period: Duration,
    read: Box<Read<T>>,
    state: Mutex<State<T>>,
}

/// Makes another one, given the last.
type Read<T> = dyn Fn(&T) -> Result<T, ClientProblem> + Send + Sync;

struct State<T> {
    last: T,
    next_read_at: Instant,
    pending: Option<PendingRead>,
}

/// The files are being read.
#[derive(Clone)]
struct PendingRead {
    began: Instant,
    /// Closed when it is over.
    end: watch::Receiver<()>,
}

impl<T: Clone + Send + 'static> Reloader<T> {
    /// `first` was read just now; `read` makes the next ones.
    pub(super) fn new(
        what: String,
        first: T,
        period: Duration,
        read: impl Fn(&T) -> Result<T, ClientProblem> + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            last: first,
            next_read_at: Instant::now() + period,
            pending: None,
        };
        Self(Arc::new(Shared {
            what,
            period,
            read: Box::new(read),
            state: Mutex::new(state),
        }))
    }

    /// The last one; where it is time, the files are read before.
    pub(super) async fn current(&self) -> T {
        let pending = {
            let mut state = self.0.lock();
            if Instant::now() < state.next_read_at {
                return state.last.clone();
            }
            self.join_or_start(&mut state)
        };
        self.after(pending).await
    }

    /// The same, and it is always time.
    pub(super) async fn read_again(&self) -> T {
        let pending = self.join_or_start(&mut self.0.lock());
        self.after(pending).await
    }

    async fn after(&self, pending: Option<PendingRead>) -> T {
        if let Some(mut pending) = pending {
            let left = PATIENCE.saturating_sub(pending.began.elapsed());
            let _ = tokio::time::timeout(left, pending.end.changed()).await;
        }
        self.0.lock().last.clone()
    }

    fn join_or_start(&self, state: &mut State<T>) -> Option<PendingRead> {
        // One whose thread panicked is over, and nobody has said so.
        let is_under_way = |pending: &&PendingRead| pending.end.has_changed().is_ok();
        if let Some(pending) = state.pending.as_ref().filter(is_under_way) {
            return Some(pending.clone());
        }
        let (shared, last) = (Arc::clone(&self.0), state.last.clone());
        let (over, end) = watch::channel(());
        let thread = std::thread::Builder::new().name("kcc-files".into());
        let spawned = thread.spawn(move || {
            let read = (shared.read)(&last);
            shared.take(read);
            drop(over);
        });
        if let Err(error) = spawned {
            tracing::warn!(what = self.0.what, %error, "no thread to read files on");
            state.next_read_at = Instant::now() + SOON;
            return None;
        }
        let began = Instant::now();
        let pending = PendingRead { began, end };
        state.pending = Some(pending.clone());
        Some(pending)
    }
}

impl<T> Shared<T> {
    /// Where a file cannot be used, what was made of it last goes on: some remove the token's file
    /// after the start (client-go's `transport/token_source.go`), and of a certificate and its key
    /// one is always replaced first.
    fn take(&self, read: Result<T, ClientProblem>) {
        let mut state = self.lock();
        let now = Instant::now();
        state.pending = None;
        match read {
            Ok(value) => {
                state.last = value;
                state.next_read_at = now + self.period;
            }
            Err(problem) => {
                state.next_read_at = now + self.period.min(SOON);
                tracing::warn!(what = self.what, %problem, "the last one goes on");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rustix::fs::{CWD, FileType, Mode};

    use super::*;

    fn text_of(path: &Path) -> Reloader<String> {
        let path = path.to_owned();
        let read = move |_: &String| {
            let text = fs::read_to_string(&path);
            text.map_err(|error| ClientProblem::unreadable(&path, error))
        };
        Reloader::new(
            "a text".to_owned(),
            "first".to_owned(),
            Duration::ZERO,
            read,
        )
    }

    /// The only thread of the runtime is not the one that waits for the file.
    #[tokio::test]
    async fn a_file_that_cannot_be_read_to_its_end_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let text = text_of(&path);
        // All wait for one reading, and go on with what there was.
        let reads = (0..20).map(|_| text.current());
        let all = futures_util::future::join_all(reads).await;
        assert!(all.iter().all(|one| one == "first"), "{all:?}");
        assert_eq!(text.read_again().await, "first");
        // Its other end opens only where somebody reads.
        let writing = tokio::task::spawn_blocking(move || fs::write(path, "second"));
        writing.await.unwrap().unwrap();
        while text.0.lock().pending.is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(text.0.lock().last, "second");
    }

    #[tokio::test]
    async fn a_reading_that_panics_is_over() {
        let panics = Reloader::new("a text".to_owned(), 1, Duration::ZERO, |_| {
            panic!("on purpose")
        });
        assert_eq!(panics.current().await, 1);
        assert_eq!(panics.read_again().await, 1);
    }
}
