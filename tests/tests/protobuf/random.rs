//! Random objects that Go makes, in both encodings.

use std::io::{BufReader, Read, Write as _, stderr};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use harness::Random;
use kcache::protobuf::{Decoder, schema, without_managed_fields};
use serde_json::Value;

use crate::difference::Differences;
use crate::{go, typed, wire};

/// How many objects of each kind, and what they are a function of.
const COUNT: &str = "KCACHE_PROTOBUF_OBJECTS";
const SEED: &str = "KCACHE_PROTOBUF_SEED";

/// An object as Go printed it.
struct Made {
    api_version: String,
    kind: String,
    json: Vec<u8>,
    message: Vec<u8>,
}

pub(crate) fn agree() -> Result<()> {
    let number = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().context(name),
        Err(_) => Ok(default),
    };
    let (count, seed): (u64, u64) = (number(COUNT, 100)?, number(SEED, 1)?);
    let mut differences = Differences::default();
    let mut random = Random::new(seed);
    let (mut objects, mut typed) = (0, 0);
    made(count, seed, |made| {
        objects += 1;
        let read = compare(&made, &mut differences)?;
        let agrees = typed::agrees(&made.api_version, &made.kind, &made.json, &made.message);
        typed += usize::from(agrees?);
        rewritten(&made, &read, &mut random)
    })?;
    let told = differences.told()?;
    writeln!(stderr(), "{objects} objects, {typed} of them typed, {told}")?;
    Ok(())
}

/// Each object that Go makes, one after the other.
fn made(count: u64, seed: u64, mut each: impl FnMut(Made) -> Result<()>) -> Result<()> {
    let mut go = go::command()?;
    go.args(["run", "./objects"]);
    go.args(["-n", &count.to_string(), "-seed", &seed.to_string()]);
    let mut child = go.stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().context("it is piped")?);
    while let Some(api_version) = text(&mut output)? {
        let mut next = || text(&mut output)?.context("an object has four parts");
        let made = Made {
            api_version: String::from_utf8(api_version)?,
            kind: String::from_utf8(next()?)?,
            json: next()?,
            message: next()?,
        };
        let name = format!("{} {}", made.api_version, made.kind);
        each(made).with_context(|| name)?;
    }
    ensure!(
        child.wait()?.success(),
        "the program of random objects failed"
    );
    Ok(())
}

/// A text after its length, until the end.
fn text(input: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if input.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[1..])?;
    let mut text = vec![0; usize::try_from(u32::from_le_bytes(length))?];
    input.read_exact(&mut text)?;
    Ok(Some(text))
}

fn decoder(made: &Made) -> Result<Decoder<'_>> {
    let decoder = Decoder::new(&made.api_version, &made.kind).context("it is not in the table")?;
    Ok(decoder.with_managed_fields(true))
}

fn compare(made: &Made, differences: &mut Differences) -> Result<Value> {
    let json: Value = serde_json::from_slice(&made.json)?;
    let read: Value = decoder(made)?.decode(&made.message)?;
    let name = format!("{} {}", made.api_version, made.kind);
    differences.compare(&name, &json, &read, &[]);
    Ok(read)
}

/// What is written in another way reads the same, and what is damaged does no harm.
fn rewritten(made: &Made, want: &Value, random: &mut Random) -> Result<()> {
    let decoder = decoder(made)?;
    let schema = schema::message(&made.api_version, &made.kind).context("it is in the table")?;
    let scrambled = wire::scrambled(&made.message, schema, random);
    let read: Value = decoder.decode(&scrambled)?;
    ensure!(read == *want, "{want} reads as {read} when it is scrambled");
    let mut pruned = vec![];
    for _ in 0..2 {
        let damaged = wire::damaged(&made.message, random);
        let _ = decoder.decode::<Value>(&damaged);
        let _ = without_managed_fields(&damaged, &mut pruned);
    }
    Ok(())
}
