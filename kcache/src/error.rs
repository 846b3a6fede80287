//! Why something ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Why a publisher, a subscription or a monitor ended. None of these is retried: what is temporary
/// is a [`Phase`](crate::Phase) or a [`Notice`](crate::Notice), not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It was closed, or the last handle of it was dropped.
    #[error("closed")]
    Closed,
    /// The [`Feed`](crate::Feed) was dropped without being closed: its source died.
    #[error("the source of changes ended without closing")]
    FeedEnded,
    /// A closure that the user gave panicked; the message is the panic's.
    #[error("a closure panicked: {0}")]
    Panicked(Arc<str>),
    /// A subscription that wants every single change had no room for the next commit.
    #[error("the subscription fell more than {queue} changes behind")]
    Lagged {
        /// The length of its queue.
        queue: usize,
    },
    /// No request can be made of what an informer was given, so none was sent.
    #[error("nothing can be requested: the {part} {reason}")]
    Request {
        /// Which part: `plural`, `group`, `version`, `namespace`, `name` or `selectors`.
        part: &'static str,
        /// What is wrong with it.
        reason: Arc<str>,
    },
    /// What this was derived from ended.
    #[error("the {input} ended")]
    Input {
        /// Which input it was.
        input: &'static str,
        /// Why it ended.
        #[source]
        source: Arc<Error>,
    },
}

impl Error {
    /// Runs what a user gave; a panic becomes [`Panicked`](Self::Panicked).
    ///
    /// # Errors
    ///
    /// The panic.
    ///
    /// # Example
    ///
    /// ```
    /// let caught = kcache::Error::catch(|| panic!("oh"));
    /// assert_eq!(caught, Err::<(), _>(kcache::Error::Panicked("oh".into())));
    /// ```
    pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            Self::Panicked(text.unwrap_or("no message").into())
        })
    }
}
