//! Users whose plugin works on one login, with a refresh token that is exchanged at each run.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{Bench, V1, credential, exec_info, script};

/// A provider that ends the login when a refresh token is exchanged a second time.
fn rotating(folder: &Path) -> PathBuf {
    std::fs::write(folder.join("refresh-token"), "1\n").unwrap();
    script(
        folder,
        "oidc-login",
        &format!(
            r#"cd "${{0%/*}}"
mine=$(cat refresh-token)
sleep 0.1
if ! mkdir "used-$mine" 2>/dev/null; then echo "token $mine was used twice" >> thefts; exit 1; fi
echo $((mine + 1)) > refresh-token
echo '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"t-'$mine'"}}}}'"#
        ),
    )
}

#[test]
fn runs_of_one_login_take_turns() {
    let bench = Bench::new();
    let folder = bench.home.path();
    let plugin = rotating(folder);
    std::thread::scope(|scope| {
        for number in 0..10 {
            let (bench, plugin) = (&bench, &plugin);
            scope.spawn(move || {
                let mut command = bench.home.kcc_cache();
                command.args([plugin.as_os_str(), "get-token".as_ref()]);
                command.env("KUBE_CREDENTIAL_CACHE_USER", format!("cluster-{number}"));
                let server = format!("https://{number}.example");
                let cluster = json!({ "cluster": { "server": server } });
                command.env("KUBERNETES_EXEC_INFO", exec_info(V1, cluster));
                credential(&command.output().unwrap());
            });
        }
    });
    assert!(!folder.join("thefts").exists());
    assert_eq!(bench.home.entries().len(), 10);
    let exchanged = std::fs::read_to_string(folder.join("refresh-token")).unwrap();
    assert_eq!(exchanged.trim(), "11");
}

/// Another login is another turn: these wait for each other, so that all have to run at once.
#[test]
fn runs_of_different_logins_do_not_wait_for_each_other() {
    let bench = Bench::new();
    let plugin = script(
        bench.home.path(),
        "login",
        &format!(
            r#"cd "${{0%/*}}"; : > "began-$1"
while [ "$(ls began-* | wc -l)" -lt 4 ]; do sleep 0.02; done
echo '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"t"}}}}'"#
        ),
    );
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (bench, plugin) = (&bench, &plugin);
            scope.spawn(move || {
                let mut command = bench.home.kcc_cache();
                command.arg(plugin).arg(number.to_string());
                credential(&command.output().unwrap());
            });
        }
    });
}
