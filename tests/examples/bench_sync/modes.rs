//! The rows of the table: a client, how it is set, and what it is compared with.

use std::path::Path;

use crate::clients::{Program, informers, reflectors};
use crate::pods::Depth;
use crate::report::COLUMNS;
use crate::server::{Encoding, Form};

/// A client, and the server that it meets.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// How much of a Pod it keeps.
    pub(crate) depth: Depth,
    /// What the server sends it.
    pub(crate) form: Form,
    /// Whether the server streams lists.
    pub(crate) streams: bool,
    /// What is set in its environment.
    pub(crate) environment: Environment,
    /// The name of the mode that its figures are divided by, and the bounds of these ratios.
    pub(crate) peer: Option<(&'static str, Wanted)>,
}

pub(crate) type Environment = &'static [(&'static str, &'static str)];

/// The bounds of ratios, in the order of the report's columns; 0 where there is none.
pub(crate) type Wanted = [f64; COLUMNS.len()];

const NONE: Wanted = [0.0; COLUMNS.len()];
const TYPED: Wanted = wanted([0.45, 0.5, 0.95, 0.9], 0.4);
const TYPED_PROTOBUF: Wanted = wanted([0.45, 0.4, 0.95, 0.9], 0.4);
const SMALL: Wanted = wanted([0.0, 0.125, 0.0, 0.125], 0.0);
const COMPACT_JSON: Wanted = wanted([0.33, 0.25, 0.125, 0.1], 0.25);
const COMPACT_PROTOBUF: Wanted = wanted([0.2, 0.1, 0.125, 0.1], 0.125);

/// Bounds of a list, and of the CPU time of updates.
const fn wanted([wall, cpu, peak, rest]: [f64; 4], updates: f64) -> Wanted {
    let mut all = NONE;
    (all[0], all[1], all[2], all[3]) = (wall, cpu, peak, rest);
    all[5] = updates;
    all
}

/// What an allocator is replaced by, from outside.
const PRELOAD: &str = "LD_PRELOAD";
const ONE_ARENA: Environment = &[("MALLOC_ARENA_MAX", "1")];
const JEMALLOC: Environment = &[(PRELOAD, "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")];
const MIMALLOC: Environment = &[(PRELOAD, "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0")];

/// The peers as those who know them use them.
const TRIMMED: &str = "kube-rs, trimmed";
const GO_TRIMMED: &str = "client-go, protobuf, trimmed";
const COMPACT: &str = "kcache, compact, protobuf";
const GO_SMALL: &str = "client-go, protobuf, small struct";

#[rustfmt::skip] // one line for each row
pub(crate) const MODES: &[Mode] = &[
    rust("kube-rs", reflectors::plain).beside(TRIMMED, NONE),
    rust(TRIMMED, reflectors::trimmed),
    rust("kube-rs, trimmed, streaming list", reflectors::streaming).beside(TRIMMED, NONE),
    go("client-go, JSON", &[]).beside(GO_TRIMMED, NONE),
    go("client-go, protobuf", &["-protobuf"]).protobuf().beside(GO_TRIMMED, NONE),
    go(GO_TRIMMED, &["-protobuf", "-transform=trimmed"]).protobuf(),
    go(GO_SMALL, &["-protobuf", "-transform=small"]).protobuf().keeping(Depth::Small),
    rust("kcache, JSON", informers::typed).beside(TRIMMED, TYPED),
    rust("kcache, protobuf", informers::typed).protobuf().beside(TRIMMED, TYPED_PROTOBUF),
    rust("kcache, JSON, list in pages", informers::typed).without_streams().beside(TRIMMED, TYPED),
    rust("kcache, small struct, JSON", informers::small).keeping(Depth::Small).beside(GO_SMALL, NONE),
    rust("kcache, small struct, protobuf", informers::small).protobuf().keeping(Depth::Small).beside(GO_SMALL, SMALL),
    rust("kcache, metadata, JSON", informers::metadata).metadata(),
    rust("kcache, metadata, protobuf", informers::metadata).protobuf().metadata(),
    rust("kcache, compact, JSON", informers::compact).beside(GO_TRIMMED, COMPACT_JSON),
    rust(COMPACT, informers::compact).protobuf().beside(GO_TRIMMED, COMPACT_PROTOBUF),
    rust("kcache, JSON, allocator: one arena", informers::typed).with(ONE_ARENA).beside("kcache, JSON", NONE),
    rust("kcache, JSON, allocator: jemalloc", informers::typed).with(JEMALLOC).beside("kcache, JSON", NONE),
    rust("kcache, JSON, allocator: mimalloc", informers::typed).with(MIMALLOC).beside("kcache, JSON", NONE),
    rust("kcache, protobuf, allocator: one arena", informers::typed).protobuf().with(ONE_ARENA).beside("kcache, protobuf", NONE),
    rust("kcache, protobuf, allocator: jemalloc", informers::typed).protobuf().with(JEMALLOC).beside("kcache, protobuf", NONE),
    rust("kcache, protobuf, allocator: mimalloc", informers::typed).protobuf().with(MIMALLOC).beside("kcache, protobuf", NONE),
    rust("kcache, compact, protobuf, allocator: one arena", informers::compact).protobuf().with(ONE_ARENA).beside(COMPACT, NONE),
    rust("kcache, compact, protobuf, allocator: jemalloc", informers::compact).protobuf().with(JEMALLOC).beside(COMPACT, NONE),
    rust("kcache, compact, protobuf, allocator: mimalloc", informers::compact).protobuf().with(MIMALLOC).beside(COMPACT, NONE),
    rust("kube-rs, trimmed, allocator: jemalloc", reflectors::trimmed).with(JEMALLOC).beside(TRIMMED, NONE),
];

const fn rust(name: &'static str, start: crate::clients::Start) -> Mode {
    Mode::of(name, Program::Rust(start))
}

const fn go(name: &'static str, arguments: &'static [&'static str]) -> Mode {
    Mode::of(name, Program::Go(arguments))
}

impl Mode {
    const fn of(name: &'static str, program: Program) -> Self {
        Self {
            name,
            program,
            depth: Depth::Whole,
            form: Form {
                encoding: Encoding::Json,
                metadata_only: false,
            },
            streams: true,
            environment: &[],
            peer: None,
        }
    }

    const fn beside(mut self, peer: &'static str, wanted: Wanted) -> Self {
        self.peer = Some((peer, wanted));
        self
    }

    const fn with(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    const fn protobuf(mut self) -> Self {
        self.form.encoding = Encoding::Protobuf;
        self
    }

    const fn metadata(mut self) -> Self {
        self.form.metadata_only = true;
        self.keeping(Depth::Metadata)
    }

    const fn keeping(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    const fn without_streams(mut self) -> Self {
        self.streams = false;
        self
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        MODES.iter().find(|mode| mode.name == name)
    }

    /// Those whose name has `part` in it, and their peers.
    /// Whether it can be run here: a library that it is to be run with is there.
    pub(crate) fn is_possible(&self) -> bool {
        let preloaded = self.environment.iter();
        let mut preloaded = preloaded.filter(|(name, _)| *name == PRELOAD);
        preloaded.all(|(_, library)| Path::new(library).exists())
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.name.starts_with("kcache")
    }

    /// True of rows about allocators. They stand in a table of their own.
    fn is_apart(&self) -> bool {
        !self.environment.is_empty()
    }

    pub(crate) fn chosen(part: &str) -> Vec<&'static Self> {
        let is_chosen =
            |mode: &&Self| mode.name.contains(part) && (!part.is_empty() || !mode.is_apart());
        let peers = MODES.iter().filter(is_chosen).filter_map(|mode| mode.peer);
        let peers: Vec<_> = peers.map(|(peer, _)| peer).collect();
        let is_needed = |mode: &&Self| is_chosen(mode) || peers.contains(&mode.name);
        MODES.iter().filter(is_needed).collect()
    }
}
