//! How long a Lease lasts, and how often it is renewed.

use std::time::Duration;

use super::error::LeaseError;

/// client-go's `JitterFactor`: between two attempts lie up to so many retry periods more.
pub(crate) const JITTER_FACTOR: f64 = 1.2;

/// The times of a Lease, with client-go's names and defaults (`tools/leaderelection`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// How long others wait, since they saw it change, before they take it for dead.
    pub(crate) lease: Duration,
    /// How long the holder goes on without a renewal.
    pub(crate) renew: Duration,
    /// How long it waits between two attempts.
    pub(crate) retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            renew: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

impl Timing {
    /// Checks what client-go's `NewLeaderElector` checks, and that a Lease can say how long it lasts.
    pub(crate) fn check(&self) -> Result<(), LeaseError> {
        let refused = |setting, reason: String| Err(LeaseError::setting(setting, reason));
        let Self {
            lease,
            renew,
            retry,
        } = *self;
        if lease.subsec_nanos() > 0 || lease.is_zero() || lease.as_secs() > 86_400 {
            let reason =
                format!("is {lease:?}, and a Lease counts in whole seconds, from one to a day's");
            return refused("lease_duration", reason);
        }
        if retry.is_zero() {
            return refused("retry_period", "is zero".to_owned());
        }
        if lease <= renew {
            let reason =
                format!("is {lease:?}, and must be greater than renew_deadline ({renew:?})");
            return refused("lease_duration", reason);
        }
        let attempts = retry.mul_f64(JITTER_FACTOR);
        if renew <= attempts {
            let reason = format!(
                "is {renew:?}, and must be greater than {JITTER_FACTOR} times retry_period ({retry:?})"
            );
            return refused("renew_deadline", reason);
        }
        Ok(())
    }

    /// How long to wait before the next attempt to get a Lease, so that those who wait for one do not come
    /// all at once: client-go's `JitterUntil`.
    pub(crate) fn until_next_attempt(&self) -> Duration {
        let random = getrandom::u32().map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX));
        self.retry.mul_f64(1.0 + random * JITTER_FACTOR)
    }

    /// How long an answer is waited for: client-go's advice for the timeout of the client that renews
    /// (`NewFromKubeconfig`), less where a second of it would leave no time for another attempt.
    pub(crate) fn request(&self) -> Duration {
        self.renew / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relations_are_those_of_client_go() {
        let ms = Duration::from_millis;
        let timing = |lease, renew, retry| Timing {
            lease: ms(lease),
            renew: ms(renew),
            retry: ms(retry),
        };
        assert_eq!(Timing::default().check(), Ok(()));
        assert_eq!(timing(3_000, 2_000, 500).check(), Ok(()));
        for (timing, setting) in [
            (timing(10_000, 10_000, 2_000), "lease_duration"),
            (timing(1_500, 1_000, 100), "lease_duration"),
            (timing(0, 0, 0), "lease_duration"),
            (timing(90_000_000, 1_000, 100), "lease_duration"),
            (timing(15_000, 2_400, 2_000), "renew_deadline"),
            (timing(15_000, 0, 2_000), "renew_deadline"),
            (timing(15_000, 10_000, 0), "retry_period"),
        ] {
            let error = timing.check().expect_err("refused").to_string();
            assert!(error.starts_with(setting), "{error}");
        }
    }
}
