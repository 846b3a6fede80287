use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

/// The release of the client, pinned so that a test means the same everywhere.
const RELEASE: &str = "kubernetes==37.0.2";

/// Python with the official Kubernetes client, in a virtual environment of its own.
#[derive(Debug)]
pub struct PythonClient {
    python: PathBuf,
}

impl PythonClient {
    /// The one of this process: what was installed before, else what `pip` installs now.
    ///
    /// # Errors
    /// Why there is none. With `CI=true` that is a failure, elsewhere a reason to ignore a test.
    pub fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<PythonClient, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::install().map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(String::as_str)
    }

    /// Python with this program; it has no environment but `PATH`.
    pub fn run(&self, program: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-c", program]).env_clear();
        command.envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null());
        command
    }

    fn install() -> Result<Self> {
        let home = env::var_os("HOME").context("no HOME")?;
        let cache = Path::new(&home).join(".cache/kcc-dev");
        fs::create_dir_all(&cache)?;
        let folder = cache.join(RELEASE.replace("==", "-"));
        let client = Self {
            python: folder.join("bin/python"),
        };
        // Whoever comes second waits and finds it installed.
        let lock = fs::File::create(cache.join("python.lock"))?;
        lock.lock()?;
        if client.is_installed() {
            return Ok(client);
        }
        let _ = fs::remove_dir_all(&folder);
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(&client.python);
        pip.args(["-m", "pip", "install", "--quiet", RELEASE]);
        succeed(pip.arg("--disable-pip-version-check"))?;
        ensure!(client.is_installed(), "pip installed no {RELEASE}");
        Ok(client)
    }

    fn is_installed(&self) -> bool {
        let import = self.run("import kubernetes").output();
        import.is_ok_and(|output| output.status.success())
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        let heard = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{program} failed: {}",
            heard.lines().last().unwrap_or_default()
        );
    }
    Ok(())
}
