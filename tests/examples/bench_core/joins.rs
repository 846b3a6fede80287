//! What joins cost.

use std::collections::HashSet;

use kcache::{Feed, Input, Key, Object, Publisher};
use kcache_join::Join;

use super::{Cost, Table, Thing, cost, relation, thing};

/// How many of each there are.
#[derive(Clone, Copy)]
struct Size {
    sources: usize,
    targets: usize,
    namespaces: usize,
}

const SIZES: [Size; 3] = [
    Size::new(1_000, 10_000, 20),
    Size::new(10_000, 100_000, 20),
    Size::new(10_000, 150_000, 200),
];

/// How many targets a source can be made to select that has none.
const FLIPS: [usize; 3] = [1, 100, 2_000];
/// How often a row changes something.
const CHANGES: usize = 400;

impl Size {
    const fn new(sources: usize, targets: usize, namespaces: usize) -> Self {
        Self {
            sources,
            targets,
            namespaces,
        }
    }

    fn name(self) -> String {
        let Self {
            sources,
            targets,
            namespaces,
        } = self;
        format!("{sources} sources and {targets} targets in {namespaces} namespaces")
    }

    /// How many targets a source has.
    fn each(self) -> usize {
        self.targets / self.sources
    }

    /// One of the things of an app.
    fn thing(self, i: usize, version: usize, app: usize) -> Thing {
        let namespace = format!("namespace-{}", app % self.namespaces);
        Thing {
            namespace,
            ..thing(i, version, app)
        }
    }

    fn target(self, i: usize, version: usize) -> Thing {
        self.thing(i, version, i / self.each())
    }

    /// Those that a source can be made to select.
    fn unselected(self) -> impl Iterator<Item = Thing> {
        let of = move |count| {
            let target =
                move |i| in_group(self.thing(i, 1, 0), &format!("extra-{count}-{i}"), count);
            (0..count).map(target)
        };
        FLIPS.into_iter().flat_map(of)
    }
}

/// A thing of a group that has no app of a number; 0 is a group that nothing is in.
fn in_group(thing: Thing, name: &str, group: usize) -> Thing {
    let app = |(key, value): (&'static str, String)| match key {
        "app" => (key, format!("group-{group}")),
        _ => (key, value),
    };
    Thing {
        namespace: "namespace-0".to_owned(),
        name: name.to_owned(),
        labels: thing.labels.into_iter().map(app).collect(),
        ..thing
    }
}

fn copy(thing: &Thing) -> Thing {
    Thing {
        namespace: thing.namespace.clone(),
        name: thing.name.clone(),
        version: thing.version.clone(),
        labels: thing.labels.clone(),
    }
}

type Fed = (Publisher<Thing>, Feed<Thing>);

fn fed(things: impl Iterator<Item = Thing>) -> Fed {
    let (publisher, mut feed) = kcache::feed();
    feed.relist(things, None).expect("the publisher is open");
    (publisher, feed)
}

/// A join of the size, on a runtime of one thread, so that nothing runs but what is measured.
struct Bench {
    size: Size,
    runtime: tokio::runtime::Runtime,
    sources: Fed,
    targets: Fed,
    join: Join<Thing, Thing>,
    version: usize,
}

#[derive(Clone, Copy)]
enum Side {
    Sources,
    Targets,
}

impl Bench {
    fn load(size: Size) -> (Self, Cost) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let sources = fed((0..size.sources).map(|i| size.thing(i, i + 1, i)));
        let targets = (0..size.targets).map(|i| size.target(i, i + 1));
        let targets = fed(targets.chain(size.unselected()));
        let mut join = None;
        let cost = cost(|| {
            let guard = runtime.enter();
            let join = join.insert(relation().join(&sources.0, &targets.0));
            drop(guard);
            runtime
                .block_on(join.ready())
                .expect("the inputs are ready");
        });
        let join = join.expect("it was made");
        assert_eq!(join.cache().len(), size.targets);
        let bench = Self {
            size,
            runtime,
            sources,
            targets,
            join,
            version: 1_000_000,
        };
        (bench, cost)
    }

    fn version(&mut self) -> usize {
        self.version += 1;
        self.version
    }

    fn sources_of_apps(&mut self, app: impl Fn(usize) -> usize) -> Vec<Vec<Input<Thing>>> {
        let size = self.size;
        let source = |i| vec![Input::Apply(size.thing(i, self.version(), app(i)))];
        (0..CHANGES).map(source).collect()
    }

    /// Commits of one target each whose labels stay as they are.
    fn statuses(&mut self) -> Vec<Vec<Input<Thing>>> {
        let (size, first) = (self.size, 50 * self.size.each());
        let status = |i| vec![Input::Apply(size.target(first + i, self.version()))];
        (0..CHANGES).map(status).collect()
    }

    /// Makes one commit after the other, each when the join has seen the one before.
    fn change(&mut self, side: Side, commits: Vec<Vec<Input<Thing>>>) -> Cost {
        let join = self.join.cache();
        let inputs = [self.sources.0.clone(), self.targets.0.clone()];
        let feed = match side {
            Side::Sources => &mut self.sources.1,
            Side::Targets => &mut self.targets.1,
        };
        let runtime = &self.runtime;
        cost(|| {
            runtime.block_on(async {
                for commit in commits {
                    feed.send_all(commit).expect("the publisher is open");
                    let seen = [&inputs[0], &inputs[1]].map(|input| input.status().commit);
                    while join.snapshot().input_commits() != seen {
                        tokio::task::yield_now().await;
                    }
                }
            });
        })
    }

    /// Makes these targets again what they were.
    fn restore(&mut self, targets: impl Iterator<Item = usize>) {
        let size = self.size;
        let target = |i| Input::Apply(size.target(i, self.version()));
        let commit = targets.map(target).collect();
        self.change(Side::Targets, vec![commit]);
        assert_eq!(self.len(), size.targets);
    }

    fn len(&self) -> usize {
        self.join.cache().len()
    }
}

pub(crate) fn rows(table: &mut Table) {
    for size in SIZES {
        let name = size.name();
        let row = format!("join: load of {name}, per target");
        table.row(&row, size.targets, |_| Bench::load(size).1);
        let mut bench = Bench::load(size).0;
        of_sources(table, &mut bench, &name);
        of_targets(table, &mut bench, &name);
    }
    // The quadratic way, at the least of the sizes.
    let bench = Bench::load(SIZES[0]).0;
    let row = format!("the same recomputed from scratch, {}", SIZES[0].name());
    table.row(&row, 1, |_| {
        let mut found = 0;
        let cost = cost(|| found = recomputed(&bench.sources.0, &bench.targets.0));
        assert_eq!(found, bench.size.targets);
        cost
    });
}

/// How many targets are selected, by a look at each pair in a namespace.
fn recomputed(sources: &Publisher<Thing>, targets: &Publisher<Thing>) -> usize {
    let mut selected = HashSet::new();
    for source in sources.cache().list() {
        let app = source.label("app");
        for target in targets.cache().list_namespace(&source.namespace) {
            if target.label("app") == app {
                selected.insert(Key::of(&*target));
            }
        }
    }
    selected.len()
}

/// Holds the inputs of a join of the middle size, and the join of them, with pairs or look-ups where wanted,
/// for a profiler of the heap.
pub(crate) fn hold(what: &str) {
    let size = SIZES[1];
    if what == "statuses" {
        statuses(size);
    }
    let sources = fed((0..size.sources).map(|i| size.thing(i, i + 1, i)));
    let targets = fed((0..size.targets).map(|i| size.target(i, i + 1)));
    let relation = match what {
        "inputs" => std::process::exit(0),
        "pairs" => relation().with_pairs(),
        "lookups" => relation().with_lookups(),
        _ => relation(),
    };
    let join = relation.join(&sources.0, &targets.0);
    let ready = join.ready();
    tokio::runtime::Handle::current()
        .block_on(ready)
        .expect("the inputs are ready");
    std::process::exit(i32::from(join.cache().len() != size.targets));
}

/// Status changes of targets alone, for a profiler of time.
fn statuses(size: Size) -> ! {
    let (mut bench, _) = Bench::load(size);
    for _ in 0..500 {
        let commits = bench.statuses();
        bench.change(Side::Targets, commits);
    }
    std::process::exit(i32::from(bench.len() != size.targets));
}

fn of_sources(table: &mut Table, bench: &mut Bench, name: &str) {
    let each = bench.size.each();
    let row = format!("join: a source lets {each} go and takes {each}, {name}");
    table.row(&row, CHANGES, |run| {
        let sources = bench.size.sources;
        let moved = if run % 2 == 0 { CHANGES } else { 0 };
        let commits = bench.sources_of_apps(|i| (i + moved) % sources);
        let cost = bench.change(Side::Sources, commits);
        assert_eq!(bench.len(), bench.size.targets - moved * each);
        cost
    });
    let commits = bench.sources_of_apps(|i| i);
    bench.change(Side::Sources, commits);
    for count in FLIPS {
        let row = format!("join: a source selects {count} more, or lets them go, {name}");
        table.row(&row, 20, |_| {
            let flip = |step: usize| {
                let group = if step.is_multiple_of(2) { count } else { 0 };
                let source = bench.size.thing(0, bench.version(), 0);
                vec![Input::Apply(in_group(source, "flipping", group))]
            };
            let commits: Vec<_> = (0..20).map(flip).collect();
            let mut commits = commits.into_iter();
            let first = commits.next().into_iter().collect();
            let one = bench.change(Side::Sources, first);
            assert_eq!(bench.len(), bench.size.targets + count);
            let others = bench.change(Side::Sources, commits.collect());
            assert_eq!(bench.len(), bench.size.targets);
            Cost(one.0 + others.0, one.1 + others.1)
        });
    }
}

fn of_targets(table: &mut Table, bench: &mut Bench, name: &str) {
    let size = bench.size;
    let row = format!("join: a target goes from one source to another, {name}");
    table.row(&row, CHANGES, |run| {
        let moved = if run % 2 == 0 { size.namespaces } else { 0 };
        let target = |i| {
            let app = i / size.each() + moved;
            vec![Input::Apply(size.thing(i, bench.version(), app))]
        };
        let commits = (0..CHANGES).map(target).collect();
        let cost = bench.change(Side::Targets, commits);
        assert_eq!(bench.len(), size.targets);
        cost
    });
    bench.restore(0..CHANGES);
    let hundredth = size.targets / 100;
    let spread = |i: usize| size.targets / 2 + i * 7;
    let row = format!("join: 1 % of the targets relabelled in one commit, per target, {name}");
    table.row(&row, hundredth, |run| {
        let moved = if run % 2 == 0 { size.namespaces } else { 0 };
        let commit = (0..hundredth).map(|i| {
            let i = spread(i);
            let app = (i / size.each() + moved) % size.sources;
            Input::Apply(size.thing(i, bench.version(), app))
        });
        let commits = vec![commit.collect()];
        let cost = bench.change(Side::Targets, commits);
        assert_eq!(bench.len(), size.targets);
        cost
    });
    bench.restore((0..hundredth).map(spread));
    let row = format!("join: a target's status changes, {name}");
    table.row(&row, CHANGES, |_| {
        let commits = bench.statuses();
        bench.change(Side::Targets, commits)
    });
    let row = format!("join: a storm of statuses, 100 in a commit, per status, {name}");
    table.row(&row, 10_000, |_| {
        let mut status = |i| Input::Apply(size.target(i * 7_919 % size.targets, bench.version()));
        let commit = |n: usize| (0..100).map(|i| status(n * 100 + i)).collect();
        let commits: Vec<_> = (0..100).map(commit).collect();
        let before = bench.join.evaluations();
        let cost = bench.change(Side::Targets, commits);
        assert_eq!(bench.join.evaluations(), before);
        cost
    });
    let row = format!("join: a target is replaced, as in a rollout, {name}");
    let old = |i: usize| size.targets - 1 - i;
    table.row(&row, CHANGES, |_| {
        let first = bench.version() + 1;
        let new = |i: usize| size.thing(first + i, bench.version(), old(i) / size.each());
        let new: Vec<_> = (0..CHANGES).map(new).collect();
        let step = |(i, new): (usize, &Thing)| {
            let gone = size.target(old(i), bench.version());
            [vec![Input::Apply(copy(new))], vec![Input::Remove(gone)]]
        };
        let commits: Vec<_> = new.iter().enumerate().flat_map(step).collect();
        let cost = bench.change(Side::Targets, commits);
        assert_eq!(bench.len(), size.targets);
        let gone = new.into_iter().map(Input::Remove).collect();
        bench.change(Side::Targets, vec![gone]);
        bench.restore((0..CHANGES).map(old));
        cost
    });
}
