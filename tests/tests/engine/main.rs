//! The list/watch engine against a server that answers as each test says, on a paused clock.

mod cache;
mod logs;
mod script;

mod options;
mod reflector;
mod rules;
mod texts;
mod versions;
mod waits;
mod wire;
