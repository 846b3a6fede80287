//! A cluster as Go printed it, and what it says of who relates to whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::ops::Deref;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::Resource;
use kcache::{Codec, Compact, CompactCodec, Feed, Key, Object, Publisher, Raw};
use kcache_join::Join;
use kube::core::DynamicObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

type Pairs = BTreeSet<(String, String)>;

/// The objects by kind, and the pairs of each relation that has some.
#[derive(Deserialize)]
pub(crate) struct Cluster {
    objects: BTreeMap<String, Option<Vec<Value>>>,
    verdicts: BTreeMap<String, Pairs>,
}

/// How many pairs of each relation there were.
#[derive(Default)]
pub(crate) struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    /// All of them; an error if a relation never related anything.
    pub(crate) fn told(&self) -> Result<usize> {
        let never: Vec<_> = self.0.iter().filter(|(_, pairs)| **pairs == 0).collect();
        ensure!(never.is_empty(), "never seen: {never:?}");
        Ok(self.0.values().sum())
    }
}

/// A publisher that has all, and what keeps it alive.
pub(crate) struct Fed<V: Object> {
    publisher: Publisher<V>,
    _feed: Feed<V>,
}

impl<V: Object> Deref for Fed<V> {
    type Target = Publisher<V>;

    fn deref(&self) -> &Publisher<V> {
        &self.publisher
    }
}

impl Cluster {
    pub(crate) fn read(line: &str) -> Result<Self> {
        serde_json::from_str(line).context("a cluster")
    }

    fn read_all<V>(&self, kind: &str, read: impl FnMut(&Value) -> Result<V>) -> Result<Vec<V>> {
        let objects = self.objects.get(kind).context("a kind that Go makes")?;
        let objects = objects.iter().flatten().map(read);
        let objects: Result<_> = objects.collect();
        objects.with_context(|| kind.to_owned())
    }

    /// A publisher of the objects of a kind.
    pub(crate) fn fed<K: Resource>(&self, kind: &str) -> Result<Fed<DynamicObject>> {
        let (publisher, mut feed) = kcache::feed();
        feed.relist(self.dynamic::<K>(kind)?, None)?;
        Ok(Fed {
            publisher,
            _feed: feed,
        })
    }

    pub(crate) fn typed<K: DeserializeOwned>(&self, kind: &str) -> Result<Vec<K>> {
        self.read_all(kind, |json| Ok(K::deserialize(json)?))
    }

    pub(crate) fn compact<K: DeserializeOwned + Send + 'static>(
        &self,
        kind: &str,
    ) -> Result<Vec<Compact<K>>> {
        let mut codec = CompactCodec::default();
        self.read_all(kind, |json| {
            Ok(codec.decode(Raw::Json(json.to_string().as_bytes()))?)
        })
    }

    pub(crate) fn dynamic<K: Resource>(&self, kind: &str) -> Result<Vec<DynamicObject>> {
        self.read_all(kind, |json| {
            let mut json = json.clone();
            json["apiVersion"] = K::API_VERSION.into();
            json["kind"] = K::KIND.into();
            Ok(serde_json::from_value(json)?)
        })
    }

    /// Compares the pairs of a join with the verdicts.
    pub(crate) async fn agrees<S: Object, T: Object>(
        &self,
        relation: &'static str,
        join: &Join<S, T>,
        seen: &mut Seen,
    ) -> Result<()> {
        let pairs = join.pairs().context("pairs are kept")?;
        pairs.ready().await?;
        let list = pairs.cache().list();
        let have = list.iter().map(|pair| {
            let (source, target) = (Key::of(&*pair.source), Key::of(&*pair.target));
            (source.to_string(), target.to_string())
        });
        self.compare(relation, &have.collect(), Clone::clone, seen)
    }

    /// Compares the targets only.
    pub(crate) async fn agrees_on_targets<T: Object>(
        &self,
        relation: &'static str,
        targets: &Publisher<T>,
        seen: &mut Seen,
    ) -> Result<()> {
        targets.ready().await?;
        let keys = targets.cache().keys();
        let have = keys.iter().map(ToString::to_string).collect();
        let of = |pairs: &Pairs| pairs.iter().map(|(_, target)| target.clone()).collect();
        self.compare(relation, &have, of, seen)
    }

    fn compare<P: Ord + Debug>(
        &self,
        relation: &'static str,
        have: &BTreeSet<P>,
        of: impl Fn(&Pairs) -> BTreeSet<P>,
        seen: &mut Seen,
    ) -> Result<()> {
        let want = self.verdicts.get(relation).map(of).unwrap_or_default();
        let ours: Vec<_> = have.difference(&want).collect();
        let theirs: Vec<_> = want.difference(have).collect();
        ensure!(
            ours.is_empty() && theirs.is_empty(),
            "{relation}: only we have {ours:?}, only the controllers {theirs:?}"
        );
        *seen.0.entry(relation).or_default() += have.len();
        Ok(())
    }
}
