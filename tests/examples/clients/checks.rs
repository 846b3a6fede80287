//! The checks: each takes a client and says what it comes to.

use std::fs;

use anyhow::{Context as _, Result};

use crate::client::{Client, Kind};
use crate::outcome::{Demand, Outcome};
use crate::session::{Lines, Said, Session};
use crate::user::{Front, Plugin, Setup, Shape, User};

/// After so many failures it is taken for one that never ends.
const ENOUGH: usize = 12;
/// After so many processes.
const ENOUGH_PROCESSES: usize = 6;
/// More than any check uses.
const TOKENS: usize = 60;
/// What a failing plugin says.
const MESSAGE: &str = "the-plugin-says: log in first";

/// One client in one of its two settings.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) setup: Setup<'a>,
    pub(crate) client: &'a Client,
    pub(crate) front: Front,
}

/// One column of the tables.
pub(crate) struct Check {
    /// In the JSON file and in messages.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Setting<'_>) -> Result<Outcome>,
    pub(crate) demand: Demand,
}

/// All but those that take their time.
pub(crate) const CHECKS: [Check; 18] = {
    use Demand::{AsAlone, OneRun, Replaces};
    use Plugin::{Always, AsTold};
    const fn check(
        name: &'static str,
        demand: Demand,
        run: fn(&Setting<'_>) -> Result<Outcome>,
    ) -> Check {
        Check { name, run, demand }
    }
    [
        check("v1 token", AsAlone, |on| {
            on.works("v1", AsTold("v1"), false)
        }),
        check("v1 certificate", AsAlone, |on| {
            on.works("v1", AsTold("v1"), true)
        }),
        check("v1beta1 token", AsAlone, |on| {
            on.works("v1beta1", AsTold("v1beta1"), false)
        }),
        check("v1beta1 certificate", AsAlone, |on| {
            on.works("v1beta1", AsTold("v1beta1"), true)
        }),
        check("v1beta1, always", AsAlone, |on| {
            on.works("v1beta1", Always("v1beta1"), false)
        }),
        check("v1, v1beta1 where untold", AsAlone, |on| {
            on.works("v1", AsTold("v1beta1"), false)
        }),
        check("v1beta1, v1 where untold", AsAlone, |on| {
            on.works("v1beta1", AsTold("v1"), false)
        }),
        check("message of a failing plugin", AsAlone, message),
        check("no cache directory", AsAlone, no_cache_directory),
        check("damaged entry", AsAlone, damaged_entry),
        check("two users", AsAlone, two_users),
        check("two processes", OneRun, two_processes),
        check("eight processes", OneRun, eight_processes),
        check("revoked while it lives", AsAlone, |on| {
            on.revoked(Some(3600), 1)
        }),
        check("revoked again", Replaces, |on| on.revoked(Some(3600), 2)),
        check("revoked, life of 5 min", AsAlone, |on| {
            on.revoked(Some(300), 1)
        }),
        check("revoked, no expiry", AsAlone, |on| on.revoked(None, 1)),
        check("revoked between processes", Replaces, revoked_between),
    ]
};

impl<'a> Setting<'a> {
    pub(crate) fn user(&self, check: &str, shape: Shape, tokens: usize) -> Result<User<'a>> {
        User::new(self.setup, &self.name(check), self.front, shape, tokens)
    }

    /// No other user of this run has it.
    fn name(&self, check: &str) -> String {
        let words = format!(
            "{} {} {:?} {check}",
            self.client.name, self.client.version, self.front
        );
        words.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    }

    /// A well-behaved plugin of the version that the client understands.
    pub(crate) fn shape(&self) -> Shape {
        Shape::of(self.client.protocol)
    }

    fn works(&self, protocol: &'static str, plugin: Plugin, certificate: bool) -> Result<Outcome> {
        let shape = Shape {
            plugin,
            certificate,
            ..Shape::of(protocol)
        };
        let check = format!("{protocol} {plugin:?} {certificate}");
        let user = self.user(&check, shape, TOKENS)?;
        self.once(&user)
    }

    fn once(&self, user: &User<'_>) -> Result<Outcome> {
        let reply = self.client.once(user)?;
        Ok(if reply.said.is_good() {
            Outcome::Works
        } else {
            Outcome::Broken(last_line(&reply.heard))
        })
    }

    fn eight_sessions(&self, user: &User<'_>) -> Result<Vec<Said>> {
        let mut all: Vec<Lines> = Vec::new();
        for _ in 0..8 {
            if let Session::Lines(lines) = self.start(user)? {
                all.push(lines);
            }
        }
        // They are ready, and begin at once.
        all.iter_mut().try_for_each(|lines| lines.request(""))?;
        Ok(all.iter().map(Lines::answer).collect())
    }

    fn eight_commands(&self, user: &User<'_>) -> Result<Vec<Said>> {
        let commands: Result<Vec<_>> = (0..8).map(|_| self.client.begin(user)).collect();
        commands?
            .into_iter()
            .map(|command| Ok(command.end()?.said))
            .collect()
    }

    /// How many requests fail after the `times`-th revocation, each as soon as the last is replaced.
    fn revoked(&self, life: Option<u32>, times: usize) -> Result<Outcome> {
        let check = format!("revoked {life:?} {times}");
        let user = self.user(
            &check,
            Shape {
                life,
                ..self.shape()
            },
            TOKENS,
        )?;
        let Some(mut session) = self.client.start(&user)? else {
            return Ok(Outcome::NotApplicable);
        };
        let said = session.get("")?;
        if !said.is_good() {
            return Ok(Outcome::Broken(said.to_string()));
        }
        let mut failures = None;
        for _ in 0..times {
            user.revoke()?;
            failures = failures_of(&mut session)?;
            if failures.is_none() {
                break;
            }
        }
        Ok(Outcome::Failures(failures))
    }

    fn start(&self, user: &User<'_>) -> Result<Session> {
        self.client
            .start(user)?
            .context("it has no process that lives")
    }
}

fn message(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("message", on.shape(), 0)?;
    user.plugin.says(&format!("{MESSAGE}\n"))?;
    user.plugin.exits_with(7)?;
    let reply = on.client.once(&user)?;
    Ok(if reply.heard.contains(MESSAGE) {
        Outcome::Works
    } else {
        Outcome::Broken(last_line(&reply.heard))
    })
}

/// The cache can make no directory, as in a read-only home.
fn no_cache_directory(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("no directory", on.shape(), TOKENS)?;
    fs::write(user.home.path().join("cache"), "a file")?;
    on.once(&user)
}

fn damaged_entry(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("damaged", on.shape(), TOKENS)?;
    on.client.once(&user)?;
    for entry in user.home.entries() {
        fs::write(entry, "no entry")?;
    }
    on.once(&user)
}

/// In one process; they differ by a variable in their `exec.env`.
fn two_users(on: &Setting<'_>) -> Result<Outcome> {
    if !on.client.has_contexts() {
        return Ok(Outcome::NotApplicable);
    }
    let user = User::two(on.setup, &on.name("two"), on.front, on.client.protocol)?;
    let mut session = on.start(&user)?;
    for (tenant, other) in [("one", "two"), ("two", "one"), ("one", "two")] {
        let before = (user.accepted(tenant)?, user.accepted(other)?);
        let said = session.get(tenant)?;
        let after = (user.accepted(tenant)?, user.accepted(other)?);
        if !said.is_good() {
            return Ok(Outcome::Broken(said.to_string()));
        }
        if after.1 > before.1 || after.0 == before.0 {
            return Ok(Outcome::Broken(format!("{tenant} is served as {other}")));
        }
    }
    Ok(Outcome::Works)
}

/// How often the plugin runs for one process after the other.
fn two_processes(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("two processes", on.shape(), TOKENS)?;
    for _ in 0..2 {
        if let broken @ Outcome::Broken(_) = on.once(&user)? {
            return Ok(broken);
        }
    }
    Ok(Outcome::Runs(user.plugin.runs()))
}

/// How often the plugin runs for eight at once.
fn eight_processes(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("eight processes", on.shape(), TOKENS)?;
    let said: Vec<Said> = match &on.client.kind {
        Kind::Lines(_) => on.eight_sessions(&user)?,
        Kind::Tool(..) => on.eight_commands(&user)?,
    };
    let broken = said.into_iter().find(|said| !said.is_good());
    Ok(broken.map_or(Outcome::Runs(user.plugin.runs()), |said| {
        Outcome::Broken(said.to_string())
    }))
}

/// How many processes of one request fail.
fn revoked_between(on: &Setting<'_>) -> Result<Outcome> {
    let user = on.user("between", on.shape(), TOKENS)?;
    if let broken @ Outcome::Broken(_) = on.once(&user)? {
        return Ok(broken);
    }
    user.revoke()?;
    for failures in 0..ENOUGH_PROCESSES {
        if on.client.once(&user)?.said.is_good() {
            return Ok(Outcome::Failures(Some(failures)));
        }
    }
    Ok(Outcome::Failures(None))
}

fn failures_of(session: &mut Session) -> Result<Option<usize>> {
    for failures in 0..ENOUGH {
        if session.get("")?.is_good() {
            return Ok(Some(failures));
        }
    }
    Ok(None)
}

fn last_line(heard: &str) -> String {
    let mut lines = heard.lines().rev().filter(|line| !line.trim().is_empty());
    let line = lines.next().unwrap_or("nothing was heard");
    line.chars().take(300).collect()
}
