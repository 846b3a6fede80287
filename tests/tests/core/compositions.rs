//! Publishers that are made of publishers that are made of publishers: what was written is waited for at any
//! depth, and new histories pass on.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use harness::Random;
use kcache::{Error, Feed, Filter, Group, Key, Object, Publisher, WaitError};
use kcache_join::{GuardedKey, GuardedKeyJoin, KeyJoin};

use crate::conditions::NAMES;
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Own, Spec};

const KINDS: [&str; 12] = [
    "source",
    "view",
    "map",
    "groups",
    "union",
    "intersection",
    "difference",
    "join",
    "one resource",
    "several resources",
    "not an input",
    "new history",
];

/// How many sources there are.
const SOURCES: usize = 3;
const SOON: Duration = Duration::from_secs(60);

/// The versions under each key.
type Contents = BTreeMap<Key, u64>;

/// What a publisher is made of.
#[derive(Debug)]
enum Made {
    Source(usize),
    View(Box<Made>),
    Map(Box<Made>),
    Groups(Box<Made>),
    Union([Box<Made>; 2]),
    Intersection([Box<Made>; 2]),
    Difference([Box<Made>; 2]),
    Join([Box<Made>; 2]),
}

struct World {
    random: Random,
    sources: Vec<(Publisher<Own>, Feed<Own>)>,
    contents: [Contents; SOURCES],
    versions: [u64; SOURCES],
    incarnations: [u64; SOURCES],
    made: Vec<(Made, Publisher<Own>)>,
    coverage: Coverage,
}

fn own(key: &Key, version: u64) -> Own {
    Own::new(Spec::new(key.namespace(), key.name(), version), ())
}

fn same_name(object: &Own) -> Vec<String> {
    vec![object.name().to_owned()]
}

impl World {
    fn new(seed: u64) -> Self {
        let feeds = (0..SOURCES).map(|_| {
            let (publisher, mut feed) = kcache::feed();
            feed.relist([], Some("1")).expect("it is open");
            (publisher, feed)
        });
        Self {
            random: Random::new(seed),
            sources: feeds.collect(),
            contents: Default::default(),
            versions: [1; SOURCES],
            incarnations: [1; SOURCES],
            made: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    /// Something made of the sources, so many floors high at most.
    fn make(&mut self, floors: usize) -> (Made, Publisher<Own>) {
        let kind = if floors == 0 { 0 } else { self.random.below(8) };
        self.coverage.count(KINDS[kind]);
        if kind == 0 {
            let source = self.random.below(SOURCES);
            return (Made::Source(source), self.sources[source].0.clone());
        }
        let (left, of) = self.make(floors - 1);
        let left = Box::new(left);
        match kind {
            1 => {
                let view = of.view(Filter::by("not p1", |own: &Own| own.name() != NAMES[1]));
                return (Made::View(left), Publisher::clone(&view));
            }
            2 => return (Made::Map(left), of.map(Own::clone)),
            3 => {
                let by_name = of.group_by(|own| [Key::new("", own.name())]);
                let version = |own: &Own| own.spec.version;
                let sums = by_name.fold(
                    0,
                    move |sum, own| *sum += version(own),
                    move |sum, own| *sum -= version(own),
                );
                let sum = |group: &Group<u64>| own(&group.key, group.value);
                return (Made::Groups(left), sums.map(sum));
            }
            _ => {}
        }
        let (right, with) = self.make(floors - 1);
        let both = [left, Box::new(right)];
        match kind {
            4 => (Made::Union(both), kcache::union([&of, &with])),
            5 => (Made::Intersection(both), kcache::intersection([&of, &with])),
            6 => (Made::Difference(both), kcache::difference(&of, &with)),
            _ => {
                let join = KeyJoin::new(same_name, same_name).join(&of, &with);
                (Made::Join(both), Publisher::clone(&join))
            }
        }
    }

    /// What it must contain.
    fn contents(&self, made: &Made) -> Contents {
        let both = |[left, right]: &[Box<Made>; 2]| (self.contents(left), self.contents(right));
        match made {
            Made::Source(source) => self.contents[*source].clone(),
            Made::Map(of) => self.contents(of),
            Made::View(of) => {
                let mut contents = self.contents(of);
                contents.retain(|key, _| key.name() != NAMES[1]);
                contents
            }
            Made::Groups(of) => {
                let mut sums = Contents::new();
                for (key, version) in self.contents(of) {
                    *sums.entry(Key::new("", key.name())).or_default() += version;
                }
                sums
            }
            Made::Union(inputs) => {
                let (mut left, right) = both(inputs);
                for (key, version) in right {
                    left.entry(key).or_insert(version);
                }
                left
            }
            Made::Intersection(inputs) => {
                let (mut left, right) = both(inputs);
                left.retain(|key, _| right.contains_key(key));
                left
            }
            Made::Difference(inputs) => {
                let (mut left, right) = both(inputs);
                left.retain(|key, _| !right.contains_key(key));
                left
            }
            Made::Join(inputs) => {
                let (left, mut right) = both(inputs);
                right.retain(|key, _| left.keys().any(|source| source.name() == key.name()));
                right
            }
        }
    }

    /// Which sources it stands on, each once for every way.
    fn ways(made: &Made) -> Vec<usize> {
        match made {
            Made::Source(source) => vec![*source],
            Made::View(of) | Made::Map(of) | Made::Groups(of) => Self::ways(of),
            Made::Union(of) | Made::Intersection(of) | Made::Difference(of) | Made::Join(of) => {
                of.iter().flat_map(|of| Self::ways(of)).collect()
            }
        }
    }

    /// Writes to a source, or restores it from a backup, and waits for that where it can be waited for.
    async fn step(&mut self) -> Result<(), String> {
        let source = self.random.below(SOURCES);
        if self.random.chance(1, 12) {
            self.restore(source);
        } else {
            self.write(source);
        }
        for at in 0..self.made.len() {
            if self.random.chance(1, 2) {
                self.check(at, source).await?;
            }
        }
        Ok(())
    }

    fn write(&mut self, source: usize) {
        let namespace = *self.random.pick(&["a", "b"]);
        let key = Key::new(namespace, NAMES[self.random.below(4)]);
        self.versions[source] += 1;
        let version = self.versions[source];
        let feed = &mut self.sources[source].1;
        let gone = self.random.chance(1, 3);
        let there = self.contents[source].remove(&key).is_some();
        if !gone {
            self.contents[source].insert(key.clone(), version);
            feed.apply(own(&key, version)).expect("it is open");
        } else if there {
            feed.remove(own(&key, version)).expect("it is open");
        } else {
            let nothing = kcache::Input::Bookmark(version.to_string());
            feed.send(nothing).expect("it is open");
        }
    }

    /// A list at an older version, of nothing: only that is older in any case.
    fn restore(&mut self, source: usize) {
        if self.versions[source] < 5 {
            return;
        }
        self.coverage.count("new history");
        self.contents[source].clear();
        self.versions[source] -= 3;
        self.incarnations[source] += 1;
        let version = self.versions[source].to_string();
        let feed = &mut self.sources[source].1;
        feed.relist([], Some(&version)).expect("it is open");
    }

    async fn check(&mut self, at: usize, written: usize) -> Result<(), String> {
        let (made, publisher) = &self.made[at];
        let mut ways = Self::ways(made);
        ways.sort_unstable();
        ways.dedup();
        let version = |source: usize| self.versions[source].to_string();
        if !ways.contains(&written) {
            self.coverage.count("not an input");
            let wait = publisher.wait_for_write(&self.sources[written].0, "1", SOON);
            let no_input = Err(WaitError::NoInput(publisher.inputs()));
            let waited = wait.await;
            return (waited == no_input)
                .then_some(())
                .ok_or_else(|| format!("{made:?} is no input of it: {waited:?}"));
        }
        if let [only] = ways[..] {
            self.coverage.count("one resource");
            let waited = publisher.wait_for(&version(only), SOON).await;
            waited.map_err(|error| format!("{made:?}: {error}"))?;
        } else {
            self.coverage.count("several resources");
            let several = publisher.wait_for("1", SOON).await;
            if several != Err(WaitError::SeveralInputs(publisher.inputs())) {
                return Err(format!("{made:?} is of several resources: {several:?}"));
            }
            for source in ways {
                let written = &self.sources[source].0;
                let version = version(source);
                let waited = publisher.wait_for_write(written, &version, SOON).await;
                waited.map_err(|error| format!("{made:?}: {error}"))?;
            }
        }
        let list = publisher.cache().list();
        let have: Contents = list
            .iter()
            .map(|own| (Key::of(&**own), own.spec.version))
            .collect();
        let want = self.contents(made);
        if have != want {
            return Err(format!("{made:?} has {have:?} instead of {want:?}"));
        }
        Ok(())
    }

    /// Each new history of a source is one of what stands on it, by each of the ways.
    async fn finish(self) -> Outcome {
        tokio::time::sleep(Duration::from_millis(1)).await;
        for (made, publisher) in &self.made {
            let begun = Self::ways(made).into_iter();
            let begun: u64 = begun.map(|source| self.incarnations[source] - 1).sum();
            let have = publisher.status().incarnation;
            if have != 1 + begun {
                return Err(format!(
                    "{made:?} is in incarnation {have}, not {begun} + 1"
                ));
            }
        }
        Ok(self.coverage)
    }
}

/// One case.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    paused(async {
        let mut world = World::new(seed);
        for _ in 0..4 {
            let made = world.make(3);
            world.made.push(made);
        }
        for _ in 0..steps {
            world.step().await?;
        }
        world.finish().await
    })
}

#[test]
fn what_was_waited_for_is_there_at_any_depth() {
    let coverage = run_cases(300, case);
    coverage.require(&KINDS, 100);
}

fn fed(version: &str) -> (Publisher<Own>, Feed<Own>) {
    let (publisher, mut feed) = kcache::feed();
    feed.relist([], Some(version)).expect("it is open");
    (publisher, feed)
}

fn by_name() -> KeyJoin<Own, Own> {
    KeyJoin::new(same_name, same_name)
}

#[tokio::test(start_paused = true)]
async fn inputs_have_names_down_to_the_sources() {
    let [(a, _a), (b, _b), (c, mut c_feed)] = ["5", "6", "7"].map(fed);
    let joined = by_name()
        .with_pairs()
        .join(&a.view(Filter::everything()), &b);
    assert_eq!(a.inputs(), [""; 0]);
    assert_eq!(joined.inputs(), ["sources", "targets"]);
    assert_eq!(joined.pairs().unwrap().inputs(), ["sources", "targets"]);
    let both = kcache::union([&*joined, &c.map(Own::clone)]);
    let guarded: GuardedKeyJoin<Own, Own, Own> = GuardedKeyJoin::new(
        |own: &Own| vec![GuardedKey::needs(own.name().to_owned(), [0])],
        |_| vec![0],
        same_name,
    );
    let top = guarded.join(&c, &a, &both);
    let top = top.view(Filter::everything());
    let names = [
        "sources",
        "targets/first input/sources",
        "targets/first input/targets",
        "targets/second input",
        "guards",
    ];
    assert_eq!(top.inputs(), names);
    let wait =
        |input: &'static str, version: &'static str| top.wait_for_input(input, version, SOON);
    wait("targets/first input/targets", "6").await.unwrap();
    wait("targets/second input", "7").await.unwrap();
    wait("guards", "5").await.unwrap();
    let below = names[1..4].iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        wait("targets", "6").await,
        Err(WaitError::SeveralInputs(below))
    );
    let all = names.map(str::to_owned).to_vec();
    for none in ["target", "targets/", "sources/x", ""] {
        assert_eq!(
            wait(none, "6").await,
            Err(WaitError::NoInput(all.clone())),
            "{none}"
        );
    }
    let error = top.wait_for("6", SOON).await.unwrap_err().to_string();
    assert!(error.ends_with("targets/second input, guards"), "{error}");
    assert_eq!(
        top.wait_for_write(&both, "6", SOON).await,
        Err(WaitError::SeveralInputs(both.inputs()))
    );
    // No task has run since.
    c_feed.apply(own(&Key::new("a", "p"), 8)).unwrap();
    assert_eq!(top.wait_for_write(&c, "8", SOON).now_or_never(), None);
    top.wait_for_write(&c.view(Filter::nothing()), "8", SOON)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_fills_a_set_says_of_what_or_it_has_no_versions() {
    let (a, _a) = fed("5");
    let (written, _writer) = kcache::publisher::<Own>();
    let both = kcache::union([&a, &written]);
    assert_eq!(both.inputs(), ["first input", "second input"]);
    let unversioned = Err(WaitError::Unversioned);
    for publisher in [&written, &both] {
        assert_eq!(publisher.wait_for("5", SOON).await, unversioned);
    }
    let wait = both.wait_for_input("second input", "5", SOON);
    assert_eq!(wait.await, unversioned);
    assert_eq!(a.wait_for_write(&written, "5", SOON).await, unversioned);
    // The set is not ready, so nothing is to be seen there yet.
    let wait = both.wait_for_write(&a, "5", SOON);
    assert_eq!(wait.await, Err(WaitError::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn an_input_that_ends_ends_what_waits_for_it() {
    let [(a, mut a_feed), (b, _b)] = ["5", "6"].map(fed);
    let view = a.view(Filter::everything());
    let both = kcache::union([&*view, &b]);
    both.ready().await.unwrap();
    let waits = both.clone();
    let source = a.clone();
    let wait = tokio::spawn(async move { waits.wait_for_write(&source, "9", SOON).await });
    tokio::task::yield_now().await;
    view.close();
    assert_eq!(wait.await.unwrap(), Err(Error::Closed.into()));
    a_feed.apply(own(&Key::new("a", "p"), 9)).unwrap();
    // Nothing of it will come here, and the other input goes on.
    let wait = both.wait_for_write(&a, "9", SOON);
    assert_eq!(wait.await, Err(Error::Closed.into()));
    both.wait_for_write(&b, "6", SOON).await.unwrap();
}
