//! A handle of a subscription that someone else reads.

use std::fmt;
use std::sync::{Arc, Weak};

use super::registration::Registration;
use crate::core::mailbox::Mailbox;
use crate::error::Error;
use crate::filter::Filter;
use crate::object::Object;
use crate::status::Status;

/// Refilters and closes a [`Subscription`](super::Subscription) that someone else is taking events from. It keeps neither
/// the subscription nor the publisher going: when the subscription is dropped it has ended.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # use kcache::Filter;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, _feed) = kcache::feed::<ConfigMap>();
/// let mut changes = maps.subscribe();
/// let control = changes.control();
/// let reader = tokio::spawn(async move { while changes.next().await.is_some() {} });
/// control.refilter(Filter::namespace("default"))?;
/// control.close();
/// assert!(reader.await.is_ok());
/// # Ok(()) }
/// ```
pub struct Control<V: Object> {
    registration: Weak<Registration<V>>,
    /// Says how it ended when the subscription is gone.
    mailbox: Arc<Mailbox<V>>,
}

impl<V: Object> Control<V> {
    pub(super) fn of(registration: &Arc<Registration<V>>) -> Self {
        Self {
            registration: Arc::downgrade(registration),
            mailbox: registration.mailbox().clone(),
        }
    }

    /// As [`Subscription::refilter`](super::Subscription::refilter).
    ///
    /// # Errors
    ///
    /// Why the subscription ended, if it has.
    pub fn refilter(&self, filter: Filter<V>) -> Result<(), Error> {
        match self.registration.upgrade() {
            Some(registration) => registration.refilter(filter),
            None => Err(self.mailbox.error().unwrap_or(Error::Closed)),
        }
    }

    /// As [`Subscription::status`](super::Subscription::status); of one that was dropped, how it ended and how often it lagged.
    pub fn status(&self) -> Status {
        match self.registration.upgrade() {
            Some(registration) => registration.status(),
            None => Status {
                lags: self.mailbox.lags(),
                ..Status::ended(self.mailbox.error().unwrap_or(Error::Closed))
            },
        }
    }

    /// As [`Subscription::close`](super::Subscription::close).
    pub fn close(&self) {
        if let Some(registration) = self.registration.upgrade() {
            registration.close(&Error::Closed);
        }
    }
}

impl<V: Object> Clone for Control<V> {
    fn clone(&self) -> Self {
        Self {
            registration: self.registration.clone(),
            mailbox: self.mailbox.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Control<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field(
                "filter",
                &self
                    .registration
                    .upgrade()
                    .and_then(|registration| registration.filter()),
            )
            .finish_non_exhaustive()
    }
}
