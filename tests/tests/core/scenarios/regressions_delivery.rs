//! Delivery faults that there once were: what a subscription is handed, and when.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::ThreadId;
use std::time::Duration;

use kcache::{
    Change, Control, Error, Event, Feed, Field, Filter, Key, Overflow, Publisher, SubscribeOptions,
    Subscription, Updates,
};

use crate::forms::{Form, Own, Spec, read};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

/// An object of the same name, but not the same.
fn another(name: &str, version: u64) -> Own {
    let uid = "another".to_owned();
    Own::of(&Spec {
        uid,
        ..Spec::new("a", name, version)
    })
}

fn fed(objects: &[(&str, u64)]) -> (Publisher<Own>, Feed<Own>) {
    let (publisher, mut feed) = kcache::feed();
    let objects = objects.iter().map(|(name, version)| own(name, *version));
    feed.relist(objects, None).unwrap();
    (publisher, feed)
}

fn shown<V: kcache::Object>(changes: &[Change<V>]) -> Vec<String> {
    let mut shown: Vec<_> = changes.iter().map(|change| format!("{change:?}")).collect();
    shown.sort();
    shown
}

/// The events that can be taken without anything else happening.
async fn waiting(subscription: &mut Subscription<Own>) -> Vec<String> {
    let mut events = Vec::new();
    let none = Duration::from_millis(1);
    while let Ok(Some(event)) = tokio::time::timeout(none, subscription.next()).await {
        events.push(format!("{event:?}"));
    }
    events
}

#[tokio::test(start_paused = true)]
async fn a_batch_after_an_event_goes_on_from_that_event() {
    let (pods, mut feed) = fed(&[("p1", 1), ("p2", 2), ("p3", 3)]);
    let mut changes = pods.subscribe();
    let control = changes.control();
    // The order of creates is not said.
    let first = read(&**changes.next().await.unwrap().object());
    let [newer, removed] = ["p1", "p2", "p3"]
        .into_iter()
        .filter(|name| *name != first.name)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!((changes.status().waiting, control.status().waiting), (2, 2));
    feed.apply(own(newer, 5)).unwrap();
    feed.apply(own(&first.name, 6)).unwrap();
    feed.remove(own(removed, 7)).unwrap();
    let batch = changes.next_batch().await.unwrap();
    let mut expected = [
        format!(r#"a/{} Some("{}") -> Some("6")"#, first.name, first.version),
        format!(r#"a/{newer} None -> Some("5")"#),
    ];
    expected.sort();
    assert_eq!(shown(&batch.changes), expected);
    assert_eq!(batch.commit, pods.status().commit);
    assert_eq!(changes.status().waiting, 0);
    assert!(waiting(&mut changes).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_batch_after_an_event_does_not_wait_for_a_commit() {
    let (pods, _feed) = fed(&[("p1", 1), ("p2", 2)]);
    let mut changes = pods.subscribe();
    changes.next().await.unwrap();
    let batch = tokio::time::timeout(Duration::from_secs(9), changes.next_batch()).await;
    let batch = batch.unwrap().unwrap();
    assert_eq!((batch.commit, batch.changes.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_between_the_two_events_of_a_replacement_has_the_second() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe_options(SubscribeOptions::default());
    changes.next().await.unwrap();
    feed.apply(another("p1", 2)).unwrap();
    let gone = changes.next().await.unwrap();
    assert!(matches!(gone, Event::Delete { .. }));
    feed.apply(another("p1", 3)).unwrap();
    let batch = changes.next_batch().await.unwrap();
    assert_eq!(shown(&batch.changes), [r#"a/p1 None -> Some("3")"#]);
}

#[tokio::test(start_paused = true)]
async fn a_second_snapshot_takes_nothing() {
    let (pods, mut feed) = fed(&[("p1", 1), ("p2", 2)]);
    let mut changes = pods.subscribe();
    assert_eq!(changes.snapshot().await.unwrap().objects.len(), 2);
    feed.remove(own("p2", 5)).unwrap();
    feed.apply(own("p3", 6)).unwrap();
    let again = changes.snapshot().await.unwrap();
    assert_eq!((again.commit, again.objects.len()), (1, 0));
    let rest = ["Delete(a/p2@2)", "Create(a/p3@6)"];
    assert_eq!(waiting(&mut changes).await, rest);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_after_an_event_takes_nothing() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe();
    changes.next().await.unwrap();
    feed.remove(own("p1", 5)).unwrap();
    assert!(changes.snapshot().await.unwrap().objects.is_empty());
    assert_eq!(waiting(&mut changes).await, ["Delete(a/p1@1)"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_handed_out_after_a_close() {
    let (pods, _feed) = fed(&[("p1", 1), ("p2", 2), ("p3", 3)]);
    for batches in [false, true] {
        let mut changes = pods.subscribe();
        changes.next().await.unwrap();
        changes.control().close();
        assert_eq!(changes.status().waiting, 0);
        if batches {
            assert!(changes.next_batch().await.is_none());
        } else {
            assert!(changes.next().await.is_none());
        }
    }
}

const LONG: Duration = Duration::from_secs(30);

/// The thread that is to be stopped.
type Slot = Arc<Mutex<Option<ThreadId>>>;

/// Which thread stops, what it says then and what it waits for.
type Gate = (Slot, Sender<()>, Receiver<()>);

/// Stops a thread in the middle of evaluating a filter.
struct Stop {
    thread: Slot,
    entered: Receiver<()>,
    go: Sender<()>,
}

/// A filter that lets everything in, and waits when the thread of the stop evaluates it.
fn stopping() -> (Filter<Own>, Stop) {
    // A field is read by a plain function, so what it waits for is found by thread.
    static STOPS: Mutex<Vec<Gate>> = Mutex::new(Vec::new());
    #[expect(clippy::unnecessary_wraps, reason = "what a field takes")]
    fn read(_: &Own) -> Option<Cow<'_, str>> {
        let here = std::thread::current().id();
        let mut stops = STOPS.lock().unwrap();
        let place = stops
            .iter()
            .position(|(thread, ..)| *thread.lock().unwrap() == Some(here));
        if let Some(place) = place {
            let (_, entered, go) = stops.remove(place);
            drop(stops);
            entered.send(()).unwrap();
            go.recv_timeout(LONG).unwrap();
        }
        Some("yes".into())
    }
    let thread = Arc::new(Mutex::new(None));
    let ((enter, entered), (go, gone)) = (channel(), channel());
    STOPS.lock().unwrap().push((thread.clone(), enter, gone));
    let filter = Filter::field(Field::new("stopping", read), ["yes"]);
    let stop = Stop {
        thread,
        entered,
        go,
    };
    (filter, stop)
}

impl Stop {
    /// Runs something in a thread that stops in the filter, and returns once it has.
    fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        let slot = self.thread.clone();
        let running = std::thread::spawn(move || {
            *slot.lock().unwrap() = Some(std::thread::current().id());
            run()
        });
        self.entered.recv_timeout(LONG).unwrap();
        running
    }

    fn go_on(&self) {
        self.go.send(()).unwrap();
    }
}

#[tokio::test]
async fn a_close_during_a_refilter_loses_no_commit() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe_with(Filter::nothing());
    let control = changes.control();
    let (filter, stop) = stopping();
    let refilter = stop.run(move || control.refilter(filter));
    feed.apply(own("p2", 2)).unwrap();
    feed.close();
    let reader = tokio::spawn(async move {
        let mut names = Vec::new();
        while let Some(event) = changes.next().await {
            names.push(read(&**event.object()).name);
        }
        names
    });
    tokio::task::yield_now().await;
    assert!(!reader.is_finished(), "the end came before what is held");
    stop.go_on();
    refilter.join().unwrap().unwrap();
    let names = tokio::time::timeout(LONG, reader).await.unwrap().unwrap();
    assert_eq!(names, ["p1", "p2"]);
}

#[tokio::test]
async fn a_start_does_not_name_a_commit_that_is_being_delivered() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe();
    let (filter, stop) = stopping();
    let other = pods.subscribe_options(SubscribeOptions::default().deferred());
    other.refilter(filter).unwrap();
    let writer = stop.run(move || {
        feed.apply(own("p2", 2)).unwrap();
        feed
    });
    // The start waits for the delivery, or is of the commit before it.
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        runtime.block_on(async {
            let start = changes.snapshot().await.unwrap();
            (start.commit, start.objects.len())
        })
    });
    while pods.status().commit < 2 {
        std::thread::yield_now();
    }
    stop.go_on();
    let _feed = writer.join().unwrap();
    let (commit, objects) = reader.join().unwrap();
    assert_eq!(
        usize::try_from(commit),
        Ok(objects),
        "one object came with each commit"
    );
}

#[tokio::test]
async fn a_batch_does_not_name_a_commit_that_is_held_back() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe_with(Filter::name("a", "p2"));
    changes.snapshot().await.unwrap();
    feed.apply(own("p2", 2)).unwrap();
    let control = changes.control();
    let (filter, stop) = stopping();
    let refilter = stop.run(move || control.refilter(filter));
    feed.apply(own("p3", 3)).unwrap();
    let batch = changes.next_batch().await.unwrap();
    stop.go_on();
    refilter.join().unwrap().unwrap();
    assert_eq!((batch.commit, batch.changes.len()), (2, 1));
    let batch = changes.next_batch().await.unwrap();
    assert_eq!((batch.commit, batch.changes.len()), (3, 2));
}

#[test]
fn refilters_that_nobody_takes_are_merged() {
    let (pods, _feed) = fed(&[("p1", 1)]);
    for overflow in [Overflow::Merge, Overflow::End] {
        let options = SubscribeOptions::default().queue(4).overflow(overflow);
        let idle = pods.subscribe_options(options.filter(Filter::nothing()));
        let filters: Vec<_> = (0..100)
            .map(|i| {
                let probe = Arc::new(());
                let filter = Arc::downgrade(&probe);
                let closure = Filter::by("probe", move |_| Arc::strong_count(&probe) > 0);
                let name = if i % 2 == 0 { "p1" } else { "p2" };
                idle.refilter(Filter::name("a", name) & closure).unwrap();
                filter
            })
            .collect();
        let held = filters.iter().filter(|filter| filter.strong_count() > 0);
        assert!(held.count() <= 2, "{overflow:?}");
        assert!(idle.status().waiting <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_start_is_no_reason_to_end() {
    let names: Vec<_> = (0..100).map(|i| format!("p{i}")).collect();
    let objects: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let (pods, mut feed) = fed(&objects);
    let options = SubscribeOptions::default().queue(2).overflow(Overflow::End);
    let mut changes = pods.subscribe_options(options);
    feed.apply(own("p0", 200)).unwrap();
    feed.apply(own("p0", 201)).unwrap();
    assert_eq!((changes.error(), changes.status().waiting), (None, 102));
    feed.apply(own("p0", 202)).unwrap();
    assert_eq!(changes.error(), Some(Error::Lagged { queue: 2 }));
    assert_eq!(waiting(&mut changes).await.len(), 102);
}

#[tokio::test(start_paused = true)]
async fn what_a_refilter_names_is_judged_even_if_it_is_as_it_was() {
    let (pods, mut writer) = kcache::publisher();
    let key = || Key::new("a", "p1");
    let first = Arc::new(own("p1", 1));
    let mut put = |object: Option<&Arc<Own>>| {
        let mut updates = Updates::new();
        match object {
            Some(object) => updates.put(object.clone()),
            None => updates.remove(key()),
        }
        writer.commit(updates, &[]);
        writer.live();
    };
    // The object changes, or is gone, when the filter comes, and is back after it.
    for between in [Some(Arc::new(own("p1", 2))), None] {
        for one_by_one in [false, true] {
            put(Some(&first));
            let queue = SubscribeOptions::default().queue(1);
            let mut changes = pods.subscribe_options(queue.filter(Filter::by("all", |_| true)));
            assert_eq!(changes.snapshot().await.unwrap().objects.len(), 1);
            put(between.as_ref());
            changes.refilter(Filter::by("none", |_| false)).unwrap();
            put(Some(&first));
            if one_by_one {
                let events = waiting(&mut changes).await;
                assert_eq!(events.last().unwrap(), "Delete(a/p1@1)");
            } else {
                let batch = changes.next_batch();
                let batch = tokio::time::timeout(LONG, batch).await.unwrap().unwrap();
                assert_eq!(shown(&batch.changes), [r#"a/p1 Some("1") -> None"#]);
            }
        }
    }
}

/// Reads where a subscription stands when it is woken.
struct ReadsWhenWoken(Control<Own>, Sender<u64>);

impl Wake for ReadsWhenWoken {
    fn wake(self: Arc<Self>) {
        let _ = self.1.send(self.0.status().lags);
    }
}

#[test]
fn who_is_woken_may_read_the_status() {
    for overflow in [Overflow::Merge, Overflow::End] {
        let (pods, mut feed) = fed(&[]);
        let options = SubscribeOptions::default().queue(1).overflow(overflow);
        let changes = pods.subscribe_options(options);
        let (versions, answers) = channel();
        let waker = Waker::from(Arc::new(ReadsWhenWoken(changes.control(), versions)));
        let mut context = Context::from_waker(&waker);
        let mut notices = changes.notices();
        let mut notice = Box::pin(notices.next());
        assert!(notice.as_mut().poll(&mut context).is_pending());
        let mut end = Box::pin(changes.closed());
        assert!(end.as_mut().poll(&mut context).is_pending());
        let (done, is_done) = channel();
        std::thread::spawn(move || {
            for version in 1..5 {
                feed.apply(own(&format!("p{version}"), version)).unwrap();
            }
            done.send(feed).unwrap();
        });
        let lags = u64::from(overflow == Overflow::Merge);
        assert_eq!(answers.recv_timeout(LONG), Ok(lags), "{overflow:?}");
        drop(is_done.recv_timeout(LONG).unwrap());
    }
}
