//! Whom a mailbox wakes, and what it announces.

use std::sync::Arc;
use std::task::Waker;

use tokio::sync::{Notify, watch};

use crate::error::Error;
use crate::status::{Notice, NoticeBoard};

/// What others wait for at a mailbox; rung only when no lock is held.
pub(super) struct Bell {
    pub(super) stage: watch::Sender<Stage>,
    pub(super) notices: NoticeBoard,
    /// The reader came back for more, or will not.
    pub(super) done: Notify,
}

/// Whom to wake and what to announce once all locks are released.
#[must_use]
#[derive(Default)]
pub(crate) struct Call {
    pub(super) waker: Option<Waker>,
    pub(super) news: Option<Box<News>>,
}

pub(super) struct News {
    pub(super) bell: Arc<Bell>,
    pub(super) stage: Option<Stage>,
    pub(super) notice: Option<Notice>,
}

impl Call {
    /// True if there is nothing to do.
    pub(crate) fn is_nothing(&self) -> bool {
        self.waker.is_none() && self.news.is_none()
    }

    pub(crate) fn ring(self) {
        if let Some(news) = self.news {
            let News {
                bell,
                stage,
                notice,
            } = *news;
            if let Some(stage) = &stage {
                // Two calls may ring in another order than they were made; the end stands.
                bell.stage.send_if_modified(|now| {
                    let open = !matches!(now, Stage::Ended(_));
                    if open {
                        *now = stage.clone();
                    }
                    open
                });
            }
            if let Some(notice) = notice {
                bell.notices.post(notice);
            }
            if matches!(stage, Some(Stage::Ended(_))) {
                bell.notices.close();
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
