//! What is told once, not for each container.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::Source;

/// Failures that were told and have not ended.
#[derive(Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<HashSet<Failing>>>);

/// What fails together.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Failing {
    /// What may not be done, or cannot, in a namespace.
    Namespace(String, u16),
    /// What a node does not answer.
    Node(String),
}

impl Failing {
    /// Without a code, the connection failed.
    fn of(source: &Source, code: Option<u16>) -> Self {
        match code {
            Some(code) if code < 500 => Self::Namespace(source.namespace.clone(), code),
            _ => Self::Node(source.node.clone()),
        }
    }

    fn concerns(&self, source: &Source) -> bool {
        match self {
            Self::Namespace(namespace, _) => *namespace == source.namespace,
            Self::Node(node) => *node == source.node,
        }
    }
}

impl Refusals {
    /// Whether this failure is to be told.
    pub(crate) fn is_first(&self, source: &Source, code: Option<u16>) -> bool {
        self.change(|told| told.insert(Failing::of(source, code)))
    }

    /// A log could be read.
    pub(crate) fn over(&self, source: &Source) {
        self.change(|told| told.retain(|failing| !failing.concerns(source)));
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashSet<Failing>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
