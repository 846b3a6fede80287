//! A credential that the server refused is replaced, and clients that request twice for other reasons
//! do not defeat the cache.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::ahead::stored_hours_ago;
use crate::{Bench, V1, exec_info};

/// Long enough for a request to count as a repeated one.
const BETWEEN_REQUESTS: std::time::Duration = std::time::Duration::from_millis(20);

/// A long-lived client process: a shell that runs kcc-cache when it is told to, and says what it got.
pub(crate) struct Client {
    shell: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self::with(bench, |_| {})
    }

    fn with(bench: &Bench, setup: impl FnOnce(&mut Command)) -> Self {
        let template = bench.command();
        let mut shell = Command::new("sh");
        shell.args(["-c", "while read -r _; do \"$@\"; done", "sh"]);
        shell.arg(template.get_program()).args(template.get_args());
        shell.env_clear();
        shell.envs(
            template
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        shell.env_remove("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED");
        setup(&mut shell);
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: shell.stdin.take().unwrap(),
            answers: BufReader::new(shell.stdout.take().unwrap()),
            shell,
        }
    }

    pub(crate) fn token(&mut self) -> String {
        std::thread::sleep(BETWEEN_REQUESTS);
        self.orders.write_all(b"\n").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        answer["status"]["token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn log_of(bench: &Bench) -> PathBuf {
    bench.entry().with_extension("served")
}

/// As if all that the log tells had been so many seconds earlier.
fn let_pass(bench: &Bench, seconds: i64) {
    let log = log_of(bench);
    let text = fs::read_to_string(&log).unwrap();
    let earlier = |line: &str| {
        let mut fields: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let at: i64 = fields[1].parse().unwrap();
        fields[1] = (at - seconds * 1_000_000).to_string();
        fields.join(" ") + "\n"
    };
    fs::write(log, text.lines().map(earlier).collect::<String>()).unwrap();
}

#[test]
fn who_requests_again_gets_another_credential() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    // Everybody else gets the new one, and keeps it.
    for _ in 0..5 {
        assert_eq!(Client::new(&bench).token(), "token-2");
    }
    let mut other = Client::new(&bench);
    assert_eq!(other.token(), "token-2");
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn processes_that_request_once_each_never_have_it_replaced() {
    let bench = Bench::new();
    for _ in 0..20 {
        assert_eq!(Client::new(&bench).token(), "token-1");
    }
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn who_calls_by_hand_is_no_client() {
    let bench = Bench::new();
    let mut client = Client::with(&bench, |shell| {
        shell.env_remove("KUBERNETES_EXEC_INFO");
    });
    for _ in 0..10 {
        assert_eq!(client.token(), "token-1");
    }
    assert!(!log_of(&bench).exists());
}

#[test]
fn the_switch_switches_it_off() {
    let bench = Bench::new();
    let mut client = Client::with(&bench, |shell| {
        shell.env("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED", "0");
    });
    for _ in 0..10 {
        assert_eq!(client.token(), "token-1");
    }
    assert!(!log_of(&bench).exists());
}

#[test]
fn a_plugin_that_might_prompt_is_not_run_for_a_suspicion() {
    let bench = Bench::new();
    let mut client = Client::with(&bench, |shell| {
        let info = exec_info(V1, json!({ "interactive": true }));
        shell.env("KUBERNETES_EXEC_INFO", info);
    });
    for _ in 0..10 {
        assert_eq!(client.token(), "token-1");
    }
}

#[test]
fn a_short_life_is_no_reason_not_to_replace_it() {
    for life in [350, 300, 120, 30] {
        let bench = Bench::new();
        bench.plugin.expires_after(Some(life)).unwrap();
        let mut client = Client::new(&bench);
        assert_eq!(client.token(), "token-1");
        assert_eq!(client.token(), "token-2", "{life}");
    }
}

/// kube-rs requests again from a minute before the expiry, where a user's own margin is smaller.
#[test]
fn near_the_end_clients_request_again_by_themselves() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(55)).unwrap();
    stored_hours_ago(1, &bench, &bench.plugin.path(), &[]);
    let mut client = Client::with(&bench, |shell| {
        shell.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "0s");
        shell.env("KUBE_CREDENTIAL_CACHE_REFRESH_AHEAD", "0");
    });
    for _ in 0..10 {
        assert_eq!(client.token(), "token-1");
    }
}

#[test]
fn a_client_that_goes_on_requesting_is_given_new_ones_ever_more_rarely() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    for _ in 0..5 {
        assert_eq!(client.token(), "token-2");
    }
    let_pass(&bench, 61);
    assert_eq!(client.token(), "token-3");
    assert_eq!(client.token(), "token-3");
    let_pass(&bench, 61);
    assert_eq!(client.token(), "token-3", "the wait has doubled");
    let_pass(&bench, 61);
    assert_eq!(client.token(), "token-4");
    assert_eq!(bench.plugin.runs(), 4);
}

/// A second revocation within a minute is found by what speaks for it.
#[test]
fn several_failures_count_as_much_as_a_minute() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    // Three processes whose server refuses the second one, too: each requests twice.
    for failure in 1..=3 {
        let mut next = Client::new(&bench);
        assert_eq!(next.token(), "token-2");
        let replaced = if failure == 3 { "token-3" } else { "token-2" };
        assert_eq!(next.token(), replaced, "{failure}");
    }
    assert_eq!(bench.plugin.runs(), 3);
}

/// One process that is refused again and again, as an operator is that lives for long.
#[test]
fn one_process_that_is_refused_often_need_not_wait() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    let failures = (1..=20).find(|_| client.token() == "token-3");
    assert_eq!(failures, Some(7));
}

/// As a program that loads its configuration in a loop, for no reason of the server's.
#[test]
fn a_loop_of_loads_comes_to_the_logarithm_of_its_length() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    for _ in 0..200 {
        client.token();
    }
    let runs = bench.plugin.runs();
    assert!((2..=5).contains(&runs), "{runs} runs for 200 loads");
}

#[test]
fn many_clients_that_request_twice_have_it_replaced_at_a_limited_rate() {
    let bench = Bench::new();
    for _ in 0..12 {
        let mut client = Client::new(&bench);
        client.token();
        client.token();
    }
    assert_eq!(bench.plugin.runs(), 3, "the first, and the third of twelve");
    for _ in 0..12 {
        let_pass(&bench, 60);
        let mut client = Client::new(&bench);
        client.token();
        client.token();
    }
    // After 1, 2, 4 and 8 minutes, and the twelfth one, that is.
    assert!(bench.plugin.runs() <= 8, "{} runs", bench.plugin.runs());
}

#[test]
fn a_suspicion_that_the_plugin_cannot_follow_costs_no_answer() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    bench.plugin.exits_with(7).unwrap();
    assert_eq!(client.token(), "token-1");
    assert_eq!(bench.plugin.runs(), 2);
    assert_eq!(client.token(), "token-1");
    assert_eq!(bench.plugin.runs(), 2, "within the limits");
}

/// As on a shared cache directory: another host's process of the same number and start time.
#[test]
fn a_process_of_another_boot_is_another_process() {
    let bench = Bench::new();
    let mut client = Client::new(&bench);
    assert_eq!(client.token(), "token-1");
    let log = log_of(&bench);
    let text = fs::read_to_string(&log).unwrap();
    let (rest, boot) = text.trim_end().rsplit_once(' ').unwrap();
    fs::write(&log, format!("{rest} {}\n", "0".repeat(boot.len()))).unwrap();
    assert_eq!(client.token(), "token-1");
}

#[test]
fn the_log_stays_short_and_holds_no_secret() {
    let bench = Bench::new();
    bench.plugin.answers_token("MARKER").unwrap();
    for _ in 0..120 {
        Client::new(&bench).token();
    }
    let log = fs::read_to_string(log_of(&bench)).unwrap();
    assert!(log.len() < 5 * 1024, "{} bytes", log.len());
    assert!(!log.contains("MARKER"));
    assert!(log.lines().count() > 10);
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn a_log_that_cannot_be_used_is_done_without() {
    let spoils: [fn(&PathBuf); 4] = [
        |log| fs::write(log, vec![0xff; 100_000]).unwrap(),
        |log| fs::write(log, "served x y z\nreplaced 1\n\n\n").unwrap(),
        |log| {
            fs::remove_file(log).unwrap();
            fs::create_dir(log).unwrap();
        },
        |log| {
            fs::remove_file(log).unwrap();
            std::os::unix::fs::symlink("/dev/zero", log).unwrap();
        },
    ];
    for spoil in spoils {
        let bench = Bench::new();
        let mut client = Client::new(&bench);
        assert_eq!(client.token(), "token-1");
        spoil(&log_of(&bench));
        for _ in 0..3 {
            assert_eq!(Client::new(&bench).token(), "token-1");
        }
    }
}

#[test]
fn many_who_write_the_log_at_once_lose_no_answer() {
    let bench = Bench::new();
    bench.token();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..40 {
                    assert_eq!(Client::new(&bench).token(), "token-1");
                }
            });
        }
    });
    let log = fs::read_to_string(log_of(&bench)).unwrap();
    assert!(log.len() < 20 * 1024, "{} bytes", log.len());
    for line in log.lines() {
        assert!(
            line.starts_with("served ") && line.split(' ').count() == 8,
            "{line}"
        );
    }
}

/// As fabric8 starts plugins: a shell for each request, so that the parent is another one each time.
#[test]
fn a_client_behind_a_shell_for_each_request_is_found() {
    let bench = Bench::new();
    let command = bench.command();
    let line = format!(
        "'{}' '{}'",
        command.get_program().display(),
        bench.plugin.path().display()
    );
    let mut client = Client::with(&bench, |shell| {
        shell.env("LINE", format!("{line}; true"));
        shell.env_remove("KUBERNETES_EXEC_INFO");
        python_that_requests(shell, "subprocess.run(['sh', '-c', os.environ['LINE']])");
    });
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    assert_eq!(bench.plugin.runs(), 2);
}

/// kr8s and lightkube: the process requests again, and never says that it is a client.
#[test]
fn a_client_that_does_not_say_that_it_is_one_is_found() {
    let bench = Bench::new();
    let mut client = Client::with(&bench, |shell| {
        shell.env_remove("KUBERNETES_EXEC_INFO");
        python_that_requests(shell, "subprocess.run(sys.argv[1:])");
    });
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
    assert_eq!(client.token(), "token-2", "within the limits");
}

/// Makes a client of Python, which does `request` for each line that it reads.
fn python_that_requests(shell: &mut Command, request: &str) {
    let words: Vec<_> = shell.get_args().skip(3).map(ToOwned::to_owned).collect();
    let environment: Vec<_> = shell
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    let program = format!("import os, subprocess, sys\nfor _ in sys.stdin: {request}");
    let mut python = Command::new("python3");
    python.args(["-c", &program]).args(words);
    python.env_clear().envs(environment);
    python.stdin(Stdio::piped()).stdout(Stdio::piped());
    *shell = python;
}

/// Python's `kubernetes`, client-node and client-java request at their next start only.
#[test]
fn a_program_that_ended_soon_twice_is_given_another_at_its_third_start() {
    let bench = Bench::new();
    let start = |program: &str| {
        let mut client = Client::with(&bench, |shell| {
            python_that_requests(shell, &format!("subprocess.run(sys.argv[1:]) # {program}"));
        });
        client.token()
    };
    assert_eq!(start("a"), "token-1");
    assert_eq!(start("a"), "token-1");
    assert_eq!(start("b"), "token-1", "another program");
    assert_eq!(start("a"), "token-2");
    for _ in 0..6 {
        assert_eq!(start("a"), "token-2");
    }
    assert_eq!(bench.plugin.runs(), 2);
}

/// Where a person is, as without the cache.
#[test]
fn at_a_terminal_a_plugin_that_may_prompt_is_run() {
    let bench = Bench::new();
    let mut client = Client::with(&bench, |shell| {
        let info = exec_info(V1, json!({ "interactive": true }));
        shell.env("KUBERNETES_EXEC_INFO", info);
        // A terminal for kcc-cache, inside of one client process.
        python_that_requests(
            shell,
            "subprocess.run(sys.argv[1:], stdin=__import__('pty').openpty()[1])",
        );
    });
    assert_eq!(client.token(), "token-1");
    assert_eq!(client.token(), "token-2");
}
