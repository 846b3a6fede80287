//! How the plugin is run: streams, exit codes, signals, limits.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::CacheHome;
use rustix::process::{Pid, Signal};
use serde_json::json;

use crate::{
    V1, code, exec_info, screen, script, stderr, token_of, unread, wait_until, wait_within,
};

/// A shell script as the plugin of a home.
struct Scripted {
    home: CacheHome,
}

impl Scripted {
    fn new() -> Self {
        Self {
            home: CacheHome::new().unwrap(),
        }
    }

    fn folder(&self) -> &Path {
        self.home.path()
    }

    fn command(&self, text: &str) -> Command {
        let plugin = script(self.folder(), "plugin", text);
        let mut command = self.home.kcc_cache();
        command.arg(plugin).current_dir(self.folder());
        command
    }

    fn run(&self, text: &str) -> Output {
        self.command(text).output().unwrap()
    }

    /// Starts `text`, and waits until it has made the file `started`.
    fn start(&self, command: &mut Command) -> Child {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for(&self.folder().join("started"));
        child
    }
}

const ANSWER: &str = r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}'"#;

fn wait_for(path: &Path) {
    wait_until(&format!("{} comes", path.display()), || path.exists());
}

fn pid_in(pid_file: &Path) -> Pid {
    let pid = fs::read_to_string(pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    Pid::from_raw(pid).unwrap()
}

/// A zombie is not alive: some first processes of a container reap nobody.
fn is_alive(pid_file: &Path) -> bool {
    let pid = pid_in(pid_file).as_raw_nonzero();
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z'),
        Err(_) => rustix::process::test_kill_process(pid_in(pid_file)).is_ok(),
    }
}

/// Waits until the process of this file has ended: soon, that is.
fn wait_for_end(pid_file: &Path) {
    let what = format!("{} has ended", pid_file.display());
    wait_within(Duration::from_secs(10), &what, || !is_alive(pid_file));
}

fn interactive(command: &mut Command) -> &mut Command {
    command.env(
        "KUBERNETES_EXEC_INFO",
        exec_info(V1, json!({ "interactive": true })),
    )
}

#[test]
fn exit_codes_pass_through() {
    let bench = Scripted::new();
    for expected in [1, 2, 73, 126, 255] {
        assert_eq!(code(&bench.run(&format!("exit {expected}"))), expected);
    }
    let killed = bench.run("kill -TERM $$");
    assert_eq!(code(&killed), 128 + 15);
}

/// The client says no more than that `kcc-cache` failed.
#[test]
fn a_plugin_that_ends_without_a_word_is_named() {
    let bench = Scripted::new();
    let plugin = bench.folder().join("plugin").display().to_string();
    let line = |how: &str| format!("kcc-cache: {plugin} {how}\n");
    for (text, said) in [
        ("exit 73", line("failed with exit code 73")),
        ("exec >&2; exit 1", line("failed with exit code 1")),
        ("kill -KILL $$", line("was ended by signal 9 (SIGKILL)")),
        ("kill -SEGV $$", line("was ended by signal 11 (SIGSEGV)")),
        // What it said itself is enough, where it ended itself, and is passed on as it came.
        ("printf 'no newline' >&2; exit 73", "no newline".to_owned()),
        (
            r"printf '\377\000\r\n\033[1mlog in\033[0m\n' >&2; exit 1",
            "\u{fffd}\0\r\n\u{1b}[1mlog in\u{1b}[0m\n".to_owned(),
        ),
        (
            "echo alas >&2; kill -TERM $$",
            format!("alas\n{}", line("was ended by signal 15 (SIGTERM)")),
        ),
    ] {
        let output = bench.run(text);
        assert_eq!(String::from_utf8_lossy(&output.stderr), said, "{text}");
    }
    // Into a file, too.
    for (text, said) in [
        ("exit 73", line("failed with exit code 73")),
        ("echo alas >&2; exit 73", "alas\n".to_owned()),
    ] {
        let file = bench.folder().join("messages");
        let to = fs::File::create(&file).unwrap();
        bench.command(text).stderr(to).output().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), said);
    }

    // From here on there is a credential.
    let said = stderr(&bench.run(&format!("echo hello >&2; {ANSWER}"))).to_owned();
    assert_eq!(said, "hello\n");
}

#[test]
fn what_a_plugin_says_is_passed_on_while_it_runs() {
    let bench = Scripted::new();
    let text = format!("echo 'code 4711' >&2; until [ -e entered ]; do sleep 0.02; done; {ANSWER}");
    let mut child = bench
        .command(&text)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 10];
    std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(&said, b"code 4711\n");
    fs::write(bench.folder().join("entered"), "").unwrap();
    assert_eq!(token_of(&child.wait_with_output().unwrap()), "t");
}

/// Megabytes, which no pipe holds, and nobody reads them before the plugin has ended.
#[test]
fn a_plugin_with_much_to_say_is_not_held_up() {
    let bench = Scripted::new();
    let text = format!("head -c 3000000 /dev/zero >&2; {ANSWER}");
    let output = bench.run(&text);
    assert_eq!(token_of(&output), "t");
    assert_eq!(output.stderr.len(), 3_000_000);

    // The reader has gone.
    let mut child = bench
        .command(&text)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(token_of(&child.wait_with_output().unwrap()), "t");
}

#[test]
fn a_missing_plugin_is_named_with_its_hint() {
    let bench = Scripted::new();
    let request = |command: &str| {
        let mut request = bench.home.kcc_cache();
        request.arg(command).env(
            "KUBE_CREDENTIAL_CACHE_INSTALL_HINT",
            "Install it from the shelf.",
        );
        request.output().unwrap()
    };
    let in_path = request("no-such-plugin");
    assert_eq!(code(&in_path), 127);
    assert!(stderr(&in_path).contains("cannot run no-such-plugin: not found in PATH"));
    assert!(stderr(&in_path).contains("Install it from the shelf."));

    let by_path = request("/no/such/plugin");
    assert_eq!(code(&by_path), 127);
    assert!(stderr(&by_path).contains("cannot run /no/such/plugin: no such file"));
}

#[test]
fn a_plugin_that_cannot_run_says_why() {
    let bench = Scripted::new();
    let file = bench.folder().join("plain");
    fs::write(&file, "x").unwrap();
    let plain = bench.home.kcc_cache().arg(&file).output().unwrap();
    assert_eq!(code(&plain), 126);
    assert!(
        stderr(&plain).contains("not executable"),
        "{}",
        stderr(&plain)
    );

    let orphan = script(bench.folder(), "orphan", "");
    fs::write(&orphan, "#!/no/such/interpreter\n").unwrap();
    let output = bench.home.kcc_cache().arg(&orphan).output().unwrap();
    assert_eq!(code(&output), 126);
    assert!(
        stderr(&output).contains("interpreter"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_plugin_is_told_what_the_client_requests() {
    let bench = Scripted::new();
    let tell = format!("printf %s \"$KUBERNETES_EXEC_INFO\" > info; {ANSWER}");
    let info = exec_info(V1, json!({ "cluster": { "server": "https://a" } }));
    let mut command = bench.command(&tell);
    command.env("KUBERNETES_EXEC_INFO", &info).output().unwrap();
    let told = || fs::read_to_string(bench.folder().join("info")).unwrap();
    assert_eq!(told(), info);

    // A client that says nothing lets the plugin choose a version itself.
    bench.run(&tell);
    assert_eq!(told(), "");
}

#[test]
fn stdin_reaches_an_interactive_plugin_only() {
    let read_stdin = format!("cat > input; {ANSWER}");
    for (is_interactive, expected) in [(true, "secret code\n"), (false, "")] {
        let bench = Scripted::new();
        let mut command = bench.command(&read_stdin);
        if is_interactive {
            interactive(&mut command);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"secret code\n").unwrap();
        drop(stdin);
        assert_eq!(token_of(&child.wait_with_output().unwrap()), "t");
        assert_eq!(
            fs::read_to_string(bench.folder().join("input")).unwrap(),
            expected
        );
    }
}

#[test]
fn a_plugin_that_may_prompt_stays_in_the_terminals_process_group() {
    let tell = format!("ps -o pgid= -p $$ > group; ps -o pgid= -p $PPID > parents; {ANSWER}");
    let groups = |bench: &Scripted| {
        let read = |name| fs::read_to_string(bench.folder().join(name)).unwrap();
        (read("group"), read("parents"))
    };
    let bench = Scripted::new();
    bench.run(&tell);
    let (group, parents) = groups(&bench);
    assert_ne!(group, parents);

    let bench = Scripted::new();
    interactive(&mut bench.command(&tell)).output().unwrap();
    let (group, parents) = groups(&bench);
    assert_eq!(group, parents);
}

#[test]
fn a_plugin_that_hangs_is_ended_with_its_group() {
    let bench = Scripted::new();
    let hang = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > grandchild; sleep 60' & \
                echo $$ > plugin-pid; sleep 60; sleep 60";
    let mut command = bench.command(hang);
    let since = Instant::now();
    let output = command
        .env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "400ms")
        .output()
        .unwrap();
    assert_eq!(code(&output), 124);
    assert!(
        stderr(&output).contains("did not end within 400ms"),
        "{}",
        stderr(&output)
    );
    assert!(since.elapsed() < Duration::from_secs(20));
    wait_for_end(&bench.folder().join("plugin-pid"));
    wait_for_end(&bench.folder().join("grandchild"));
}

#[test]
fn a_shell_that_ends_at_once_does_not_leave_its_child_running() {
    let bench = Scripted::new();
    let hang = "sh -c 'trap \"\" TERM; echo $$ > child; touch started; sleep 60' ; :";
    let mut command = bench.command(hang);
    command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "1s");
    let output = bench.start(&mut command).wait_with_output().unwrap();
    assert_eq!(code(&output), 124);
    wait_for_end(&bench.folder().join("child"));
}

#[test]
fn a_plugin_that_wants_a_terminal_that_nobody_offers_is_told_so() {
    let bench = Scripted::new();
    let mut command = bench.command("read -r pin < /dev/tty; sleep 60");
    command.env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "50s");
    command.env("KUBERNETES_EXEC_INFO", exec_info(V1, json!({})));
    let since = Instant::now();
    let screen = screen(&command);
    assert!(
        screen.contains("wants the terminal, and the client did not offer it"),
        "{screen}"
    );
    assert!(since.elapsed() < Duration::from_secs(40));
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let bench = Scripted::new();
    let text = format!("touch started; until [ -e go ]; do sleep 0.02; done; {ANSWER}");
    let command = bench.command(&text);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
        .env_clear()
        .envs(bench.home.variables())
        .current_dir(bench.folder());
    let child = bench.start(&mut shell);
    rustix::process::kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    fs::write(bench.folder().join("go"), "").unwrap();
    assert_eq!(token_of(&child.wait_with_output().unwrap()), "t");
}

#[test]
fn the_hint_stands_behind_a_warning_of_one_line() {
    let bench = crate::Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    fs::remove_file(bench.plugin.path()).unwrap();
    let mut command = bench.command();
    command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "11m");
    command.env(
        "KUBE_CREDENTIAL_CACHE_INSTALL_HINT",
        "Install it:\n  from the shelf\n",
    );
    let bridged = command.output().unwrap();
    assert_eq!(token_of(&bridged), "token-1");
    assert_eq!(stderr(&bridged).lines().count(), 1, "{}", stderr(&bridged));

    let failed = command.arg("other").output().unwrap();
    assert_eq!(code(&failed), 127);
    assert!(
        stderr(&failed).ends_with("Install it:\n  from the shelf\n"),
        "{}",
        stderr(&failed)
    );
}

#[test]
fn a_process_that_the_plugin_leaves_behind_does_not_hold_the_answer_up() {
    let bench = Scripted::new();
    // It keeps stdout, stderr and the run lock. Stderr is not a pipe here, or this test would wait.
    let quick = |text: &str| {
        let since = Instant::now();
        let output = bench.command(text).stderr(Stdio::null()).output().unwrap();
        assert_eq!(token_of(&output), "t");
        assert!(since.elapsed() < Duration::from_secs(20), "{text}");
    };
    quick(&format!("sleep 60 & echo $! > daemon; {ANSWER}"));
    let daemon = bench.folder().join("daemon");
    assert!(
        is_alive(&daemon),
        "what the plugin started on purpose is left alone"
    );
    fs::remove_file(&bench.home.entries()[0]).unwrap();
    quick(ANSWER);

    rustix::process::kill_process(pid_in(&daemon), Signal::KILL).unwrap();
}

#[test]
fn output_without_end_is_cut_off() {
    let bench = Scripted::new();
    let output = bench.run("echo $$ > plugin-pid; exec yes SECRET");
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("printed more than 1024 KiB"),
        "{}",
        stderr(&output)
    );
    assert!(!stderr(&output).contains("SECRET"));
    wait_for_end(&bench.folder().join("plugin-pid"));
}

#[test]
fn a_large_answer_is_read_whole() {
    let bench = Scripted::new();
    let token = "x".repeat(900_000);
    let answer =
        json!({ "kind": "ExecCredential", "apiVersion": V1, "status": { "token": token } });
    fs::write(bench.folder().join("answer"), answer.to_string()).unwrap();
    for _ in 0..2 {
        assert_eq!(token_of(&bench.run("cat answer")), token);
    }
}

#[test]
fn signals_end_the_plugin_and_then_us() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let bench = Scripted::new();
        let mut command = bench.command("echo $$ > plugin-pid; touch started; exec sleep 60");
        let child = bench.start(&mut command);
        rustix::process::kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let ended_by = std::os::unix::process::ExitStatusExt::signal(&output.status);
        assert_eq!(
            ended_by,
            Some(signal.as_raw()),
            "{signal:?}: {:?}",
            output.status
        );
        wait_for_end(&bench.folder().join("plugin-pid"));
    }
}

#[test]
fn a_plugin_may_clean_up_after_a_signal() {
    let bench = Scripted::new();
    let tidy = "trap 'touch cleaned; exit 1' TERM; touch started; while :; do sleep 0.05; done";
    let child = bench.start(&mut bench.command(tidy));
    rustix::process::kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    child.wait_with_output().unwrap();
    assert!(bench.folder().join("cleaned").exists());
}

#[test]
fn a_plugin_may_handle_the_terminals_interrupt_and_go_on() {
    let bench = Scripted::new();
    let patient = format!(
        "trap 'touch interrupted' INT; touch started; while [ ! -e interrupted ]; do sleep 0.05; done; {ANSWER}"
    );
    let mut command = bench.command(&patient);
    std::os::unix::process::CommandExt::process_group(interactive(&mut command), 0);
    let child = bench.start(&mut command);
    // Ctrl-C: the terminal signals the whole group.
    rustix::process::kill_process_group(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(token_of(&child.wait_with_output().unwrap()), "t");
}

#[test]
fn an_answer_that_nobody_reads_ends_quietly() {
    let bench = Scripted::new();
    bench.run(ANSWER);
    let output = unread(&mut bench.command(ANSWER));
    assert_eq!(stderr(&output), "");
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    let home = CacheHome::new().unwrap();
    let run = |args: &[&str]| home.kcc_cache().args(args).output().unwrap();
    for (args, expected) in [
        (&[][..], "which plugin?"),
        (&["--refresh"], "unknown option --refresh"),
        (&[""], "the command is empty"),
    ] {
        let output = run(args);
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(stderr(&output).contains("usage: kcc-cache <command>"));
    }
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("usage: kcc-cache <command> [args...]"));
    for name in kcc_core::variable::ALL {
        let short = name.replace(kcc_core::variable::PREFIX, "..._");
        assert!(
            help.contains(&format!("  {short} ")),
            "{name} is not in --help"
        );
    }
    let version = run(&["--version"]);
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .starts_with("kcc-cache ")
    );
}

#[test]
fn a_bad_variable_is_named_before_anything_runs() {
    let bench = Scripted::new();
    let mut command = bench.command("touch ran");
    let output = command
        .env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "soon")
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN=\"soon\""));
    assert!(!bench.folder().join("ran").exists());
}

#[test]
fn options_behind_the_command_are_the_plugins() {
    let bench = Scripted::new();
    let mut command = bench.command(&format!("echo \"$@\" > args; {ANSWER}"));
    command
        .args(["--help", "--version", "-x"])
        .output()
        .unwrap();
    let args = fs::read_to_string(bench.folder().join("args")).unwrap();
    assert_eq!(args, "--help --version -x\n");
}
