//! The rows of the table: a client, how it is set, and what it is compared with.

use crate::clients::{Program, informers, reflectors};
use crate::pods::Depth;
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
    /// The name of the mode that its figures are divided by, and the bounds of these ratios.
    pub(crate) peer: Option<(&'static str, Wanted)>,
}

/// The bounds of ratios, in the order of the report's columns; 0 where there is none.
pub(crate) type Wanted = [f64; 8];

const NONE: Wanted = [0.0; 8];
const TYPED: Wanted = [0.45, 0.5, 0.95, 0.9, 0.0, 0.4, 0.0, 0.0];
const TYPED_PROTOBUF: Wanted = [0.45, 0.4, 0.95, 0.9, 0.0, 0.4, 0.0, 0.0];
const SMALL: Wanted = [0.0, 0.125, 0.0, 0.125, 0.0, 0.0, 0.0, 0.0];
const COMPACT_JSON: Wanted = [0.33, 0.25, 0.125, 0.1, 0.0, 0.25, 0.0, 0.0];
const COMPACT_PROTOBUF: Wanted = [0.2, 0.1, 0.125, 0.1, 0.0, 0.125, 0.0, 0.0];
/// The peers as those who know them use them.
const TRIMMED: &str = "kube-rs, trimmed";
const GO_TRIMMED: &str = "client-go, protobuf, trimmed";
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
    rust("kcache, compact, protobuf", informers::compact).protobuf().beside(GO_TRIMMED, COMPACT_PROTOBUF),
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
            peer: None,
        }
    }

    const fn beside(mut self, peer: &'static str, wanted: Wanted) -> Self {
        self.peer = Some((peer, wanted));
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
    pub(crate) fn with(part: &str) -> Vec<&'static Self> {
        let is_chosen = |mode: &&Self| mode.name.contains(part);
        let peers = MODES.iter().filter(is_chosen).filter_map(|mode| mode.peer);
        let peers: Vec<_> = peers.map(|(peer, _)| peer).collect();
        let is_needed = |mode: &&Self| is_chosen(mode) || peers.contains(&mode.name);
        MODES.iter().filter(is_needed).collect()
    }
}
