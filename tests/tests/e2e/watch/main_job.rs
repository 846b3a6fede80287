//! kubectl creates, relabels and deletes 500 objects; the server is killed in the middle, and the
//! token is revoked once.

use std::process::Stdio;

use harness::cluster::ClusterOptions;
use kcache::Object;

use super::{NAMESPACE, Place, Watched, manifest, pod, runtime, service};
use crate::trial::{Outcome, check};

const SERVICES: usize = 20;
const PODS: usize = 480;

pub(super) fn run() -> Outcome {
    let mut place = Place::new(ClusterOptions::default())?;
    runtime()?.block_on(main_job(&mut place))?;

    let log = place.cluster.auth_log()?;
    let (first, second) = (log.of_token("job-1"), log.of_token("job-2"));
    check(
        first.rejected == 1 && second.rejected == 0 && second.accepted > 0,
        format!("the first token: {first:?}, the second: {second:?}"),
    )?;
    let runs = place.plugin.runs();
    check(runs == 2, format!("the plugin ran {runs} times"))
}

async fn main_job(place: &mut Place) -> Outcome {
    let client = place.client(place.cluster.server_url())?;
    let mut watched = Watched::start(client.clone()).await?;

    let mut objects: Vec<_> = (0..SERVICES).map(service).collect();
    objects.extend((0..PODS).map(|number| pod(number, number % (2 * SERVICES))));
    let file = manifest(&objects)?;
    let path = file.path().display().to_string();
    place.cluster.kubectl_admin(&["create", "-f", &path])?;
    watched.agree(place).await?;
    watched.refilter("back")?;

    // One request has the 401; the watches go on as they are.
    place.cluster.revoke_token("job-1")?;
    client.apiserver_version().await?;

    relabel_through_a_kill(place, &watched).await?;
    watched.agree(place).await?;

    let group = [
        "-n",
        NAMESPACE,
        "delete",
        "pods",
        "-l",
        "group=g1",
        "--wait=false",
    ];
    place.cluster.kubectl_admin(&group)?;
    let services = [
        "-n",
        NAMESPACE,
        "delete",
        "service",
        "service-2",
        "service-3",
    ];
    place.cluster.kubectl_admin(&services)?;
    watched.refilter("front")?;
    watched.agree(place).await?;

    let all = ["-n", NAMESPACE, "delete", "pods", "--all", "--wait=false"];
    place.cluster.kubectl_admin(&all)?;
    watched.agree(place).await
}

/// The server is killed when a part of the Pods is relabelled, and started on its data.
async fn relabel_through_a_kill(place: &mut Place, watched: &Watched) -> Outcome {
    let relabel = [
        "-n",
        NAMESPACE,
        "label",
        "pods",
        "--all",
        "--overwrite",
        "app=app-2",
    ];
    let mut kubectl = place.cluster.kubectl_with(place.cluster.admin_kubeconfig());
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
    place.cluster.kill();
    let ended = kubectl.wait()?;
    check(
        !ended.success(),
        "kubectl was done before the server was killed",
    )?;
    place.cluster.restart()?;
    place.cluster.kubectl_admin(&relabel)?;
    Ok(())
}
