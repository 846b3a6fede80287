//! The files by which Kubernetes itself holds its encodings to what they were: every kind, in JSON and
//! protobuf, of this version and of older ones.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use kcache::protobuf::{Decoder, Envelope, without_managed_fields};
use serde_json::Value;

use crate::difference::Differences;
use crate::go;

/// What older files have and Kubernetes has no longer. Go reads it neither.
const REMOVED: [&str; 0] = [];
/// Kinds that Kubernetes no longer has.
const GONE: [&str; 0] = [];

pub(crate) fn are_read() -> Result<()> {
    let folder = go::module("k8s.io/api")?.join("testdata");
    let (mut differences, mut count, mut gone) = (Differences::default(), 0, vec![]);
    for version in fs::read_dir(&folder)? {
        let version = version?.path();
        if !version.is_dir() {
            continue;
        }
        for file in fs::read_dir(&version)? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "pb") {
                match compare(&path, &mut differences)
                    .with_context(|| path.display().to_string())?
                {
                    true => count += 1,
                    false => gone.push(path.display().to_string()),
                }
            }
        }
    }
    let told = differences.told()?;
    eprintln!("{count} files, {told}, gone {gone:#?}");
    ensure!(count > 900, "only {count} files");
    Ok(())
}

/// Compares a file in protobuf with the one in JSON beside it; false if its kind is gone.
fn compare(path: &Path, differences: &mut Differences) -> Result<bool> {
    let body = fs::read(path)?;
    let envelope = Envelope::read(&body)?;
    let kind = format!("{} {}", envelope.api_version, envelope.kind);
    let Some(decoder) = Decoder::new(envelope.api_version, envelope.kind) else {
        return Ok(false);
    };
    let mut json = path.with_extension("json");
    if !json.exists() {
        // What differs when it is written again is in a file of its own, in each encoding.
        let name = path.file_name().context("a file")?.to_string_lossy();
        json.set_file_name(name.replace("after_roundtrip.pb", "json"));
    }
    let json: Value = serde_json::from_slice(&fs::read(json)?)?;
    let whole: Value = decoder.with_managed_fields(true).decode(envelope.raw)?;
    differences.compare(&kind, &json, &whole, &REMOVED);

    if json.get("metadata").is_none() {
        return Ok(true);
    }
    let mut pruned = Vec::new();
    without_managed_fields(envelope.raw, &mut pruned)?;
    let one: Value = decoder.decode(envelope.raw)?;
    let other: Value = decoder.with_managed_fields(true).decode(&pruned)?;
    ensure!(one == other, "{kind} differs without managedFields");
    ensure!(one["metadata"].get("managedFields").is_none(), "{kind}");
    Ok(true)
}
