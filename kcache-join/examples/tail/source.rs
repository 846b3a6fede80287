//! Where a line comes from.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anstyle::{AnsiColor, Style};

use crate::pod::Pod;

/// A container of a Pod.
pub(crate) struct Source {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) node: String,
    /// The colour of this container, the same each time.
    pub(crate) style: Style,
}

impl Source {
    pub(crate) fn new(pod: &Pod, container: &str) -> Self {
        let colours = [
            AnsiColor::Cyan,
            AnsiColor::Green,
            AnsiColor::Yellow,
            AnsiColor::Blue,
            AnsiColor::Magenta,
            AnsiColor::BrightCyan,
            AnsiColor::BrightGreen,
            AnsiColor::BrightYellow,
            AnsiColor::BrightBlue,
            AnsiColor::BrightMagenta,
        ];
        let mut hash = DefaultHasher::new();
        (pod.key.namespace(), pod.key.name(), container).hash(&mut hash);
        let index = usize::try_from(hash.finish() % colours.len() as u64);
        Self {
            namespace: pod.key.namespace().to_owned(),
            pod: pod.key.name().to_owned(),
            container: container.to_owned(),
            node: pod.node.clone(),
            style: colours[index.unwrap_or_default()].on_default(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            namespace,
            pod,
            container,
            ..
        } = self;
        write!(f, "{namespace}/{pod}[{container}]")
    }
}

/// A style, where there are colours.
pub(crate) fn painted(style: Style, is_coloured: bool) -> Style {
    if is_coloured { style } else { Style::new() }
}
