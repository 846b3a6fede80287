//! The examples of kcache and kcache-join, as processes that a kubeconfig leads to the in-memory
//! server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use harness::cluster::{KubeconfigFile, KubeconfigUser, TokenUser};
use harness::memory::{ApiServer, Fault, Served, Status};
use harness::{CacheHome, build_example};
use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::trial::{Outcome, Run, anywhere, check, named};

/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

const TRIALS: &[(&str, Run)] = named![
    watch,
    refilter,
    own_struct,
    dynamic,
    metadata_only,
    status,
    status_ends_at_a_refusal,
    unit_test,
    join,
    without_a_cluster
];

pub(crate) fn trials() -> Vec<Trial> {
    anywhere("examples", TRIALS)
}

fn watch() -> Outcome {
    let shop = Shop::open()?;
    let mut example = shop.run("watch", &["--namespace", "shop"])?;
    example.says(&["2 Pods"])?;
    example.says_all(&["  shop/db-1", "  shop/web-1"])?;
    shop.put(pod("web-2", "web"))?;
    example.says(&["+ shop/web-2"])?;
    let done = json!({ "status": { "phase": "Succeeded" } });
    shop.server().patch("pods", "shop", "web-2", &done)?;
    example.says(&["~ shop/web-2 Running > Succeeded"])?;
    shop.server().delete("pods", "shop", "web-2")?;
    example.says(&["- shop/web-2"])?;
    example.end()
}

fn refilter() -> Outcome {
    let shop = Shop::open()?;
    let mut example = shop.run("refilter", &["--namespace", "shop"])?;
    example.says(&["type a label selector, such as app=web"])?;
    example.says_all(&["+ shop/db-1", "+ shop/web-1"])?;
    example.hears("app=web")?;
    example.says(&["- shop/db-1"])?;
    example.hears("app=")?;
    example.says(&["- shop/web-1"])?;
    example.hears("")?;
    example.says_all(&["+ shop/db-1", "+ shop/web-1"])?;
    example.end()
}

fn own_struct() -> Outcome {
    let shop = Shop::open()?;
    let mut example = shop.run("own_struct", &["--namespace", "shop"])?;
    example.says_all(&[
        "Create(shop/db-1@) on \"node-1\"",
        "Create(shop/web-1@) on \"node-1\"",
    ])?;
    // One of the same name that is another.
    let mut other = pod("web-1", "web");
    other["metadata"]["uid"] = "another".into();
    shop.put(other)?;
    example.says(&[
        "Delete(shop/web-1@) on \"node-1\"",
        "Create(shop/web-1@) on \"node-1\"",
    ])?;
    example.end()
}

fn dynamic() -> Outcome {
    let shop = Shop::open()?;
    let mut pods = shop.run("dynamic", &["v1", "Pod", "--namespace", "shop"])?;
    pods.says(&["2 pods"])?;
    for _ in 0..2 {
        pods.says_like("Create(shop/", "\"Running\"")?;
    }
    pods.end()?;
    let mut namespaces = shop.run("dynamic", &["v1", "Namespace"])?;
    namespaces.says(&["1 namespaces"])?;
    namespaces.says_like("Create(default@", "Active")?;
    namespaces.end()?;
    let unknown = shop.run("dynamic", &["example.com/v1", "Widget"])?;
    unknown.fails_with("dynamic: ")?;
    let nothing = shop.run("dynamic", &[])?;
    nothing.fails_with("dynamic: which kind? for example: apps/v1 Deployment")
}

fn metadata_only() -> Outcome {
    let shop = Shop::open()?;
    let mut example = shop.run("metadata_only", &["--namespace", "shop"])?;
    for _ in 0..2 {
        example.says_like("Create(shop/", "has no owner")?;
    }
    let mut owned = pod("web-2", "web");
    owned["metadata"]["ownerReferences"] = json!([
        { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u" },
    ]);
    shop.put(owned)?;
    example.says_like("Create(shop/web-2@", "is of ReplicaSet web")?;
    example.end()
}

fn status() -> Outcome {
    let mut shop = Shop::open()?;
    let mut example = shop.run("status", &["--namespace", "shop"])?;
    example.says(&["syncing", "live"])?;
    shop.served.stop();
    example.says_like("degraded: ", "")?;
    shop.served.resume()?;
    example.says_before("live", "degraded: ")?;
    example.end()
}

fn status_ends_at_a_refusal() -> Outcome {
    for (refusal, said) in [
        (Fault::forbidden(), "403 Forbidden"),
        (
            Fault::answer(Status::new(404, "NotFound", "no")),
            "404 NotFound",
        ),
    ] {
        let shop = Shop::open()?;
        shop.server().inject(refusal.resource("pods").forever());
        let example = shop.run("status", &["--namespace", "shop"])?;
        example.fails_with(&format!("the server answered {said}"))?;
    }
    Ok(())
}

fn unit_test() -> Outcome {
    let shop = Shop::open()?;
    let mut example = shop.run("unit_test", &[])?;
    example.says_all(&["db-1", "web-1"])?;
    shop.put(pod("web-2", "web"))?;
    example.says(&["web-2"])?;
    example.end()
}

fn join() -> Outcome {
    let shop = Shop::open()?;
    for (name, app) in [("web", "web"), ("db", "db")] {
        shop.put(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "namespace": "shop", "name": name },
            "spec": { "selector": { "app": app }, "ports": [{ "port": 80 }] },
        }))?;
    }
    shop.put(ingress("front", "web"))?;
    shop.put(ingress("other", "db"))?;
    let options = ["--namespace", "shop", "--ingress", "front"];
    let mut example = shop.run("join", &options)?;
    example.says(&["1 Pods", "+ shop/web-1"])?;
    shop.put(pod("web-2", "web"))?;
    example.says(&["+ shop/web-2"])?;
    shop.put(ingress("front", "db"))?;
    example.says_all(&["+ shop/db-1", "- shop/web-1", "- shop/web-2"])?;
    example.end()
}

fn without_a_cluster() -> Outcome {
    let mut shop = Shop::open()?;
    shop.served.stop();
    for name in ["watch", "refilter", "own_struct", "metadata_only", "join"] {
        let example = shop.run(name, &[])?;
        example.fails_with("cannot connect to https://127.0.0.1:")?;
    }
    shop.kubeconfig_path = "/nonexistent".into();
    for name in ["watch", "status", "unit_test", "join"] {
        let example = shop.run(name, &[])?;
        example.fails_with(&format!("{name}: no cluster is configured"))?;
    }
    Ok(())
}

/// A server with the Pods `db-1` and `web-1`, and a kubeconfig for it.
struct Shop {
    served: Served,
    home: CacheHome,
    kubeconfig_path: PathBuf,
    _kubeconfig: KubeconfigFile,
}

impl Shop {
    fn open() -> Result<Self, Failed> {
        let server = ApiServer::new();
        server.add_token(&TokenUser::new("secret", "alice", &[]));
        let served = server.serve()?;
        let token = KubeconfigUser::Token("secret".into());
        let kubeconfig = served.kubeconfig().with_namespace("shop");
        let kubeconfig = kubeconfig.with_user("alice", token).write()?;
        let shop = Self {
            served,
            home: CacheHome::new()?,
            kubeconfig_path: kubeconfig.path().to_owned(),
            _kubeconfig: kubeconfig,
        };
        shop.put(pod("web-1", "web"))?;
        shop.put(pod("db-1", "db"))?;
        Ok(shop)
    }

    fn server(&self) -> &ApiServer {
        self.served.server()
    }

    fn put(&self, object: Value) -> Outcome {
        self.server().put(object)?;
        Ok(())
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Result<Example, Failed> {
        let mut command = Command::new(build_example(name)?);
        command.args(arguments).env_clear();
        command.envs(self.home.variables());
        command.env("KUBECONFIG", &self.kubeconfig_path);
        Example::start(&mut command)
    }
}

fn pod(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "namespace": "shop", "name": name, "labels": { "app": app } },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "c", "image": "i" }] },
        "status": { "phase": "Running" },
    })
}

fn ingress(name: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "namespace": "shop", "name": name },
        "spec": { "defaultBackend": { "service": { "name": service, "port": { "number": 80 } } } },
    })
}

/// An example at work.
struct Example {
    child: Child,
    lines: Receiver<String>,
}

impl Example {
    fn start(command: &mut Command) -> Result<Self, Failed> {
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        Ok(Self { child, lines })
    }

    fn line(&mut self) -> Result<String, Failed> {
        if let Ok(line) = self.lines.recv_timeout(LIMIT) {
            return Ok(line);
        }
        let _ = self.child.kill();
        Err(format!("no further line: {}", self.heard()?).into())
    }

    /// Waits until it says nothing more: it has ended, or it takes too long.
    fn rest(&mut self) -> RecvTimeoutError {
        loop {
            if let Err(end) = self.lines.recv_timeout(LIMIT) {
                return end;
            }
        }
    }

    /// Its stderr, when it has ended.
    fn heard(&mut self) -> Result<String, Failed> {
        let mut heard = String::new();
        let mut stderr = self.child.stderr.take().ok_or("no stderr")?;
        stderr.read_to_string(&mut heard)?;
        Ok(heard)
    }

    fn says(&mut self, lines: &[&str]) -> Outcome {
        for expected in lines {
            let line = self.line()?;
            check(line == *expected, format!("{line:?}, not {expected:?}"))?;
        }
        Ok(())
    }

    /// These lines in any order, as nothing is said about that of objects that come together.
    fn says_all(&mut self, expected: &[&str]) -> Outcome {
        let mut lines = Vec::new();
        for _ in expected {
            lines.push(self.line()?);
        }
        lines.sort();
        check(lines == expected, format!("{lines:?}, not {expected:?}"))
    }

    fn says_like(&mut self, start: &str, within: &str) -> Outcome {
        let line = self.line()?;
        check(
            line.starts_with(start) && line.contains(within),
            format!("{line:?}, not {start:?} and {within:?}"),
        )
    }

    /// Says a line, after any number of others that start so.
    fn says_before(&mut self, last: &str, others: &str) -> Outcome {
        loop {
            let line = self.line()?;
            if line == last {
                return Ok(());
            }
            check(line.starts_with(others), format!("{line:?}"))?;
        }
    }

    /// Somebody types a line.
    fn hears(&mut self, line: &str) -> Outcome {
        let keyboard = self.child.stdin.as_mut().ok_or("no stdin")?;
        writeln!(keyboard, "{line}")?;
        Ok(())
    }

    /// Somebody presses Ctrl-C.
    fn end(mut self) -> Outcome {
        kill_process(Pid::from_child(&self.child), Signal::INT)?;
        let status = self.child.wait()?;
        let heard = self.heard()?;
        check(
            status.signal() == Some(Signal::INT.as_raw()) && heard.is_empty(),
            format!("{status}: {heard}"),
        )
    }

    /// It ends by itself, with this in its one line for people.
    fn fails_with(mut self, expected: &str) -> Outcome {
        if self.rest() == RecvTimeoutError::Timeout {
            self.child.kill()?;
        }
        let heard = self.heard()?;
        let status = self.child.wait()?;
        check(
            status.code() == Some(1) && heard.contains(expected) && heard.lines().count() == 1,
            format!("{status}: {heard}"),
        )
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
