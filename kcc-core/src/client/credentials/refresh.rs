use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;
use tracing::Span;
use tracing::field::Empty;

use super::credential::Credential;
use crate::client::counts::Counters;
use crate::client::error::{ClientError, NamedRef};
use crate::secret::Secret;

/// The first pause after a failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Gets a new credential, in place of the one that the server refused if that is why. Blocks for as
/// long as the plugin runs.
type Issue = dyn Fn(Option<&Secret>) -> Result<Issued, ClientError> + Send + Sync;

/// A new credential.
pub(super) struct Issued {
    pub(super) credential: Credential,
    /// Whether no better one was to be had than an old one.
    pub(super) is_stale: bool,
}

/// Keeps one credential, and renews it before its end and when the server refuses it, by one run of
/// the plugin at a time.
///
/// A run blocks, so it has a thread of its own: one of `spawn_blocking` would hold up the
/// end of the runtime for as long as a plugin hangs.
#[derive(Clone)]
pub(crate) struct Refresher {
    shared: Arc<Shared>,
}

struct Shared {
    /// Whose credentials these are, for messages.
    user: NamedRef,
    counters: Arc<Counters>,
    issue: Box<Issue>,
    state: Mutex<State>,
}

/// Why there has to be another credential.
#[derive(Clone, Copy)]
enum Reason {
    First,
    Expired,
    /// It is in its refresh margin; nobody waits.
    Ahead,
    Unauthorized,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Expired => "expired",
            Self::Ahead => "ahead",
            Self::Unauthorized => "unauthorized",
        }
    }
}

#[derive(Default)]
struct State {
    current: Option<Arc<Credential>>,
    pending: Option<PendingRun>,
    /// Renewals ahead of time that failed, one after the other.
    failures: u32,
    /// No renewal ahead of time before this.
    not_before: Option<Instant>,
    /// Credentials that the server refused, one after the other, without having taken any.
    rejections: u32,
    /// No renewal because of a 401 before this.
    not_again_before: Option<Instant>,
}

type Outcome = Result<Arc<Credential>, ClientError>;
/// The outcome of the run that is under way; all who wait for it hold one of these.
type PendingRun = watch::Receiver<Option<Outcome>>;

impl Refresher {
    pub(super) fn new(
        user: NamedRef,
        counters: Arc<Counters>,
        issue: impl Fn(Option<&Secret>) -> Result<Issued, ClientError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                user,
                counters,
                issue: Box::new(issue),
                state: Mutex::default(),
            }),
        }
    }

    /// The credential for a request. Nobody waits for a renewal ahead of time.
    pub(crate) async fn current(&self) -> Outcome {
        let pending = {
            let mut state = self.shared.lock();
            let now = Timestamp::now();
            let current = state.current.clone();
            if let Some(current) = current.filter(|current| current.is_valid(now)) {
                self.shared.counters.memory_hits.add(1);
                if current.is_due(now) && state.may_renew() {
                    self.join_or_start(&mut state, Reason::Ahead, None);
                }
                return Ok(current);
            }
            let reason = match state.current {
                None => Reason::First,
                Some(_) => Reason::Expired,
            };
            self.join_or_start(&mut state, reason, None)
        };
        self.outcome(pending).await
    }

    /// The credential after the server refused `rejected`: the one that came in the meantime, else a
    /// new one. It is `rejected` itself where it is too early to run the plugin again.
    pub(crate) async fn instead_of(&self, rejected: &Arc<Credential>) -> Outcome {
        let pending = {
            let mut state = self.shared.lock();
            if let Some(current) = &state.current
                && !Arc::ptr_eq(current, rejected)
            {
                return Ok(Arc::clone(current));
            }
            if !state.is_under_way() && !state.may_replace(rejected) {
                return Ok(Arc::clone(rejected));
            }
            self.join_or_start(&mut state, Reason::Unauthorized, Some(rejected))
        };
        self.outcome(pending).await
    }

    fn join_or_start(
        &self,
        state: &mut State,
        reason: Reason,
        rejected: Option<&Arc<Credential>>,
    ) -> PendingRun {
        if let (true, Some(pending)) = (state.is_under_way(), &state.pending) {
            return pending.clone();
        }
        let (sender, pending) = watch::channel(None);
        let (shared, rejected) = (Arc::clone(&self.shared), rejected.cloned());
        match reason {
            Reason::Ahead => shared.counters.refreshes_ahead.add(1),
            Reason::Unauthorized => shared.counters.refreshes_after_401.add(1),
            Reason::First | Reason::Expired => {}
        }
        let span = shared.span(reason);
        let thread = std::thread::Builder::new().name("kcc-credential".into());
        let spawned = thread.spawn(move || {
            let outcome = span.in_scope(|| shared.renew(rejected.as_ref()));
            sender.send_replace(Some(outcome));
        });
        match spawned {
            Ok(_) => {
                state.pending = Some(pending.clone());
                pending
            }
            Err(error) => watch::channel(Some(Err(self.no_thread(error)))).1,
        }
    }

    async fn outcome(&self, mut pending: PendingRun) -> Outcome {
        match pending.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().expect("it was waited for"),
            Err(_) => Err(self.no_thread(io::Error::other("its thread came to an end"))),
        }
    }

    fn no_thread(&self, error: io::Error) -> ClientError {
        ClientError::Thread {
            user: self.shared.user.clone(),
            error: Arc::new(error),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of a credential on its way. One that nobody waits for is no part of a request, which would last until then.
    fn span(&self, reason: Reason) -> Span {
        let request = Span::current();
        let is_ahead = matches!(reason, Reason::Ahead);
        let parent = if is_ahead {
            Span::none()
        } else {
            request.clone()
        };
        let span = tracing::info_span!(
            parent: &parent,
            "credential",
            otel.kind = "internal",
            otel.status_code = Empty,
            "error.type" = Empty,
            kcc.user = self.user.name,
            kcc.reason = reason.name(),
            kcc.source = Empty,
        );
        if is_ahead {
            span.follows_from(request);
        }
        span
    }

    fn renew(&self, rejected: Option<&Arc<Credential>>) -> Outcome {
        let rejected = rejected.and_then(|credential| credential.given());
        let issued = (self.issue)(rejected);
        let mut state = self.lock();
        state.pending = None;
        match issued {
            Ok(issued) => {
                let credential = Arc::new(issued.credential);
                state.not_before = pause_after(&credential, issued.is_stale, &mut state.failures);
                state.current = Some(Arc::clone(&credential));
                Ok(credential)
            }
            Err(error) => {
                state.not_before = Some(Instant::now() + pause(state.failures));
                state.failures = state.failures.saturating_add(1);
                self.counters.failures.add(1);
                let span = Span::current();
                span.record("error.type", error.kind());
                span.record("otel.status_code", "ERROR");
                tracing::warn!(%error, "no new credential");
                Err(error)
            }
        }
    }
}

impl State {
    /// A run whose thread panicked is over, and nobody has said so.
    fn is_under_way(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| pending.has_changed().is_ok())
    }

    fn may_renew(&self) -> bool {
        self.not_before
            .is_none_or(|instant| Instant::now() >= instant)
    }

    /// A credential that the server took before was revoked: it is replaced at once. One that it never took
    /// may be as good as they get, and the plugin must not run for each request.
    fn may_replace(&mut self, rejected: &Credential) -> bool {
        if rejected.take_acceptance() {
            (self.rejections, self.not_again_before) = (0, None);
        }
        let now = Instant::now();
        if self.not_again_before.is_some_and(|instant| now < instant) {
            return false;
        }
        self.not_again_before = Some(now + pause(self.rejections));
        self.rejections = self.rejections.saturating_add(1);
        true
    }
}

fn pause(failures: u32) -> Duration {
    let factor = 2_u32.checked_pow(failures).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

/// When the next renewal ahead of time may begin, where that is not for the credential to say.
fn pause_after(credential: &Credential, is_stale: bool, failures: &mut u32) -> Option<Instant> {
    if is_stale {
        let pause = pause(*failures);
        *failures = failures.saturating_add(1);
        return Some(Instant::now() + pause);
    }
    *failures = 0;
    let now = Timestamp::now();
    // Its whole life lies in the margin; half of it is used, or the plugin would run all the time.
    credential.is_due(now).then(|| {
        let left = credential.time_left(now).unwrap_or_default();
        Instant::now() + (left / 2).max(FIRST_PAUSE)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use crate::kubeconfig::NamedKind;

    /// What the n-th run does.
    type Script = fn(usize) -> Result<Issued, ClientError>;

    fn refresher(script: Script) -> (Refresher, Arc<AtomicUsize>) {
        let runs = Arc::new(AtomicUsize::new(0));
        let user = NamedRef {
            origin: None,
            kind: NamedKind::User,
            name: "u".to_owned(),
        };
        let counted = Arc::clone(&runs);
        let refresher = Refresher::new(user, Arc::default(), move |_| {
            let run = counted.fetch_add(1, SeqCst) + 1;
            std::thread::sleep(Duration::from_millis(50));
            script(run)
        });
        (refresher, runs)
    }

    /// A credential of this many seconds that is due after so many.
    fn issued(run: usize, life: i64, due: i64) -> Issued {
        let at = |seconds| Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        Issued {
            credential: Credential::of_token(&format!("token-{run}"), at(life), at(due)),
            is_stale: false,
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn all_requests_at_once_share_one_run() {
        let (refresher, runs) = refresher(|run| Ok(issued(run, 600, 500)));
        let requests = (0..20).map(|_| refresher.current());
        let all = futures_util::future::try_join_all(requests).await.unwrap();
        assert!(all.iter().all(|one| Arc::ptr_eq(one, &all[0])));
        assert_eq!(runs.load(SeqCst), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn all_who_were_refused_share_one_run() {
        let (refresher, runs) = refresher(|run| Ok(issued(run, 600, 500)));
        let old = refresher.current().await.unwrap();
        let requests = (0..20).map(|_| refresher.instead_of(&old));
        let all = futures_util::future::try_join_all(requests).await.unwrap();
        assert!(all.iter().all(|new| !new.proves_the_same(&old)));
        assert_eq!(runs.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn one_that_was_never_taken_is_replaced_after_a_pause_only() {
        let (refresher, runs) = refresher(|run| Ok(issued(run, 600, 500)));
        let first = refresher.current().await.unwrap();
        let second = refresher.instead_of(&first).await.unwrap();
        let same = refresher.instead_of(&second).await.unwrap();
        assert!(Arc::ptr_eq(&same, &second));
        assert_eq!(runs.load(SeqCst), 2);
        // The server took it, so it was revoked since.
        second.accept();
        let third = refresher.instead_of(&second).await.unwrap();
        assert!(!third.proves_the_same(&second));
        assert_eq!(runs.load(SeqCst), 3);
    }

    #[tokio::test]
    async fn a_failed_renewal_keeps_the_old_one_and_pauses() {
        let (refresher, runs) = refresher(|run| match run {
            1 => Ok(issued(run, 600, 600)),
            _ => Err(ClientError::NoRuntime),
        });
        let old = refresher.current().await.unwrap();
        old.accept();
        assert!(refresher.instead_of(&old).await.is_err());
        for _ in 0..5 {
            let same = refresher.current().await.unwrap();
            assert!(Arc::ptr_eq(&same, &old));
            let same = refresher.instead_of(&old).await.unwrap();
            assert!(Arc::ptr_eq(&same, &old));
        }
        assert_eq!(runs.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn an_expired_one_is_passed_on_and_replaced_by_the_next_request() {
        let (refresher, runs) = refresher(|run| Ok(issued(run, -1, -2)));
        refresher.current().await.unwrap();
        refresher.current().await.unwrap();
        assert_eq!(runs.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn one_that_is_due_from_the_start_does_not_run_the_plugin_all_the_time() {
        let (refresher, runs) = refresher(|run| Ok(issued(run, 600, -1)));
        for _ in 0..5 {
            refresher.current().await.unwrap();
        }
        assert_eq!(runs.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_next_request_tries_again() {
        let (refresher, runs) = refresher(|run| match run {
            1 => panic!("on purpose"),
            _ => Ok(issued(run, 600, 500)),
        });
        let error = refresher.current().await.unwrap_err();
        assert!(matches!(error, ClientError::Thread { .. }), "{error}");
        refresher.current().await.unwrap();
        assert_eq!(runs.load(SeqCst), 2);
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses: Vec<u64> = (0..8).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
