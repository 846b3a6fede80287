//! What every object says of its metadata, the filters for it, and updates narrowed to a part of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use harness::Random;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Aspect, Aspects, Event, Filter, Key, Object, SubscribeOptions, Subscription};
use kube::core::{DynamicObject, PartialObjectMeta};
use serde_json::json;

/// What there is to request, and nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
struct Thing {
    name: String,
    uid: String,
    version: String,
    generation: Option<i64>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    finalizers: Vec<String>,
    owners: Vec<String>,
    deleted: Option<SystemTime>,
}

fn texts(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().map(|(k, v)| (k.as_str(), v.as_str()))
}

impl Object for Thing {
    fn name(&self) -> &str {
        &self.name
    }

    fn uid(&self) -> &str {
        &self.uid
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(&self.labels)
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        self.owners.iter().map(String::as_str)
    }

    fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(&self.annotations)
    }

    fn generation(&self) -> Option<i64> {
        self.generation
    }

    fn deletion_timestamp(&self) -> Option<SystemTime> {
        self.deleted
    }

    fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.finalizers.iter().map(String::as_str)
    }
}

fn thing(name: &str, version: u64, generation: i64) -> Thing {
    Thing {
        name: name.to_owned(),
        uid: format!("{name}-1"),
        version: version.to_string(),
        generation: Some(generation),
        ..Thing::default()
    }
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn every_form_answers_what_its_metadata_says() {
    fn check<V: Object>(object: &V) {
        let annotations: Vec<_> = object.annotations().collect();
        assert_eq!(annotations, [("a", "1"), ("b", "")]);
        assert_eq!(object.annotation("b"), Some(""));
        assert_eq!(object.annotation("c"), None);
        assert_eq!(object.generation(), Some(7));
        assert_eq!(object.deletion_timestamp(), Some(time(86_400)));
        assert_eq!(object.finalizers().collect::<Vec<_>>(), ["f", "e"]);
    }
    let value = json!({
        "apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
        "metadata": {"name": "p", "generation": 7, "deletionTimestamp": "1970-01-02T00:00:00Z",
            "annotations": {"b": "", "a": "1"}, "finalizers": ["f", "e"]},
    });
    check(&serde_json::from_value::<Pod>(value.clone()).unwrap());
    check(&serde_json::from_value::<DynamicObject>(value.clone()).unwrap());
    check(&serde_json::from_value::<PartialObjectMeta<Pod>>(value).unwrap());
    let bare = Pod::default();
    assert_eq!((bare.generation(), bare.deletion_timestamp()), (None, None));
    assert_eq!(
        (bare.annotations().count(), bare.finalizers().count()),
        (0, 0)
    );
}

/// Makes a filter, and says how it prints.
type Make = fn() -> (Filter<Thing>, &'static str);

#[test]
fn filters_of_metadata_print_and_compare() {
    let filters: [Make; 5] = [
        || {
            (
                Filter::annotations([("b", ""), ("a", "1")]),
                "annotations a=1,b=",
            )
        },
        || (Filter::annotated("a"), "annotated a"),
        || (Filter::finalizer("a"), "finalizer a"),
        || (Filter::being_deleted(), "being deleted"),
        || (!Filter::being_deleted(), "!being deleted"),
    ];
    for (i, make) in filters.iter().enumerate() {
        let (filter, text) = make();
        assert_eq!(filter.to_string(), text);
        for (j, other) in filters.iter().enumerate() {
            assert_eq!(filter == other().0, i == j, "{filter}");
        }
    }
    assert_ne!(Filter::<Thing>::annotated("a"), Filter::annotated("b"));
    assert_ne!(Filter::<Thing>::finalizer("a"), Filter::finalizer("b"));
    assert!(Filter::annotations([]).accepts(&Thing::default()));
}

const KEYS: [&str; 3] = ["a", "b", "c"];

fn any_thing(random: &mut Random, name: &str, version: u64) -> Thing {
    let mut map = || {
        let keys: Vec<_> = random.some(&KEYS).into_iter().copied().collect();
        let pair = |key: &str| (key.to_owned(), (*random.pick(&["1", "2"])).to_owned());
        keys.into_iter().map(pair).collect()
    };
    let (labels, annotations) = (map(), map());
    let finalizers = random.some(&KEYS).into_iter();
    Thing {
        labels,
        annotations,
        finalizers: finalizers.map(|f| (*f).to_owned()).collect(),
        generation: random.chance(3, 4).then(|| i64::from(random.chance(1, 2))),
        deleted: random.chance(1, 3).then(|| time(random.below(2) as u64)),
        ..thing(name, version, 0)
    }
}

/// A filter, and what it means in plain code.
type Judge = Box<dyn Fn(&Thing) -> bool>;

fn any_filter(random: &mut Random, depth: usize) -> (Filter<Thing>, Judge) {
    let key = *random.pick(&KEYS);
    match random.below(if depth == 0 { 4 } else { 7 }) {
        0 => {
            let judge = move |t: &Thing| t.annotations.get(key).is_some_and(|v| v == "1");
            (Filter::annotations([(key, "1")]), Box::new(judge))
        }
        1 => {
            let judge = move |t: &Thing| t.annotations.contains_key(key);
            (Filter::annotated(key), Box::new(judge))
        }
        2 => {
            let judge = move |t: &Thing| t.finalizers.iter().any(|f| f == key);
            (Filter::finalizer(key), Box::new(judge))
        }
        3 => (Filter::being_deleted(), Box::new(|t| t.deleted.is_some())),
        4 => {
            let (inner, judge) = any_filter(random, depth - 1);
            (!inner, Box::new(move |t| !judge(t)))
        }
        kind => {
            let (a, one) = any_filter(random, depth - 1);
            let (b, two) = any_filter(random, depth - 1);
            if kind == 5 {
                (a & b, Box::new(move |t| one(t) && two(t)))
            } else {
                (a | b, Box::new(move |t| one(t) || two(t)))
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn filters_of_metadata_let_in_what_plain_code_does() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let (things, mut feed) = kcache::feed();
        feed.relist([], None).unwrap();
        let (filter, mut judge) = any_filter(&mut random, 2);
        let view = things.view(filter);
        for version in 1..40 {
            let name = format!("t{}", random.below(6));
            let thing = any_thing(&mut random, &name, version);
            if random.chance(1, 5) {
                feed.remove(thing).unwrap();
            } else {
                feed.apply(thing).unwrap();
            }
            if random.chance(1, 10) {
                let (filter, other) = any_filter(&mut random, 2);
                view.refilter(filter).unwrap();
                judge = other;
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        let want = things.cache().list().into_iter().filter(|t| judge(t));
        let want: Vec<_> = want.map(|t| t.version.clone()).collect();
        let has = view.cache().list().into_iter();
        let has: Vec<_> = has.map(|t| t.version.clone()).collect();
        assert_eq!(has, want, "seed {seed}: {:?}", view.filter());
    }
}

fn options(aspects: impl Into<Aspects>) -> SubscribeOptions<Thing> {
    SubscribeOptions::default().changes_of(aspects)
}

/// All events that wait, as text.
async fn waiting(changes: &mut Subscription<Thing>) -> Vec<String> {
    let mut all = Vec::new();
    let soon = Duration::from_millis(1);
    while let Ok(Some(event)) = tokio::time::timeout(soon, changes.next()).await {
        all.push(match event {
            Event::Create { new } => format!("+{}@{}", new.name, new.version),
            Event::Update { old, new } => format!("{}@{}->{}", new.name, old.version, new.version),
            Event::Delete { old } => format!("-{}@{}", old.name, old.version),
        });
    }
    all
}

#[tokio::test(start_paused = true)]
async fn an_update_is_told_if_what_was_chosen_differs_from_what_was_last_given() {
    let (things, mut feed) = kcache::feed();
    feed.relist([thing("a", 1, 1)], None).unwrap();
    let mut changes = things.subscribe_options(options(Aspect::Generation));
    assert_eq!(waiting(&mut changes).await, ["+a@1"]);
    feed.apply(thing("a", 2, 1)).unwrap();
    feed.apply(thing("a", 3, 1)).unwrap();
    assert!(waiting(&mut changes).await.is_empty());
    feed.apply(thing("a", 4, 2)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["a@1->4"]);
    feed.apply(thing("a", 5, 2)).unwrap();
    feed.remove(thing("a", 6, 2)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["-a@4"]);
    feed.apply(thing("a", 7, 2)).unwrap();
    feed.apply(thing("a", 8, 2)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["+a@7"]);
    // Another object of the name is no update.
    let mut other = thing("a", 9, 2);
    other.uid = "a-2".to_owned();
    feed.apply(other).unwrap();
    assert_eq!(waiting(&mut changes).await, ["-a@7", "+a@9"]);
    // Nor is it news that it leaves a filter, or comes back.
    let mut other = thing("a", 10, 2);
    other.uid = "a-2".to_owned();
    feed.apply(other).unwrap();
    changes.refilter(Filter::nothing()).unwrap();
    assert_eq!(waiting(&mut changes).await, ["-a@9"]);
    changes.refilter(Filter::by("all", |_| true)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["+a@10"]);
}

#[tokio::test(start_paused = true)]
async fn it_holds_where_changes_are_merged() {
    let (things, mut feed) = kcache::feed();
    feed.relist([thing("a", 1, 1), thing("b", 1, 1)], None)
        .unwrap();
    let mut changes = things.subscribe_options(options(Aspect::Generation).queue(1));
    assert_eq!(waiting(&mut changes).await.len(), 2);
    // There and back again: the net change is none of the generation.
    feed.apply(thing("c", 2, 1)).unwrap();
    for (version, generation) in [(2, 2), (3, 1), (4, 2), (5, 1)] {
        feed.apply(thing("a", version, generation)).unwrap();
        feed.apply(thing("b", version, generation + version.cast_signed()))
            .unwrap();
    }
    assert!(changes.status().lags > 0);
    let told = waiting(&mut changes).await;
    assert_eq!(told, ["+c@2", "b@1->5"]);
    feed.apply(thing("a", 6, 1)).unwrap();
    assert!(waiting(&mut changes).await.is_empty());
    feed.remove(thing("a", 7, 1)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["-a@1"]);
    // All that waits at once.
    feed.apply(thing("b", 8, 6)).unwrap();
    feed.apply(thing("c", 9, 1)).unwrap();
    feed.apply(thing("b", 10, 7)).unwrap();
    let batch = changes.next_batch().await.expect("a batch");
    assert_eq!(
        format!("{:?}", batch.changes),
        r#"[b Some("5") -> Some("10")]"#
    );
}

/// Changes one thing.
type Edit = fn(&mut Thing);

#[tokio::test(start_paused = true)]
async fn each_aspect_is_what_it_says() {
    let base = || Thing {
        labels: [("l".to_owned(), "1".to_owned())].into(),
        ..thing("a", 1, 1)
    };
    let edits: [(Aspect, Edit); 7] = [
        (Aspect::Generation, |t| t.generation = Some(2)),
        (Aspect::Labels, |t| {
            drop(t.labels.insert("l".into(), "2".into()));
        }),
        (Aspect::Annotations, |t| {
            drop(t.annotations.insert("l".into(), String::new()));
        }),
        (Aspect::Finalizers, |t| t.finalizers.push("f".into())),
        (Aspect::Deletion, |t| t.deleted = Some(time(1))),
        (Aspect::Owners, |t| t.owners.push("o".into())),
        (Aspect::Version, |t| t.version = "2".into()),
    ];
    for (chosen, _) in &edits {
        for (changed, edit) in &edits {
            let (things, mut feed) = kcache::feed();
            feed.relist([base()], None).unwrap();
            let mut changes = things.subscribe_options(options(*chosen));
            waiting(&mut changes).await;
            let mut new = base();
            edit(&mut new);
            feed.apply(new).unwrap();
            let told = waiting(&mut changes).await.len();
            assert_eq!(
                told,
                usize::from(chosen == changed),
                "{chosen:?} {changed:?}"
            );
        }
    }
    // What has no generation or version cannot be said to be the same.
    for aspect in [Aspect::Generation, Aspect::Version] {
        let (things, mut feed) = kcache::feed();
        let bare = || Thing {
            name: "a".to_owned(),
            ..Thing::default()
        };
        feed.relist([bare()], None).unwrap();
        let mut changes = things.subscribe_options(options(aspect));
        waiting(&mut changes).await;
        feed.apply(bare()).unwrap();
        assert_eq!(waiting(&mut changes).await.len(), 1);
    }
}

/// Takes what waits, and holds each step to the rules.
async fn take(
    changes: &mut Subscription<Thing>,
    has: &mut HashMap<Key, Arc<Thing>>,
    differs: impl Fn(&Thing, &Thing) -> bool,
) {
    let soon = Duration::from_millis(1);
    while let Ok(Some(event)) = tokio::time::timeout(soon, changes.next()).await {
        let key = Key::of(&**event.object());
        match event {
            Event::Create { new } => assert!(has.insert(key, new).is_none()),
            Event::Delete { old } => assert!(Arc::ptr_eq(&has.remove(&key).unwrap(), &old)),
            Event::Update { old, new } => {
                assert!(differs(&old, &new), "{old:?} {new:?}");
                assert_eq!(old.uid, new.uid);
                assert!(Arc::ptr_eq(&has.insert(key, new).unwrap(), &old));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn steps_stay_legal_and_what_was_chosen_is_never_old() {
    let differs = |a: &Thing, b: &Thing| {
        a.generation.is_none() || a.generation != b.generation || a.labels != b.labels
    };
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let (things, mut feed) = kcache::feed();
        let chosen = options(Aspect::Labels).changes_of(Aspect::Generation);
        let mut changes = things.subscribe_options(chosen.queue(1 + random.below(4)));
        let mut has = HashMap::new();
        feed.relist([], None).unwrap();
        for version in 1..60 {
            let name = format!("t{}", random.below(4));
            let mut thing = any_thing(&mut random, &name, version);
            thing.labels.retain(|key, _| key == "a");
            thing.uid = random.below(8).min(1).to_string();
            match random.below(12) {
                0 | 1 => feed.remove(thing).unwrap(),
                2 => feed.relist([thing], None).unwrap(),
                3 => changes.refilter(any_filter(&mut random, 1).0).unwrap(),
                4 => {
                    let (filter, _) = any_filter(&mut random, 1);
                    let odd = Filter::by("odd", |t: &Thing| t.version.ends_with(['1', '3', '5']));
                    changes.refilter(filter | odd).unwrap();
                }
                5 => take(&mut changes, &mut has, differs).await,
                _ => feed.apply(thing).unwrap(),
            }
        }
        take(&mut changes, &mut has, differs).await;
        let there = changes.cache().list();
        assert_eq!(there.len(), has.len(), "seed {seed}");
        for thing in there {
            let known = &has[&Key::of(&*thing)];
            let same = known.generation == thing.generation && known.labels == thing.labels;
            assert!(
                same && known.uid == thing.uid,
                "seed {seed}: {known:?} {thing:?}"
            );
        }
    }
}
