//! An exec plugin that takes a second, and `kcc-cache` in front of it.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use console::style;
use harness::{CacheHome, ExecPlugin};

use crate::show::{self, say};

const PLUGIN_TAKES: Duration = Duration::from_secs(1);

/// Shows it, and gives the number of steps that went wrong.
pub(crate) fn run() -> Result<usize> {
    Demo::new()?.run()
}

struct Demo {
    home: CacheHome,
    plugin: ExecPlugin,
    wrong: usize,
}

/// What one step is expected to do, and who makes the requests in it.
struct Step<'a> {
    title: &'a str,
    user: &'a str,
    requests: usize,
    runs: usize,
    /// What `kcc-cache` says on stderr, if anything.
    hears: Option<&'a str>,
}

impl<'a> Step<'a> {
    fn quiet(title: &'a str, user: &'a str, requests: usize, runs: usize) -> Self {
        let hears = None;
        Self {
            title,
            user,
            requests,
            runs,
            hears,
        }
    }
}

impl Demo {
    fn new() -> Result<Self> {
        let demo = Self {
            home: CacheHome::new()?,
            plugin: ExecPlugin::new()?,
            wrong: 0,
        };
        demo.plugin.takes(PLUGIN_TAKES)?;
        demo.plugin.expires_after(Some(3_600))?;
        Ok(demo)
    }

    /// Gives the number of steps that went wrong.
    fn run(&mut self) -> Result<usize> {
        say(
            &style("kcc-cache in front of an exec plugin that takes 1 s")
                .bold()
                .to_string(),
        )?;
        say("\n  request                                         time    plugin runs")?;
        self.hits_and_misses()?;
        self.expiry()?;
        self.failure()?;
        Ok(self.wrong)
    }

    fn hits_and_misses(&mut self) -> Result<()> {
        self.step(&Step::quiet("the first one: a miss", "ann", 1, 1))?;
        self.step(&Step::quiet("the next one: a hit", "ann", 1, 0))?;
        self.step(&Step::quiet(
            "20 at once for another user: one for all",
            "bob",
            20,
            1,
        ))
    }

    fn expiry(&mut self) -> Result<()> {
        self.plugin.expires_after(Some(2))?;
        self.step(&Step::quiet(
            "one whose credential lives for 2 s",
            "eve",
            1,
            1,
        ))?;
        std::thread::sleep(Duration::from_millis(2_100));
        self.plugin.expires_after(Some(600))?;
        self.step(&Step::quiet("after it has expired: renewed", "eve", 1, 1))
    }

    /// With a margin above the credential's life, each request tries to renew it.
    fn failure(&mut self) -> Result<()> {
        self.plugin.exits_with(1)?;
        self.plugin.takes(Duration::from_millis(200))?;
        let step = Step::quiet("the plugin fails, the credential is good", "eve", 1, 1);
        self.step(&Step {
            hears: Some("using the stored credential"),
            ..step
        })
    }

    fn step(&mut self, step: &Step<'_>) -> Result<()> {
        let before = self.plugin.runs();
        let started = Instant::now();
        let outputs = self.request(step)?;
        let took = started.elapsed();
        let runs = self.plugin.runs() - before;
        let heard = outputs
            .iter()
            .map(|output| String::from_utf8_lossy(&output.stderr));
        let heard: String = heard.collect();
        let as_expected = runs == step.runs
            && outputs.iter().all(is_credential)
            && outputs
                .iter()
                .all(|output| output.stdout == outputs[0].stdout)
            && step
                .hears
                .map_or(heard.is_empty(), |words| heard.contains(words));
        let (mark, time) = (show::mark(as_expected), show::time(took));
        say(&format!(
            "  {:<42} {:>9} {:>10} of {:<3} {mark}",
            step.title,
            style(time).cyan(),
            runs,
            step.requests
        ))?;
        // Its path is another one each time.
        let path = self.plugin.path().display().to_string();
        for line in heard.replace(&path, "plugin").lines() {
            say(&format!("    {}", style(line).dim()))?;
        }
        if !as_expected {
            self.wrong += 1;
            say(&format!(
                "    expected {} plugin runs and one credential for all",
                step.runs
            ))?;
        }
        Ok(())
    }

    fn request(&self, step: &Step<'_>) -> Result<Vec<Output>> {
        std::thread::scope(|scope| {
            let requests: Vec<_> = (0..step.requests)
                .map(|_| scope.spawn(|| self.command(step).output()))
                .collect();
            let outputs = requests.into_iter().map(|request| {
                let output = request.join().ok().context("an request panicked")?;
                output.context("cannot run kcc-cache")
            });
            outputs.collect()
        })
    }

    fn command(&self, step: &Step<'_>) -> Command {
        let mut command = self.home.kcc_cache();
        command
            .arg(self.plugin.path())
            .args(["get-token", "--user", step.user]);
        if step.hears.is_some() {
            command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "20m");
        }
        command
    }
}

fn is_credential(output: &Output) -> bool {
    let answer: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
    output.status.success() && answer.is_some_and(|answer| answer["status"]["token"].is_string())
}
