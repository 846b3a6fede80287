//! A credential near its refresh margin is served at once and refreshed in the background.

use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use kcc_core::{
    ApiVersion, Clock, CredentialCache, Environment, ExecInfo, PluginPolicy, Request, Settings,
    Source, variable,
};
use serde_json::json;

use crate::{Bench, V1, exec_info, quiet_token, script, token_of, wait_until};

/// The machine's clock, so many hours slow.
pub(crate) struct HoursAgo(pub(crate) i64);

impl Clock for HoursAgo {
    fn now(&self) -> Timestamp {
        Timestamp::now() - SignedDuration::from_hours(self.0)
    }
}

fn stored_an_hour_ago(bench: &Bench, plugin: &Path) {
    stored_hours_ago(1, bench, plugin, &[]);
}

/// Stores what `plugin` gives as if it had some hours ago.
pub(crate) fn stored_hours_ago(hours: i64, bench: &Bench, plugin: &Path, args: &[&str]) {
    let environment: Environment = bench.home.variables().into_iter().collect();
    let settings = Settings::from_environment(&environment).unwrap();
    let request = Request {
        info: ExecInfo::new(ApiVersion::V1, false),
        command: plugin.into(),
        args: args.iter().map(Into::into).collect(),
        environment,
        policy: PluginPolicy::default(),
        forward_signals: false,
    };
    let cache = CredentialCache::with_clock(settings, HoursAgo(hours));
    let answer = cache.get(&request, &mut |notice| {
        assert!(!notice.is_warning(), "{notice}");
    });
    assert_eq!(answer.unwrap().source, Source::Plugin);
}

/// A bench whose credential, `token-1`, is an hour old and ends in eight minutes.
fn near_its_margin() -> Bench {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(480)).unwrap();
    stored_an_hour_ago(&bench, &bench.plugin.path());
    bench.plugin.expires_after(Some(3_600)).unwrap();
    bench
}

/// How often a process in the background was started, as the log of the entry says.
fn started(bench: &Bench) -> usize {
    let log = fs::read_to_string(bench.entry().with_extension("served")).unwrap_or_default();
    log.lines()
        .filter(|line| line.starts_with("ahead "))
        .count()
}

#[test]
fn a_request_is_served_at_once_and_the_next_one_gets_the_new_credential() {
    let bench = near_its_margin();
    bench.plugin.waits_at_the_gate().unwrap();
    // Its pipes are closed when it ends, although the plugin runs.
    assert_eq!(bench.token(), "token-1");
    wait_until("the plugin runs", || bench.plugin.runs() == 2);
    for _ in 0..5 {
        assert_eq!(bench.token(), "token-1");
    }
    bench.plugin.opens_the_gate().unwrap();
    wait_until("it is refreshed", || bench.token() == "token-2");
    assert_eq!(bench.plugin.runs(), 2);
    assert_eq!(bench.plugin.overlaps(), 0);
}

#[test]
fn who_must_have_a_new_one_shares_the_run_in_the_background() {
    let bench = near_its_margin();
    bench.plugin.waits_at_the_gate().unwrap();
    assert_eq!(bench.token(), "token-1");
    wait_until("the plugin runs", || bench.plugin.runs() == 2);
    std::thread::scope(|scope| {
        let requests: Vec<_> = (0..5)
            .map(|_| {
                scope.spawn(|| {
                    let mut command = bench.command();
                    token_of(
                        &command
                            .env(variable::REFRESH_MARGIN, "10m")
                            .output()
                            .unwrap(),
                    )
                })
            })
            .collect();
        bench.plugin.opens_the_gate().unwrap();
        for request in requests {
            assert_eq!(request.join().unwrap(), "token-2");
        }
    });
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn many_requests_at_once_start_few_and_run_one() {
    let bench = near_its_margin();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| assert!(["token-1", "token-2"].contains(&&*bench.token())));
        }
    });
    wait_until("it is refreshed", || bench.token() == "token-2");
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn earlier_in_its_life_nothing_is_refreshed() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(3_000)).unwrap();
    stored_an_hour_ago(&bench, &bench.plugin.path());
    assert_eq!(bench.token(), "token-1");
    assert_eq!(started(&bench), 0);
}

#[test]
fn a_plugin_that_might_prompt_is_refreshed_where_it_is_switched_on() {
    let interactive = exec_info(V1, json!({ "interactive": true }));
    for (switch, is_interactive, expected) in [
        ("auto", false, 1),
        ("auto", true, 0),
        ("1", true, 1),
        ("0", false, 0),
        ("", true, 0),
    ] {
        let bench = near_its_margin();
        let mut command = bench.command();
        command.env(variable::REFRESH_AHEAD, switch);
        if is_interactive {
            command.env("KUBERNETES_EXEC_INFO", &interactive);
        }
        assert_eq!(quiet_token(&mut command), "token-1");
        assert_eq!(
            started(&bench),
            expected,
            "{switch}, interactive: {is_interactive}"
        );
    }
}

/// What a plugin in the background finds around it.
fn told(name: &str, setup: impl Fn(&mut Command)) -> String {
    let bench = Bench::new();
    let folder = bench.home.path();
    let answer = |token: &str, left: i64| {
        let end = Timestamp::now() + SignedDuration::from_secs(left);
        let status = json!({ "token": token, "expirationTimestamp": format!("{end:.0}") });
        json!({ "kind": "ExecCredential", "apiVersion": V1, "status": status })
    };
    let plugin = script(folder, name, &format!("echo '{}'", answer("old", 480)));
    stored_an_hour_ago(&bench, &plugin);
    let tell = format!(
        "{{ echo \"info $KUBERNETES_EXEC_INFO\"; env | grep BACKGROUND; \
         echo session $(ps -o sid= -p $$); readlink /proc/self/fd/0 /proc/self/fd/2; \
         readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1 /proc/$PPID/fd/2; echo end; }} > '{}/told'; \
         echo '{}'",
        folder.display(),
        answer("new", 3_600)
    );
    script(folder, name, &tell);
    let mut command = bench.home.kcc_cache();
    setup(command.arg(&plugin));
    assert_eq!(quiet_token(&mut command), "old");
    wait_until("it is refreshed", || {
        let mut command = bench.home.kcc_cache();
        setup(command.arg(&plugin));
        token_of(&command.output().unwrap()) == "new"
    });
    fs::read_to_string(folder.join("told")).unwrap()
}

#[test]
fn in_the_background_there_is_no_terminal_and_nothing_of_the_caller() {
    let told = told("gke-gcloud-auth-plugin", |command| {
        let interactive = exec_info(V1, json!({ "interactive": true }));
        command.env("KUBERNETES_EXEC_INFO", interactive);
    });
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].contains("\"interactive\":false"), "{told}");
    let ours = Command::new("ps")
        .args(["-o", "sid=", "-p", &std::process::id().to_string()])
        .output()
        .unwrap();
    let ours = String::from_utf8(ours.stdout).unwrap();
    assert!(lines[1].starts_with("session "), "{told}");
    assert_ne!(lines[1], format!("session {}", ours.trim()), "{told}");
    assert_eq!(
        &lines[2..],
        ["/dev/null"; 5]
            .iter()
            .chain(&["end"])
            .copied()
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_failure_in_the_background_is_silent_and_not_repeated_at_once() {
    let bench = near_its_margin();
    bench.plugin.exits_with(7).unwrap();
    bench.plugin.says("MARKER").unwrap();
    assert_eq!(bench.token(), "token-1");
    wait_until("the plugin ran", || bench.plugin.runs() == 2);
    for _ in 0..5 {
        assert_eq!(bench.token(), "token-1");
    }
    assert_eq!(started(&bench), 1);
}

#[test]
fn a_plugin_that_hangs_in_the_background_is_stopped() {
    let bench = near_its_margin();
    let hang = format!(
        "echo $$ > '{0}/pid.new'; mv '{0}/pid.new' '{0}/pid'; exec sleep 600",
        bench.home.path().display()
    );
    script(bench.plugin.path().parent().unwrap(), "plugin", &hang);
    let mut command = bench.command();
    command.env(variable::PLUGIN_TIMEOUT, "1s");
    assert_eq!(quiet_token(&mut command), "token-1");
    let file = bench.home.path().join("pid");
    wait_until("the plugin runs", || file.exists());
    let pid = fs::read_to_string(&file).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    wait_until("the plugin is gone", || !process.exists());
    assert_eq!(token_of(&bench.request()), "token-1");
}
