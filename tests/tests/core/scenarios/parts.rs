//! Views and joins are parts of their source's states: what they keep of those, and what they show.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kcache::{Feed, Filter, Key, Object, Publisher, Updates};
use kcache_join::KeyJoin;

/// An object that is counted while it lives.
struct Counted {
    name: String,
    version: String,
    alive: Arc<AtomicUsize>,
}

impl Counted {
    fn new(number: usize, version: usize, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self {
            name: format!("{number:05}"),
            version: version.to_string(),
            alive: alive.clone(),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Object for Counted {
    fn namespace(&self) -> Option<&str> {
        Some("default")
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }
}

const OBJECTS: usize = 1_000;

fn filled(alive: &Arc<AtomicUsize>) -> (Publisher<Counted>, Feed<Counted>) {
    let (things, mut feed) = kcache::feed();
    let all = (0..OBJECTS).map(|number| Counted::new(number, 1, alive));
    feed.relist(all, None).unwrap();
    (things, feed)
}

fn names(publisher: &Publisher<Counted>) -> Vec<String> {
    let all = publisher.cache().list();
    all.iter()
        .map(|thing| format!("{}@{}", thing.name, thing.version))
        .collect()
}

async fn settled() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_part_leaves_out_is_let_go() {
    let alive = Arc::new(AtomicUsize::new(0));
    let (things, mut feed) = filled(&alive);
    let one = things.view(Filter::name("default", "00000"));
    let one_of_it = one.view(Filter::everything());
    let itself = |thing: &Counted| vec![Key::new("default", &thing.name)];
    let joined = KeyJoin::new(itself, itself).join(&one_of_it, &one);
    one_of_it.ready().await.unwrap();
    joined.ready().await.unwrap();
    for update in 0..20 * OBJECTS {
        let number = update % (OBJECTS - 1) + 1;
        feed.apply(Counted::new(number, update + 2, &alive))
            .unwrap();
        if update % 100 == 0 {
            settled().await;
            let alive = alive.load(Ordering::Relaxed);
            assert!(alive < 2 * OBJECTS, "{alive} at {update}");
        }
    }
    // All of it replaced at once, none of which is in the view.
    let relisted = (0..OBJECTS).map(|number| match number {
        0 => Counted::new(0, 1, &alive),
        _ => Counted::new(number, 100_000, &alive),
    });
    let relisted: Vec<_> = relisted.collect();
    feed.relist(relisted, None).unwrap();
    settled().await;
    assert!(alive.load(Ordering::Relaxed) < OBJECTS + 300);
    assert_eq!(names(&one_of_it), ["00000@1"]);
    assert_eq!(names(&joined), ["00000@1"]);
}

/// What is gone and back between two turns of a view is where it is now.
#[tokio::test(start_paused = true)]
async fn the_same_object_in_another_slot_is_found() {
    let alive = Arc::default();
    let thing = |number| Arc::new(Counted::new(number, 1, &alive));
    let (things, mut writer) = kcache::publisher();
    let there: Vec<_> = (0..4).map(thing).collect();
    let put = |things: &[&Arc<Counted>]| {
        let mut updates = Updates::new();
        for thing in things {
            updates.put((*thing).clone());
        }
        updates
    };
    let remove = |thing: &Counted| {
        let mut updates = Updates::new();
        updates.remove(Key::of(thing));
        updates
    };
    writer.commit(put(&there.iter().collect::<Vec<_>>()), &[]);
    writer.live();
    let few = Filter::by("not 9", |thing: &Counted| !thing.name.ends_with('9'));
    let views = [things.view(Filter::everything()), things.view(few)];
    for view in &views {
        view.ready().await.unwrap();
        assert_eq!(view.cache().len(), 4);
    }
    let other = thing(9);
    writer.commit(remove(&there[1]), &[]);
    writer.commit(put(&[&other]), &[]);
    writer.commit(put(&[&there[1]]), &[]);
    settled().await;
    let all = ["00000@1", "00001@1", "00002@1", "00003@1", "00009@1"];
    assert_eq!(names(&views[0]), all);
    assert_eq!(names(&views[1]), all[..4]);
    writer.commit(remove(&there[1]), &[]);
    writer.commit(remove(&there[2]), &[]);
    writer.commit(put(&[&there[1]]), &[]);
    settled().await;
    assert_eq!(
        names(&views[0]),
        ["00000@1", "00001@1", "00003@1", "00009@1"]
    );
    assert_eq!(names(&views[1]), ["00000@1", "00001@1", "00003@1"]);
}

/// A few members of many are listed in order, too, and by namespace.
#[tokio::test(start_paused = true)]
async fn few_of_many_are_in_order() {
    let alive = Arc::default();
    let (things, _feed) = filled(&alive);
    for digits in ["7", "77", "777"] {
        let few = Filter::by(digits, move |thing: &Counted| thing.name.ends_with(digits));
        let view = things.view(few);
        view.ready().await.unwrap();
        let wanted = (0..OBJECTS).map(|number| format!("{number:05}"));
        let wanted = wanted.filter(|name| name.ends_with(digits));
        let wanted: Vec<_> = wanted.map(|name| format!("{name}@1")).collect();
        assert_eq!(names(&view), wanted);
        assert_eq!(view.cache().list_namespace("default").len(), wanted.len());
        assert!(view.cache().get("default", "00777").is_some());
        assert!(view.cache().get("default", "00778").is_none());
    }
}
