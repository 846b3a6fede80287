use std::io::{self, Write};

use serde_json::{Value, json};

use crate::terminal::{BAD, FAINT, GOOD, WARNING};

/// What a check came to.
#[derive(Debug)]
pub(super) struct Finding {
    check: &'static str,
    message: String,
    verdict: Verdict,
}

#[derive(Debug)]
enum Verdict {
    Good,
    /// It works, and could be better.
    Warning {
        repair: String,
    },
    /// It does not work.
    Bad {
        repair: String,
    },
}

impl Finding {
    pub(super) fn good(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, message, Verdict::Good)
    }

    pub(super) fn warning(
        check: &'static str,
        message: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        let repair = repair.into();
        Self::new(check, message, Verdict::Warning { repair })
    }

    pub(super) fn bad(
        check: &'static str,
        message: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        let repair = repair.into();
        Self::new(check, message, Verdict::Bad { repair })
    }

    fn new(check: &'static str, message: impl Into<String>, verdict: Verdict) -> Self {
        let message = message.into();
        Self {
            check,
            message,
            verdict,
        }
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::Bad { .. })
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(self.verdict, Verdict::Good)
    }

    pub(super) fn print(&self, to: &mut impl Write) -> io::Result<()> {
        let (style, word, repair) = match &self.verdict {
            Verdict::Good => (GOOD, "ok", None),
            Verdict::Warning { repair } => (WARNING, "warn", Some(repair)),
            Verdict::Bad { repair } => (BAD, "FAIL", Some(repair)),
        };
        let Self { check, message, .. } = self;
        writeln!(to, "{style}{word:<4}{style:#}  {check}: {message}")?;
        match repair {
            Some(repair) => writeln!(to, "      {FAINT}fix:{FAINT:#} {repair}"),
            None => Ok(()),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let (verdict, repair) = match &self.verdict {
            Verdict::Good => ("good", None),
            Verdict::Warning { repair } => ("warning", Some(repair)),
            Verdict::Bad { repair } => ("bad", Some(repair)),
        };
        json!({
            "check": self.check,
            "verdict": verdict,
            "message": self.message,
            "repair": repair,
        })
    }
}
