use std::time::Duration;

/// The pause before the second connection in a row that may be for nothing; each further one
/// doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So many connections for nothing, one after the other, are told.
const HOPELESS: u32 = 10;

/// How fast connections are made to a server that closes them before it answers anything, as one
/// does that is being stopped, or a load balancer with nobody behind it. The first one is replaced
/// at once: it may have waited for long.
#[derive(Default)]
pub(super) struct Pace {
    /// Connections for nothing, one after the other.
    fruitless: u32,
}

impl Pace {
    pub(super) fn answered(&mut self) {
        self.fruitless = 0;
    }

    /// A connection was closed, without having had an answer.
    pub(super) fn closed(&mut self) {
        self.fruitless = self.fruitless.saturating_add(1);
    }

    /// What to wait before the next connection.
    pub(super) fn pause(&self) -> Duration {
        match self.fruitless.checked_sub(2) {
            None => Duration::ZERO,
            Some(doubled) => {
                let factor = 2_u32.checked_pow(doubled).unwrap_or(u32::MAX);
                FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
            }
        }
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.fruitless >= HOPELESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_an_answer_comes() {
        let mut pace = Pace::default();
        let mut pauses = vec![];
        for _ in 0..11 {
            pauses.push(pace.pause().as_millis());
            pace.closed();
        }
        let expected = [0, 0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000];
        assert_eq!(pauses, expected);
        assert!(pace.is_hopeless());
        pace.answered();
        assert!(!pace.is_hopeless() && pace.pause().is_zero());
    }
}
