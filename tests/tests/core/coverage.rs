//! How often each kind of thing happened in a run, so that a run in which it did not is no proof.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::Once;
use std::time::{Duration, Instant};

/// Counts by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(crate) fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// Fails if one of the kinds happened less often than `least`.
    pub(crate) fn require(&self, kinds: &[&'static str], least: u64) {
        let seen = |kind: &&str| self.0.get(kind).copied().unwrap_or_default();
        let rare: Vec<_> = kinds.iter().filter(|kind| seen(kind) < least).collect();
        assert!(rare.is_empty(), "too rare in this run: {rare:?} of {self}");
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.0 {
            write!(f, "{kind} {count}, ")?;
        }
        Ok(())
    }
}

/// How many operations a case has, at least.
pub(crate) const STEPS: usize = 60;

/// What goes wrong in a case, and what happened in it until then.
pub(crate) type Outcome = Result<Coverage, String>;

/// Runs a case on one thread with a paused clock: sleeping ends when no task has anything left to do.
pub(crate) fn paused(case: impl Future<Output = Outcome>) -> Outcome {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.map_err(|error| error.to_string())?.block_on(case)
}

/// Runs cases until there were enough of them, or for as many minutes as `KCACHE_SOAK_MINUTES`
/// says. A failure names the seed and the fewest steps that show it.
pub(crate) fn run_cases(cases: u64, case: impl Fn(u64, usize) -> Outcome) -> Coverage {
    hush_expected_panics();
    let minutes = std::env::var("KCACHE_SOAK_MINUTES").ok();
    let minutes = minutes.and_then(|minutes| minutes.parse::<f64>().ok());
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let first = match end {
        // A soak looks where no run looked before.
        Some(_) => u64::from(std::process::id()) << 32,
        None => 0,
    };
    let goes_on = |done: u64| end.map_or(done < cases, |end| Instant::now() < end);
    let mut total = Coverage::default();
    let mut seed = first;
    while goes_on(seed - first) {
        match case(seed, STEPS) {
            Ok(coverage) => total.add(&coverage),
            Err(_) => fail(seed, &case),
        }
        seed += 1;
    }
    if end.is_some() {
        // The only report of a run that found nothing.
        let cases = seed - first;
        let _ = writeln!(std::io::stderr(), "{cases} cases of {STEPS} steps: {total}");
    }
    total
}

/// Thousands of closures panic on purpose; their stack traces would bury what went wrong.
fn hush_expected_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let says = info.payload().downcast_ref::<String>();
            if says.is_none_or(|says| says != crate::conditions::PANIC) {
                report(info);
            }
        }));
    });
}

fn fail(seed: u64, case: impl Fn(u64, usize) -> Outcome) {
    let failing = (1..=STEPS).find_map(|steps| Some((steps, case(seed, steps).err()?)));
    let (steps, what) = failing.unwrap_or((STEPS, "it failed only once".to_owned()));
    panic!("seed {seed} fails in {steps} steps: {what}");
}
