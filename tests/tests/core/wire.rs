//! The model test over the wire: an informer at the in-memory API server with its faults between.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::Random;
use harness::memory::{ApiServer, Backup, Fault, NoStreaming, Options, Verb};
use k8s_openapi::api::core::v1::Pod;
use kcache::{Codec, Compact, DecodeError, Informer, Key, Raw};
use kube::Client;
use kube::core::{ApiResource, DynamicObject};
use serde_json::Value;

use crate::audience::Audience;
use crate::conditions::{NODES, any_key, labels};
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Form, Packed, Spec};

/// What must have happened often enough to objects, and to those who watch.
const TRANSITIONS: [&str; 10] = [
    "create",
    "update",
    "delete",
    "replaced",
    "batch",
    "late subscriber",
    "refilter",
    "view",
    "stall",
    "close",
];

/// What is rarer; first of all each fault.
const TROUBLES: [&str; 46] = [
    "cut",
    "no answer",
    "401",
    "403",
    "410",
    "410 event",
    "429",
    "429 event",
    "500",
    "500 event",
    "503",
    "cut between frames",
    "cut in a frame",
    "closed at once",
    "stalled stream",
    "truncated frame",
    "garbled frame",
    "undecodable object",
    "duplicate event",
    "replayed events",
    "reordered events",
    "stale list",
    "no bookmarks",
    "no streaming list",
    "silent watch",
    "no last bookmark",
    "unversioned bookmark",
    "event without an object",
    "object without a name",
    "repeated token",
    "expired page",
    "unversioned list",
    "406 for protobuf",
    "JSON for protobuf",
    "mangled protobuf",
    "mislabelled protobuf",
    "new incarnation",
    "restored ahead",
    "granted late",
    "late version",
    "same version, other content",
    "deferred",
    "lag",
    "panic",
    "view of view",
    "view refilter",
];

/// Longer than any watch lasts, so that what stalled has been given up.
const QUIET: Duration = Duration::from_secs(25 * 60);

/// One case of the model over the wire.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    match seed % 5 {
        0 => case_of(seed, steps, |client| {
            Informer::<Pod>::builder(client).page_size(3).start()
        }),
        1 => case_of(seed, steps, |client| {
            Informer::<Pod>::builder(client).json_only().start()
        }),
        2 => case_of(seed, steps, |client| {
            Informer::<Compact<Pod>>::builder(client)
                .page_size(2)
                .start()
        }),
        3 => case_of(seed, steps, |client| {
            Informer::<DynamicObject>::builder_of(client, pods()).start()
        }),
        _ => case_of(seed, steps, |client| {
            let packed = Informer::<Packed>::builder_of(client, pods());
            packed.page_size(1).codec(Packing).start()
        }),
    }
}

fn case_of<V: Form>(seed: u64, steps: usize, start: fn(Client) -> Informer<V>) -> Outcome {
    paused(async {
        let mut world = World::new(Random::new(seed), start);
        for _ in 0..steps {
            world.step().await?;
        }
        world.finish().await
    })
}

fn pods() -> ApiResource {
    ApiResource::erase::<Pod>(&())
}

/// Makes the packed form of JSON.
struct Packing;

impl Codec<Packed> for Packing {
    fn decode(&mut self, raw: Raw<'_>) -> Result<Packed, DecodeError> {
        let Raw::Json(bytes) = raw else {
            return Err(DecodeError::new("not JSON"));
        };
        // What is no Pod is no packed one.
        let _: Pod = serde_json::from_slice(bytes).map_err(|_| DecodeError::new("not a Pod"))?;
        let value = serde_json::from_slice(bytes).map_err(|_| DecodeError::new("not JSON"))?;
        Ok(Packed::of(&spec_of(&value)))
    }
}

/// What the server says of an object.
fn spec_of(object: &Value) -> Spec {
    let metadata = &object["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = metadata["labels"].as_object().into_iter().flatten();
    Spec {
        namespace: text(&metadata["namespace"]),
        name: text(&metadata["name"]),
        uid: text(&metadata["uid"]),
        version: text(&metadata["resourceVersion"])
            .parse()
            .unwrap_or_default(),
        labels: labels.map(|(k, v)| (k.clone(), text(v))).collect(),
        node: text(&object["spec"]["nodeName"]),
    }
}

struct World<V: Form> {
    random: Random,
    server: ApiServer,
    audience: Audience<V>,
    uids: u64,
    /// What the server had at some time.
    backup: Backup,
    /// What there is, and may not be seen.
    hidden: Vec<Key>,
    /// Something was told that only a new list can correct: a lost object, a wrong order.
    astray: bool,
    coverage: Coverage,
}

impl<V: Form> World<V> {
    fn new(random: Random, start: fn(Client) -> Informer<V>) -> Self {
        let options = Options::default().with_bookmark_period(Duration::from_secs(45));
        let server = ApiServer::with_options(options);
        let informer = start(Client::new(server.service(), "default"));
        Self {
            random,
            backup: server.back_up(),
            server,
            audience: Audience::of((*informer).clone()),
            uids: 0,
            hidden: Vec::new(),
            astray: false,
            coverage: Coverage::default(),
        }
    }

    async fn step(&mut self) -> Result<(), String> {
        match self.random.below(30) {
            24..26 => self.access(),
            26 => self.late(),
            27 => self.convert(),
            28 => self.backup = self.server.back_up(),
            29 => self.restore_ahead(),
            0..6 => self.change(),
            6 => {
                self.coverage.count("batch");
                (0..8).for_each(|_| self.change());
            }
            7..12 => self.fault(),
            12 => self.server.end_watches(),
            13 => self.server.compact(),
            14 => self.restore().await,
            15..20 => self.audience.act(&mut self.random, &mut self.coverage),
            20..22 => self.pass().await,
            _ => return self.check().await,
        }
        Ok(())
    }

    /// Everyone goes on, and ends with what a late one sees.
    async fn finish(mut self) -> Outcome {
        self.audience.wake();
        self.check().await?;
        self.audience.leave(&mut self.coverage);
        Ok(self.coverage)
    }

    /// Some time goes by, so that what waits for a while comes in between.
    async fn pass(&mut self) {
        let seconds = *self.random.pick(&[0, 1, 5, 40]);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Something happens to one object.
    fn change(&mut self) {
        let key = any_key(&mut self.random);
        let (namespace, name) = (key.namespace(), key.name());
        let there = self.server.get("pods", namespace, name);
        if there.is_some() && self.random.chance(1, 3) {
            let gone = self.server.delete("pods", namespace, name);
            gone.expect("it was there");
            return;
        }
        let uid = match there {
            Some(there) if self.random.chance(2, 3) => spec_of(&there).uid,
            _ => {
                self.uids += 1;
                format!("uid-{}", self.uids)
            }
        };
        let spec = Spec {
            uid,
            labels: labels(&mut self.random),
            node: (*self.random.pick(&NODES)).to_owned(),
            ..Spec::new(namespace, name, 0)
        };
        self.server.put(spec.json()).expect("it is a Pod");
    }

    /// One of the objects that there are.
    fn any(&mut self) -> Option<Spec> {
        let objects = self.server.list("pods");
        let place = self.random.below(objects.len().max(1));
        objects.get(place).map(spec_of)
    }

    /// The right to see an object is taken away, or granted again.
    fn access(&mut self) {
        if self.random.chance(1, 2)
            && let Some(key) = self.hidden.pop()
        {
            let (namespace, name) = (key.namespace(), key.name());
            // What came under its name meanwhile is replaced.
            if self.server.reveal("pods", namespace, name).is_ok() {
                self.coverage.count("granted late");
                self.audience.begin_incarnation();
            }
        } else if let Some(Spec {
            namespace, name, ..
        }) = self.any()
        {
            let hidden = self.server.hide("pods", &namespace, &name);
            hidden.expect("it was there");
            self.hidden.push(Key::new(&namespace, &name));
        }
    }

    /// An object changes at an old version, or at the one that it has.
    fn late(&mut self) {
        let Some(there) = self.any() else { return };
        self.coverage.count("late version");
        self.audience.begin_incarnation();
        let back = *self.random.pick(&[0, 0, 1, 5]);
        let version = there.version.saturating_sub(back).max(1);
        let spec = Spec {
            labels: labels(&mut self.random),
            ..there
        };
        let put = self.server.put_at(spec.json(), version);
        put.expect("it is a Pod");
    }

    /// All objects get another content at the versions that they have; the next list shows it.
    fn convert(&mut self) {
        self.coverage.count("same version, other content");
        let node = *self.random.pick(&NODES);
        let merge = serde_json::json!({ "spec": { "nodeName": node } });
        self.server.convert("pods", &merge);
        self.astray = true;
    }

    /// The server is restored from its backup as etcd advises, with a version that is far ahead.
    fn restore_ahead(&mut self) {
        self.coverage.count("restored ahead");
        self.audience.begin_incarnation();
        let ahead = self.server.version() + 1_000;
        self.server.restore(&self.backup, ahead);
    }

    /// Something goes wrong with the next requests.
    fn fault(&mut self) {
        let random = &mut self.random;
        let frame = random.below(4);
        let times = 1 + random.next() % 3;
        let status = |code: u16| {
            let status = harness::memory::Status::new(code, "Trouble", "not now");
            status.with_retry_after(1)
        };
        let (name, fault) = match random.below(36) {
            24 => ("silent watch", Fault::silent()),
            25 => ("no last bookmark", Fault::no_last_bookmark()),
            26 => ("unversioned bookmark", Fault::unversioned_bookmark()),
            27 => (
                "event without an object",
                Fault::without_object(frame).on(Verb::Watch),
            ),
            28 => (
                "object without a name",
                Fault::without_name(frame).on(Verb::Watch),
            ),
            29 => ("repeated token", Fault::repeated_token()),
            30 => ("expired page", Fault::expired_page()),
            31 => ("unversioned list", Fault::unversioned_list()),
            32 => ("406 for protobuf", Fault::protobuf_not_acceptable()),
            33 => ("JSON for protobuf", Fault::no_protobuf()),
            34 => ("mangled protobuf", Fault::mangled_protobuf()),
            35 => ("mislabelled protobuf", Fault::mislabelled_protobuf()),
            0 => ("cut", Fault::cut()),
            1 => ("no answer", Fault::stall()),
            2 => ("401", Fault::unauthorized()),
            3 => ("403", Fault::forbidden()),
            4 => ("410", Fault::gone()),
            5 => ("410 event", Fault::gone_event(frame)),
            6 => ("429", Fault::too_many_requests(1)),
            7 => ("429 event", Fault::error_event(frame, status(429))),
            8 => ("500", Fault::internal_error()),
            9 => ("500 event", Fault::error_event(frame, status(500))),
            10 => ("503", Fault::unavailable()),
            11 => ("cut between frames", Fault::cut_between(frame)),
            12 => ("cut in a frame", Fault::cut_inside(frame)),
            13 => ("closed at once", Fault::close_at_once()),
            14 => ("stalled stream", Fault::stall_after(frame)),
            15 => ("truncated frame", Fault::truncated(frame)),
            16 => ("garbled frame", Fault::garbled(frame)),
            17 => ("undecodable object", Fault::undecodable(frame)),
            18 => ("duplicate event", Fault::duplicate(frame)),
            19 => ("replayed events", Fault::replay(frame, 3)),
            20 => ("reordered events", Fault::reordered(frame)),
            21 => ("no bookmarks", Fault::no_bookmarks()),
            22 => ("stale list", Fault::stale_list(1 + random.next() % 9)),
            _ => {
                let how = [
                    NoStreaming::Invalid,
                    NoStreaming::BadRequest,
                    NoStreaming::Ignored,
                ];
                let how = how[random.below(how.len())];
                ("no streaming list", Fault::no_streaming_list(how))
            }
        };
        // In a list each of these is one bad object, which stays as it was known.
        let bad = [
            "undecodable object",
            "garbled frame",
            "truncated frame",
            "object without a name",
        ];
        // A watch that says things twice takes objects back and on again, as a list that is requested
        // without a version and is old.
        let back = [
            "duplicate event",
            "replayed events",
            "reordered events",
            "stale list",
        ];
        if back.contains(&name) {
            self.audience.begin_incarnation();
        }
        self.astray |= bad.contains(&name) || name == "reordered events";
        if ["repeated token", "expired page"].contains(&name) {
            // Neither a streaming list nor one of any state has pages.
            let invalid = Fault::no_streaming_list(NoStreaming::Invalid);
            self.server.inject(invalid.times(2));
            self.server.inject(Fault::gone().on(Verb::List));
        }
        self.coverage.count(name);
        self.server.inject(fault.resource("pods").times(times));
        if random.chance(2, 3) {
            // Otherwise it waits for the next request.
            self.server.cut_watches();
        }
    }

    /// The server is restored from a backup: a lower version, objects lost and changed. Nothing else
    /// is written before it is noticed, for nobody can tell incarnations apart that overlap.
    async fn restore(&mut self) {
        self.server.clear_faults();
        // No object is newer than its server, also one that is not seen.
        for key in std::mem::take(&mut self.hidden) {
            let _ = self.server.reveal("pods", key.namespace(), key.name());
        }
        tokio::time::sleep(QUIET).await;
        self.coverage.count("new incarnation");
        self.audience.begin_incarnation();
        let objects = self.server.list("pods");
        let back = u64::try_from(objects.len()).unwrap_or_default() + 10;
        self.server.begin_incarnation(self.server.version() - back);
        for object in objects {
            let spec = spec_of(&object);
            if self.random.chance(1, 4) {
                let gone = self.server.delete("pods", &spec.namespace, &spec.name);
                gone.expect("it was there");
            } else {
                self.server.put(spec.json()).expect("it is a Pod");
            }
        }
        tokio::time::sleep(QUIET).await;
    }

    /// The next watch is told that its version is too old.
    fn list_again(&self) {
        let fault = Fault::gone_event(0).on(Verb::Watch);
        self.server.inject(fault.resource("pods"));
    }

    /// Waits until nothing moves, and compares everything with the server.
    async fn check(&mut self) -> Result<(), String> {
        self.server.clear_faults();
        if std::mem::take(&mut self.astray) {
            tokio::time::sleep(QUIET).await;
            self.list_again();
            self.server.end_watches();
        }
        tokio::time::sleep(QUIET).await;
        let phase = self.audience.source().status().phase;
        if !matches!(phase, kcache::Phase::Live) {
            return Err(format!("it does not recover: {phase:?}"));
        }
        let objects = self.server.list("pods");
        let told: BTreeMap<_, _> = objects
            .iter()
            .map(|object| {
                let spec = spec_of(object);
                (Key::new(&spec.namespace, &spec.name), spec)
            })
            .collect();
        self.audience.check(&told, &mut self.coverage)
    }
}

#[test]
fn the_informer_is_its_server() {
    let coverage = run_cases(1_300, case);
    coverage.require(&TRANSITIONS, 500);
    coverage.require(&TROUBLES, 200);
}
