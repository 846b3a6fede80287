//! What goes wrong, and how it ends.

use std::time::Duration;

use harness::memory::{Fault, Verb};
use rustix::process::Signal;
use serde_json::json;

use super::program::{is_read, until};
use super::stage::{Stage, running};
use crate::trial::{Outcome, Run, check, named};

pub(super) const TRIALS: &[(&str, Run)] = named![
    lists_that_are_refused,
    logs_that_are_refused_are_told_once,
    what_a_container_wrote_before_a_restart_is_read_after_a_cut,
    the_server_goes_away_and_comes_back,
    streams_are_bounded,
    what_waits_for_a_place_goes_with_its_pod,
    it_ends_when_nobody_reads,
    it_ends_by_signals,
];

fn lists_that_are_refused() -> Outcome {
    let stage = Stage::memory("shop")?;
    let refused = Fault::forbidden().resource("services").forever();
    stage.server().inject(refused);
    let (_, said) = stage.tail_anywhere(&["--svc", "front"])?.ends(1)?;
    let said = said.join("\n");
    check(
        said.contains("403 Forbidden") && said.contains("with -n it needs rights"),
        said,
    )
}

fn logs_that_are_refused_are_told_once() -> Outcome {
    let stage = Stage::memory("shop")?;
    let refused = stage.server().inject(no_logs(Fault::forbidden()));
    for name in ["web-1", "web-2", "web-3"] {
        stage.pod(name, "web")?;
        stage.log(name).write(name);
    }
    let tail = stage.tail(&["-o", "raw", "--since", "1h"])?;
    for name in ["web-1", "web-2", "web-3"] {
        tail.says(&format!("+ shop/{name} [app]"))?;
    }
    let notice = tail.notice()?;
    check(
        notice.contains("the server answered 403 Forbidden") && notice.ends_with("; trying again"),
        &notice,
    )?;
    until(|| refused.hits() >= 9)?; // each is tried again
    refused.remove();
    tail.prints_all(&["web-1", "web-2", "web-3"])?;
    tail.end() // nothing else was said
}

fn what_a_container_wrote_before_a_restart_is_read_after_a_cut() -> Outcome {
    let stage = Stage::memory("shop")?;
    let (tail, log) = stage.tail_of_one(&["-o", "raw"], "one", "one")?;
    let away = stage.server().inject(no_logs(Fault::cut()));
    log.tear();
    log.write("two");
    log.write("last words");
    log.restart();
    log.write("hello again");
    stage.status("web-1", &running(1))?;
    until(|| away.hits() > 0)?;
    away.remove();
    tail.prints(&["two", "last words", "hello again"])?;
    tail.end()
}

fn the_server_goes_away_and_comes_back() -> Outcome {
    let mut stage = Stage::memory("shop")?;
    let (tail, log) = stage.tail_of_one(&["-o", "raw"], "one", "one")?;
    stage.served().stop();
    log.write("two");
    let mut notices = vec![tail.notice()?, tail.notice()?];
    notices.sort();
    check(
        notices[0].starts_with("Pods that come or go are not seen: ")
            && notices[1].starts_with("shop/web-1[app]: "),
        format!("{notices:?}"),
    )?;
    stage.served().resume()?;
    tail.prints(&["two"])?;
    tail.says("Pods that come or go are seen again")?;
    tail.end()
}

fn streams_are_bounded() -> Outcome {
    let stage = Stage::memory("shop")?;
    for number in 0..40 {
        let name = format!("web-{number:02}");
        stage.pod(&name, "web")?;
        stage.log(&name).write(&name);
    }
    let tail = stage.tail(&["-o", "raw", "--since", "1h", "--max-streams", "4"])?;
    for number in 0..10 {
        tail.says(&format!("+ shop/web-{number:02} [app]"))?;
    }
    tail.says("+ 30 more Pods")?;
    tail.says("36 containers wait: 4 logs are followed, as many as --max-streams allows")?;
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(tail.line()?);
    }
    check(stage.logs().readers() == 4, "more are read")?;
    // Each that ends makes room.
    let ended =
        json!({ "status": { "phase": "Succeeded", "containerStatuses": [super::stage::ended()] } });
    while lines.len() < 40 {
        let next = lines[lines.len() - 4].clone();
        stage.server().patch("pods", "shop", &next, &ended)?;
        stage.log(&next).end();
        lines.push(tail.line()?);
        check(stage.logs().readers() <= 4, "more are read")?;
    }
    lines.sort();
    lines.dedup();
    check(lines.len() == 40, format!("{lines:?}"))?;
    tail.end()
}

fn what_waits_for_a_place_goes_with_its_pod() -> Outcome {
    let stage = Stage::memory("shop")?;
    let (tail, _) = stage.tail_of_one(&["-o", "raw", "--max-streams", "1"], "one", "one")?;
    let waits = "1 containers wait: 1 logs are followed, as many as --max-streams allows";
    stage.pod("web-2", "web")?;
    tail.says("+ shop/web-2 [app]")?;
    tail.says(waits)?;
    // The next one is told only if nobody waits any longer.
    for number in 3..60 {
        let before = format!("web-{}", number - 1);
        stage.delete(&before)?;
        tail.says(&format!("- shop/{before} (deleted)"))?;
        let name = format!("web-{number}");
        stage.pod(&name, "web")?;
        tail.says(&format!("+ shop/{name} [app]"))?;
        if let Some(notice) = tail.notice_within(Duration::from_secs(1)) {
            check(notice == waits, notice)?;
            return tail.end();
        }
    }
    Err("what waits for a place stays when its Pod goes".into())
}

fn it_ends_when_nobody_reads() -> Outcome {
    let stage = Stage::memory("shop")?;
    stage.pod("web-1", "web")?;
    let log = stage.log("web-1");
    let mut tail = stage.tail(&[])?;
    tail.says("+ shop/web-1 [app]")?;
    log.write("one");
    tail.prints(&["shop/web-1[app]: one"])?;
    tail.close_lines();
    is_read(&log, 1)?;
    let written = std::thread::spawn(move || {
        // It is read until it ends.
        while log.readers() > 0 {
            log.write("two");
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let (_, said) = tail.ends(0)?;
    written.join().map_err(|_| "no reader")?;
    check(said.is_empty(), format!("{said:?}"))
}

fn it_ends_by_signals() -> Outcome {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let stage = Stage::memory("shop")?;
        stage.pod("web-1", "web")?;
        let tail = stage.tail(&[])?;
        tail.says("+ shop/web-1 [app]")?;
        stage.log("web-1").write("one");
        tail.prints(&["shop/web-1[app]: one"])?;
        tail.signal(signal)?;
        let rest = tail.ends(0)?;
        check(rest == (Vec::new(), Vec::new()), format!("{rest:?}"))?;
    }
    Ok(())
}

/// Meets the requests for logs, and no others of Pods.
fn no_logs(fault: Fault) -> Fault {
    fault
        .on(Verb::Get)
        .when(|info| info.subresource == "log")
        .forever()
}
