//! Which Pods: informers, views and joins.

use std::collections::BTreeSet;
use std::error::Error;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ReplicationController, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kcache::{Codec, Fact, Field, Filter, Informer, Object, Publisher, Selects, Watchable, union};
use kcache_join::{SelectorJoin, relations};
use kube::Client;
use regex::Regex;

use crate::args::{Args, Named};
use crate::pod::Pod;

/// The Pods that are selected, live.
pub(crate) struct Selection {
    /// All Pods, of which some are selected.
    pub(crate) pods: Publisher<Pod>,
    pub(crate) chosen: Publisher<Pod>,
}

impl Selection {
    /// Each flag takes from the Pods that the flags before it left: a join of joins. So a Pod whose labels
    /// change is never in by what one flag sees of it before and another after. An `intersection` of one join
    /// for each flag could show it for a moment, which is enough to print its log.
    pub(crate) fn start(client: &Client, args: &Args, scope: &Scope) -> Self {
        let watches = Watches { client, scope };
        let pods = watches.all::<Pod>();
        let mut chosen = Publisher::clone(&pods.view(filter(args, scope)));
        chosen = watches.narrow(
            chosen,
            &args.replication_controllers,
            &relations::rc_pods::<ReplicationController>(),
        );
        chosen = watches.narrow(
            chosen,
            &args.replica_sets,
            &relations::rs_pods::<ReplicaSet>(),
        );
        chosen = watches.narrow(
            chosen,
            &args.daemon_sets,
            &relations::daemonset_pods::<DaemonSet>(),
        );
        chosen = watches.narrow(
            chosen,
            &args.deployments,
            &relations::deployment_pods::<Deployment>(),
        );
        chosen = watches.narrow(
            chosen,
            &args.stateful_sets,
            &relations::statefulset_pods::<StatefulSet>(),
        );
        chosen = watches.narrow(chosen, &args.jobs, &relations::job_pods::<Job>());
        if !args.services.is_empty() || !args.ingresses.is_empty() {
            chosen = watches.by_network(chosen, args);
        }
        Self { pods, chosen }
    }

    /// Waits until it is known which Pods there are.
    pub(crate) async fn ready(&self) -> Result<(), Box<dyn Error>> {
        self.chosen.ready_or_refused().await.map_err(|error| {
            let hint = match error.code() {
                Some(403) => "; with -n it needs rights in that namespace only",
                _ => "",
            };
            format!("{error}{hint}").into()
        })
    }
}

/// The namespaces that are watched.
pub(crate) enum Scope {
    All,
    Some(BTreeSet<String>),
}

impl Scope {
    /// Those that are named, and those of names that are qualified: what they select is in their namespace. So
    /// rights in these are enough.
    pub(crate) fn of(args: &Args, current: &str) -> Result<Self, String> {
        let mut scope: BTreeSet<&str> = args.namespaces.iter().map(String::as_str).collect();
        scope.extend(args.current_ns.then_some(current));
        let by_names = [
            &args.pods,
            &args.services,
            &args.replication_controllers,
            &args.replica_sets,
            &args.daemon_sets,
            &args.deployments,
            &args.stateful_sets,
            &args.jobs,
            &args.ingresses,
        ];
        let by_names = by_names.into_iter().filter_map(|names| {
            let of = names.iter().map(|named| named.namespace.as_deref());
            of.collect::<Option<BTreeSet<&str>>>()
        });
        let sets = by_names.chain([scope]).filter(|set| !set.is_empty());
        match sets.reduce(|all, set| &all & &set) {
            None => Ok(Self::All),
            Some(none) if none.is_empty() => {
                Err("no Pod can be selected: these flags name different namespaces".to_owned())
            }
            Some(some) => Ok(Self::Some(some.into_iter().map(str::to_owned).collect())),
        }
    }
}

/// Makes informers.
struct Watches<'a> {
    client: &'a Client,
    scope: &'a Scope,
}

impl Watches<'_> {
    /// All objects of a kind. Of several namespaces, each is listed by itself.
    fn all<V: Watchable>(&self) -> Publisher<V>
    where
        V::Codec: Codec<V> + 'static,
    {
        let builder = || Informer::<V>::builder(self.client.clone());
        match self.scope {
            Scope::All => Publisher::clone(&builder().start()),
            Scope::Some(namespaces) => {
                let informers = namespaces.iter();
                let informers: Vec<_> = informers
                    .map(|namespace| builder().namespace(namespace).start())
                    .collect();
                match &*informers {
                    [one] => Publisher::clone(one),
                    several => union(several.iter().map(|informer| &**informer)),
                }
            }
        }
    }

    /// Those of the Pods that the named objects select; all if none is named.
    fn narrow<S: Watchable + Fact<Selects>>(
        &self,
        pods: Publisher<Pod>,
        names: &[Named],
        relation: &SelectorJoin<S>,
    ) -> Publisher<Pod>
    where
        S::Codec: Codec<S> + 'static,
    {
        if names.is_empty() {
            return pods;
        }
        let sources = self.all::<S>().view(named(names));
        Publisher::clone(&relation.join(&sources, &pods))
    }

    /// By Services and by Ingresses, which need Services, too.
    fn by_network(&self, mut pods: Publisher<Pod>, args: &Args) -> Publisher<Pod> {
        let services = self.all::<Service>();
        if !args.services.is_empty() {
            let chosen = services.view(named(&args.services));
            pods = Publisher::clone(&relations::service_pods().join(&chosen, &pods));
        }
        if !args.ingresses.is_empty() {
            let ingresses = self.all::<Ingress>().view(named(&args.ingresses));
            let reached = relations::ingress_pods().join(&ingresses, &services, &pods);
            pods = Publisher::clone(&reached);
        }
        pods
    }
}

/// What can be seen in a Pod itself.
fn filter(args: &Args, scope: &Scope) -> Filter<Pod> {
    let labelled = |selectors: &[_]| {
        let selectors = selectors.iter().cloned();
        Filter::any(selectors.map(Filter::selector))
    };
    let mut all = vec![!labelled(&args.ignored)];
    if let Scope::All = scope {
        let ignored = args.ignored_namespaces.iter();
        all.push(!Filter::namespaces(ignored.map(String::as_str)));
    }
    if !args.labels.is_empty() {
        all.push(labelled(&args.labels));
    }
    if !args.pods.is_empty() {
        all.push(named(&args.pods));
    }
    if !args.regexes.is_empty() {
        all.push(called(&args.regexes));
    }
    all.push(!called(&args.ignored_regexes));
    if !args.nodes.is_empty() {
        let node = Field::new("spec.nodeName", |pod: &Pod| Some((&*pod.node).into()));
        all.push(Filter::field(node, args.nodes.iter().map(String::as_str)));
    }
    Filter::all(all)
}

/// The objects with one of these names.
fn named<V: Object>(names: &[Named]) -> Filter<V> {
    Filter::any(names.iter().map(|named| match &named.namespace {
        Some(namespace) => Filter::name(namespace, &named.name),
        None => Filter::field(Field::name(), [named.name.as_str()]),
    }))
}

/// The Pods whose names have a match of one of these.
fn called(regexes: &[Regex]) -> Filter<Pod> {
    Filter::any(regexes.iter().cloned().map(|regex| {
        let matches = move |pod: &Pod| regex.is_match(pod.key.name());
        Filter::by("a regular expression", matches)
    }))
}
