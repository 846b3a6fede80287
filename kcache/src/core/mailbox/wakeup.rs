//! Whom a mailbox wakes, and what it announces.

use std::sync::Arc;
use std::task::Waker;

use tokio::sync::{Notify, watch};

use crate::error::Error;
use crate::status::{Notice, NoticeSender};

/// What others wait for at a mailbox; signalled only when no lock is held.
pub(super) struct Signals {
    pub(super) stage: watch::Sender<Stage>,
    pub(super) notices: NoticeSender,
    /// The reader came back for more, or will not.
    pub(super) done: Notify,
}

/// Whom to wake and what to announce once all locks are released.
#[must_use]
#[derive(Default)]
pub(crate) struct Wakeup {
    pub(super) waker: Option<Waker>,
    pub(super) announcement: Option<Box<Announcement>>,
}

pub(super) struct Announcement {
    pub(super) signals: Arc<Signals>,
    pub(super) stage: Option<Stage>,
    pub(super) notice: Option<Notice>,
}

impl Wakeup {
    /// True if there is nothing to do.
    pub(crate) fn is_nothing(&self) -> bool {
        self.waker.is_none() && self.announcement.is_none()
    }

    pub(crate) fn wake(self) {
        if let Some(announcement) = self.announcement {
            let Announcement {
                signals,
                stage,
                notice,
            } = *announcement;
            if let Some(stage) = &stage {
                // Two wakeups may come in another order than they were made; the end stands.
                signals.stage.send_if_modified(|now| {
                    let open = !matches!(now, Stage::Ended(_));
                    if open {
                        *now = stage.clone();
                    }
                    open
                });
            }
            if let Some(notice) = notice {
                signals.notices.send(notice);
            }
            if matches!(stage, Some(Stage::Ended(_))) {
                signals.notices.close();
            }
        }
        self.waker.into_iter().for_each(Waker::wake);
    }
}

/// How far a mailbox is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// There is no filter yet.
    Deferred,
    /// The starting state is in it.
    Open,
    /// Nothing more will come in; what is in it can still be taken.
    Ended(Error),
}
