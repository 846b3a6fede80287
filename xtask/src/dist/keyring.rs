//! Whether what was built can use a keyring: the kernel's, and GNOME Keyring, each in a session of
//! its own. A session that cannot be had here is left out, and said.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::step;

/// How one comes to a keyring that is nobody else's.
struct Session {
    backend: &'static str,
    /// The command that starts it, in front of what runs in it.
    start: &'static [&'static str],
    /// What there has to be, and the command that says whether it is.
    needs: &'static [(&'static str, &'static [&'static str])],
    /// What unlocks it, for a shell.
    unlock: &'static str,
}

const SESSIONS: [Session; 2] = [
    Session {
        backend: "keyring:keyutils",
        start: &["keyctl", "session", "-"],
        needs: &[("keyctl", &["session", "-", "true"])],
        unlock: "",
    },
    Session {
        backend: "keyring:secret-service",
        start: &["dbus-run-session", "--"],
        needs: &[
            ("dbus-run-session", &["--", "true"]),
            ("gnome-keyring-daemon", &["--version"]),
        ],
        unlock: "printf password | gnome-keyring-daemon --unlock --components=secrets >&2",
    },
];

/// The second answer comes from the store: the plugin is gone.
const REQUEST_TWICE: &str = r#"
./kcc-cache ./copy >first
rm copy
./kcc-cache ./copy >second
cmp first second
grep -q '^kcc1 sealed ' "$XDG_CACHE_HOME"/kcc/*.entry
./kcc doctor || true
"#;

/// Needs both programs and `plugin` in `room`.
pub(super) fn run(room: &Path) -> Result<()> {
    is_built_in(room)?;
    for session in SESSIONS {
        session.run(room)?;
    }
    Ok(())
}

/// Where there is no keyring, a build that could use one says so in other words than one that could
/// not.
fn is_built_in(room: &Path) -> Result<()> {
    let mut request = Command::new(room.join("kcc-cache"));
    request
        .arg(room.join("plugin"))
        .env_clear()
        .env("HOME", room);
    request.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    request.env("KUBE_CREDENTIAL_CACHE_BACKEND", "keyring:secret-service");
    request.env("KUBE_CREDENTIAL_CACHE_WARNINGS", "stderr");
    let output = request.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && said.contains("the Secret Service cannot be used"),
        "kcc-cache without a keyring ended with {} and said {said:?}",
        output.status
    );
    Ok(())
}

impl Session {
    fn run(&self, room: &Path) -> Result<()> {
        let backend = self.backend;
        let missing = self
            .needs
            .iter()
            .find(|(program, arguments)| !step::answers(program, arguments));
        if let Some((program, _)) = missing {
            step::say(&format!(
                "\n=== {backend}: left out, since {program} does not work here"
            ));
            return Ok(());
        }
        step::say(&format!("\n=== {backend}"));
        fs::copy(room.join("plugin"), room.join("copy"))?;
        let script = format!("{}\n{REQUEST_TWICE}", self.unlock);
        let shell = ["/bin/sh", "-ec", &script];
        let mut words = self.start.iter().chain(&shell).copied();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(room).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_RUNTIME_DIR", "runtime"),
        ] {
            // None of it is of an earlier session.
            let path = room.join(backend).join(folder);
            fs::create_dir_all(&path)?;
            command.env(name, path);
        }
        command.env("KUBE_CREDENTIAL_CACHE_BACKEND", backend);
        let said = step::output_of(command.stdin(Stdio::null()))?;
        let good = format!("keyring: {backend} gives its key");
        ensure!(said.contains(&good), "kcc doctor says {said:?}");
        Ok(())
    }
}
