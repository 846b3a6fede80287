//! What can be chosen on the command line, or by variables: kail's flags.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use anstream::ColorChoice;
use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};
use jiff::SignedDuration;
use kcache::Selector;
use regex::Regex;

/// Follow the logs of all containers of the Pods that are selected, as they come and go.
///
/// A flag that is given more than once selects what one of its values selects; different flags select what all
/// of them select. Without any, all Pods are selected. NAME is an object's name, or NAMESPACE/NAME.
///
/// A flag that is not given can be set by a variable, as in `KAIL_MAX_STREAMS=20` for `--max-streams`; several
/// values are on lines of their own.
#[derive(Debug, Parser)]
#[command(name = "tail", version)]
pub(crate) struct Args {
    /// Pods with these labels
    #[arg(short, long = "label", value_name = "SELECTOR")]
    pub(crate) labels: Vec<Selector>,
    /// Pods of this name
    #[arg(short, long = "pod", value_name = "NAME")]
    pub(crate) pods: Vec<Named>,
    /// Pods whose name has a match of this regular expression
    #[arg(long = "regex", value_name = "REGEX")]
    pub(crate) regexes: Vec<Regex>,
    /// No Pods whose name has a match of this regular expression
    #[arg(long = "ignore-regex", value_name = "REGEX")]
    pub(crate) ignored_regexes: Vec<Regex>,
    /// Pods in this namespace
    #[arg(short, long = "ns", value_name = "NAMESPACE")]
    pub(crate) namespaces: Vec<String>,
    /// The same
    #[arg(long = "namespace", value_name = "NAMESPACE", hide = true)]
    more_namespaces: Vec<String>,
    /// Pods in the namespace of the kubeconfig's context
    #[arg(long)]
    pub(crate) current_ns: bool,
    /// No Pods in this namespace, unless it is asked for
    #[arg(
        long = "ignore-ns",
        value_name = "NAMESPACE",
        default_value = "kube-system"
    )]
    pub(crate) ignored_namespaces: Vec<String>,
    /// Pods that this Service selects
    #[arg(long = "svc", value_name = "NAME")]
    pub(crate) services: Vec<Named>,
    /// Pods that this replication controller selects
    #[arg(long = "rc", value_name = "NAME")]
    pub(crate) replication_controllers: Vec<Named>,
    /// Pods that this `ReplicaSet` selects
    #[arg(long = "rs", value_name = "NAME")]
    pub(crate) replica_sets: Vec<Named>,
    /// Pods that this `DaemonSet` selects
    #[arg(long = "ds", value_name = "NAME")]
    pub(crate) daemon_sets: Vec<Named>,
    /// Pods that this Deployment selects
    #[arg(short, long = "deploy", value_name = "NAME")]
    pub(crate) deployments: Vec<Named>,
    /// Pods that this `StatefulSet` selects
    #[arg(long = "sts", value_name = "NAME")]
    pub(crate) stateful_sets: Vec<Named>,
    /// Pods that this Job selects
    #[arg(short, long = "job", value_name = "NAME")]
    pub(crate) jobs: Vec<Named>,
    /// Pods on this node
    #[arg(long = "node", value_name = "NODE")]
    pub(crate) nodes: Vec<String>,
    /// Pods of the Services that this Ingress sends requests to
    #[arg(long = "ing", value_name = "NAME")]
    pub(crate) ingresses: Vec<Named>,
    /// No other containers than those of this name
    #[arg(short, long = "containers", value_name = "CONTAINER")]
    pub(crate) containers: Vec<String>,
    /// No Pods with these labels
    #[arg(
        long = "ignore",
        value_name = "SELECTOR",
        default_value = "kail.ignore=true"
    )]
    pub(crate) ignored: Vec<Selector>,
    /// How old lines may be, of what ran before: 5s, 2m, 1.5h, 2h45m. A Pod that comes later is read from its
    /// beginning
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub(crate) since: Duration,
    /// Print the Pods that are selected now, and end
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How lines are printed
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
    #[command(flatten)]
    pub(crate) zerolog: ZerologFields,
    /// When lines and notices are coloured
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// The kubeconfig's context
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    /// How many logs are followed at the same time; further containers wait for one to end
    #[arg(long, value_name = "COUNT", default_value = "128")]
    pub(crate) max_streams: NonZeroUsize,
}

/// What is where in lines of JSON, with `-o zerolog`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ZerologFields {
    /// The field of the time, with -o zerolog
    #[arg(
        long = "zerolog-timestamp-field",
        value_name = "FIELD",
        default_value = "time"
    )]
    pub(crate) time: String,
    /// The field of the level
    #[arg(
        long = "zerolog-level-field",
        value_name = "FIELD",
        default_value = "level"
    )]
    pub(crate) level: String,
    /// The field of the message
    #[arg(
        long = "zerolog-message-field",
        value_name = "FIELD",
        default_value = "message"
    )]
    pub(crate) message: String,
    /// The field that is the first of the others
    #[arg(
        long = "zerolog-error-field",
        value_name = "FIELD",
        default_value = "error"
    )]
    pub(crate) error: String,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// At a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it what all output goes by.
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::AlwaysAnsi,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

impl Args {
    /// What the command line says, and the environment where that says nothing; ends the process if it cannot be
    /// read.
    pub(crate) fn read() -> Self {
        let command = Self::command().mut_args(from_environment);
        let mut args =
            Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
        args.namespaces.append(&mut args.more_namespaces);
        args
    }
}

/// Lets a variable set an argument, as kail's flag parser does: it is named after the flag, has a value on each line,
/// and counts only if it has some.
fn from_environment(arg: Arg) -> Arg {
    let Some(flag) = arg.get_long() else {
        return arg;
    };
    let name = format!("KAIL_{}", flag.to_uppercase().replace('-', "_"));
    let is_set = std::env::var_os(&name).is_some_and(|value| !value.is_empty());
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        ArgAction::Append => arg.value_delimiter('\n'),
        ArgAction::Set => arg,
        _ => return arg, // help and version
    };
    if is_set {
        arg.hide_env(true).env(&*name.leak()) // it is needed until the end
    } else {
        arg
    }
}

/// How lines are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// namespace/pod[container]: line
    #[default]
    Default,
    /// As the container wrote it
    Raw,
    /// An object for each line, on a line
    Json,
    /// An object for each line, indented
    JsonPretty,
    /// As `default`, and lines that are JSON as zerolog's console writer has them
    Zerolog,
}

/// An object, by its name in one namespace or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, text),
        };
        if name.is_empty() || name.contains('/') || namespace.as_deref() == Some("") {
            return Err("it is neither NAME nor NAMESPACE/NAME");
        }
        let name = name.to_owned();
        Ok(Self { namespace, name })
    }
}

/// As Go's `time.ParseDuration` reads one.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "a duration is as 5s, 2m, 1.5h or 2h45m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "it is negative".to_owned())
}
