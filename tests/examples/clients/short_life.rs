//! Tokens of thirty seconds, which the server refuses as they end.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::checks::Setting;
use crate::outcome::Outcome;
use crate::user::Shape;

/// How long a token is good.
const LIFE: u32 = 30;
/// How long the client is watched.
const WATCHED: Duration = Duration::from_secs(70);
/// kube-rs requests one before each request.
const TOKENS: usize = 400;

/// A process that makes a request every second.
pub(crate) fn short_life(on: &Setting<'_>) -> Result<Outcome> {
    let shape = Shape {
        life: Some(LIFE),
        ..on.shape()
    };
    let user = on.user("short life", shape, TOKENS)?;
    let Some(mut session) = on.client.start(&user)? else {
        return Ok(Outcome::NotApplicable);
    };
    let (started, mut runs) = (Instant::now(), Vec::new());
    let (mut failures, mut works, mut next) = (0, false, started);
    let mut revoked = 0;
    while started.elapsed() < WATCHED {
        let now = Instant::now();
        runs.resize(user.plugin.runs().max(runs.len()), now);
        let life = Duration::from_secs(LIFE.into());
        let ended = runs.iter().filter(|run| now - **run > life).count();
        if ended > revoked {
            user.revoke_runs(revoked + 1..=ended)?;
            revoked = ended;
        }
        if now >= next {
            works = session.get("")?.is_good();
            failures += usize::from(!works);
            next = now + Duration::from_secs(1);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let runs = user.plugin.runs();
    Ok(Outcome::Ends {
        failures,
        runs,
        works,
    })
}
