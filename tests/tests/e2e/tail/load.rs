//! Many Pods of two containers each, of which few are read at once, while they are relabelled, end, go and come:
//! every line is printed once and in its order, and what `tail` has of memory does not grow with what has gone.

mod printed;
mod pods;

use std::io::Write as _;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use self::pods::{Pods, State};
use self::printed::Printed;
use super::program::Tail;
use super::stage::Stage;
use crate::trial::{Outcome, Run, check};

pub(super) const MEMORY: &[(&str, Run)] = &[("load_in_memory", || {
    pods_come_and_go(Stage::memory("load")?)
})];
pub(super) const REAL: &[(&str, Run)] = &[("load_on_the_real_one", || {
    pods_come_and_go(Stage::real("load")?)
})];

/// How many Pods there are where `KCC_TAIL_PODS` does not say otherwise.
const PODS: usize = 160;
/// In each round a part of the Pods that run ends, and some come.
const ROUNDS: usize = 6;
/// How often Pods that are read to the end go, and others come under their names.
const GENERATIONS: usize = 4;
/// Nothing is printed for so long only if it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a `tail` of one Pod has of memory is below this, in a debug build. Most of it is the program.
const AT_REST: f64 = 65e6;
/// What each container adds that was read at some time and is there.
const A_CONTAINER: f64 = 12e3;

/// A case at work.
struct Load {
    stage: Stage,
    pods: Pods,
    printed: Printed,
    tail: Tail,
    streams: usize,
    most_streams: usize,
    started: Instant,
}

fn pods_come_and_go(stage: Stage) -> Outcome {
    let count = std::env::var("KCC_TAIL_PODS");
    let count = count.map_or(Ok(PODS), |count| count.parse())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut load = Load::start(stage, count).await?;
        load.burst().await?;
        for round in 0..ROUNDS {
            load.round(round).await?;
        }
        load.settle()?;
        for _ in 0..GENERATIONS {
            load.replace().await?;
        }
        load.end()
    })
}

impl Load {
    /// Half of the Pods are selected, and half of those have ended.
    async fn start(stage: Stage, count: usize) -> Result<Self, Failed> {
        // As many as it takes by itself, where there are thousands.
        let streams = (count / 10).clamp(8, 128);
        stage.service("front", "web")?;
        let mut pods = Pods::new(&stage)?;
        for number in 0..count {
            let app = if number % 2 == 0 { "web" } else { "db" };
            let state = if number % 4 == 0 {
                State::Ended
            } else {
                State::Runs
            };
            pods.add(number, app, state);
        }
        let all: Vec<usize> = (0..count).collect();
        pods.create(&all, 3).await?;
        let streams_flag = streams.to_string();
        let flags = [
            "--svc",
            "front",
            "--since",
            "1h",
            "--max-streams",
            &streams_flag,
        ];
        let mut tail = stage.tail(&flags)?;
        let printed = Printed::read(tail.take_lines());
        Ok(Self {
            stage,
            pods,
            printed,
            tail,
            streams,
            most_streams: 0,
            started: Instant::now(),
        })
    }

    /// All others are selected at once, and some that are leave and come back.
    async fn burst(&mut self) -> Outcome {
        self.printed.wait_for_some(PATIENCE)?;
        let others = self.pods.labelled("db");
        let leaving: Vec<usize> = self.pods.labelled("web").into_iter().step_by(3).collect();
        self.pods.relabel(&others, "web").await?;
        self.pods.relabel(&leaving, "off").await?;
        self.write();
        self.pods.relabel(&leaving, "web").await
    }

    fn write(&mut self) {
        self.pods.write_all(1);
        self.most_streams = self.most_streams.max(self.stage.logs().readers());
    }

    /// Some end, some come, and some leave while they write.
    async fn round(&mut self, round: usize) -> Outcome {
        let running = self.pods.running();
        let ending = running.len() / (ROUNDS - round);
        let (ending, staying) = running.split_at(ending);
        let leaving: Vec<usize> = staying.iter().copied().step_by(8).collect();
        self.pods.relabel(&leaving, "off").await?;
        self.write();
        self.pods.end(ending).await?;
        self.pods.relabel(&leaving, "web").await?;
        if round + 1 < ROUNDS {
            let (from, more) = (self.pods.len(), self.pods.len() / 40);
            (from..from + more).for_each(|number| self.pods.add(number, "web", State::Runs));
            let come: Vec<usize> = (from..from + more).collect();
            self.pods.create(&come, 2).await?;
        }
        self.write();
        Ok(())
    }

    /// Waits until all is printed, and nothing is read.
    fn settle(&mut self) -> Outcome {
        let wanted = self.pods.written();
        self.printed.wait_for(&wanted, PATIENCE)?;
        super::program::until(|| self.stage.logs().readers() == 0)?;
        self.tell("all is printed")
    }

    /// Pods of which all is read go, and others come under their names. They write the same.
    async fn replace(&mut self) -> Outcome {
        let all: Vec<usize> = (0..self.pods.len()).collect();
        let replaced: Vec<usize> = all.into_iter().step_by(4).collect();
        self.pods.replace(&replaced).await?;
        self.settle()
    }

    fn tell(&self, what: &str) -> Outcome {
        let [now, most] = ["VmRSS", "VmHWM"].map(|field| self.tail.memory(field));
        let (now, most) = (now? / 1e6, most? / 1e6);
        let containers = 2 * self.pods.len();
        let seconds = self.started.elapsed().as_secs();
        let line = format!(
            "{what}: {seconds} s, {containers} containers, {} lines, {now:.1} MB, at most {most:.1} MB and {} streams",
            self.printed.count(),
            self.most_streams,
        );
        let bound = AT_REST + A_CONTAINER * f64::from(u32::try_from(containers)?);
        check(most * 1e6 <= bound, line.clone())?;
        if std::env::var_os("KCC_TAIL_PODS").is_some() {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        Ok(())
    }

    fn end(self) -> Outcome {
        // Where it is not sure whose log it reads, a log is open and another is looked at.
        check(
            self.most_streams <= 2 * self.streams,
            format!("{} streams, not {}", self.most_streams, self.streams),
        )?;
        let wanted = self.pods.written();
        self.tail.signal(rustix::process::Signal::INT)?;
        self.tail.ends(0)?;
        self.printed.is(&wanted)
    }
}
