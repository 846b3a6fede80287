//! kubectl creates, relabels and deletes 500 objects; the server is killed in the middle, and the
//! token is revoked once.

use std::process::Stdio;

use harness::cluster::ClusterOptions;
use kcache::Object;

use super::{NAMESPACE, Setup, Watched, manifest, pod, runtime, service};
use crate::trial::{Outcome, check};

const SERVICES: usize = 20;
const PODS: usize = 480;

pub(super) fn run() -> Outcome {
    let mut setup = Setup::new(ClusterOptions::default())?;
    runtime()?.block_on(main_job(&mut setup))?;

    let log = setup.cluster.auth_log()?;
    let (first, second) = (log.of_token("job-1"), log.of_token("job-2"));
    check(
        first.rejected == 1 && second.rejected == 0 && second.accepted > 0,
        format!("the first token: {first:?}, the second: {second:?}"),
    )?;
    let runs = setup.plugin.runs();
    check(runs == 2, format!("the plugin ran {runs} times"))
}

async fn main_job(setup: &mut Setup) -> Outcome {
    let client = setup.client(setup.cluster.server_url())?;
    let mut watched = Watched::start(client.clone()).await?;

    let mut objects: Vec<_> = (0..SERVICES).map(service).collect();
    objects.extend((0..PODS).map(|number| pod(number, number % (2 * SERVICES))));
    let file = manifest(&objects)?;
    let path = file.path().display().to_string();
    setup.cluster.kubectl_admin(&["create", "-f", &path])?;
    watched.agree(setup).await?;
    watched.refilter("back")?;

    // One request has the 401; the watches go on as they are.
    setup.cluster.revoke_token("job-1")?;
    client.apiserver_version().await?;

    relabel_through_a_kill(setup, &watched).await?;
    watched.agree(setup).await?;

    let group = [
        "-n",
        NAMESPACE,
        "delete",
        "pods",
        "-l",
        "group=g1",
        "--wait=false",
    ];
    setup.cluster.kubectl_admin(&group)?;
    let services = [
        "-n",
        NAMESPACE,
        "delete",
        "service",
        "service-2",
        "service-3",
    ];
    setup.cluster.kubectl_admin(&services)?;
    watched.refilter("front")?;
    watched.agree(setup).await?;

    let all = ["-n", NAMESPACE, "delete", "pods", "--all", "--wait=false"];
    setup.cluster.kubectl_admin(&all)?;
    watched.agree(setup).await
}

/// The server is killed when a part of the Pods is relabelled, and started on its data.
async fn relabel_through_a_kill(setup: &mut Setup, watched: &Watched) -> Outcome {
    let relabel = [
        "-n",
        NAMESPACE,
        "label",
        "pods",
        "--all",
        "--overwrite",
        "app=app-2",
    ];
    let mut kubectl = setup.cluster.kubectl_with(setup.cluster.admin_kubeconfig());
    let kubectl = kubectl
        .args(relabel)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut kubectl = kubectl.spawn()?;
    watched
        .until_pods("a part relabelled", |pods| {
            let relabelled = pods.iter().filter(|pod| pod.label("app") == Some("app-2"));
            relabelled.count() > PODS / 4
        })
        .await?;
    setup.cluster.kill();
    let ended = kubectl.wait()?;
    check(
        !ended.success(),
        "kubectl was done before the server was killed",
    )?;
    setup.cluster.restart()?;
    setup.cluster.kubectl_admin(&relabel)?;
    Ok(())
}
