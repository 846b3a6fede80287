//! etcd is restored from a snapshot under what runs: the cache, the index, the view and the join end
//! with what the server has, whatever they saw that it no longer knows.

use harness::cluster::ClusterOptions;
use harness::proxy::Proxy;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Phase, Publisher};
use libtest_mimic::Failed;

use super::{NAMESPACE, PATIENCE, Setup, Watched, manifest, pod, runtime, service, until};
use crate::trial::{Outcome, check};

const SERVICES: usize = 4;
const PODS: usize = 24;
/// What etcd's documentation takes: more than the writes of some weeks.
const BUMP: u64 = 1_000_000_000;

/// As etcd advises for Kubernetes: the revision goes on far ahead, and all before is compacted. Old
/// objects come back at their old versions, in a list that is newer than all that was seen.
pub(super) fn ahead() -> Outcome {
    run(Some(BUMP))
}

/// Without a bump: a watch from what was seen before is one of the future, accepted and silent.
pub(super) fn back() -> Outcome {
    run(None)
}

fn run(bump: Option<u64>) -> Outcome {
    let mut setup = Setup::new(ClusterOptions::default())?;
    runtime()?.block_on(restored(&mut setup, bump))
}

async fn restored(setup: &mut Setup, bump: Option<u64>) -> Outcome {
    let mut proxy = Proxy::start(setup.address()?)?;
    let client = setup.client(&proxy.url())?;
    let mut watched = Watched::start(client).await?;
    let mut objects: Vec<_> = (0..SERVICES).map(service).collect();
    objects.extend((0..PODS).map(|number| pod(number, number % (2 * SERVICES))));
    apply(setup, &objects)?;
    watched.agree(setup).await?;

    let backup = setup.cluster.back_up()?;
    lose(setup)?;
    watched.agree(setup).await?;
    let before = incarnations(&watched);

    watched.begin_incarnation();
    // Who comes while it starts is refused, which alone would be a reason to list anew.
    proxy.refuse();
    proxy.cut_all();
    setup.cluster.restore(&backup, bump)?;
    proxy.accept()?;
    watched.agree(setup).await?;
    watched.forget();
    let named = [
        ("pods", watched.pods.status()),
        ("services", watched.services.status()),
        ("the view", watched.view.status()),
        ("the join", watched.joined.status()),
    ];
    for ((name, status), before) in named.into_iter().zip(before) {
        check(
            status.incarnation > before,
            format!("{name}: incarnation {} as before", status.incarnation),
        )?;
    }
    until(PATIENCE, "live", || {
        publishers(&watched)
            .iter()
            .all(|publisher| matches!(publisher.status().phase, Phase::Live))
    })
    .await?;

    // It is followed as before, also where a name comes again.
    watched.refilter("back")?;
    apply(setup, &[pod(PODS, 1), pod(PODS + 1, 2), pod(3, 1)])?;
    watched.agree(setup).await
}

/// Everything that a restore takes back: objects that came, that changed, that went, and one that is
/// another under its name. In the end many versions were given out that the snapshot does not know.
fn lose(setup: &Setup) -> Outcome {
    let admin = |words: &str| {
        let words = words.split(' ').chain(["-n", NAMESPACE]);
        setup.cluster.kubectl_admin(&words.collect::<Vec<_>>())
    };
    admin("label pods -l group=g1 --overwrite app=app-1 tier=front")?;
    admin("delete pods -l group=g2 --force --grace-period=0")?;
    admin("delete service service-1")?;
    // An object that goes back is what shows a new incarnation: one that comes back could be one that may
    // be seen again.
    admin("label service service-2 changed=yes")?;
    admin("delete pod pod-3 --force --grace-period=0")?;
    apply(setup, &[pod(3, 2)])?;
    for round in 0..4 {
        let new: Vec<_> = (0..PODS)
            .map(|number| pod(100 + number, (number + round) % SERVICES))
            .collect();
        apply(setup, &new)?;
    }
    Ok(())
}

fn apply(setup: &Setup, objects: &[serde_json::Value]) -> Result<(), Failed> {
    let file = manifest(objects)?;
    let path = file.path().display().to_string();
    setup.cluster.kubectl_admin(&["apply", "-f", &path])?;
    Ok(())
}

fn publishers(watched: &Watched) -> [&Publisher<Pod>; 3] {
    [&watched.pods, &watched.view, &watched.joined]
}

fn incarnations(watched: &Watched) -> [u64; 4] {
    let [pods, view, joined] = publishers(watched).map(|publisher| publisher.status().incarnation);
    [pods, watched.services.status().incarnation, view, joined]
}
