//! Measurements. Ratios and differences within one run; never part of a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::{CacheHome, ExecPlugin};
use serde_json::json;

use crate::step;

const STATIC: &str = "-C target-feature=+crt-static";

/// A tool that counts what a command does; it hands over the command to add the program to.
/// `None` where the tool is missing.
type Count = fn(&mut dyn FnMut(&mut Command)) -> Result<Option<i64>>;

/// What is measured: a hit, and a static program that does nothing.
struct Programs {
    home: CacheHome,
    plugin: ExecPlugin,
    kcc_cache: PathBuf,
    null: PathBuf,
    exec_info: String,
}

/// What a hit costs over a static program that does nothing, with the binary that users get.
pub(crate) fn hit(pairs: usize) -> Result<()> {
    ensure!(pairs > 0, "--pairs: at least one");
    let programs = Programs::build()?;
    programs.check()?;
    let table = [
        (
            "instructions (callgrind)",
            programs.both(instructions)?,
            300_000.0,
        ),
        (
            "system calls (strace -c)",
            programs.both(system_calls)?,
            40.0,
        ),
    ];
    step::say("\na hit, over a static program that does nothing\n");
    step::say("                                 hit      null      more     bound");
    let mut rows = serde_json::Map::new();
    for (name, measured, bound) in table {
        let Some((hit, null)) = measured else {
            step::say(&format!("{name:<25}  left out: the tool is missing"));
            continue;
        };
        step::say(&format!(
            "{name:<25} {hit:>10} {null:>9} {:>9} {bound:>9}",
            hit - null
        ));
        rows.insert(
            name.into(),
            json!({ "hit": hit, "null": (null), "more": hit - null }),
        );
    }
    let time = programs.time(pairs)?;
    step::say(&format!(
        "{:<25} {:>10.0} {:>9.0} {:>9.0} {:>9}   (95 % interval {:.0} to {:.0}, {pairs} pairs)",
        "microseconds, medians", time.hit, time.null, time.more, 150, time.low, time.high
    ));
    step::say(&format!(
        "{:<25} {:>10.2}",
        "the hit over /bin/true",
        time.hit / time.bin_true
    ));
    rows.insert("microseconds".into(), time.to_json());
    let file = step::root().join("target/bench-hit.json");
    fs::write(&file, serde_json::to_vec_pretty(&rows)?)?;
    step::say(&format!("\nwritten to {}", file.display()));
    Ok(())
}

impl Programs {
    fn build() -> Result<Self> {
        let folder = step::root().join("target/bench");
        fs::create_dir_all(&folder)?;
        let plugin = ExecPlugin::new()?;
        // As long as what EKS gives.
        plugin.answers_token(&"x".repeat(1_500))?;
        plugin.expires_after(Some(24 * 3_600))?;
        let exec_info = json!({
            "kind": "ExecCredential",
            "apiVersion": "client.authentication.k8s.io/v1",
            "spec": { "interactive": false },
        });
        Ok(Self {
            home: CacheHome::new()?,
            plugin,
            kcc_cache: installed(&build_kcc_cache()?, &folder.join("kcc-cache"))?,
            null: installed(&build_null(&folder)?, &folder.join("null"))?,
            exec_info: exec_info.to_string(),
        })
    }

    /// Correctness first: what is measured does not run the plugin. And the served-log is made about
    /// as long as it gets, by as many clients as it holds.
    fn check(&self) -> Result<()> {
        for _ in 0..36 {
            let mut client = client();
            client.arg(&self.kcc_cache);
            let output = self.prepare(&mut client).output()?;
            ensure!(
                output.status.success(),
                "kcc-cache ended with {}",
                output.status
            );
            ensure!(
                output.stdout.len() > 1_500,
                "kcc-cache printed no credential"
            );
        }
        ensure!(
            self.plugin.runs() == 1,
            "the plugin ran {} times",
            self.plugin.runs()
        );
        Ok(())
    }

    /// The same arguments and environment for all.
    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .arg(self.plugin.path())
            .env_clear()
            .envs(self.home.variables());
        command.env("KUBERNETES_EXEC_INFO", &self.exec_info);
        command
            .env("AWS_PROFILE", "production")
            .stdin(Stdio::null())
    }

    fn both(&self, count: Count) -> Result<Option<(i64, i64)>> {
        let of = |program: &Path| {
            count(&mut |command| {
                command.arg(program);
                self.prepare(command);
            })
        };
        Ok(of(&self.kcc_cache)?.zip(of(&self.null)?))
    }

    /// Pairs, so that what else the machine does falls on both alike.
    fn time(&self, pairs: usize) -> Result<Time> {
        let (mut hit, mut null, mut bin_true, mut more) = (vec![], vec![], vec![], vec![]);
        for _ in 0..pairs {
            let of_null = micros(self.run(&self.null)?);
            let of_hit = micros(self.run(&self.kcc_cache)?);
            bin_true.push(micros(self.run(Path::new("/bin/true"))?));
            more.push(of_hit - of_null);
            hit.push(of_hit);
            null.push(of_null);
        }
        let (low, high) = interval(&mut more);
        Ok(Time {
            hit: median(&mut hit),
            null: median(&mut null),
            bin_true: median(&mut bin_true),
            more: median(&mut more),
            low,
            high,
        })
    }

    fn run(&self, program: &Path) -> Result<Duration> {
        let mut command = Command::new(program);
        self.prepare(&mut command)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let started = Instant::now();
        let status = command.status()?;
        let took = started.elapsed();
        ensure!(
            status.success(),
            "{} ended with {status}",
            program.display()
        );
        Ok(took)
    }
}

/// Microseconds, medians over the pairs.
struct Time {
    hit: f64,
    null: f64,
    bin_true: f64,
    more: f64,
    low: f64,
    high: f64,
}

impl Time {
    fn to_json(&self) -> serde_json::Value {
        json!({
            "hit": self.hit, "null": self.null, "bin_true": self.bin_true,
            "more": self.more, "more_low": self.low, "more_high": self.high,
        })
    }
}

/// A process that asks once, as kubectl does. One that asks again for the same credential is taken
/// for a client whose credential was refused, and what is measured would be a plugin run.
fn client() -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\"; exit $?", "sh"]);
    shell
}

/// Instructions, counted by valgrind.
fn instructions(prepare: &mut dyn FnMut(&mut Command)) -> Result<Option<i64>> {
    if !step::answers("valgrind", &["--version"]) {
        return Ok(None);
    }
    let mut command = client();
    command.args([
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
    ]);
    prepare(&mut command);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.with_context(|| format!("callgrind counted nothing: {text}"))?;
    Ok(Some(count.trim().parse()?))
}

/// System calls, counted by strace.
fn system_calls(prepare: &mut dyn FnMut(&mut Command)) -> Result<Option<i64>> {
    if !step::answers("strace", &["--version"]) {
        return Ok(None);
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-U", "calls,name"]);
    prepare(&mut command);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let Some(total) = text.lines().find(|line| line.ends_with(" total")) else {
        bail!("strace counted nothing: {text}");
    };
    Ok(Some(
        total
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .parse()?,
    ))
}

/// `kcc-cache` as it is released: optimised and static.
fn build_kcc_cache() -> Result<PathBuf> {
    let target = step::host_target()?;
    let mut build = step::cargo_with("build --quiet --release --package kcc-cli --bin kcc-cache");
    build.args(["--target", &target]).env("RUSTFLAGS", STATIC);
    step::run("kcc-cache", &mut build)?;
    Ok(step::root().join(format!("target/{target}/release/kcc-cache")))
}

/// A program that does nothing, built in the same way.
fn build_null(folder: &Path) -> Result<PathBuf> {
    let (source, program) = (folder.join("null.rs"), folder.join("null.linked"));
    fs::write(&source, "fn main() {}\n")?;
    let mut rustc = Command::new("rustc");
    rustc.args("-O -C panic=abort -C lto=fat -C codegen-units=1".split(' '));
    rustc
        .args(STATIC.split(' '))
        .args(["--target", &step::host_target()?, "-o"]);
    step::run(
        "a program that does nothing",
        rustc.arg(&program).arg(&source),
    )?;
    Ok(program)
}

/// A copy, as an installer makes one. What a linker writes piece by piece lies scattered in the page
/// cache, and such a file was seen to start 130 microseconds slower than its copy.
fn installed(linked: &Path, program: &Path) -> Result<PathBuf> {
    if program.exists() {
        fs::remove_file(program)?;
    }
    fs::copy(linked, program)?;
    Ok(program.to_owned())
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The 95 % interval of the median, by the order statistics of the binomial distribution.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks in a list of some hundred"
)]
fn interval(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let half = 0.98 * count.sqrt();
    let low = (count / 2.0 - half).max(0.0) as usize;
    let high = ((count / 2.0 + half) as usize).min(values.len() - 1);
    (values[low], values[high])
}
