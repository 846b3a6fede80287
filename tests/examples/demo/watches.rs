//! Watches that start with the cached credential, a view that is refiltered, and a join.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::cluster::{ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::memory::{ApiServer, Served};
use harness::{CacheHome, ExecPlugin, build_kcc_cache};
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::client::ClientConfig;
use kcache::{Filter, Informer, Key, Publisher, View};
use kcache_join::relations;
use kcc_core::Environment;
use serde_json::{Value, json};

use crate::follow::Followed;
use crate::show::{self, say};

/// Shows it, and gives the number of steps and comparisons that went wrong.
pub(crate) async fn run() -> Result<usize> {
    show::heading(
        "\nA watch cache that starts with the cached credential, on the in-memory API server",
    )?;
    let setup = Setup::new()?;
    let mut wrong = setup.credential()?;
    let mut demo = Demo::start(&setup).await?;
    wrong += demo.script().await?;
    wrong += demo.compare()?;
    Ok(wrong)
}

/// A server, and a kubeconfig for it whose user runs a plugin that takes a second.
struct Setup {
    served: Served,
    home: CacheHome,
    plugin: ExecPlugin,
    kubeconfig: KubeconfigFile,
    exec: ExecUser,
}

impl Setup {
    fn new() -> Result<Self> {
        let served = ApiServer::new().serve()?;
        let (home, plugin) = (CacheHome::new()?, ExecPlugin::new()?);
        plugin.takes(Duration::from_secs(1))?;
        plugin.expires_after(Some(3_600))?;
        plugin.answers_token("demo-@RUN@")?;
        served
            .server()
            .add_token(&TokenUser::new("demo-1", "demo", &["system:masters"]));
        let path = plugin.path().display().to_string();
        let exec = ExecUser::new(build_kcc_cache()?, &[&path]);
        let user = KubeconfigUser::Exec(exec.clone());
        let kubeconfig = served.kubeconfig().with_user("demo", user).write()?;
        Ok(Self {
            served,
            home,
            plugin,
            kubeconfig,
            exec,
        })
    }

    /// What kubectl would have done before: it ran `kcc-cache`, and that ran the plugin.
    fn credential(&self) -> Result<usize> {
        let mut command = self.home.kcc_cache();
        command.args(&self.exec.args);
        let info = json!({
            "kind": "ExecCredential",
            "apiVersion": self.exec.api_version,
            "spec": { "interactive": false },
        });
        command.env("KUBERNETES_EXEC_INFO", info.to_string());
        let started = Instant::now();
        let output = command.output().context("cannot run kcc-cache")?;
        ensure!(
            output.status.success(),
            "kcc-cache ended with {}",
            output.status
        );
        self.report(
            "kubectl was here before: kcc-cache ran the plugin",
            started,
            1,
        )
    }

    /// One line, with how often the plugin ran in all.
    fn report(&self, what: &str, since: Instant, runs: usize) -> Result<usize> {
        let as_expected = self.plugin.runs() == runs;
        let (time, mark) = (show::time(since.elapsed()), show::mark(as_expected));
        say(&format!(
            "  {what:<56} {time:>9} {:>3} plugin runs {mark}",
            self.plugin.runs()
        ))?;
        Ok(usize::from(!as_expected))
    }
}

/// What is watched, and those who are told.
struct Demo<'a> {
    setup: &'a Setup,
    services: Informer<Service>,
    view: View<Pod>,
    pods: Followed<Pod>,
    web: Followed<Pod>,
    of_services: Followed<Pod>,
    /// The labels that the view selects.
    wanted: (&'static str, &'static str),
}

impl<'a> Demo<'a> {
    async fn start(setup: &'a Setup) -> Result<Self> {
        let started = Instant::now();
        let environment: Environment = setup.home.variables().into_iter().collect();
        let client = ClientConfig::loader()
            .with_kubeconfig(setup.kubeconfig.path())
            .with_environment(environment)
            .with_terminal(false)
            .load()?
            .client()?;
        let pods = Informer::<Pod>::builder(client.clone()).start();
        let services = Informer::<Service>::builder(client).start();
        pods.ready().await?;
        services.ready().await?;
        let wrong = setup.report("the loader and two watches, ready", started, 1)?;
        ensure!(
            wrong == 0,
            "the loader ran the plugin, though its answer was stored"
        );
        let view = pods.view(Filter::labels([("app", "web")]));
        let joined = relations::service_pods().join(&services, &pods);
        Ok(Self {
            setup,
            web: Followed::new("view app=web", &view),
            of_services: Followed::new("of services", &joined),
            pods: Followed::new("pods", &pods),
            services,
            view,
            wanted: ("app", "web"),
        })
    }

    fn server(&self) -> &ApiServer {
        self.setup.served.server()
    }

    async fn script(&mut self) -> Result<usize> {
        let mut wrong = 0;
        self.put(service("web", "web"))?;
        self.put(service("db", "db"))?;
        for (name, app) in [
            ("web-1", "web"),
            ("web-2", "web"),
            ("db-1", "db"),
            ("job-1", "job"),
        ] {
            self.put(pod(name, app))?;
        }
        wrong += self.settle("two Services and four Pods", 4 + 2 + 3).await?;

        self.put(pod("job-1", "web"))?;
        wrong += self
            .settle("job-1 is relabelled app=web", 1 + 1 + 1)
            .await?;

        self.view.refilter(Filter::labels([("app", "db")]))?;
        self.wanted = ("app", "db");
        wrong += self
            .settle("the view is refiltered to app=db", 3 + 1)
            .await?;

        self.put(service("web", "job"))?;
        wrong += self
            .settle("the Service web selects app=job instead", 3)
            .await?;

        let served = self.server();
        served.cut_watches();
        served.delete("pods", "default", "web-2").map_err(refused)?;
        self.put(pod("db-2", "db"))?;
        wrong += self
            .settle("connections are cut, one Pod goes and one comes", 2 + 1 + 1)
            .await?;

        let started = Instant::now();
        let second = TokenUser::new("demo-2", "demo", &["system:masters"]);
        self.server().add_token(&second);
        self.server().revoke_token("demo-1");
        self.server().cut_watches();
        self.put(pod("db-3", "db"))?;
        wrong += self
            .settle("the token is revoked, and a Pod comes", 1 + 1 + 1)
            .await?;
        let runs = "the watches go on with one refresh";
        wrong += self.setup.report(runs, started, 2)?;

        self.put(service("web", "web"))?;
        wrong += self
            .settle("the Service web selects app=web again", 2)
            .await?;

        self.server()
            .delete("services", "default", "db")
            .map_err(refused)?;
        wrong += self.settle("the Service db is deleted", 3).await?;
        Ok(wrong)
    }

    fn put(&self, object: Value) -> Result<()> {
        self.server().put(object).map_err(refused)?;
        Ok(())
    }

    /// Waits until all hold what the server says, and shows the events of it.
    async fn settle(&mut self, title: &str, events: usize) -> Result<usize> {
        let started = Instant::now();
        let wanted = Wanted::of(self.server(), self.wanted);
        self.pods.until(|pods| holds(pods, &wanted.pods)).await?;
        let services = Followed::new("services", &self.services);
        services
            .until(|services| versions(services) == wanted.services)
            .await?;
        self.web.until(|web| holds(web, &wanted.in_view)).await?;
        self.of_services
            .until(|joined| holds(joined, &wanted.of_services))
            .await?;
        let took = show::time(started.elapsed());
        say(&format!("    {title} ({took})"))?;
        let shown = self.pods.show()? + self.web.show()? + self.of_services.show()?;
        if shown == events {
            return Ok(0);
        }
        say(&format!(
            "    {} expected {events} events",
            show::mark(false)
        ))?;
        Ok(1)
    }

    /// The last word: what each holds, against what the server has.
    fn compare(&self) -> Result<usize> {
        let wanted = Wanted::of(self.server(), self.wanted);
        let mut wrong = 0;
        say("")?;
        for (followed, wanted) in [
            (&self.pods, wanted.pods),
            (&self.web, wanted.in_view),
            (&self.of_services, wanted.of_services),
        ] {
            let wanted: BTreeSet<_> = wanted.into_keys().collect();
            let same = followed.keys() == wanted;
            wrong += usize::from(!same);
            say(&format!(
                "  {:<14} {} objects, as the server has them {}",
                followed.name(),
                wanted.len(),
                show::mark(same)
            ))?;
        }
        Ok(wrong)
    }
}

/// What there should be, by key and version.
type Versions = BTreeMap<Key, String>;

/// What everybody should hold, worked out from the server's own list.
struct Wanted {
    pods: Versions,
    services: Versions,
    in_view: Versions,
    of_services: Versions,
}

impl Wanted {
    fn of(server: &ApiServer, (label, value): (&str, &str)) -> Self {
        let (pods, services) = (server.list("pods"), server.list("services"));
        let selected = |pod: &&Value| {
            let app = &pod["metadata"]["labels"]["app"];
            let mut selectors = services
                .iter()
                .map(|service| &service["spec"]["selector"]["app"]);
            selectors.any(|selected| selected == app)
        };
        let in_view = |pod: &&Value| pod["metadata"]["labels"][label] == value;
        Self {
            in_view: pods.iter().filter(in_view).map(named).collect(),
            of_services: pods.iter().filter(selected).map(named).collect(),
            services: services.iter().map(named).collect(),
            pods: pods.iter().map(named).collect(),
        }
    }
}

fn named(object: &Value) -> (Key, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    let key = Key::new(text("namespace"), text("name"));
    (key, text("resourceVersion").to_owned())
}

fn versions<V: kcache::Object>(publisher: &Publisher<V>) -> Versions {
    let list = publisher.cache().list();
    let named = |object: &std::sync::Arc<V>| (Key::of(&**object), object.version().to_owned());
    list.iter().map(named).collect()
}

fn holds(publisher: &Publisher<Pod>, wanted: &Versions) -> bool {
    versions(publisher) == *wanted
}

fn pod(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": "default", "name": name, "labels": { "app": app } },
        "spec": { "containers": [{ "name": "main", "image": "registry.example/app:1" }] },
    })
}

fn service(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "namespace": "default", "name": name },
        "spec": { "selector": { "app": app }, "ports": [{ "port": 80 }] },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(status: harness::memory::Status) -> anyhow::Error {
    anyhow::anyhow!("the server refused: {}", status.message())
}
