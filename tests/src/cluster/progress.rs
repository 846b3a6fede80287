//! Shows people that something long is going on.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const PLAIN_INTERVAL: Duration = Duration::from_secs(20);

/// Whether what takes long is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// On standard error: a line that moves on a terminal, one line every 20 seconds in a pipe.
    #[default]
    Shown,
    /// Not at all.
    Hidden,
}

/// One task under way.
pub struct Task {
    title: String,
    started: Instant,
    last_line: Instant,
    display: Display,
}

enum Display {
    Moving(ProgressBar),
    Plain,
    None,
}

impl Task {
    /// Begins to show it.
    pub fn start(progress: Progress, title: &str) -> Self {
        let display = match progress {
            Progress::Hidden => Display::None,
            Progress::Shown if std::io::stderr().is_terminal() => Display::Moving(moving(title)),
            Progress::Shown => Display::Plain,
        };
        let now = Instant::now();
        let task = Self {
            title: title.to_owned(),
            started: now,
            last_line: now,
            display,
        };
        task.line(&task.title);
        task
    }

    /// Call it often, with what is going on right now.
    pub fn tick(&mut self, detail: &str) {
        if let Display::Moving(bar) = &self.display {
            bar.set_message(detail.to_owned());
        }
        if self.last_line.elapsed() >= PLAIN_INTERVAL {
            self.last_line = Instant::now();
            let seconds = self.started.elapsed().as_secs();
            self.line(&format!("{}: {seconds} s so far, {detail}", self.title));
        }
    }

    /// Ends the display with the outcome and the time.
    pub fn finish(self, outcome: &str) {
        let seconds = self.started.elapsed().as_secs();
        let text = format!("{}: {outcome} after {seconds} s", self.title);
        match &self.display {
            Display::Moving(bar) => {
                bar.set_style(ProgressStyle::with_template("{msg}").expect("a valid template"));
                bar.finish_with_message(text);
            }
            Display::Plain | Display::None => self.line(&text),
        }
    }

    fn line(&self, text: &str) {
        if matches!(self.display, Display::Plain) {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

fn moving(title: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {prefix} [{elapsed_precise}] {wide_msg:.dim}")
            .expect("a valid template");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.set_prefix(title.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
