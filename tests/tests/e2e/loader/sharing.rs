//! kubectl through `kcc-cache`, and the loader: one plugin run for both.

use harness::CacheHome;
use harness::cluster::{ExecUser, TokenUser};

use super::{Outcome, PluginUser, Run, check, inject, runtime};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    kubectl_first_then_the_loader,
    the_loader_first_then_kubectl,
    a_named_user_is_shared,
    users_that_differ_in_what_they_declare_are_two,
    each_version_and_cluster_info_are_shared,
    a_plugin_without_the_cache_is_shared
];

fn kubectl_first_then_the_loader() -> Outcome {
    let user = PluginUser::injected("kim")?.with_tokens()?;
    known_to_kubectl(&user)?;
    known_to_loader(&user)?;
    user.expect_runs(1)
}

fn the_loader_first_then_kubectl() -> Outcome {
    let user = PluginUser::injected("leo")?.with_tokens()?;
    known_to_loader(&user)?;
    known_to_kubectl(&user)?;
    user.expect_runs(1)
}

fn a_named_user_is_shared() -> Outcome {
    let user = PluginUser::with("nina", |exec, home| {
        inject(exec, home);
        let env = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        exec.env = vec![
            env("KUBE_CREDENTIAL_CACHE_USER", "nina"),
            env("KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST", "TENANT"),
            env("TENANT", "t1"),
            env("AWS_PROFILE", "prod"),
        ];
    })?;
    shared(&user.with_tokens()?)
}

/// One command, and a variable of which nobody knows what it means, with and without the cache in
/// front: each is who he is, for the loader and for kubectl.
fn users_that_differ_in_what_they_declare_are_two() -> Outcome {
    for is_injected in [false, true] {
        let user = PluginUser::new("whose")?;
        user.plugin.answers_token("whose-@WHOSE@")?;
        let plugin = std::fs::read_to_string(user.plugin.path())?;
        let answers = plugin.replace("sed ", "sed -e \"s/@WHOSE@/$WHOSE/\" ");
        std::fs::write(user.plugin.path(), answers)?;
        for name in ["whose-dev", "whose-prod"] {
            let token = TokenUser::new(name, name, &["testers"]);
            user.cluster.add_token(token)?;
        }
        for _ in 0..2 {
            for whose in ["dev", "prod"] {
                let mut exec = ExecUser::new(user.plugin.path(), &[]).with_env("WHOSE", whose);
                if is_injected {
                    inject(&mut exec, &user.home);
                    exec = exec.with_env("KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST", "WHOSE");
                }
                let user_of = harness::cluster::KubeconfigUser::Exec(exec);
                let kubeconfig = user.cluster.kubeconfig().with_user("whose", user_of);
                kubeconfig.write_to(user.kubeconfig.path())?;
                let expected = format!("whose-{whose}");
                runtime()?.block_on(async {
                    let client = user.config()?.client()?;
                    super::expect_known_as(&client, &expected).await
                })?;
                let known = user.whoami()?;
                check(
                    known == expected,
                    format!("{expected} is {known} to kubectl"),
                )?;
            }
        }
    }
    Ok(())
}

fn each_version_and_cluster_info_are_shared() -> Outcome {
    for version in ["v1", "v1beta1"] {
        for provide_cluster_info in [false, true] {
            let adjust = |exec: &mut ExecUser, home: &CacheHome| {
                inject(exec, home);
                exec.api_version = format!("client.authentication.k8s.io/{version}");
                exec.provide_cluster_info = provide_cluster_info;
            };
            let name = format!("pia-{version}-{provide_cluster_info}");
            shared(&PluginUser::with(&name, adjust)?.with_tokens()?)?;
        }
    }
    Ok(())
}

/// A relative command stands in a kubeconfig beside the plugin: kubectl runs it through the cache,
/// which was told the directory, and the loader reads the file as it was before.
fn a_plugin_without_the_cache_is_shared() -> Outcome {
    let user = PluginUser::new("rolf")?.with_tokens()?;
    let path = user.plugin.path();
    let folder = path.parent().ok_or("no folder")?.display().to_string();
    let bare = ExecUser::new("./plugin", &["x"]);
    let mut injected = bare.clone();
    inject(&mut injected, &user.home);
    injected.env = vec![("KUBE_CREDENTIAL_CACHE_COMMAND_DIR".to_owned(), folder)];
    let write = |exec: ExecUser| {
        let user_of = harness::cluster::KubeconfigUser::Exec(exec);
        let kubeconfig = user.cluster.kubeconfig().with_user("rolf", user_of);
        kubeconfig.write_to(&path.with_file_name("config"))?;
        kubeconfig.write_to(user.kubeconfig.path())
    };
    write(injected)?;
    known_to_kubectl(&user)?;
    write(bare)?;
    let config = user
        .loader()
        .with_kubeconfig(path.with_file_name("config"))
        .load()?;
    runtime()?.block_on(async { user.expect_known(&config.client()?).await })?;
    user.expect_runs(1)
}

fn shared(user: &PluginUser) -> Outcome {
    known_to_loader(user)?;
    known_to_kubectl(user)?;
    known_to_loader(user)?;
    user.expect_runs(1)?;
    let entries = user.home.entries().len();
    check(entries == 1, format!("there are {entries} entries"))
}

fn known_to_loader(user: &PluginUser) -> Outcome {
    let config = user.config()?;
    runtime()?.block_on(async { user.expect_known(&config.client()?).await })
}

fn known_to_kubectl(user: &PluginUser) -> Outcome {
    let name = user.whoami()?;
    check(
        name == user.name,
        format!("kubectl is known as {name} instead of {}", user.name),
    )
}
