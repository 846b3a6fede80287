//! Which program is run for a command: the one that the client itself would find (Go's
//! `exec.LookPath`, in the client's `PATH`).

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;
use tempfile::TempDir;

use crate::policy::Client;
use crate::{V1, code, script, stderr, token_of};

/// A folder with a program `login` in it, and one in its folder `bin`; each says which it is.
struct Folder(TempDir);

impl Folder {
    fn new(token: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path("bin")).unwrap();
        script(folder.0.path(), "login", &answer(token));
        script(&folder.path("bin"), "login", &answer(token));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shown(&self) -> String {
        self.0.path().display().to_string()
    }
}

fn answer(token: &str) -> String {
    let credential = json!({
        "kind": "ExecCredential", "apiVersion": V1, "status": { "token": token },
    });
    format!("echo '{credential}'")
}

/// What a client with this `PATH` gets that stands in `folder`.
fn request_in(folder: &Folder, path: &str) -> Output {
    let client = Client::new("").with_env("PATH", path);
    let client = client.in_folder(folder.0.path());
    let hint = ("KUBE_CREDENTIAL_CACHE_INSTALL_HINT", "apt install login");
    client.run(&[Path::new("login")], &[hint])
}

/// kubectl says "executable login not found", with the hint, in each of these cases: a file that
/// happens to lie where somebody works is nobody's plugin.
#[test]
fn the_working_directory_has_no_plugins() {
    let here = Folder::new("from-here");
    let there = Folder::new("from-there");
    for (path, as_file) in [
        (String::from("."), "login"),
        ("./".into(), "login"),
        (":/nonexistent".into(), "login"),
        ("/nonexistent:".into(), "login"),
        ("/nonexistent::/nowhere".into(), "login"),
        ("bin".into(), "bin/login"),
        ("./bin/../bin".into(), "bin/login"),
        ("bin/..".into(), "login"),
        // The first one counts, and it may not be taken.
        (format!("bin:{}", there.shown()), "bin/login"),
        (format!(":{}", there.shown()), "login"),
    ] {
        let output = request_in(&here, &path);
        let heard = stderr(&output);
        assert_eq!(code(&output), 127, "{path}: {heard}");
        let expected = format!("cannot run login: not found in PATH but as {as_file}, ");
        assert!(heard.contains(&expected), "{path}: {heard}");
        assert!(heard.contains("apt install login"), "{path}: {heard}");
    }
    for path in ["", "/nonexistent", "none:/nonexistent"] {
        let output = request_in(&here, path);
        let heard = stderr(&output);
        assert_eq!(code(&output), 127, "{path}: {heard}");
        assert!(heard.contains("not found in PATH\n"), "{path}: {heard}");
    }
    for path in [
        format!("{}:.", there.shown()),
        format!("none:{}", there.shown()),
    ] {
        assert_eq!(token_of(&request_in(&here, &path)), "from-there", "{path}");
    }
    // A path is no look-up.
    let client = Client::new("").in_folder(here.0.path());
    let output = client.run(&[Path::new("./bin/login")], &[]);
    assert_eq!(token_of(&output), "from-here");
}

/// The plugin gets the `PATH` of `exec.env`; it is not found by it.
#[test]
fn a_kubeconfigs_path_is_for_the_plugin_alone() {
    let (good, evil) = (Folder::new("good"), Folder::new("evil"));
    let path = good.shown();
    let in_exec_env = [("PATH", evil.shown())];
    let exec_env: Vec<_> = in_exec_env
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let bare = Path::new("login");
    let client = Client::new("").with_env("PATH", &path);
    assert_eq!(token_of(&client.run(&[bare], &exec_env)), "good");
    let client = Client::new("").with_env("PATH", "/nonexistent");
    let output = client.run(&[bare], &exec_env);
    assert_eq!(code(&output), 127, "{}", stderr(&output));
    assert!(stderr(&output).contains("not found in PATH"));

    // And it does get it.
    let tell = script(
        good.0.path(),
        "tell",
        r#"printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$0 $PATH""#,
    );
    let client = Client::new("").with_env("PATH", &path);
    let told = token_of(&client.run(&[Path::new("tell")], &exec_env));
    assert_eq!(told, format!("{} {}", tell.display(), evil.shown()));
}
