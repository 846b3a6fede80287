//! What happens to Pods and to their logs, the same on both servers.

use super::program::is_read;
use super::stage::{Stage, ended, running};
use crate::trial::Outcome;

pub(super) fn pods_are_relabelled(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    stage.service("front", "web")?;
    stage.pod("web-1", "web")?;
    stage.pod("db-1", "db")?;
    let long_ago = jiff::Timestamp::UNIX_EPOCH;
    stage.log("db-1").write_at(long_ago, "not selected");
    let tail = stage.tail(&["--svc", "front"])?;
    tail.says(&format!("+ {ns}/web-1 [app]"))?;
    let log = stage.log("web-1");
    log.write("one");
    tail.prints(&[&format!("{ns}/web-1[app]: one")])?;
    // One that comes is read from its beginning.
    stage.log("web-2").write("first");
    stage.pod("web-2", "web")?;
    tail.prints(&[&format!("{ns}/web-2[app]: first")])?;
    tail.says(&format!("+ {ns}/web-2 [app]"))?;
    // One that leaves is read no longer.
    stage.relabel("web-1", "other")?;
    tail.says(&format!("- {ns}/web-1 (no longer selected)"))?;
    is_read(&log, 0)?;
    log.write("two");
    stage.log("web-2").write("second");
    tail.prints(&[&format!("{ns}/web-2[app]: second")])?;
    stage.relabel("db-1", "web")?;
    tail.says(&format!("+ {ns}/db-1 [app]"))?;
    is_read(&stage.log("db-1"), 1)?;
    stage.delete("web-2")?;
    tail.says(&format!("- {ns}/web-2 (deleted)"))?;
    tail.end()
}

pub(super) fn a_service_selects_others(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    stage.service("front", "web")?;
    stage.pod("web-1", "web")?;
    stage.pod("db-1", "db")?;
    stage.log("web-1").write("web");
    let tail = stage.tail(&["--svc", "front", "--since", "1h"])?;
    tail.says(&format!("+ {ns}/web-1 [app]"))?;
    tail.prints(&[&format!("{ns}/web-1[app]: web")])?;
    stage.log("db-1").write("db");
    stage.service("front", "db")?;
    tail.prints(&[&format!("{ns}/db-1[app]: db")])?;
    let mut notices = [tail.notice()?, tail.notice()?];
    notices.sort();
    let expected = [
        format!("+ {ns}/db-1 [app]"),
        format!("- {ns}/web-1 (no longer selected)"),
    ];
    assert_eq!(notices, expected);
    is_read(&stage.log("web-1"), 0)?;
    tail.end()
}

pub(super) fn a_container_starts_again(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let printed = format!("{ns}/web-1[app]: one");
    let (tail, log) = stage.tail_of_one(&[], "one", &printed)?;
    for restarts in 1..4 {
        log.write("last words");
        log.restart();
        log.write("hello again");
        stage.status("web-1", &running(restarts))?;
        tail.prints(&[
            &format!("{ns}/web-1[app]: last words"),
            &format!("{ns}/web-1[app]: hello again"),
        ])?;
        is_read(&log, 1)?;
    }
    tail.end()
}

pub(super) fn a_log_is_rotated(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let printed = format!("{ns}/web-1[app]: one");
    let (tail, log) = stage.tail_of_one(&["-p", "web-1"], "one", &printed)?;
    log.write("two");
    log.rotate();
    log.write("three");
    tail.prints(
        &["two", "three"]
            .map(|line| format!("{ns}/web-1[app]: {line}"))
            .each_ref()
            .map(String::as_str),
    )?;
    // What was read is not there when it is read on.
    log.rotate();
    log.tear();
    log.write("four");
    log.write("five");
    tail.prints(
        &["four", "five"]
            .map(|line| format!("{ns}/web-1[app]: {line}"))
            .each_ref()
            .map(String::as_str),
    )?;
    tail.end()
}

pub(super) fn a_pod_comes_back_under_its_name(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let printed = format!("{ns}/web-1[app]: one");
    let (tail, log) = stage.tail_of_one(&["-l", "app=web"], "one", &printed)?;
    stage.delete("web-1")?;
    tail.says(&format!("- {ns}/web-1 (deleted)"))?;
    // Another one, which says the same.
    log.write("one");
    stage.pod("web-1", "web")?;
    tail.prints(&[&format!("{ns}/web-1[app]: one")])?;
    is_read(&log, 1)?;
    tail.notice()?;
    tail.end()
}

pub(super) fn a_line_is_cut(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let printed = format!("{ns}/web-1[app]: one");
    let (tail, log) = stage.tail_of_one(&[], "one", &printed)?;
    let now = jiff::Timestamp::now();
    for round in 0..3 {
        log.tear();
        // Three lines of one moment, two of which are the same.
        let lines = ["same", "same", &format!("round {round}")];
        for line in lines {
            log.write_at(now, line);
        }
        for line in lines {
            tail.prints(&[&format!("{ns}/web-1[app]: {line}")])?;
        }
        is_read(&log, 1)?;
    }
    tail.end()
}

pub(super) fn a_log_ends_without_a_line_feed(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let printed = format!("{ns}/web-1[app]: one");
    let (tail, log) = stage.tail_of_one(&[], "one", &printed)?;
    log.write_unfinished("the end");
    log.end();
    stage.status("web-1", &ended())?;
    tail.prints(&[&format!("{ns}/web-1[app]: the end")])?;
    tail.end()
}

/// What was on its way when the connection was cut, the kubelet serves as the log before; kube-apiserver knows
/// nothing of a restart yet.
pub(super) fn a_restart_is_reported_late(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let line = |text: &str| format!("{ns}/web-1[app]: {text}");
    let (tail, log) = stage.tail_of_one(&[], "one", &line("one"))?;
    log.tear();
    log.write("two");
    log.write("last words");
    log.restart();
    log.write("hello again");
    for text in ["two", "last words", "hello again"] {
        tail.prints(&[&line(text)])?;
    }
    stage.status("web-1", &running(1))?;
    log.write("more");
    tail.prints(&[&line("more")])?;
    is_read(&log, 1)?;
    // The same once more, with the status in time.
    log.tear();
    log.write("three");
    log.restart();
    log.write("and again");
    stage.status("web-1", &running(2))?;
    tail.prints(&[&line("three"), &line("and again")])?;
    tail.end()
}

pub(super) fn a_pod_comes_back_into_the_selection(stage: &Stage) -> Outcome {
    let ns = &*stage.namespace;
    let line = |pod: &str, text: &str| format!("{ns}/{pod}[app]: {text}");
    stage.service("front", "web")?;
    let printed = line("web-1", "one");
    let (tail, _) = stage.tail_of_one(&["--svc", "front"], "one", &printed)?;
    // One that was there at the beginning, and one that comes.
    stage.log("web-2").write("one");
    stage.pod("web-2", "web")?;
    tail.prints(&[&line("web-2", "one")])?;
    tail.says(&format!("+ {ns}/web-2 [app]"))?;
    for pod in ["web-1", "web-2"] {
        let log = stage.log(pod);
        is_read(&log, 1)?;
        for round in ["two", "three"] {
            stage.relabel(pod, "other")?;
            tail.says(&format!("- {ns}/{pod} (no longer selected)"))?;
            is_read(&log, 0)?;
            log.write(round);
            stage.relabel(pod, "web")?;
            tail.says(&format!("+ {ns}/{pod} [app]"))?;
            tail.prints(&[&line(pod, round)])?;
        }
        log.write("four");
        tail.prints(&[&line(pod, "four")])?;
    }
    tail.end()
}
