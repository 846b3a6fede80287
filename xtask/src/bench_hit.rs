//! What a hit costs: whole processes, each started by a client process of its own, beside
//! `/bin/true` and a static program that does nothing.

mod count;
mod programs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use harness::{CacheHome, ExecPlugin};
use serde_json::{Value, json};

use crate::dist;
use crate::pairs::{self, Median};
use crate::step;
use count::Count;
pub(crate) use programs::Build;

/// What a hit may cost more than the program that does nothing, and how many times `/bin/true`.
const INSTRUCTIONS: i64 = 300_000;
const SYSTEM_CALLS: i64 = 40;
const MICROSECONDS: f64 = 150.0;
const TIMES_BIN_TRUE: f64 = 1.35;

/// As many clients as the log of uses holds.
const CLIENTS: usize = 36;

/// How often instructions and system calls are counted: some twentieth hit finds a log of uses that is
/// too long, and shortens it.
const COUNTS: usize = 5;

/// How they are run, and for what.
struct Bench {
    home: CacheHome,
    plugin: ExecPlugin,
    client: PathBuf,
    exec_info: String,
}

/// One program, and what was measured of it.
struct Row {
    name: &'static str,
    program: PathBuf,
    /// None where the tool is missing; so are system calls.
    instructions: Vec<i64>,
    system_calls: Vec<i64>,
    microseconds: Vec<f64>,
}

/// Measures these builds. They come behind the two that they are compared with.
pub(crate) fn run(pairs: usize, builds: &[Build]) -> Result<()> {
    ensure!(pairs > 0, "--pairs: at least one");
    let folder = step::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let bench = Bench::new(&folder)?;
    let nothing = programs::build_nothing(&folder)?;
    let mut rows = vec![
        Row::new("/bin/true", "/bin/true"),
        Row::new("does nothing, static", nothing),
    ];
    for build in builds {
        rows.push(Row::new(build.name(), build.build(&folder)?));
    }
    bench.check(&rows[2..])?;
    for _ in 0..COUNTS {
        for row in &mut rows {
            let (instructions, calls) = (&mut row.instructions, &mut row.system_calls);
            instructions.extend(bench.count(count::instructions, &row.program)?);
            calls.extend(bench.count(count::system_calls, &row.program)?);
        }
    }
    for round in 0..pairs {
        for place in pairs::order(round, rows.len()) {
            let row = &mut rows[place];
            let (_, microseconds) = bench.request(&row.program, Stdio::null())?;
            row.microseconds.push(microseconds);
        }
    }
    bench.check_runs()?;
    let [bin_true, nothing, hits @ ..] = rows.as_slice() else {
        unreachable!("two rows stand before the builds");
    };
    print(bin_true, nothing, hits);
    let file = step::root().join("target/bench-hit.json");
    let json = to_json(bin_true, nothing, hits);
    fs::write(&file, serde_json::to_vec_pretty(&json)?)?;
    step::say(&format!("\n{pairs} pairs; written to {}", file.display()));
    Ok(())
}

impl Bench {
    fn new(folder: &Path) -> Result<Self> {
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
            client: programs::build_client(folder)?,
            exec_info: exec_info.to_string(),
        })
    }

    /// Correctness first: all builds give the one credential that the plugin gave. And the
    /// log of uses is made about as long as it gets.
    fn check(&self, hits: &[Row]) -> Result<()> {
        let mut first = None;
        for row in hits.iter().cycle().take(CLIENTS.max(hits.len())) {
            let (credential, _) = self.request(&row.program, Stdio::piped())?;
            let name = row.name;
            ensure!(credential.len() > 1_500, "{name} printed no credential");
            let first = first.get_or_insert_with(|| credential.clone());
            ensure!(credential == *first, "{name} printed another credential");
        }
        self.check_runs()
    }

    /// What is measured does not run the plugin.
    fn check_runs(&self) -> Result<()> {
        let runs = self.plugin.runs();
        ensure!(runs == 1, "the plugin ran {runs} times");
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

    fn count(&self, count: Count, program: &Path) -> Result<Option<i64>> {
        count(&self.client, &|command| {
            self.prepare(command.arg(program));
        })
    }

    /// What a client process gets, and how many microseconds passed from the start of the program to
    /// its end. Neither says anything else.
    fn request(&self, program: &Path, stdout: Stdio) -> Result<(Vec<u8>, f64)> {
        let mut client = Command::new(&self.client);
        let client = self.prepare(client.arg(program)).stdout(stdout);
        let output = client.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let nanoseconds = said.trim_end().parse::<f64>();
        let nanoseconds = nanoseconds.ok().filter(|_| output.status.success());
        let nanoseconds = nanoseconds
            .with_context(|| format!("{}: {}: {said}", program.display(), output.status))?;
        Ok((output.stdout, nanoseconds / 1e3))
    }
}

impl Row {
    fn new(name: &'static str, program: impl Into<PathBuf>) -> Self {
        Self {
            name,
            program: program.into(),
            instructions: vec![],
            system_calls: vec![],
            microseconds: vec![],
        }
    }

    fn is_static(&self) -> bool {
        dist::is_static(&self.program)
    }

    fn to_json(&self) -> Value {
        json!({
            "static": self.is_static(),
            "instructions": middle(&self.instructions),
            "system_calls": middle(&self.system_calls),
            "microseconds": Median::of(self.microseconds.iter().copied()).to_json(),
        })
    }
}

fn middle(counts: &[i64]) -> Option<i64> {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied()
}

fn more(of: &[i64], than: &[i64]) -> Option<i64> {
    Some(middle(of)? - middle(than)?)
}

fn print(bin_true: &Row, nothing: &Row, hits: &[Row]) {
    let shown = |count: Option<i64>| count.map_or("no tool".to_owned(), |it| it.to_string());
    let line = |name: &str, instructions: &str, calls: &str, time: &str, rest: &str| {
        let line = format!("{name:<24} {instructions:>12} {calls:>12} {time:>22} {rest:>22}");
        step::say(line.trim_end());
    };
    step::say("\nmedians, and 95 % intervals of the medians\n");
    line(
        "",
        "instructions",
        "system calls",
        "microseconds",
        "times /bin/true",
    );
    for row in [bin_true, nothing].into_iter().chain(hits) {
        let time = Median::of(row.microseconds.iter().copied());
        let times = Median::of_ratios(&row.microseconds, &bin_true.microseconds);
        line(
            row.name,
            &shown(middle(&row.instructions)),
            &shown(middle(&row.system_calls)),
            &time.shown(0),
            &times.shown(2),
        );
    }
    for row in hits {
        let name = row.name;
        let linked = if row.is_static() {
            "statically"
        } else {
            "dynamically"
        };
        step::say(&format!("{name} is linked {linked}"));
    }
    step::say("\nmore than the program that does nothing\n");
    for row in hits {
        let time = Median::of_differences(&row.microseconds, &nothing.microseconds);
        line(
            row.name,
            &shown(more(&row.instructions, &nothing.instructions)),
            &shown(more(&row.system_calls, &nothing.system_calls)),
            &time.shown(0),
            "",
        );
    }
    line(
        "bound",
        &INSTRUCTIONS.to_string(),
        &SYSTEM_CALLS.to_string(),
        &MICROSECONDS.to_string(),
        &format!("({TIMES_BIN_TRUE} times /bin/true)"),
    );
}

fn to_json(bin_true: &Row, nothing: &Row, hits: &[Row]) -> Value {
    let all = [bin_true, nothing].into_iter().chain(hits);
    let programs: serde_json::Map<_, _> = all
        .map(|row| (row.name.to_owned(), row.to_json()))
        .collect();
    let compared = hits.iter().map(|row| {
        let (time, base) = (&row.microseconds, &nothing.microseconds);
        let compared = json!({
            "more_instructions": more(&row.instructions, &nothing.instructions),
            "more_system_calls": more(&row.system_calls, &nothing.system_calls),
            "more_microseconds": Median::of_differences(time, base).to_json(),
            "times_bin_true": Median::of_ratios(time, &bin_true.microseconds).to_json(),
        });
        (row.name.to_owned(), compared)
    });
    let compared: serde_json::Map<_, _> = compared.collect();
    json!({ "programs": programs, "hits": compared, "bounds": {
        "more_instructions": INSTRUCTIONS, "more_system_calls": SYSTEM_CALLS,
        "more_microseconds": MICROSECONDS, "times_bin_true": TIMES_BIN_TRUE,
    } })
}
