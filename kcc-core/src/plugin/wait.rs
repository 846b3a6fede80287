use std::time::{Duration, Instant};

/// Who waits longer than this is told so.
const LONG: Duration = Duration::from_secs(5);

/// Waits by looking again and again: after 1 ms at first, after 20 ms at most.
#[derive(Debug)]
pub(crate) struct Wait {
    since: Instant,
    patience: Option<Duration>,
    pause: Duration,
    told: bool,
}

impl Wait {
    /// For as long as `patience`; `None` is without limit.
    pub(crate) fn new(patience: Option<Duration>) -> Self {
        Self {
            since: Instant::now(),
            patience,
            pause: Duration::from_millis(1),
            told: false,
        }
    }

    pub(crate) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.patience
            .is_some_and(|patience| self.waited() > patience)
    }

    /// Sleeps until it is time for the next look. `waits_long` is called once if it takes long.
    pub(crate) fn pause(&mut self, waits_long: &mut dyn FnMut()) {
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 3 / 2).min(Duration::from_millis(20));
        if !self.told && self.waited() > LONG {
            self.told = true;
            waits_long();
        }
    }
}
