//! The exec plugin of a context, as kubectl would run it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use kcc_core::kubeconfig::{
    Cluster, Context, ExecSpec, Kubeconfig, LoadingRules, Named, Overrides, ServerUrl, User,
};
use kcc_core::{CredentialCache, Environment, Notice, PluginPolicy, Request, Settings};

use crate::terminal;

/// A context whose user is an exec plugin.
#[derive(Debug)]
pub(crate) struct PluginContext<'a> {
    pub(crate) context: &'a Named<Context>,
    pub(crate) cluster: &'a Named<Cluster>,
    pub(crate) user: &'a Named<User>,
    pub(crate) spec: &'a ExecSpec,
    pub(crate) request: Request,
    /// The cache as it is for this user: `exec.env` may say otherwise than the environment.
    pub(crate) cache: CredentialCache,
}

/// What plugins may do; which entry is meant does not depend on it.
#[derive(Debug, Clone)]
pub(crate) struct PluginOptions {
    /// Which of them may run.
    pub(crate) policy: PluginPolicy,
    /// Whether they may prompt.
    pub(crate) prompt: bool,
}

impl PluginOptions {
    /// Where nothing is run.
    pub(crate) fn of_inspection() -> Self {
        Self {
            policy: PluginPolicy::default(),
            prompt: true,
        }
    }
}

impl<'a> PluginContext<'a> {
    /// The plugin of a context; `None` where its user needs none. [`plain_http`] says whether any
    /// client runs it.
    ///
    /// # Errors
    /// What keeps a client from running the plugin; it names file, line and user.
    pub(crate) fn find(
        kubeconfig: &'a Kubeconfig,
        name: &str,
        options: &PluginOptions,
    ) -> anyhow::Result<Option<Self>> {
        let overrides = Overrides {
            context: Some(name.to_owned()),
            ..Overrides::default()
        };
        let resolved = kubeconfig.resolve(&overrides)?;
        let (Some(context), Some(user)) = (resolved.context, resolved.user) else {
            return Ok(None);
        };
        let Some(spec) = user.value.plugin() else {
            return Ok(None);
        };
        let found = Self::new(context, resolved.cluster, user, spec, options);
        let found = found.with_context(|| format!("{}: user {:?}", user.origin, user.name))?;
        Ok(Some(found))
    }

    fn new(
        context: &'a Named<Context>,
        cluster: &'a Named<Cluster>,
        user: &'a Named<User>,
        spec: &'a ExecSpec,
        options: &PluginOptions,
    ) -> anyhow::Result<Self> {
        let environment = Environment::of_process();
        let policy = options.policy.clone();
        let request = Request::of_user(spec, &cluster.value, &environment, policy, options.prompt)?;
        let settings = Settings::from_environment(&request.environment)?;
        let settings = settings.or_install_hint(spec.printable_install_hint());
        Ok(Self {
            context,
            cluster,
            user,
            spec,
            request,
            cache: CredentialCache::new(settings),
        })
    }
}

/// The server of a context where that is spoken to over plain http: no client sends a credential
/// there or runs a plugin for it.
///
/// # Errors
/// What keeps a client from finding the server; it names file, line and cluster.
pub(crate) fn plain_http(kubeconfig: &Kubeconfig, name: &str) -> anyhow::Result<Option<ServerUrl>> {
    let overrides = Overrides {
        context: Some(name.to_owned()),
        ..Overrides::default()
    };
    let cluster = kubeconfig.resolve(&overrides)?.cluster;
    let url = cluster.value.server_url().with_context(|| {
        let name = &cluster.name;
        format!(
            "{}: cluster {name:?}: server cannot be used",
            cluster.origin
        )
    })?;
    Ok(Some(url).filter(|url| !url.is_tls()))
}

/// The kuberc's policy for plugins. A kubeconfig has no say in it.
pub(crate) fn policy() -> anyhow::Result<PluginPolicy> {
    let mut warn = |notice: Notice| terminal::warn(&notice.to_string());
    Ok(PluginPolicy::load(&Environment::of_process(), &mut warn)?)
}

/// The kubeconfig, for what can be done without it: where it cannot be read, a warning says so and
/// it is empty.
pub(crate) fn kubeconfig_or_warn(rules: &LoadingRules) -> Kubeconfig {
    Kubeconfig::load(rules).unwrap_or_else(|error| {
        terminal::warn(&format!("{error}; going on without it"));
        Kubeconfig::default()
    })
}

/// The caches that are in use: that of this environment, and those that users of the kubeconfig
/// have elsewhere, by directory. A user whose settings cannot be read has none.
pub(crate) fn caches(kubeconfig: &Kubeconfig) -> anyhow::Result<Vec<CredentialCache>> {
    let own = Settings::from_environment(&Environment::of_process())?;
    let mut found: BTreeMap<PathBuf, Settings> = BTreeMap::new();
    for user in kubeconfig.users.values() {
        let Some(spec) = user.value.plugin() else {
            continue;
        };
        let mut environment = Environment::of_process();
        for (name, value) in &spec.env {
            environment.set(name, value);
        }
        if let Ok(settings) = Settings::from_environment(&environment)
            && let Some(directory) = settings.directory()
        {
            found.insert(directory.to_owned(), settings);
        }
    }
    if let Some(directory) = own.directory() {
        found.remove(directory);
    }
    let all = std::iter::once(own).chain(found.into_values());
    Ok(all.map(CredentialCache::new).collect())
}
