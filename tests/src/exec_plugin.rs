use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

/// An exec plugin: a shell script that counts its runs and does what a test tells it.
///
/// A first argument names the credential that is requested; runs and overlaps are counted for each
/// name. At first it answers at once with the token `token-<number of the run>` and no expiry.
#[derive(Debug)]
pub struct ExecPlugin {
    folder: TempDir,
}

impl ExecPlugin {
    /// Writes the script into a temporary folder.
    pub fn new() -> io::Result<Self> {
        let plugin = Self {
            folder: tempfile::Builder::new().prefix("plugin").tempdir()?,
        };
        let folder = plugin.folder.path().display().to_string();
        let script = include_str!("exec-plugin.sh").replace("@FOLDER@", &format!("'{folder}'"));
        fs::write(plugin.path(), script)?;
        fs::set_permissions(plugin.path(), Permissions::from_mode(0o755))?;
        for file in ["runs", "overlaps", "stderr", "life", "always"] {
            plugin.write(file, "")?;
        }
        plugin.write("delay", "0")?;
        plugin.write("exit-code", "0")?;
        plugin.answers_where_untold("v1")?;
        plugin.answers_token("token-@RUN@")?;
        Ok(plugin)
    }

    /// The script.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("plugin")
    }

    /// From now on it answers with this token. `@RUN@` stands for the number of the run, `@NAME@`
    /// for the plugin's first argument.
    pub fn answers_token(&self, token: &str) -> io::Result<()> {
        self.answers_status(&json!({ "token": token }))
    }

    /// From now on it answers with this client certificate and key.
    pub fn answers_certificate(&self, certificate: &str, key: &str) -> io::Result<()> {
        self.answers_status(&json!({
            "clientCertificateData": certificate,
            "clientKeyData": key,
        }))
    }

    /// From now on it prints this text, whatever it is.
    pub fn answers(&self, text: &str) -> io::Result<()> {
        self.write("answer", text)
    }

    /// From now on it answers with this version, `v1` or `v1beta1`, where the client told it none.
    /// Otherwise it answers with the one that it was told.
    pub fn answers_where_untold(&self, version: &str) -> io::Result<()> {
        self.write("untold", version)
    }

    /// From now on it answers with this version, whatever it is told.
    pub fn answers_always(&self, version: &str) -> io::Result<()> {
        self.write("always", version)
    }

    /// From now on its credentials expire this many seconds after the run; `None` names no expiry.
    pub fn expires_after(&self, seconds: Option<i64>) -> io::Result<()> {
        let life = seconds.map(|seconds| seconds.to_string());
        self.write("life", &life.unwrap_or_default())
    }

    /// From now on a run takes this long.
    pub fn takes(&self, time: Duration) -> io::Result<()> {
        self.write("delay", &format!("{:.3}", time.as_secs_f64()))
    }

    /// From now on it ends with this exit code; 0 is success.
    pub fn exits_with(&self, code: u8) -> io::Result<()> {
        self.write("exit-code", &code.to_string())
    }

    /// From now on it writes this to stderr, without anything added.
    pub fn says(&self, text: &str) -> io::Result<()> {
        self.write("stderr", text)
    }

    /// From now on a run waits until [`opens_the_gate`](Self::opens_the_gate).
    pub fn waits_at_the_gate(&self) -> io::Result<()> {
        fs::create_dir(self.folder.path().join("gate"))
    }

    /// Lets the runs go on that wait, and all later ones.
    pub fn opens_the_gate(&self) -> io::Result<()> {
        self.write("gate/open", "")
    }

    /// From now on a run waits for nothing, as at first.
    pub fn closes_the_gate(&self) -> io::Result<()> {
        fs::remove_dir_all(self.folder.path().join("gate"))
    }

    /// How often it was started.
    pub fn runs(&self) -> usize {
        self.lines("runs").len()
    }

    /// How often it was started with `name` as its first argument.
    pub fn runs_of(&self, name: &str) -> usize {
        let runs = self.lines("runs");
        runs.iter().filter(|line| *line == name).count()
    }

    /// How often it was started while it still ran for the same name.
    pub fn overlaps(&self) -> usize {
        self.lines("overlaps").len()
    }

    fn answers_status(&self, status: &serde_json::Value) -> io::Result<()> {
        let mut answer = json!({
            "kind": "ExecCredential",
            "apiVersion": "client.authentication.k8s.io/@VERSION@",
            "status": status,
        });
        answer["status"]["expirationTimestamp"] = "@EXPIRY@".into();
        self.answers(&answer.to_string().replace("\"@EXPIRY@\"", "@EXPIRY@"))
    }

    /// Writes beside and renames, since the plugin may read at any moment.
    fn write(&self, file: &str, content: &str) -> io::Result<()> {
        let path = self.folder.path().join(file);
        let beside = self.folder.path().join(format!("{file}.new"));
        fs::write(&beside, content)?;
        fs::rename(beside, path)
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let path: &Path = &self.folder.path().join(file);
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
