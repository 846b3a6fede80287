//! What a check came to, and whether that is worse than what it came to alone.

use std::fmt;

use serde_json::{Value, json};

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The client has nothing of the kind.
    NotApplicable,
    Works,
    /// It does not, and what was heard of that.
    Broken(String),
    /// How often the plugin ran.
    Runs(usize),
    /// How many failures there were before it worked again; `None` where it never did.
    Failures(Option<usize>),
    /// Of a time in which tokens ended: failures, plugin runs, and whether it worked at the end.
    Ends {
        failures: usize,
        runs: usize,
        works: bool,
    },
}

/// What is expected of the value with the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It is as good as alone.
    AsAlone,
    /// One run of the plugin, whatever it is alone.
    OneRun,
    /// It works again at some time if it does so alone: the first failure is how the cache learns
    /// that the credential it keeps is refused.
    Replaces,
}

impl Demand {
    /// Why the value with the cache is worse than it must be.
    pub(crate) fn complaint(self, alone: &Outcome, cache: &Outcome) -> Option<String> {
        use Outcome::{Broken, Ends, Failures, Runs, Works};
        let worse = |text: &str| Some(text.to_owned());
        match (alone, cache) {
            // Nothing can be told of it, or it is broken as it is.
            (Broken(_), _) => None,
            (_, Broken(heard)) => Some(format!("works alone; with the cache: {heard}")),
            (Works, _) => None,
            (_, Runs(runs)) if self == Self::OneRun && *runs != 1 => {
                Some(format!("{runs} runs of the plugin instead of 1"))
            }
            (Failures(Some(_)), Failures(None)) => worse("replaced alone, never with the cache"),
            (Failures(Some(few)), Failures(Some(many))) if many > few && self == Self::AsAlone => {
                Some(format!("{many} failures instead of {few}"))
            }
            (Ends { works: true, .. }, Ends { works: false, .. }) => {
                worse("goes on alone, and not with the cache")
            }
            (Ends { failures: few, .. }, Ends { failures: many, .. }) if many > few => {
                // A few at each end of a token are its client's own.
                (*many > few + 2).then(|| format!("{many} failures instead of {few}"))
            }
            _ => None,
        }
    }
}

impl Outcome {
    /// For the JSON file.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::NotApplicable => Value::Null,
            Self::Works => json!("works"),
            Self::Broken(heard) => json!({ "broken": heard }),
            Self::Runs(runs) => json!({ "runs": runs }),
            Self::Failures(failures) => json!({ "failures": failures }),
            Self::Ends {
                failures,
                runs,
                works,
            } => {
                json!({ "failures": failures, "runs": runs, "works": works })
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApplicable => f.write_str("–"),
            Self::Works => f.write_str("yes"),
            Self::Broken(_) => f.write_str("**no**"),
            Self::Runs(number) | Self::Failures(Some(number)) => write!(f, "{number}"),
            Self::Failures(None) => f.write_str("never"),
            Self::Ends {
                failures,
                runs,
                works: true,
            } => write!(f, "{failures} ({runs} runs)"),
            Self::Ends {
                runs, works: false, ..
            } => write!(f, "never again ({runs} runs)"),
        }
    }
}
