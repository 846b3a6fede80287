//! The list/watch engine against a server that answers as each test says, on a paused clock.

mod cache;
mod failures;
mod logs;
mod protobuf;
mod script;

mod encodings;
mod kinds;
mod options;
mod pages;
mod reflector;
mod relists;
mod refused;
mod restored;
mod rules;
mod shards;
mod silence;
mod texts;
mod unversioned;
mod versions;
mod waits;
mod wire;
