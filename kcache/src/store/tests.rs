//! Tables against a map that is copied whole.

use std::collections::BTreeMap;

use super::*;
use crate::object::Key;

struct Thing {
    key: Key,
    version: usize,
}

impl Object for Thing {
    fn namespace(&self) -> Option<&str> {
        Some(self.key.namespace())
    }

    fn name(&self) -> &str {
        self.key.name()
    }
}

type Model = BTreeMap<Key, usize>;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Some keys are before, after or a part of others.
    fn key(&mut self, keys: usize) -> Key {
        let number = self.below(keys);
        let namespace = ["", "a", "a-b", "b", "zz"][number % 5];
        Key::new(namespace, &format!("n{}", number / 5 * 7_919 % 100_000))
    }
}

/// The two copies with what they should hold.
#[derive(Default)]
struct Bench {
    copies: Copies<Thing>,
    model: Model,
    versions: usize,
}

impl Bench {
    /// A commit of so many changes.
    fn commit(&mut self, random: &mut Random, changes: usize, keys: usize, deletes: usize) {
        let mut edit = self.copies.edit(changes);
        for _ in 0..changes {
            let key = random.key(keys);
            let hash = key.parts().hash64();
            let old = if random.below(100) < deletes {
                let removed = edit.remove(hash, key.parts());
                (removed, self.model.remove(&key))
            } else {
                self.versions += 1;
                let version = self.versions;
                let thing = Arc::new(Thing {
                    key: key.clone(),
                    version,
                });
                (edit.put(hash, &thing), self.model.insert(key, version))
            };
            assert_eq!(old.0.map(|thing| thing.version), old.1);
        }
        edit.finish();
    }
}

fn check(state: &State<Thing>, model: &Model, keys: usize) {
    let listed = |things: Vec<&Arc<Thing>>| -> Vec<(Key, usize)> {
        let things = things.into_iter();
        things
            .map(|thing| (thing.key.clone(), thing.version))
            .collect()
    };
    let wanted = |keep: &dyn Fn(&Key) -> bool| -> Vec<(Key, usize)> {
        let kept = model.iter().filter(|(key, _)| keep(key));
        kept.map(|(key, version)| (key.clone(), *version)).collect()
    };
    assert_eq!(state.len(), model.len());
    assert_eq!(state.unordered().count(), model.len());
    assert!(listed(state.iter().collect()) == wanted(&|_| true));
    for namespace in ["", "a", "a-", "a-b", "b", "zz", "zzz"] {
        let here = listed(state.in_namespace(namespace).collect());
        assert_eq!(here, wanted(&|key| key.namespace() == namespace));
    }
    let mut random = Random(model.len() as u64 + 1);
    for _ in 0..20 {
        let key = random.key(keys);
        let version = state.at(key.parts()).map(|thing| thing.version);
        assert_eq!(version, model.get(&key).copied());
        let after = listed(state.after(None, Some(key.parts())).collect());
        assert_eq!(after, wanted(&|other| *other > key));
        let namespace = key.namespace();
        let after = listed(state.after(Some(namespace), Some(key.parts())).collect());
        assert_eq!(
            after,
            wanted(&|other| *other > key && other.namespace() == namespace)
        );
    }
}

fn state_of(copies: &mut Copies<Thing>) -> State<Thing> {
    State {
        table: copies.edit(0).finish(),
        ..State::default()
    }
}

#[test]
fn tables_are_what_was_committed_and_stay_so() {
    for seed in 1..=12 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let keys = [12, 400, 6_000][usize::try_from(seed).unwrap() % 3];
        let mut bench = Bench::default();
        let mut held: Vec<(State<Thing>, Model)> = Vec::new();
        for step in 0..120 {
            let many = [1, 1, 1, 3, 40, 700][random.below(6)];
            let deletes = [5, 30, 50, 95][step / 10 % 4];
            bench.commit(&mut random, many, keys, deletes);
            if random.below(3) > 0 {
                bench.copies.settle();
            }
            if random.below(4) == 0 {
                held.push((state_of(&mut bench.copies), bench.model.clone()));
            }
            if held.len() > 6 {
                held.swap_remove(random.below(7));
            }
            if step % 20 == 19 {
                for (state, model) in &held {
                    check(state, model, keys);
                }
            }
        }
        check(&state_of(&mut bench.copies), &bench.model, keys);
    }
}

/// Whatever was replaced is let go, unless somebody reads a state that has it.
#[test]
fn nothing_that_was_replaced_stays() {
    let mut copies = Copies::default();
    let thing = |version| {
        let key = Key::new("a", "x");
        Arc::new(Thing { key, version })
    };
    let hash = thing(0).key.parts().hash64();
    let put = |copies: &mut Copies<Thing>, thing: &Arc<Thing>| {
        let mut edit = copies.edit(1);
        edit.put(hash, thing);
        edit.finish();
        copies.settle();
    };
    let first = thing(1);
    put(&mut copies, &first);
    assert_eq!(Arc::strong_count(&first), 3);
    let held = state_of(&mut copies);
    put(&mut copies, &thing(2));
    put(&mut copies, &thing(3));
    drop(held);
    assert_eq!(Arc::strong_count(&first), 1);
}

#[test]
fn what_is_filled_at_once_goes_on_like_any() {
    let mut random = Random(11);
    let mut bench = Bench::default();
    bench.commit(&mut random, 40, 20, 100);
    let keys = (0..6_000).map(|_| random.key(6_000));
    let keys: std::collections::HashSet<_> = keys.collect();
    let things: Vec<_> = keys
        .into_iter()
        .map(|key| Arc::new(Thing { key, version: 0 }))
        .collect();
    let objects = things.iter().map(|thing| {
        let hash = thing.key.parts().hash64();
        (hash, thing.clone())
    });
    bench.copies.fill(objects.collect());
    bench.model = things.iter().map(|thing| (thing.key.clone(), 0)).collect();
    check(&state_of(&mut bench.copies), &bench.model, 6_000);
    for _ in 0..20 {
        bench.commit(&mut random, 100, 6_000, 60);
        bench.copies.settle();
    }
    check(&state_of(&mut bench.copies), &bench.model, 6_000);
}

#[test]
fn an_edit_that_is_not_finished_is_as_if_it_had_not_been() {
    let mut bench = Bench::default();
    let mut random = Random(7);
    bench.commit(&mut random, 500, 900, 20);
    for round in 0..10 {
        let key = random.key(900);
        let mut edit = bench.copies.edit(2);
        edit.remove(key.parts().hash64(), key.parts());
        let key = Key::new("new", &round.to_string());
        let hash = key.parts().hash64();
        edit.put(hash, &Arc::new(Thing { key, version: 0 }));
        drop(edit);
        bench.commit(&mut random, 30, 900, 50);
        bench.copies.settle();
        check(&state_of(&mut bench.copies), &bench.model, 900);
    }
}
