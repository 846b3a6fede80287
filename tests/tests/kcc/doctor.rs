//! `kcc doctor`: green on a healthy set-up; on a broken one it names the fault and the repair, and
//! nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::{Desk, code, quiet, stderr, stdout};

const NOBODY: u32 = 65_534;

/// With `kcc-cache` in the home's `bin`, a kubeconfig that is its owner's alone, and one entry.
fn healthy() -> Desk {
    let desk = Desk::new().with_context("a");
    fs::create_dir(desk.home.path().join("bin")).unwrap();
    symlink(desk.home.kcc_cache().get_program(), kcc_cache(&desk)).unwrap();
    set_mode(&desk.kubeconfig_path(), 0o600);
    desk.token("a");
    desk
}

fn kcc_cache(desk: &Desk) -> PathBuf {
    desk.home.path().join("bin/kcc-cache")
}

/// A program in the place of `kcc-cache`.
fn replace_kcc_cache(desk: &Desk, script: &str) {
    fs::remove_file(kcc_cache(desk)).unwrap();
    fs::write(kcc_cache(desk), format!("#!/bin/sh\n{script}\n")).unwrap();
    set_mode(&kcc_cache(desk), 0o755);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn doctor(desk: &Desk) -> Command {
    let mut command = desk.kcc(&["doctor", "-o", "json"]);
    let bin = desk.home.path().join("bin");
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command
}

fn report(mut command: Command) -> (i32, Value) {
    let output = command.output().unwrap();
    assert_eq!(stderr(&output), "");
    assert!(!stdout(&output).contains("token-1"), "a secret is shown");
    let report = serde_json::from_str(stdout(&output)).unwrap();
    (code(&output), report)
}

/// Expects one finding that is not good, of this check, with these texts in it.
fn finds(command: Command, verdict: &str, check: &str, problem: &str, repair: &str) {
    let (code, report) = report(command);
    let findings = report["findings"].as_array().unwrap();
    let not_good: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["verdict"] != "good")
        .collect();
    assert_eq!(not_good.len(), 1, "{not_good:#?}");
    let finding = not_good[0];
    assert_eq!(
        (&finding["verdict"], &finding["check"]),
        (&json!(verdict), &json!(check)),
        "{finding}"
    );
    let text = |field: &str| finding[field].as_str().unwrap().to_owned();
    assert!(text("message").contains(problem), "{finding}");
    assert!(text("repair").contains(repair), "{finding}");
    assert_eq!(code, i32::from(verdict == "bad"));
    assert_eq!(report["healthy"], verdict != "bad");
}

#[test]
fn a_healthy_set_up_is_all_green() {
    let desk = healthy();
    let (code, report) = report(doctor(&desk));
    assert_eq!(code, 0, "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|it| it["verdict"] == "good"),
        "{report:#}"
    );
    for check in [
        "variables",
        "path",
        "version",
        "directory",
        "entries",
        "clock",
        "kubeconfig",
        "contexts",
        "kuberc",
        "users",
    ] {
        assert!(
            findings.iter().any(|it| it["check"] == check),
            "{check}: {report:#}"
        );
    }
    assert_eq!(desk.plugin.runs(), 1, "no plugin is run");

    let mut for_people = desk.kcc(&["doctor"]);
    for_people.env(
        "PATH",
        format!("{}/bin:/usr/bin:/bin", desk.home.path().display()),
    );
    let output = for_people.output().unwrap();
    assert!(
        quiet(&output).lines().all(|line| line.starts_with("ok ")),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_first_day_is_healthy_and_nothing_is_made() {
    let desk = healthy();
    fs::remove_dir_all(desk.home.path().join("cache")).unwrap();
    let (code, report) = report(doctor(&desk));
    assert_eq!(code, 0, "{report:#}");
    assert!(!desk.home.path().join("cache").exists());
}

#[test]
fn kcc_cache_is_not_in_path() {
    let desk = healthy();
    fs::remove_file(kcc_cache(&desk)).unwrap();
    finds(doctor(&desk), "bad", "path", "not in PATH", "to PATH");
}

#[test]
fn another_program_is_named_kcc_cache() {
    let desk = healthy();
    replace_kcc_cache(&desk, "echo something else");
    finds(
        doctor(&desk),
        "bad",
        "version",
        "another program",
        "before it in PATH",
    );
}

#[test]
fn kcc_cache_is_of_another_version() {
    let desk = healthy();
    replace_kcc_cache(&desk, "echo kcc-cache 0.0.7");
    finds(doctor(&desk), "bad", "version", "is 0.0.7", "one release");
}

#[test]
fn kcc_cache_cannot_be_run() {
    let desk = healthy();
    fs::remove_file(kcc_cache(&desk)).unwrap();
    fs::write(kcc_cache(&desk), "#!/there/is/no/such/interpreter\n").unwrap();
    set_mode(&kcc_cache(&desk), 0o755);
    finds(
        doctor(&desk),
        "bad",
        "version",
        "cannot be run",
        "install it again",
    );
}

#[test]
fn a_variable_has_a_wrong_value() {
    let desk = healthy();
    let mut command = doctor(&desk);
    command.env("KUBE_CREDENTIAL_CACHE_DEFAULT_TTL", "soon");
    let (code, report) = report(command);
    assert_eq!(code, 1);
    let text = report.to_string();
    assert!(
        text.contains("KUBE_CREDENTIAL_CACHE_DEFAULT_TTL=") && text.contains("unset the variable"),
        "{text}"
    );
}

#[test]
fn a_users_variable_has_a_wrong_value() {
    let mut desk = healthy();
    let margin = json!({ "name": "KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "value": "30" });
    desk.exec_mut("a")["env"]
        .as_array_mut()
        .unwrap()
        .push(margin);
    desk.write_kubeconfig();
    finds(
        doctor(&desk),
        "bad",
        "variables",
        "user \"a-user\"",
        "exec.env",
    );
}

#[test]
fn there_is_no_place_for_the_cache() {
    let desk = healthy();
    let mut command = doctor(&desk);
    command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    command.env("KUBECONFIG", desk.kubeconfig_path());
    finds(command, "bad", "directory", "HOME", "set HOME");
}

#[test]
fn a_keyring_is_wanted_and_this_build_has_none() {
    let desk = healthy();
    let mut command = doctor(&desk);
    command.env("KUBE_CREDENTIAL_CACHE_BACKEND", "keyring");
    let repair = "KUBE_CREDENTIAL_CACHE_BACKEND";
    finds(command, "bad", "directory", "no keyring support", repair);
}

#[test]
fn the_cache_directory_cannot_be_made() {
    let desk = healthy();
    let mut command = doctor(&desk);
    command.env("XDG_CACHE_HOME", "/dev/null");
    finds(
        command,
        "bad",
        "directory",
        "/dev/null",
        "KUBE_CREDENTIAL_CACHE_FILE",
    );
}

#[test]
fn others_can_enter_the_cache_directory() {
    let desk = healthy();
    set_mode(&desk.home.entries_dir(), 0o755);
    finds(
        doctor(&desk),
        "warning",
        "directory",
        "mode 755",
        "chmod 700",
    );
}

#[test]
fn the_cache_directory_is_a_symlink() {
    let desk = healthy();
    let target = desk.home.path().join("target");
    fs::rename(desk.home.entries_dir(), &target).unwrap();
    symlink(&target, desk.home.entries_dir()).unwrap();
    finds(
        doctor(&desk),
        "bad",
        "directory",
        "symbolic link",
        "remove the link",
    );
}

#[test]
fn a_file_is_in_the_cache_directorys_place() {
    let desk = healthy();
    fs::remove_dir_all(desk.home.entries_dir()).unwrap();
    fs::write(desk.home.entries_dir(), "").unwrap();
    finds(doctor(&desk), "bad", "directory", "not a directory", "rm ");
}

#[test]
fn the_cache_directory_is_somebody_elses() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can give a directory away.
    }
    let desk = healthy();
    chown(desk.home.entries_dir(), Some(NOBODY), None).unwrap();
    finds(doctor(&desk), "bad", "directory", "65534", "chown");
}

#[test]
fn something_is_in_the_installation_keys_place() {
    let desk = healthy();
    let key = desk.home.entries_dir().join("installation.key");
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    let problem = key.display().to_string();
    finds(
        doctor(&desk),
        "bad",
        "directory",
        &problem,
        "yours and writable",
    );
}

#[test]
fn an_entry_is_open_to_others() {
    let desk = healthy();
    set_mode(&desk.home.entries()[0], 0o644);
    finds(doctor(&desk), "bad", "entries", "mode 644", "rm ");
}

#[test]
fn an_entry_is_damaged() {
    let desk = healthy();
    fs::write(&desk.home.entries()[0], "nonsense").unwrap();
    finds(doctor(&desk), "bad", "entries", "damaged", "rm ");
}

#[test]
fn the_clock_was_set_back() {
    let desk = healthy();
    let entry = &desk.home.entries()[0];
    let text = fs::read_to_string(entry).unwrap();
    let (head, _) = text.split_once("\"stored_at\":").unwrap();
    let rest = &text[head.len() + "\"stored_at\":".len()..];
    let end = rest.find([',', '}']).unwrap();
    let stored_at: i64 = rest[..end].parse().unwrap();
    let later = stored_at + 7_200_000_000;
    fs::write(
        entry,
        format!("{head}\"stored_at\":{later}{}", &rest[end..]),
    )
    .unwrap();
    finds(
        doctor(&desk),
        "bad",
        "clock",
        "later than that",
        "set the clock",
    );
}

#[test]
fn a_kubeconfig_cannot_be_read() {
    let desk = healthy();
    fs::write(desk.kubeconfig_path(), "apiVersion: v1\nusers: [\n").unwrap();
    let problem = format!("{}", desk.kubeconfig_path().display());
    finds(doctor(&desk), "bad", "kubeconfig", &problem, "fix it");
}

#[test]
fn there_is_no_kubeconfig() {
    let desk = healthy();
    fs::remove_file(desk.kubeconfig_path()).unwrap();
    finds(
        doctor(&desk),
        "bad",
        "kubeconfig",
        "no kubeconfig at all",
        "KUBECONFIG",
    );
}

#[test]
fn a_kubeconfig_of_the_list_is_missing() {
    let desk = healthy();
    let mut command = doctor(&desk);
    let list = format!("/there/is/none:{}", desk.kubeconfig_path().display());
    command.env("KUBECONFIG", list);
    finds(
        command,
        "warning",
        "kubeconfig",
        "/there/is/none",
        "KUBECONFIG",
    );
}

#[test]
fn others_can_write_the_kubeconfig() {
    let desk = healthy();
    set_mode(&desk.kubeconfig_path(), 0o666);
    finds(
        doctor(&desk),
        "bad",
        "kubeconfig",
        "mode 666",
        "chmod go-rwx",
    );
}

#[test]
fn others_can_read_a_kubeconfig_with_a_token() {
    let mut desk = healthy();
    desk.add_context("fixed", &json!({ "token": "token-1" }));
    set_mode(&desk.kubeconfig_path(), 0o644);
    finds(
        doctor(&desk),
        "warning",
        "kubeconfig",
        "mode 644",
        "chmod go-rwx",
    );
}

#[test]
fn a_context_names_a_cluster_that_is_not_there() {
    let mut desk = healthy();
    let contexts = desk.kubeconfig["contexts"].as_array_mut().unwrap();
    contexts.push(json!({ "name": "lost", "context": { "cluster": "gone", "user": "a-user" } }));
    desk.write_kubeconfig();
    finds(
        doctor(&desk),
        "bad",
        "contexts",
        "gone",
        "delete-context lost",
    );
}

#[test]
fn the_current_context_is_not_there() {
    let mut desk = healthy();
    desk.kubeconfig["current-context"] = "gone".into();
    desk.write_kubeconfig();
    finds(doctor(&desk), "bad", "contexts", "\"gone\"", "use-context");
}

#[test]
fn the_cache_is_not_in_front() {
    let mut desk = healthy();
    let plugin = desk.plugin.path();
    let exec = desk.exec_mut("a");
    exec["command"] = plugin.to_str().unwrap().into();
    exec["args"] = json!([]);
    desk.write_kubeconfig();
    finds(
        doctor(&desk),
        "warning",
        "users",
        "not in front",
        "kcc inject --user a-user",
    );
}

#[test]
fn the_kubeconfig_names_a_kcc_cache_that_is_not_there() {
    let mut desk = healthy();
    desk.exec_mut("a")["command"] = "/opt/gone/kcc-cache".into();
    desk.write_kubeconfig();
    finds(
        doctor(&desk),
        "bad",
        "users",
        "/opt/gone/kcc-cache",
        "install kcc-cache there",
    );
}

#[test]
fn the_plugin_is_missing() {
    let mut desk = healthy();
    let exec = desk.exec_mut("a");
    exec["args"][0] = "there-is-no-such-plugin".into();
    exec["installHint"] = "get it from the shop".into();
    desk.write_kubeconfig();
    finds(
        doctor(&desk),
        "bad",
        "plugins",
        "there-is-no-such-plugin is not in PATH",
        "from the shop",
    );
}

#[test]
fn the_plugin_is_not_executable() {
    let desk = healthy();
    set_mode(&desk.plugin.path(), 0o644);
    finds(
        doctor(&desk),
        "bad",
        "plugins",
        "not executable",
        "chmod +x",
    );
}

#[test]
fn the_plugins_path_depends_on_the_working_directory() {
    let mut desk = healthy();
    let name = desk.plugin.path();
    desk.exec_mut("a")["args"][0] = "./plugin".into();
    desk.write_kubeconfig();
    let mut command = doctor(&desk);
    command.current_dir(name.parent().unwrap());
    finds(
        command,
        "bad",
        "plugins",
        "working directory",
        "KUBE_CREDENTIAL_CACHE_COMMAND_DIR",
    );
}

#[test]
fn the_kuberc_does_not_allow_the_cache() {
    let desk = healthy();
    let plugin = desk.plugin.path().display().to_string();
    let list = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:";
    desk.write_kuberc(&format!("{list} [{{command: {plugin}}}]"));
    finds(
        doctor(&desk),
        "bad",
        "kuberc",
        "kcc-cache",
        "credentialPluginAllowlist",
    );
    desk.write_kuberc(&format!("{list} [{{command: kcc-cache}}]"));
    finds(
        doctor(&desk),
        "bad",
        "kuberc",
        &plugin,
        "credentialPluginAllowlist",
    );
    desk.write_kuberc(&format!(
        "{list} [{{command: kcc-cache}}, {{command: {plugin}}}]"
    ));
    assert_eq!(report(doctor(&desk)).0, 0);
}

#[test]
fn the_kuberc_cannot_be_read() {
    let desk = healthy();
    desk.write_kuberc("credentialPluginPolicy: [");
    finds(
        doctor(&desk),
        "warning",
        "kuberc",
        "kuberc",
        "fix the kuberc",
    );
    let mut command = doctor(&desk);
    command.env("KUBERC", desk.home.path().join(".kube/kuberc"));
    finds(command, "bad", "kuberc", "kuberc", "KUBERC=off");
}

#[test]
fn a_misspelt_setting_is_named_with_the_right_one() {
    let desk = healthy();
    let mut command = doctor(&desk);
    command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGN", "30s");
    finds(
        command,
        "warning",
        "variables",
        "KUBE_CREDENTIAL_CACHE_REFRESH_MARGN does nothing",
        "KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN",
    );

    let mut desk = healthy();
    let variables = desk.exec_mut("a")["env"].as_array_mut().unwrap();
    variables.push(json!({ "name": "KUBE_CREDENTIALS_CACHE_DEBUG", "value": "1" }));
    desk.write_kubeconfig();
    set_mode(&desk.kubeconfig_path(), 0o600);
    finds(
        doctor(&desk),
        "warning",
        "variables",
        "user \"a-user\": KUBE_CREDENTIALS_CACHE_DEBUG does nothing",
        "did you mean KUBE_CREDENTIAL_CACHE_DEBUG?",
    );
}
