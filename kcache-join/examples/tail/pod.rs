//! What is kept of a Pod: a struct of one's own as the stored form, since ten thousand whole ones would be
//! a gigabyte.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{self as core, ContainerState, ContainerStatus};
use kcache::{Key, Object, SerdeCodec, Watchable};
use kube::core::ApiResource;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(from = "core::Pod")]
pub(crate) struct Pod {
    pub(crate) key: Key,
    pub(crate) uid: String,
    version: String,
    labels: Vec<(String, String)>,
    pub(crate) node: String,
    /// All, init containers first. One without a status has not begun.
    pub(crate) containers: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) state: State,
}

/// What a container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// How often it was started again: which of its instances this is.
    pub(crate) restarts: i32,
    pub(crate) doing: Doing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It has not begun, so there is nothing to read.
    Nothing,
    Running,
    /// It has ended, for good or until it is started again. What it wrote is there.
    Ended,
}

impl From<core::Pod> for Pod {
    fn from(pod: core::Pod) -> Self {
        let key = Key::of(&pod);
        let status = pod.status.unwrap_or_default();
        let spec = pod.spec.unwrap_or_default();
        let statuses = [
            status.init_container_statuses,
            status.container_statuses,
            status.ephemeral_container_statuses,
        ];
        let statuses = statuses.into_iter().flatten().flatten();
        let states: BTreeMap<String, State> = statuses.map(State::of).collect();
        let init = spec.init_containers.into_iter().flatten();
        let ephemeral = spec.ephemeral_containers.into_iter().flatten();
        // A Pod is there before its kubelet reports a status.
        let names = init.chain(spec.containers).map(|container| container.name);
        let names = names.chain(ephemeral.map(|container| container.name));
        let containers = names.map(|name| Container {
            state: states.get(&name).copied().unwrap_or(State::NONE),
            name,
        });
        Self {
            key,
            uid: pod.metadata.uid.unwrap_or_default(),
            version: pod.metadata.resource_version.unwrap_or_default(),
            labels: pod.metadata.labels.into_iter().flatten().collect(),
            containers: containers.collect(),
            node: spec.node_name.unwrap_or_default(),
        }
    }
}

impl State {
    const NONE: Self = Self {
        restarts: 0,
        doing: Doing::Nothing,
    };

    /// That of the container of this name.
    fn of(status: ContainerStatus) -> (String, Self) {
        let is = |state: &Option<ContainerState>, has: fn(&ContainerState) -> bool| {
            state.as_ref().is_some_and(has)
        };
        let doing = if is(&status.state, |state| state.running.is_some()) {
            Doing::Running
        } else if is(&status.state, |state| state.terminated.is_some())
            // It waits for its next start.
            || is(&status.last_state, |state| state.terminated.is_some())
        {
            Doing::Ended
        } else {
            Doing::Nothing
        };
        let state = Self {
            restarts: status.restart_count,
            doing,
        };
        (status.name, state)
    }
}

impl Pod {
    /// A container, as it is in this Pod.
    pub(crate) fn state_of(&self, container: &str) -> Option<State> {
        let mut containers = self.containers.iter();
        let found = containers.find(|found| found.name == container)?;
        Some(found.state)
    }
}

#[rustfmt::skip] // one line for each answer
impl Object for Pod {
    fn namespace(&self) -> Option<&str> { Some(self.key.namespace()) }
    fn name(&self) -> &str { self.key.name() }
    fn uid(&self) -> &str { &self.uid }
    fn version(&self) -> &str { &self.version }
    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl Watchable for Pod {
    type Codec = SerdeCodec;

    fn resource() -> ApiResource {
        ApiResource::erase::<core::Pod>(&())
    }
}
