//! The Pods, and what they write.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use harness::{ContainerLog, ContainerLogs};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::super::stage::{Stage, terminated};
use super::printed::Counts;
use crate::trial::Outcome;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

const CONTAINERS: [&str; 2] = ["app", "side"];

pub(super) struct Pods {
    namespace: String,
    logs: ContainerLogs,
    api: Api<Pod>,
    all: Vec<Made>,
    /// What those wrote whose names others have now.
    gone: Counts,
}

/// One Pod.
struct Made {
    number: usize,
    app: &'static str,
    state: State,
    /// How many had its name before.
    generation: usize,
    /// How many lines each of its containers wrote.
    lines: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Runs,
    Ended,
}

impl Made {
    fn name(&self) -> String {
        format!("pod-{:05}", self.number)
    }

    fn status(&self) -> Value {
        let state = match self.state {
            State::Runs => json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } }),
            State::Ended => terminated(),
        };
        let statuses = CONTAINERS.map(|name| {
            json!({
                "name": name, "image": "i", "imageID": "i", "ready": true, "restartCount": 0,
                "state": state,
            })
        });
        json!({ "status": { "phase": "Running", "containerStatuses": statuses } })
    }
}

impl Pods {
    pub(super) fn new(stage: &Stage) -> Result<Self, Failed> {
        Ok(Self {
            namespace: stage.namespace.clone(),
            logs: stage.logs().clone(),
            api: Api::namespaced(stage.client()?, &stage.namespace),
            all: Vec::new(),
            gone: Counts::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn add(&mut self, number: usize, app: &'static str, state: State) {
        self.all.push(Made {
            number,
            app,
            state,
            generation: 0,
            lines: 0,
        });
    }

    pub(super) fn labelled(&self, app: &str) -> Vec<usize> {
        self.which(|pod| pod.app == app)
    }

    pub(super) fn running(&self) -> Vec<usize> {
        self.which(|pod| pod.state == State::Runs)
    }

    fn which(&self, is: impl Fn(&Made) -> bool) -> Vec<usize> {
        (0..self.len()).filter(|at| is(&self.all[*at])).collect()
    }

    /// How many lines each container wrote, by what is printed before their numbers.
    pub(super) fn written(&self) -> Counts {
        let mut all = self.gone.clone();
        all.extend(self.all.iter().flat_map(|pod| self.counts(pod)));
        all
    }

    fn counts(&self, pod: &Made) -> [(String, usize); 2] {
        CONTAINERS.map(|container| {
            let (namespace, name) = (&self.namespace, pod.name());
            let place = format!("{namespace}/{name}[{container}]: {}", pod.generation);
            (place, pod.lines)
        })
    }

    fn logs_of(&self, pod: &Made) -> [ContainerLog; 2] {
        CONTAINERS.map(|container| self.logs.of(&self.namespace, &pod.name(), container))
    }

    /// All that run write so many lines.
    pub(super) fn write_all(&mut self, lines: usize) {
        let write = self.running();
        self.write_to(&write, lines);
    }

    fn write_to(&mut self, pods: &[usize], lines: usize) {
        for at in pods {
            let pod = &self.all[*at];
            for log in self.logs_of(pod) {
                for line in pod.lines..pod.lines + lines {
                    log.write(&format!("{} {line}", pod.generation));
                }
                if pod.state == State::Ended {
                    log.end();
                }
            }
            self.all[*at].lines += lines;
        }
    }

    /// They come, and have written so many lines when their containers are reported.
    pub(super) async fn create(&mut self, pods: &[usize], lines: usize) -> Outcome {
        self.create_objects(pods).await?;
        self.write_to(pods, lines);
        self.tell_statuses(pods).await
    }

    async fn create_objects(&self, pods: &[usize]) -> Outcome {
        self.each(pods, async |pod| {
            let containers = CONTAINERS.map(|name| json!({ "name": name, "image": "i" }));
            let object = json!({
                "metadata": { "name": pod.name(), "labels": { "app": pod.app } },
                "spec": { "nodeName": "node-1", "containers": containers },
            });
            let object = serde_json::from_value(object)?;
            self.api.create(&PostParams::default(), &object).await?;
            Ok(())
        })
        .await
    }

    async fn tell_statuses(&self, pods: &[usize]) -> Outcome {
        self.each(pods, async |pod| self.tell_status(pod).await)
            .await
    }

    async fn tell_status(&self, pod: &Made) -> Outcome {
        let patch = Patch::Merge(pod.status());
        let params = PatchParams::default();
        self.api.patch_status(&pod.name(), &params, &patch).await?;
        Ok(())
    }

    pub(super) async fn relabel(&mut self, pods: &[usize], app: &'static str) -> Outcome {
        for at in pods {
            self.all[*at].app = app;
        }
        self.each(pods, async |pod| {
            let patch = Patch::Merge(json!({ "metadata": { "labels": { "app": app } } }));
            let params = PatchParams::default();
            self.api.patch(&pod.name(), &params, &patch).await?;
            Ok(())
        })
        .await
    }

    /// Both containers end, with a last line.
    pub(super) async fn end(&mut self, pods: &[usize]) -> Outcome {
        for at in pods {
            self.all[*at].state = State::Ended;
        }
        self.write_to(pods, 1);
        self.tell_statuses(pods).await
    }

    /// They go, and others come under their names.
    pub(super) async fn replace(&mut self, pods: &[usize]) -> Outcome {
        let params = DeleteParams::default().grace_period(0);
        self.each(pods, async |pod| {
            self.api.delete(&pod.name(), &params).await?;
            self.logs.remove(&self.namespace, &pod.name());
            Ok(())
        })
        .await?;
        for at in pods {
            let counts = self.counts(&self.all[*at]);
            self.gone.extend(counts);
            let pod = &mut self.all[*at];
            (pod.generation, pod.lines) = (pod.generation + 1, 0);
        }
        self.create(pods, 5).await
    }

    async fn each(&self, pods: &[usize], request: impl AsyncFn(&Made) -> Outcome) -> Outcome {
        let requests = stream::iter(pods).map(|at| request(&self.all[*at]));
        let done = requests.buffer_unordered(AT_ONCE);
        done.try_collect::<Vec<()>>().await?;
        Ok(())
    }
}
