//! The files by which Kubernetes itself holds its encodings to what they were: every kind, in JSON and
//! protobuf, of this version and of older ones.

use std::fs;
use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use kcache::protobuf::{Decoder, Envelope, without_managed_fields};
use serde_json::Value;

use crate::difference::Differences;
use crate::go;

/// The ends of paths that older files have and Kubernetes has no longer: fields of alpha versions. Go
/// does not read them either.
const REMOVED: [&str; 5] = [
    "spec.workloadRef",
    "nodeAllocatableResourceMappings",
    "nodeAllocatableResourceClaimStatuses[].resources",
    "deviceSelector.deviceClassName",
    "deviceSelector.selectors",
];
/// Versions of kinds that it has no longer.
const GONE: [&str; 13] = [
    "autoscaling/v2beta1 HorizontalPodAutoscaler",
    "autoscaling/v2beta2 HorizontalPodAutoscaler",
    "certificates.k8s.io/v1alpha1 PodCertificateRequest",
    "networking.k8s.io/v1alpha1 IPAddress",
    "networking.k8s.io/v1alpha1 ServiceCIDR",
    "resource.k8s.io/v1alpha3 DeviceClass",
    "resource.k8s.io/v1alpha3 ResourceClaim",
    "resource.k8s.io/v1alpha3 ResourceClaimTemplate",
    "resource.k8s.io/v1alpha3 ResourceSlice",
    "scheduling.k8s.io/v1alpha1 PriorityClass",
    "scheduling.k8s.io/v1alpha1 Workload",
    "scheduling.k8s.io/v1alpha2 PodGroup",
    "scheduling.k8s.io/v1alpha2 Workload",
];

/// Where a module's files are, which are fetched if they are not there.
fn module(name: &str) -> Result<PathBuf> {
    let output = go::command()?
        .args(["mod", "download", "-json", name])
        .output()?;
    let heard = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "go mod download {name}: {heard}");
    let module: Value = serde_json::from_slice(&output.stdout)?;
    let folder = module["Dir"].as_str().context("a module has a folder")?;
    Ok(folder.into())
}

pub(crate) fn are_read() -> Result<()> {
    let folder = module("k8s.io/api")?.join("testdata");
    let (mut differences, mut count) = (Differences::default(), 0);
    for version in fs::read_dir(&folder)? {
        let version = version?.path();
        if !version.is_dir() {
            continue;
        }
        for file in fs::read_dir(&version)? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "pb") {
                let shown = || path.display().to_string();
                compare(&path, &mut differences).with_context(shown)?;
                count += 1;
            }
        }
    }
    let told = differences.told()?;
    writeln!(stderr(), "{count} files, {told}")?;
    ensure!(count > 900, "only {count} files");
    Ok(())
}

/// Compares a file in protobuf with the one in JSON beside it.
fn compare(path: &Path, differences: &mut Differences) -> Result<()> {
    let body = fs::read(path)?;
    let envelope = Envelope::read(&body)?;
    let kind = format!("{} {}", envelope.api_version, envelope.kind);
    let Some(decoder) = Decoder::new(envelope.api_version, envelope.kind) else {
        // What is in no group has no name in its envelope.
        let is_gone = GONE.contains(&&*kind) || envelope.kind.is_empty();
        ensure!(is_gone, "{kind} is not in the table");
        return Ok(());
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
        return Ok(());
    }
    let mut pruned = Vec::new();
    without_managed_fields(envelope.raw, &mut pruned)?;
    let one: Value = decoder.decode(envelope.raw)?;
    let other: Value = decoder.with_managed_fields(true).decode(&pruned)?;
    ensure!(one == other, "{kind} differs without managedFields");
    ensure!(one["metadata"].get("managedFields").is_none(), "{kind}");
    Ok(())
}
