//! Three operators of kube-rs whose objects come from kcache, on the real kube-apiserver: 500 objects,
//! connections that are cut, operators that are ended and started again. Every object has its result at the
//! end, every reconcile a reason, and what is deleted is finalised.

mod account;
mod config_maps;
mod deployments;
mod secrets;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use harness::proxy::Proxy;
use k8s_openapi::NamespaceResourceScope;
use kcache::kube_runtime::Shared;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::Action;
use kube::runtime::finalizer;
use kube::{Client, Resource};
use libtest_mimic::{Failed, Trial};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use self::account::Account;
use crate::testers::client_by;
use crate::trial::{Outcome, Run, check, cluster_for_testers, named, on_cluster, until, until_ok};

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(240);
/// How long nothing happens where nothing has to.
const A_WHILE: Duration = Duration::from_millis(200);
/// How many objects each operator has.
const OBJECTS: usize = 500;
/// How many requests of a test are under way at once.
const AT_ONCE: usize = 16;
/// As often is an object named at most: by each change of itself and of what it owns, twice where both
/// states are told, and once more by each of both when an operator starts. The test changes an object
/// three times and what it owns twice; operators write a finalizer, a status and what is owned.
const MOST_TRIGGERS: usize = 40;

const TRIALS: &[(&str, Run)] = named![config_map_generator, secret_syncer, deployment_owner];

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster("operators", TRIALS)
}

fn config_map_generator() -> Outcome {
    run(&config_maps::OPERATOR)
}

fn secret_syncer() -> Outcome {
    run(&secrets::OPERATOR)
}

fn deployment_owner() -> Outcome {
    run(&deployments::OPERATOR)
}

/// An operator, and what it is for.
struct Operator {
    namespace: &'static str,
    /// What is reconciled, and what it makes: of the same name.
    parent: Kind,
    child: Kind,
    finalizer: Option<&'static str>,
    /// What the parent says in a round.
    manifest: fn(usize) -> Value,
    /// What the child of a parent has to have, and what it has.
    wanted: fn(&Value) -> Value,
    found: fn(&Value) -> Value,
    /// A change of the child that has to be undone.
    spoiled: fn() -> Value,
    /// Runs it until it is dropped.
    start: fn(Context) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

struct Kind {
    group: &'static str,
    name: &'static str,
    plural: &'static str,
    custom: bool,
}

impl Kind {
    const fn custom(name: &'static str, plural: &'static str) -> Self {
        Self {
            group: "operators.example.com",
            name,
            plural,
            custom: true,
        }
    }

    const fn builtin(group: &'static str, name: &'static str, plural: &'static str) -> Self {
        Self {
            group,
            name,
            plural,
            custom: false,
        }
    }

    fn resource(&self) -> ApiResource {
        let kind = GroupVersionKind::gvk(self.group, "v1", self.name);
        ApiResource::from_gvk_with_plural(&kind, self.plural)
    }

    fn definition(&self) -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{}.{}", self.plural, self.group) },
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": { "plural": self.plural, "kind": self.name },
                "versions": [{
                    "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                    "schema": { "openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    } },
                }],
            },
        })
    }
}

/// What a reconciler has.
#[derive(Clone)]
struct Context {
    client: Client,
    namespace: &'static str,
    account: Account,
}

fn namespaced<K>(context: &Context) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
{
    Api::namespaced(context.client.clone(), context.namespace)
}

/// Why a reconcile failed.
#[derive(Debug)]
enum Problem {
    Request(kube::Error),
    Finalizer(Box<finalizer::Error<kube::Error>>),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Finalizer(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Problem {}

impl From<kube::Error> for Problem {
    fn from(error: kube::Error) -> Self {
        Self::Request(error)
    }
}

impl From<finalizer::Error<kube::Error>> for Problem {
    fn from(error: finalizer::Error<kube::Error>) -> Self {
        Self::Finalizer(error.into())
    }
}

/// The error policy of all.
#[expect(clippy::needless_pass_by_value, reason = "it is called so")]
fn again<K: Resource>(object: Arc<Shared<K>>, _: &Problem, context: Arc<Context>) -> Action {
    context.account.failed(&object);
    Action::requeue(Duration::from_millis(300))
}

/// Deletes what may be gone already.
async fn delete<K>(api: &Api<K>, name: &str) -> Result<Action, kube::Error>
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    match api.delete(name, &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(Action::await_change())
}

/// The text of a Secret's value.
fn decoded(value: &Value) -> Value {
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default());
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.into()
}

fn run(operator: &'static Operator) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut shop = Shop::open(operator).await?;
        shop.is_filled_through_a_restart().await?;
        shop.is_repaired_through_cut_connections().await?;
        shop.is_quiet().await?;
        shop.is_emptied().await
    })
}

/// A namespace with an operator at work in it.
struct Shop {
    operator: &'static Operator,
    /// As the test changes and reads.
    parents: Api<DynamicObject>,
    children: Api<DynamicObject>,
    /// On the operator's way to the server.
    proxy: Proxy,
    context: Context,
    task: JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shop {
    async fn open(operator: &'static Operator) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let proxy = Proxy::start(
            cluster
                .server_url()
                .trim_start_matches("https://")
                .parse()?,
        )?;
        let (direct, client) = (
            client_by(cluster, cluster.server_url(), "operator")?,
            client_by(cluster, &proxy.url(), "operator")?,
        );
        cluster.kubectl_admin(&["create", "namespace", operator.namespace])?;
        let of = |kind: &Kind| {
            Api::namespaced_with(direct.clone(), operator.namespace, &kind.resource())
        };
        let (parents, children) = (of(&operator.parent), of(&operator.child));
        if operator.parent.custom {
            define(&direct, &operator.parent, &parents).await?;
        }
        let context = Context {
            client,
            namespace: operator.namespace,
            account: Account::default(),
        };
        Ok(Self {
            operator,
            parents,
            children,
            proxy,
            task: tokio::spawn((operator.start)(context.clone())),
            context,
        })
    }

    /// All objects are made. The connections are cut in the middle, then the operator is ended; what
    /// happens until it is started again it finds then.
    async fn is_filled_through_a_restart(&mut self) -> Outcome {
        let all: Vec<usize> = (0..OBJECTS).collect();
        let (first, rest) = all.split_at(OBJECTS / 2);
        self.each(first, |number| self.create(number)).await?;
        self.until_runs(OBJECTS / 10).await?;
        self.proxy.cut_all();
        self.each(rest, |number| self.create(number)).await?;
        self.until_runs(OBJECTS / 2).await?;
        self.task.abort();
        let _ = (&mut self.task).await;
        self.each(&all[..100], |number| self.change(number, 1))
            .await?;
        self.each(&all[100..150], |number| self.delete(number))
            .await?;
        self.task = tokio::spawn((self.operator.start)(self.context.clone()));
        self.agree().await
    }

    /// While the operator cannot reach the server some objects change and go, and what it made is spoiled or
    /// goes.
    async fn is_repaired_through_cut_connections(&mut self) -> Outcome {
        let all: Vec<usize> = (0..OBJECTS).collect();
        self.proxy.refuse();
        self.proxy.cut_all();
        self.each(&all[150..250], |number| self.change(number, 2))
            .await?;
        self.each(&all[250..300], |number| self.delete(number))
            .await?;
        self.each(&all[300..340], |number| self.spoil(number))
            .await?;
        self.each(&all[340..380], |number| self.take(number))
            .await?;
        self.proxy.accept()?;
        self.agree().await?;
        // The same of one that follows.
        self.each(&all[380..420], |number| self.spoil(number))
            .await?;
        self.each(&all[420..460], |number| self.take(number))
            .await?;
        self.agree().await
    }

    /// Nothing happens by itself: at some time the result of one more object is made, and for a while nothing
    /// else is written or reconciled. What was under way when all results were there goes on until then.
    async fn is_quiet(&mut self) -> Outcome {
        let mut problem = String::new();
        for number in OBJECTS..OBJECTS + 20 {
            let before = self.state().await?;
            self.create(number).await?;
            self.agree().await?;
            tokio::time::sleep(A_WHILE).await;
            let mut now = self.state().await?;
            now.retain(|object, _| *object != name(number));
            if now == before {
                return self.context.account.is_explained(MOST_TRIGGERS);
            }
            let changed = now
                .iter()
                .find(|(name, state)| before.get(*name) != Some(*state));
            problem = format!("{changed:?}");
        }
        Err(format!("it changes by itself: {problem}").into())
    }

    /// Of each object the versions of it and of what was made of it, and how often it was reconciled.
    async fn state(&self) -> Result<BTreeMap<String, (Value, Value, usize)>, Failed> {
        let (parents, mut children) = (listed(&self.parents).await?, listed(&self.children).await?);
        let runs = self.context.account.runs_by_name();
        let version = |object: Value| object["metadata"]["resourceVersion"].clone();
        let states = parents.into_iter().map(|(name, parent)| {
            let child = children.remove(&name).unwrap_or_default();
            let runs = runs.get(&name).copied().unwrap_or_default();
            (name, (version(parent), version(child), runs))
        });
        Ok(states.collect())
    }

    /// All is deleted, and finalised.
    async fn is_emptied(&mut self) -> Outcome {
        let there: Vec<String> = listed(&self.parents).await?.into_keys().collect();
        stream::iter(&there)
            .map(|name| delete(&self.parents, name))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        self.agree().await?;
        let left = listed(&self.parents).await?;
        check(
            left.keys().all(|name| !there.contains(name)),
            format!("{} objects are not finalised", left.len()),
        )?;
        self.context.account.is_explained(MOST_TRIGGERS)
    }

    async fn each<F>(&self, numbers: &[usize], request: impl Fn(usize) -> F) -> Outcome
    where
        F: Future<Output = Outcome>,
    {
        let requests = stream::iter(numbers).map(|number| request(*number));
        let done = requests.buffer_unordered(AT_ONCE);
        done.try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn create(&self, number: usize) -> Outcome {
        let kind = &self.operator.parent;
        let mut object = (self.operator.manifest)(0);
        let api_version = match kind.group {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        };
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.name.into();
        object["metadata"]["name"] = name(number).into();
        let object: DynamicObject = serde_json::from_value(object)?;
        self.parents.create(&PostParams::default(), &object).await?;
        Ok(())
    }

    async fn change(&self, number: usize, round: usize) -> Outcome {
        let patch = Patch::Merge((self.operator.manifest)(round));
        let parameters = PatchParams::default();
        self.parents
            .patch(&name(number), &parameters, &patch)
            .await?;
        Ok(())
    }

    async fn delete(&self, number: usize) -> Outcome {
        delete(&self.parents, &name(number)).await?;
        Ok(())
    }

    /// Changes what the operator made.
    async fn spoil(&self, number: usize) -> Outcome {
        let patch = Patch::Merge((self.operator.spoiled)());
        let parameters = PatchParams::default();
        self.children
            .patch(&name(number), &parameters, &patch)
            .await?;
        Ok(())
    }

    /// Takes away what the operator made.
    async fn take(&self, number: usize) -> Outcome {
        delete(&self.children, &name(number)).await?;
        Ok(())
    }

    async fn until_runs(&self, count: usize) -> Outcome {
        let total = || self.context.account.total();
        until(PATIENCE, "what is reconciled", || total() >= count).await
    }

    /// Waits until every object has its result and nothing else is there.
    async fn agree(&self) -> Outcome {
        let agrees = async || {
            let problem = self.difference().await?;
            Ok(problem.map_or(Ok(()), Err))
        };
        until_ok(PATIENCE, agrees).await
    }

    async fn difference(&self) -> Result<Option<String>, Failed> {
        let (parents, mut children) = (listed(&self.parents).await?, listed(&self.children).await?);
        for (name, parent) in &parents {
            if parent["metadata"]["deletionTimestamp"].is_string() {
                return Ok(Some(format!("{name} is not finalised")));
            }
            if let Some(finalizer) = self.operator.finalizer
                && parent["metadata"]["finalizers"] != json!([finalizer])
            {
                return Ok(Some(format!("{name} has no finalizer")));
            }
            let child = children.remove(name).unwrap_or_default();
            let (wanted, found) = (
                (self.operator.wanted)(parent),
                (self.operator.found)(&child),
            );
            if wanted != found {
                return Ok(Some(format!("{name} has {found} where {wanted} is wanted")));
            }
        }
        // No garbage collector runs here, which would remove what owners leave.
        if self.operator.finalizer.is_none() {
            return Ok(None);
        }
        Ok(children
            .into_keys()
            .next()
            .map(|name| format!("{name} is left over")))
    }
}

fn name(number: usize) -> String {
    format!("object-{number}")
}

/// What the server has, by name, without what is there without our doing.
async fn listed(api: &Api<DynamicObject>) -> Result<BTreeMap<String, Value>, Failed> {
    let list = api.list(&ListParams::default()).await?;
    let named = list.items.into_iter().map(|object| {
        let name = object.metadata.name.clone().unwrap_or_default();
        Ok((name, serde_json::to_value(object)?))
    });
    let all: Result<BTreeMap<_, _>, serde_json::Error> = named.collect();
    let mut all = all?;
    all.retain(|name, _| name.starts_with("object-"));
    Ok(all)
}

/// Defines a custom resource, and waits until it is served.
async fn define(client: &Client, kind: &Kind, served: &Api<DynamicObject>) -> Outcome {
    let definition: DynamicObject = serde_json::from_value(kind.definition())?;
    let resource = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let definitions = Api::all_with(client.clone(), &ApiResource::from_gvk(&resource));
    definitions
        .create(&PostParams::default(), &definition)
        .await?;
    let list = async || Ok(served.list(&ListParams::default()).await.map(drop));
    until_ok(PATIENCE, list).await
}
