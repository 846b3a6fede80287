//! `cargo xtask`: everything that people do with this workspace beside editing it.

// What tasks are made of.
mod step;
mod rust_files;
mod progress;
mod programs;
mod manifests;
mod picture;
mod pairs;

// What is checked.
mod layers;
mod sizes;
mod cli_docs;
mod schema;
mod test_names;
mod dependencies;
mod compatibility;
mod packages;
mod test;
mod soak;
mod fuzz;

// What is shown, and runs for people.
mod demo;
mod apiserver;
mod clients;

// What users download, and what it costs them.
mod dist;
mod bench_hit;
mod bench_kubectl;
mod bench_example;

// All checks.
mod ci;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show the main job: a slow exec plugin with kcc-cache in front of it, then watches, a view and a
    /// join
    Demo(demo::Arguments),
    /// Run all tests: unit, documentation, processes, and kubectl on a real API server
    Test {
        /// Only tests whose name contains this
        filter: Option<String>,
    },
    /// Run what CI runs: format, lints, tests, docs, packages, dependencies, sizes
    Ci {
        /// Only these steps, in this order; all by default
        #[arg(value_parser = ci::step_names())]
        steps: Vec<String>,
    },
    /// Run a real kube-apiserver on 127.0.0.1 until Ctrl-C, with a kubeconfig ready to use
    Apiserver {
        /// Where everything that a restart needs is kept; a temporary folder by default
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Fail where a module uses one that is declared after it, or files need each other in a circle
    Layers,
    /// Report the sizes of files and functions against the style's limits
    Sizes,
    /// Feed the parsers with what nobody thought of
    Fuzz {
        /// How long each target runs, in seconds
        #[arg(long, default_value_t = 10)]
        seconds: u32,
        /// The only target: a file's name in tests/fuzz/targets; all by default
        target: Option<String>,
    },
    /// Run what no run had before: the reference models of the watch cache, chaos on a real cluster, random
    /// objects in protobuf, and thousands of Pods that `tail` follows
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Soak {
        /// How long each model runs
        #[arg(long, value_name = "N", group = "what")]
        minutes: Option<f64>,
        /// How many faults there are between an informer and the real kube-apiserver
        #[arg(long, value_name = "N", group = "what")]
        faults: Option<usize>,
        /// How many random objects of every kind Go makes, to be read from protobuf and from JSON
        #[arg(long, value_name = "N", group = "what")]
        objects: Option<usize>,
        /// How many faults there are among five replicas that share 20,000 objects of the real kube-apiserver
        #[arg(long, value_name = "N", group = "what")]
        replica_faults: Option<usize>,
        /// How many Pods `tail` follows, while they are relabelled, go and come
        #[arg(long, value_name = "N", group = "what")]
        pods: Option<usize>,
    },
    /// Write docs/cli.md, the reference of the command line
    CliDocs {
        /// Only fail where it is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Write kcache's table of Kubernetes' protobuf, from the Go types of k8s.io/api
    Schema {
        /// Only fail where it is not as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Build what users download: static binaries, archive, checksum, krew manifest
    Dist {
        /// Where it is written
        #[arg(long, value_name = "DIR", default_value = "target/dist")]
        out: PathBuf,
        /// The folder on the web in which the archive will lie, for the krew manifest
        #[arg(long)]
        url: Option<String>,
    },
    /// Make one release of the archives that several machines built: checksums and krew manifest
    Release {
        /// The tag of the release, which has to name this version
        #[arg(long)]
        tag: String,
        /// Where the archives are
        #[arg(long, value_name = "DIR", default_value = "target/dist")]
        out: PathBuf,
    },
    /// Compile the published crates with every set of their features
    Features,
    /// Compile them with the oldest dependencies that their manifests allow
    MinimalVersions,
    /// Compile them with the oldest Rust that their manifests allow, where rustup has it
    OldestRust,
    /// Compare their public interfaces with those of another commit
    Semver {
        /// The commit; by default the tag of the last release
        baseline: Option<String>,
    },
    /// Look up the dependencies in the database of known vulnerabilities
    Advisories,
    /// Run what takes long on a real API server
    #[command(subcommand)]
    E2e(E2e),
    /// Measure something, as docs/performance*.md report it
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Subcommand)]
enum E2e {
    /// What the cache is to kubectl, helm, stern and the client libraries of five languages: each
    /// alone and with the cache. Fails where anything is worse with it
    Clients {
        /// Only clients whose name contains this; may be given several times
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// Where all cells are written as JSON
        #[arg(long, default_value = "target/clients.json")]
        json: PathBuf,
        /// Write the tables into docs/clients.md
        #[arg(long, conflicts_with = "only")]
        write: bool,
        /// Fail where a client cannot run here, instead of leaving it out
        #[arg(long)]
        require_all: bool,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// What an answer from the cache costs: instructions, system calls, time
    Hit {
        /// How many pairs of runs are timed
        #[arg(long, default_value_t = 500)]
        pairs: usize,
        /// Which builds are measured
        #[arg(long, value_enum, value_delimiter = ',', default_values = ["installed", "released"])]
        builds: Vec<bench_hit::Build>,
    },
    /// What a whole `kubectl get` costs behind the cache, on the real kube-apiserver
    Kubectl {
        /// How many pairs of calls are timed
        #[arg(long, default_value_t = 200)]
        pairs: usize,
        /// Where the table is written as JSON
        #[arg(long, default_value = "target/bench-kubectl.json")]
        json: PathBuf,
    },
    /// What the core of the watch cache costs: commits, reads, fan-out, joins
    Core {
        /// Where the table is written as JSON
        #[arg(long, default_value = "target/bench-core.json")]
        json: PathBuf,
    },
    /// What the watch cache costs beside its peers: the first list and updates, over HTTP
    Sync {
        /// How often each client runs; medians are told
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// How many Pods there are, and as many updates
        #[arg(long, default_values_t = [10_000, 100_000])]
        pods: Vec<usize>,
        /// Only the clients whose name has this in it, such as `compact`, and their peers
        #[arg(long, default_value = "")]
        client: String,
        /// Where all runs are written as JSON, with a picture (.svg) beside it
        #[arg(long, default_value = "target/bench-sync.json")]
        json: PathBuf,
    },
    /// What it costs to make objects of JSON and of protobuf
    Protobuf {
        /// Where the table is written as JSON
        #[arg(long, default_value = "target/bench-protobuf.json")]
        json: PathBuf,
    },
    /// What the start of a controller with 20 kinds costs, on the real kube-apiserver
    Cold {
        /// Where the table is written as JSON
        #[arg(long, default_value = "target/bench-cold.json")]
        json: PathBuf,
    },
    /// What HTTP/2 is worth to a client, on the real kube-apiserver
    Http2 {
        /// Where the table is written as JSON
        #[arg(long, default_value = "target/bench-http2.json")]
        json: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Test { filter } => test::run(filter.as_deref()),
        Task::Ci { steps } => ci::run(&steps),
        Task::Apiserver { data_dir } => apiserver::run(data_dir),
        Task::CliDocs { check } => cli_docs::run(check),
        Task::Schema { check } => schema::run(check),
        Task::Dist { out, url } => dist::run(&out, url.as_deref()),
        Task::Release { tag, out } => dist::gather(&out, &tag),
        Task::Features => compatibility::features(),
        Task::MinimalVersions => compatibility::minimal_versions(),
        Task::OldestRust => compatibility::oldest_rust(),
        Task::Semver { baseline } => compatibility::semver(baseline),
        Task::Advisories => dependencies::advisories(),
        Task::Layers => layers::run(),
        Task::Sizes => sizes::run(),
        Task::E2e(E2e::Clients {
            only,
            json,
            write,
            require_all,
        }) => clients::run(&only, &json, write, require_all),
        Task::Bench(Bench::Hit { pairs, builds }) => bench_hit::run(pairs, &builds),
        Task::Bench(Bench::Kubectl { pairs, json }) => bench_kubectl::run(pairs, &json),
        Task::Bench(Bench::Core { json }) => bench_example::core(&json),
        Task::Bench(Bench::Protobuf { json }) => bench_example::protobuf(&json),
        Task::Bench(Bench::Sync {
            runs,
            pods,
            client,
            json,
        }) => bench_example::sync(runs, &pods, &client, &json),
        Task::Bench(Bench::Cold { json }) => bench_example::cold(&json),
        Task::Bench(Bench::Http2 { json }) => bench_example::http2(&json),
        Task::Fuzz { seconds, target } => {
            fuzz::run(fuzz::Length::Seconds(seconds), target.as_deref())
        }
        Task::Soak {
            minutes,
            faults,
            objects,
            replica_faults,
            pods,
        } => soak::run(minutes, faults, objects, replica_faults, pods),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
