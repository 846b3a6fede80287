//! A credential that the server refuses is replaced, as real clients request it again; and clients
//! that request it more often than they need do not defeat the cache.

use std::process::Output;
use std::time::{Duration, Instant};

use harness::cluster::{self, ExecUser, KubeconfigUser};
use harness::{Distance, KubectlProxy, PythonClient};
use kube::config::{KubeConfigOptions, Kubeconfig};
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use crate::plugin_user::{PluginUser, inject, stdout};
use crate::trial::{Outcome, Run, check, named, on_cluster};

type PythonRun = fn(&PythonClient) -> Outcome;

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = cluster::unavailable().is_some();
    let with_kubectl: &[(&str, Run)] = named![
        the_next_kubectl_is_known,
        one_kubectl_of_several_requests_recovers,
        a_long_lived_kubectl_recovers,
        a_server_that_refuses_everything_costs_few_runs,
        kube_rs_does_not_defeat_the_cache
    ];
    let with_python: &[(&str, PythonRun)] = named![
        python_that_loads_in_a_loop_does_not_defeat_the_cache,
        python_that_loads_again_after_a_401_is_known,
        two_clusters_of_one_process_do_not_defeat_the_cache
    ];
    let with_python = with_python.iter().map(|&(name, run)| {
        Trial::ignorable_test(format!("rejected::{name}"), move || in_python(run))
    });
    let with_python = with_python.map(|trial| trial.with_ignored_flag(ignored));
    let with_kubectl = on_cluster("rejected", with_kubectl);
    with_kubectl.into_iter().chain(with_python).collect()
}

/// Without pip there is no Python client to test with; in CI there has to be one.
fn in_python(run: PythonRun) -> Result<Completion, Failed> {
    match PythonClient::shared() {
        Ok(python) => run(python).map(|()| Completion::Completed),
        Err(reason) if harness::is_ci() => Err(reason.into()),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    }
}

/// A user whose plugin answers with `<name>-<number of the run>`, of which the server takes these.
fn user_with_tokens(
    name: &str,
    known: impl IntoIterator<Item = usize>,
) -> Result<PluginUser, Failed> {
    let user = PluginUser::injected(name)?.with_tokens_of(known)?;
    move_away(&user)?;
    Ok(user)
}

/// A server on the same machine answers sooner than a client could request it for another reason.
fn move_away(user: &PluginUser) -> Outcome {
    let server = user.cluster.server_url();
    let address = server.trim_start_matches("https://").parse()?;
    let distance = Distance::to(address, Duration::from_millis(10))?;
    let file = std::fs::read_to_string(user.kubeconfig.path())?;
    let file = file.replace(server, &format!("https://{}", distance.address()));
    Ok(std::fs::write(user.kubeconfig.path(), file)?)
}

fn revoke(user: &PluginUser, run: usize) -> Outcome {
    Ok(user.cluster.revoke_token(&user.token(run))?)
}

/// One run for the first credential and one for a suspicion; an entry is replaced again after a minute
/// (a slow machine may see one more for each), or when three processes speak for it, then twelve.
fn few_runs(user: &PluginUser, since: Instant) -> Outcome {
    let minutes = usize::try_from(since.elapsed().as_secs() / 60)?;
    let runs = user.plugin.runs();
    check(
        runs <= 4 + minutes,
        format!("the plugin ran {runs} times in {minutes} minutes"),
    )
}

fn is_unauthorized(output: &Output) -> Outcome {
    let heard = String::from_utf8_lossy(&output.stderr);
    let refused = !output.status.success()
        && (heard.contains("Unauthorized") || heard.contains("must be logged in"));
    check(refused, format!("{}: {heard}", output.status))
}

/// One request each: client-go returns its 401, but has run the plugin again by then.
fn the_next_kubectl_is_known() -> Outcome {
    let user = user_with_tokens("nora", 1..=3)?;
    user.is_known()?;
    user.expect_runs(1)?;
    revoke(&user, 1)?;
    is_unauthorized(&user.kubectl(&["auth", "whoami", "-o", "json"]).output()?)?;
    user.expect_runs(2)?;
    for _ in 0..5 {
        user.is_known()?;
    }
    user.expect_runs(2)
}

/// Its first request, for discovery, is refused; kubectl tries that again, with the new token.
fn one_kubectl_of_several_requests_recovers() -> Outcome {
    let user = user_with_tokens("odette", 1..=3)?;
    user.is_known()?;
    revoke(&user, 1)?;
    let mut kubectl = user.kubectl(&["get", "namespaces", "-o", "name"]);
    // Not by KUBECACHEDIR: int128's kubelogin keeps its tokens there, so that it is part of the key.
    let folder = user.home.path().join("no-discovery-yet");
    kubectl.arg(format!("--cache-dir={}", folder.display()));
    let output = kubectl.output()?;
    let heard = String::from_utf8_lossy(&output.stderr);
    check(output.status.success(), heard.clone())?;
    let names = String::from_utf8_lossy(&output.stdout);
    check(names.contains("namespace/default"), names.clone())?;
    check(
        heard.matches("provide credentials").count() == 1,
        format!("more than one refusal: {heard}"),
    )?;
    user.expect_runs(2)
}

/// `kubectl proxy`: one process, a request for each call.
fn a_long_lived_kubectl_recovers() -> Outcome {
    let user = user_with_tokens("lou", 1..=3)?;
    let proxy = KubectlProxy::start(user.kubectl(&[]))?;
    check(proxy.status("/api")? == 200, "not known at first")?;
    revoke(&user, 1)?;
    check(proxy.status("/api")? == 401, "the revoked token was taken")?;
    for _ in 0..5 {
        check(proxy.status("/api")? == 200, "not known again")?;
    }
    user.expect_runs(2)
}

/// As for a user who has been removed.
fn a_server_that_refuses_everything_costs_few_runs() -> Outcome {
    let started = Instant::now();
    let user = user_with_tokens("rex", [])?;
    for _ in 0..10 {
        is_unauthorized(&user.kubectl(&["auth", "whoami", "-o", "json"]).output()?)?;
    }
    let proxy = KubectlProxy::start(user.kubectl(&[]))?;
    for _ in 0..20 {
        check(proxy.status("/api")? == 401, "not refused")?;
    }
    check(user.plugin.runs() >= 2, "nothing was suspected")?;
    few_runs(&user, started)
}

/// kube-rs runs the plugin several times while it builds one client. The time between the requests tells
/// that from a refusal, and where the machine is slow, the limits hold.
fn kube_rs_does_not_defeat_the_cache() -> Outcome {
    let started = Instant::now();
    let user = user_with_tokens("kuno", 1..=30)?;
    let proxy = KubectlProxy::start(user.cluster.kubectl_with(user.cluster.admin_kubeconfig()))?;
    let file = std::fs::read_to_string(user.kubeconfig.path())?;
    let mut file = Kubeconfig::from_yaml(&file)?;
    let cluster = file.clusters[0].cluster.as_mut().ok_or("no cluster")?;
    cluster.server = Some(proxy.url());
    let exec = file.auth_infos[0].auth_info.as_mut();
    let exec = exec.and_then(|user| user.exec.as_mut()).ok_or("no exec")?;
    let variables = user.home.variables().into_iter();
    let variables = variables.map(|(name, value)| {
        [("name", name.to_owned()), ("value", value)]
            .map(|(field, text)| (field.to_owned(), text))
            .into()
    });
    exec.env = Some(variables.collect());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for made in 0..20 {
            if made == 1 {
                let log = user.home.entries()[0].with_extension("served");
                let requests = std::fs::read_to_string(log)?.lines().count();
                check(
                    requests > 1,
                    "one client ran it once, so this shows nothing",
                )?;
            }
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(file.clone(), &options).await?;
            let client = kube::Client::try_from(config)?;
            client.apiserver_version().await?;
        }
        Ok::<_, Failed>(())
    })?;
    few_runs(&user, started)
}

fn python(user: &PluginUser, client: &PythonClient, program: &str) -> Result<String, Failed> {
    let mut command = client.run(program);
    command.envs(user.home.variables());
    stdout(&command.env("KUBECONFIG", user.kubeconfig.path()).output()?)
}

fn python_that_loads_in_a_loop_does_not_defeat_the_cache(client: &PythonClient) -> Outcome {
    let started = Instant::now();
    let user = user_with_tokens("pia", 1..=30)?;
    let program = "
from kubernetes import client, config
for _ in range(25):
    config.load_kube_config()
    assert client.CoreV1Api().list_namespace().items
";
    for _ in 0..3 {
        python(&user, client, program)?;
    }
    // 75 loads: what they cost is the logarithm of that.
    check(user.plugin.runs() >= 2, "nothing was suspected")?;
    few_runs(&user, started)
}

fn python_that_loads_again_after_a_401_is_known(client: &PythonClient) -> Outcome {
    let user = user_with_tokens("paul", 1..=3)?;
    user.is_known()?;
    revoke(&user, 1)?;
    let program = "
from kubernetes import client, config
from kubernetes.client.rest import ApiException
config.load_kube_config()
refused = client.CoreV1Api()
try:
    refused.list_namespace()
    raise SystemExit('the revoked token was taken')
except ApiException as error:
    assert error.status == 401, error.status
config.load_kube_config()
assert client.CoreV1Api().list_namespace().items
";
    python(&user, client, program)?;
    user.expect_runs(2)?;
    user.is_known()?;
    user.expect_runs(2)
}

/// They share the entry, since the plugin is not told of the cluster: the request for the second one
/// looks like a repeated one.
fn two_clusters_of_one_process_do_not_defeat_the_cache(client: &PythonClient) -> Outcome {
    let started = Instant::now();
    let user = user_with_tokens("zwei", 1..=30)?;
    let mut exec = ExecUser::new(user.plugin.path(), &[]);
    inject(&mut exec, &user.home);
    let kubeconfig = user.cluster.kubeconfig();
    let mut file = kubeconfig
        .with_user("zwei", KubeconfigUser::Exec(exec))
        .to_json();
    let mut other = file["clusters"][0].clone();
    other["name"] = "other".into();
    let context = serde_json::json!({ "cluster": "other", "user": "zwei" });
    let context = serde_json::json!({ "name": "other", "context": context });
    push(&mut file["clusters"], other);
    push(&mut file["contexts"], context);
    std::fs::write(user.kubeconfig.path(), file.to_string())?;
    move_away(&user)?;
    let program = "
from kubernetes import client, config
for context in ['zwei', 'other']:
    api = config.new_client_from_config(context=context)
    for _ in range(3):
        assert client.CoreV1Api(api).list_namespace().items
";
    for _ in 0..8 {
        python(&user, client, program)?;
    }
    check(user.plugin.runs() >= 2, "nothing was suspected")?;
    few_runs(&user, started)
}

fn push(list: &mut Value, item: Value) {
    if let Value::Array(items) = list {
        items.push(item);
    }
}
