//! The watching part on a cluster of yours: it lists and watches, and changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::client::ClientConfig;
use kcache::{Filter, Informer, Key, Object};
use kcache_join::relations;
use kube::Api;
use kube::api::ListParams;

use crate::follow::Followed;
use crate::show::{self, say};

/// How often the cluster's own list is compared until it is the same, and the pause in between.
const COMPARISONS: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Shows it until Ctrl-C or for so long, and gives the number of comparisons that went wrong.
pub(crate) async fn run(kubeconfig: PathBuf, time: Option<Duration>) -> Result<usize> {
    let started = Instant::now();
    let config = ClientConfig::loader().with_kubeconfig(kubeconfig).load()?;
    let namespace = config.namespace().to_owned();
    show::heading(&format!(
        "Pods and Services of namespace {namespace} on {}",
        config.server()
    ))?;
    let client = config.client()?;
    let pods = Informer::<Pod>::builder(client.clone())
        .namespace(&namespace)
        .start();
    let services = Informer::<Service>::builder(client.clone())
        .namespace(&namespace)
        .start();
    pods.ready().await?;
    services.ready().await?;
    let running = pods.view(Filter::by("running", is_running));
    let joined = relations::service_pods().join(&services, &pods);
    joined.ready().await?;
    running.ready().await?;
    say(&format!(
        "  ready after {}: {} Pods, {} of them running, {} of them behind {} Services",
        show::time(started.elapsed()),
        pods.cache().len(),
        running.cache().len(),
        joined.cache().len(),
        services.cache().len(),
    ))?;
    let mut followed = Followed::new("pods", &pods);
    let mut of_services = Followed::new("of services", &joined);
    let end = async {
        match time {
            Some(time) => tokio::time::sleep(time).await,
            None => drop(tokio::signal::ctrl_c().await),
        }
    };
    tokio::pin!(end);
    loop {
        let goes_on = tokio::select! {
            biased;
            () = &mut end => false,
            shown = followed.show_next() => shown?,
            shown = of_services.show_next() => shown?,
        };
        if !goes_on {
            break;
        }
    }
    let api = Api::<Pod>::namespaced(client, &namespace);
    let same = compare(&api, &pods).await?;
    say(&format!(
        "\n  pods: {} objects, as the server has them {}",
        pods.cache().len(),
        show::mark(same)
    ))?;
    Ok(usize::from(!same))
}

/// A cluster goes on while it is listed, so a difference may be news that is still under way.
async fn compare(api: &Api<Pod>, pods: &Informer<Pod>) -> Result<bool> {
    for _ in 0..COMPARISONS {
        let list = api.list(&ListParams::default()).await?;
        let have = pods.cache().list();
        let have: BTreeMap<_, _> = have
            .iter()
            .map(|pod| (Key::of(&**pod), pod.version()))
            .collect();
        let wanted: BTreeMap<_, _> = list
            .items
            .iter()
            .map(|pod| (Key::of(pod), pod.version()))
            .collect();
        if have == wanted {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

fn is_running(pod: &Pod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    phase == Some("Running")
}
