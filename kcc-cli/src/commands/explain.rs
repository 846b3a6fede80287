//! `kcc explain`: which entry answers a context, and why that one.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use kcc_core::kubeconfig::{Kubeconfig, LoadingRules, Named};
use kcc_core::{ApiVersion, Environment, Inspection, MissReason, SearchPath, variable};

use super::list;
use crate::contexts::Contexts;
use crate::plugin_context::{self, PluginContext, PluginOptions};
use crate::redaction::{self, Shown};
use crate::terminal::{self, BAD, FAINT, GOOD, WARNING};

/// Say which stored credential answers a context, what decides that, and what a call would do now
///
/// Nothing is run. Values that may be secrets are shown as a fingerprint: equal fingerprints are
/// equal values.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    contexts: Contexts,
}

/// Prints the explanation.
///
/// # Errors
/// Where a context cannot be used, or the cache directory or standard output.
pub(crate) fn run(args: &Args, rules: &LoadingRules) -> anyhow::Result<ExitCode> {
    let kubeconfig = Kubeconfig::load(rules)?;
    let mut page = Page(terminal::stdout());
    let names = args.contexts.of(&kubeconfig)?;
    for (position, name) in names.into_iter().enumerate() {
        if position > 0 {
            page.line("")?;
        }
        page.context(name, &kubeconfig)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is printed, section by section.
struct Page<W>(W);

impl<W: Write> Page<W> {
    fn context(&mut self, name: &str, kubeconfig: &Kubeconfig) -> anyhow::Result<()> {
        if let Some(server) = plugin_context::plain_http(kubeconfig, name)? {
            return Ok(self.line(&format!(
                "The server of context {name:?} is {server}: over plain http no client sends a \
                 credential, no plugin runs, and nothing is cached."
            ))?);
        }
        let options = PluginOptions::of_inspection();
        let Some(plugin) = PluginContext::find(kubeconfig, name, &options)? else {
            return Ok(self.line(&format!(
                "The user of context {name:?} has its credential in the kubeconfig: no plugin runs, \
                 and nothing is cached."
            ))?);
        };
        let inspection = plugin.cache.inspect(&plugin.request)?;
        self.place(&plugin, kubeconfig)?;
        self.key(&plugin, &inspection)?;
        self.settings(&plugin)?;
        self.entry(&inspection)?;
        self.outcome(&plugin, &inspection)?;
        Ok(self.warnings(&plugin)?)
    }

    /// Where the parts of the context stand.
    fn place(&mut self, plugin: &PluginContext<'_>, kubeconfig: &Kubeconfig) -> io::Result<()> {
        let current = kubeconfig.current_context.as_ref();
        let is_current = current.is_some_and(|current| current.name == plugin.context.name);
        let note = if is_current { ", the current one" } else { "" };
        let origin = format!("{}{note}", plugin.context.origin);
        self.row("context", &plugin.context.name, &origin)?;
        let server = format!(
            "{} ({})",
            plugin.cluster.name,
            plugin.cluster.value.shown_server()
        );
        self.row("cluster", &server, &plugin.cluster.origin)?;
        self.row("user", &plugin.user.name, &plugin.user.origin)
    }

    /// Everything that the key is made of.
    fn key(&mut self, plugin: &PluginContext<'_>, inspection: &Inspection) -> anyhow::Result<()> {
        let request = &plugin.request;
        let user = plugin.user;
        self.line("\nThe key is made of")?;
        let version = request.info.api_version().map_or("", ApiVersion::as_str);
        self.row("  version", &version, &at(user, "exec.apiVersion"))?;
        let name = request.environment.non_empty(variable::USER);
        let name = name.map_or_else(|| "(none)".into(), |name| name.display().to_string());
        self.row("  user", &name, &plugin.origin_of(variable::USER.as_ref()))?;
        let field = if plugin.spec.is_cached() {
            "exec.args"
        } else {
            "exec.command"
        };
        self.row("  command", &inspection.program.display(), &at(user, field))?;
        let mut args = vec![];
        for shown in redaction::arguments(&request.command, &request.args) {
            args.push(plugin.show(&shown)?);
        }
        if !args.is_empty() {
            self.row("  arguments", &args.join(" "), &at(user, "exec.args"))?;
        }
        for name in &inspection.variables {
            let value = request.environment.get(name).unwrap_or_default();
            let value = plugin.show(&redaction::variable(name, value))?;
            let variable = format!("{}={value}", name.display());
            self.row("  variable", &variable, &plugin.origin_of(name))?;
        }
        self.files(inspection)?;
        let (cluster, origin) = if plugin.spec.provide_cluster_info {
            let fields = request.info.cluster_fields().collect::<Vec<_>>();
            (fields.join(", "), plugin.cluster.origin.to_string())
        } else {
            ("(none: provideClusterInfo is off)".into(), at(user, "exec"))
        };
        Ok(self.row("  cluster", &cluster, &origin)?)
    }

    /// The files that say who is active.
    fn files(&mut self, inspection: &Inspection) -> io::Result<()> {
        for file in &inspection.files {
            let how = match file.modified {
                Some(modified) => format!("written {modified:.0}"),
                None if file.is_there => "is there".to_owned(),
                None => "is not there".to_owned(),
            };
            self.row("  file", &file.path.display(), &how)?;
        }
        Ok(())
    }

    /// The settings that are set.
    fn settings(&mut self, plugin: &PluginContext<'_>) -> io::Result<()> {
        let is_setting = |name: &OsStr| {
            let name = name.to_string_lossy();
            name.starts_with(variable::PREFIX) && name != variable::USER
        };
        let mut set: Vec<_> = plugin
            .request
            .environment
            .iter()
            .filter(|(name, _)| is_setting(name))
            .collect();
        set.sort_unstable();
        if !set.is_empty() {
            self.line("\nSettings")?;
        }
        for (name, value) in set {
            let setting = format!("{}={}", name.display(), value.display());
            self.row("", &setting, &plugin.origin_of(name))?;
        }
        Ok(())
    }

    fn entry(&mut self, inspection: &Inspection) -> io::Result<()> {
        self.line("")?;
        self.row("entry", &inspection.path.display(), &"")?;
        let now = Timestamp::now();
        let Some(entry) = &inspection.entry else {
            return self.row("state", &"not found", &"");
        };
        let mut state = list::state(entry, now);
        if let Some(details) = &entry.details {
            let span = |at: Timestamp| match at.duration_since(now) {
                left if left.is_positive() => format!("in {}", terminal::span(left)),
                past => format!("{} ago", terminal::span(past)),
            };
            state = format!(
                "{state}: stored {}, renewed {}, ends {}",
                span(details.stored_at),
                span(details.renew_at),
                span(details.expires_at)
            );
        }
        self.row("state", &state, &"")
    }

    /// What would happen now.
    fn outcome(
        &mut self,
        plugin: &PluginContext<'_>,
        inspection: &Inspection,
    ) -> anyhow::Result<()> {
        self.line("")?;
        if !plugin.spec.is_cached() {
            self.line(&format!(
                "{WARNING}kubectl does not call the cache:{WARNING:#} kcc-cache is not in front of \
                 this user's plugin; kcc inject puts it there. For a client that does call it:"
            ))?;
        }
        let policy = plugin_context::policy()?;
        if let Err(error) = policy.check(&inspection.program) {
            return Ok(self.line(&format!("{BAD}A call would be refused:{BAD:#} {error}"))?);
        }
        let Some(reason) = inspection.miss else {
            return Ok(self.line(&format!(
                "{GOOD}A call would be a hit:{GOOD:#} the entry answers, and the plugin is not run."
            ))?);
        };
        let path = SearchPath::of(&Environment::of_process());
        if let Err(problem) = path.look_up(&inspection.program) {
            let program = inspection.program.display();
            return Ok(self.line(&format!(
                "{BAD}A call would fail:{BAD:#} {reason}, and the plugin {program} was not found \
                 ({problem}); install it, or fix PATH."
            ))?);
        }
        let then = match reason {
            MissReason::InMargin => "; should it fail, the entry answers until it expires",
            _ => "",
        };
        Ok(self.line(&format!(
            "{WARNING}A call would run the plugin:{WARNING:#} {reason}{then}."
        ))?)
    }

    /// The last ones of the last day that nobody could be told.
    fn warnings(&mut self, plugin: &PluginContext<'_>) -> io::Result<()> {
        const SHOWN: usize = 3;
        let (kept, now) = (plugin.cache.warnings(), Timestamp::now());
        let is_recent = |at: &Timestamp| now.duration_since(*at).as_hours() < 24;
        let recent: Vec<_> = kept.iter().filter(|(at, _)| is_recent(at)).collect();
        for (at, text) in &recent[recent.len().saturating_sub(SHOWN)..] {
            self.line(&format!("{WARNING}warning{WARNING:#} at {at:.0}: {text}"))?;
        }
        Ok(())
    }

    fn row(&mut self, label: &str, value: &dyn Display, origin: &dyn Display) -> io::Result<()> {
        let origin = origin.to_string();
        match origin.as_str() {
            "" => writeln!(self.0, "{label:<11} {value}"),
            origin => writeln!(self.0, "{label:<11} {value}  {FAINT}{origin}{FAINT:#}"),
        }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.0, "{text}")
    }
}

impl PluginContext<'_> {
    /// Where a variable's value comes from.
    fn origin_of(&self, name: &OsStr) -> String {
        if self
            .spec
            .env
            .iter()
            .any(|(known, _)| name == known.as_str())
        {
            at(self.user, "exec.env")
        } else if self.request.environment.get(name).is_some() {
            "environment".to_owned()
        } else {
            String::new()
        }
    }

    fn show(&self, shown: &Shown<'_>) -> anyhow::Result<String> {
        Ok(match shown {
            Shown::Whole(text) => text.display().to_string(),
            Shown::Hidden { before, secret } => {
                format!("{before}<hidden {}>", self.cache.fingerprint(secret)?)
            }
        })
    }
}

fn at<T>(entry: &Named<T>, field: &str) -> String {
    format!("{field}, {}", entry.origin)
}
