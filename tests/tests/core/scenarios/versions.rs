//! Every cell of the tables in `docs/engine.md` that say what versions decide, and what they do not.

use kcache::{Feed, Input, Object, Publisher};

struct Thing {
    uid: &'static str,
    version: &'static str,
    content: &'static str,
}

impl Object for Thing {
    fn name(&self) -> &'static str {
        "a"
    }

    fn uid(&self) -> &str {
        self.uid
    }

    fn version(&self) -> &str {
        self.version
    }
}

const LISTS: [Option<&str>; 5] = [Some("19"), Some("20"), Some("1000"), None, Some("x")];
const OBJECTS: [&str; 4] = ["7", "8", "9", ""];
const UIDS: [&str; 3] = ["one", "other", ""];

fn thing(uid: &'static str, version: &'static str, content: &'static str) -> Thing {
    Thing {
        uid,
        version,
        content,
    }
}

/// An object at version 8, of a list at 20.
fn held() -> (Publisher<Thing>, Feed<Thing>) {
    let (things, mut feed) = kcache::feed();
    feed.relist([thing("one", "8", "held")], Some("20"))
        .unwrap();
    (things, feed)
}

fn shown(things: &Publisher<Thing>) -> Option<[&'static str; 3]> {
    let there = things.cache().get("", "a")?;
    Some([there.uid, there.version, there.content])
}

#[test]
fn a_list_replaces_what_was_there() {
    for list in LISTS {
        for version in OBJECTS {
            for uid in UIDS {
                let (things, mut feed) = held();
                feed.relist([thing(uid, version, "listed")], list).unwrap();
                let back = version == "7" || (version == "8" && uid == "other");
                let new_incarnation = list == Some("19") || back;
                let same = version == "8" && uid == "one" && !new_incarnation;
                let content = if same { "held" } else { "listed" };
                let cell = format!("list {list:?}, object {version:?}, UID {uid:?}");
                assert_eq!(shown(&things), Some([uid, version, content]), "{cell}");
                let incarnation = 1 + u64::from(new_incarnation);
                assert_eq!(things.status().incarnation, incarnation, "{cell}");
                feed.relist([], list).unwrap();
                assert_eq!(shown(&things), None, "{cell}, then without it");
            }
        }
    }
}

#[test]
fn an_event_is_applied() {
    for version in OBJECTS.into_iter().chain(["19", "20", "21", "x"]) {
        for uid in UIDS {
            let cell = format!("object {version:?}, UID {uid:?}");
            let (things, mut feed) = held();
            feed.apply(thing(uid, version, "told")).unwrap();
            assert_eq!(shown(&things), Some([uid, version, "told"]), "{cell}");
            feed.send(Input::Remove(thing(uid, version, "told")))
                .unwrap();
            assert_eq!(shown(&things), None, "{cell}, removed");
            feed.apply(thing(uid, version, "again")).unwrap();
            assert_eq!(
                shown(&things),
                Some([uid, version, "again"]),
                "{cell}, again"
            );
            assert_eq!(things.status().incarnation, 1, "{cell}");
        }
    }
}
