//! The suite `engine` once more: its server answers protobuf to whoever takes it.

#[path = "engine/cache.rs"]
mod cache;
#[path = "engine/failures.rs"]
mod failures;
#[path = "engine/logs.rs"]
mod logs;
#[path = "engine/protobuf.rs"]
mod protobuf;
#[path = "engine/script.rs"]
mod script;
#[path = "engine/encodings.rs"]
mod encodings;
#[path = "engine/kinds.rs"]
mod kinds;
#[path = "engine/options.rs"]
mod options;
#[path = "engine/pages.rs"]
mod pages;
#[path = "engine/reflector.rs"]
mod reflector;
#[path = "engine/relists.rs"]
mod relists;
#[path = "engine/refused.rs"]
mod refused;
#[path = "engine/restored.rs"]
mod restored;
#[path = "engine/rules.rs"]
mod rules;
#[path = "engine/shards.rs"]
mod shards;
#[path = "engine/silence.rs"]
mod silence;
#[path = "engine/texts.rs"]
mod texts;
#[path = "engine/unversioned.rs"]
mod unversioned;
#[path = "engine/versions.rs"]
mod versions;
#[path = "engine/waits.rs"]
mod waits;
#[path = "engine/wire.rs"]
mod wire;

#[test]
fn it_is_all_of_the_suite() {
    let modules = |text: &'static str| {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with("mod "))
            .collect::<Vec<_>>()
    };
    let whole = modules(include_str!("engine/main.rs"));
    assert_eq!(modules(include_str!("engine_protobuf.rs")), whole);
}
