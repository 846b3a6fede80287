//! A cluster that runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::binaries::Binaries;
use super::credentials::{self, AuthLog, ClientCertificate, TokenUser};
use super::kubeconfig::Kubeconfig;
use super::progress::Progress;
use super::server::{Ready, Server};

/// How a cluster starts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClusterOptions {
    /// The folder that holds everything a restart needs. `None` for a temporary one, which is
    /// removed with the cluster.
    pub data_dir: Option<PathBuf>,
    /// More flags for kube-apiserver, as in `--feature-gates=ShardedListAndWatch=true`.
    pub apiserver_flags: Vec<String>,
    /// Whether a build is shown.
    pub progress: Progress,
    /// How long the start may take, without the build.
    pub ready_timeout: Duration,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            data_dir: None,
            apiserver_flags: Vec::new(),
            progress: Progress::Shown,
            ready_timeout: Duration::from_secs(100),
        }
    }
}

impl ClusterOptions {
    /// Names the data directory.
    #[must_use]
    pub fn with_data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// Adds a flag for kube-apiserver.
    #[must_use]
    pub fn with_apiserver_flag(mut self, flag: impl Into<String>) -> Self {
        self.apiserver_flags.push(flag.into());
        self
    }

    /// Chooses whether a build is shown.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }
}

/// A cluster. It ends with this value, and with this process.
#[derive(Debug)]
pub struct Cluster {
    // Dropped first: the process ends before its folder goes.
    pub(super) server: Server,
    pub(super) data: DataDir,
    pub(super) binaries: Binaries,
    pub(super) options: ClusterOptions,
    /// Held while the token file is read and written again, and while a binding is applied: of two
    /// kubectls that create the same object, one fails.
    changes: Mutex<()>,
}

/// Where the server keeps everything.
#[derive(Debug)]
pub(super) enum DataDir {
    Named(PathBuf),
    /// The server removes it when it is told to end, this value when the server was killed.
    Temporary(PathBuf),
}

impl DataDir {
    fn new(named: Option<&Path>) -> Result<Self> {
        if let Some(path) = named {
            return Ok(Self::Named(std::path::absolute(path)?));
        }
        let folder = tempfile::Builder::new()
            .prefix("kcc-apiserver-")
            .tempdir()
            .context("cannot make a folder for the API server")?;
        Ok(Self::Temporary(folder.keep()))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Temporary(path) => path,
        }
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

impl Cluster {
    /// Builds what is missing and starts a cluster; returns when it is ready for requests.
    ///
    /// # Errors
    /// Those of [`Binaries::build`]; otherwise what the server says (a folder that another server
    /// uses, a port that is taken) or the end of its log.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let binaries = Binaries::build(options.progress)?;
        let data = DataDir::new(options.data_dir.as_deref())?;
        let server = spawn(&binaries, &data, &options)?;
        Ok(Self {
            server,
            data,
            binaries,
            options,
            changes: Mutex::new(()),
        })
    }

    /// Kills the server (SIGKILL); its data stays.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Kills the server and starts it on the same data: same port, CA, objects and credentials.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.server = spawn(&self.binaries, &self.data, &self.options)?;
        Ok(())
    }

    /// Waits until the server ends by itself, which it does at SIGINT or SIGTERM.
    pub fn wait(&mut self) -> Result<()> {
        self.server.wait()
    }

    /// Everything that the server says of itself.
    pub fn ready(&self) -> &Ready {
        &self.server.ready
    }

    /// User and system time of the server's process until now, in steps of 10 ms.
    pub fn cpu_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.ready().pid))?;
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The server's address, as in `https://127.0.0.1:26384`.
    pub fn server_url(&self) -> &str {
        &self.ready().server
    }

    /// The CA of the server's certificate, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ready().ca
    }

    /// A kubeconfig for a user who may do anything.
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.ready().admin_kubeconfig
    }

    /// The file that says whose tokens are good.
    pub fn token_file(&self) -> &Path {
        &self.ready().token_file
    }

    /// The server's folder.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The programs that this cluster is made of.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// From the next request on, these tokens are good, and no others.
    pub fn set_tokens(&self, users: &[TokenUser]) -> Result<()> {
        self.change_tokens(|tokens| users.clone_into(tokens))
    }

    /// From the next request on, this token is good too.
    pub fn add_token(&self, user: TokenUser) -> Result<()> {
        self.change_tokens(|tokens| {
            tokens.retain(|known| known.token != user.token);
            tokens.push(user);
        })
    }

    /// From the next request on, these tokens are good too. They must be new.
    pub fn add_tokens(&self, users: &[TokenUser]) -> Result<()> {
        self.change_tokens(|tokens| tokens.extend_from_slice(users))
    }

    /// From the next request on, these tokens get a 401.
    pub fn revoke_tokens(&self, revoked: &[String]) -> Result<()> {
        self.change_tokens(|tokens| tokens.retain(|known| !revoked.contains(&known.token)))
    }

    /// From the next request on, this token gets a 401.
    pub fn revoke_token(&self, token: &str) -> Result<()> {
        self.change_tokens(|tokens| tokens.retain(|known| known.token != token))
    }

    fn change_tokens(&self, change: impl FnOnce(&mut Vec<TokenUser>)) -> Result<()> {
        let _held = self.hold_changes();
        let mut tokens = credentials::read_tokens(self.token_file())?;
        change(&mut tokens);
        credentials::write_tokens(self.token_file(), &tokens)
    }

    pub(super) fn hold_changes(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Issues a client certificate that is good from now on for `ttl`.
    pub fn issue_certificate(
        &self,
        user: &str,
        groups: &[&str],
        ttl: Duration,
    ) -> Result<ClientCertificate> {
        let mut command = Command::new(&self.binaries.apiserver);
        command.arg("cert").arg("--data-dir").arg(self.data.path());
        command.args(["--user", user]);
        command.args(["--ttl", &format!("{}ms", ttl.as_millis())]);
        for group in groups {
            command.args(["--group", group]);
        }
        // The decoder's message could quote the key.
        serde_json::from_str(&output_of(&mut command, None)?)
            .map_err(|_| anyhow::anyhow!("`apiserver cert` printed no certificate"))
    }

    /// What the server wrote of each request with a credential, up to now.
    pub fn auth_log(&self) -> Result<AuthLog> {
        AuthLog::read(&self.ready().auth_log)
    }

    /// The start of a kubeconfig for this cluster.
    pub fn kubeconfig(&self) -> Kubeconfig {
        Kubeconfig::new(self.server_url(), self.ca_pem())
    }

    /// kubectl with no environment but `PATH` and a `HOME` of its own: no kubeconfig, no cache of
    /// another cluster.
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.binaries.kubectl);
        command.env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", self.data.path().join("home"));
        command.stdin(Stdio::null());
        command
    }

    /// [`Cluster::kubectl`] with this kubeconfig.
    pub fn kubectl_with(&self, kubeconfig: &Path) -> Command {
        let mut command = self.kubectl();
        command.env("KUBECONFIG", kubeconfig);
        command
    }

    /// Runs kubectl as the administrator; returns its standard output.
    pub fn kubectl_admin(&self, args: &[&str]) -> Result<String> {
        let mut command = self.kubectl_with(self.admin_kubeconfig());
        output_of(command.args(args), None)
    }

    /// Applies a manifest as the administrator.
    pub fn apply(&self, manifest: &Value) -> Result<()> {
        self.kubectl_admin_fed(&["apply", "-f", "-"], manifest)
            .map(drop)
    }

    /// [`Cluster::kubectl_admin`] with an object on its standard input.
    pub(super) fn kubectl_admin_fed(&self, args: &[&str], object: &Value) -> Result<String> {
        let mut command = self.kubectl_with(self.admin_kubeconfig());
        output_of(command.args(args), Some(&object.to_string()))
    }
}

pub(super) fn spawn(
    binaries: &Binaries,
    data: &DataDir,
    options: &ClusterOptions,
) -> Result<Server> {
    let mut command = Command::new(&binaries.apiserver);
    command.arg("serve").arg("--exit-with-stdin");
    command.arg("--data-dir").arg(data.path());
    if matches!(data, DataDir::Temporary(_)) {
        command.arg("--temporary");
    }
    command.arg("--").args(&options.apiserver_flags);
    Server::start(&mut command, data.path(), options.ready_timeout)
}

/// Runs a command that must succeed; its error carries standard error, never standard output.
pub(super) fn output_of(command: &mut Command, stdin: Option<&str>) -> Result<String> {
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdin(if stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    if let (Some(mut pipe), Some(content)) = (child.stdin.take(), stdin) {
        // A command that does not read tells why in its own words.
        let _ = pipe.write_all(content.as_bytes());
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed ({}): {}", output.status, stderr.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
