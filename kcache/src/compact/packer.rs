//! Compresses the texts of objects that are alike, and learns what they have in common.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::{mem, thread};

use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, DDict, compress_bound};

use super::stats::CompactStats;

/// Compresses texts, with a dictionary that is trained on them.
///
/// Training takes tens of milliseconds, and whoever decodes may share its thread with others. So it is
/// done in a thread of its own, and what comes until then has the first few texts as its dictionary.
pub(super) struct Packer {
    compressor: Option<Compressor<'static>>,
    dictionary: Option<Dictionary>,
    out: Vec<u8>,
    stage: Stage,
    /// How many objects come between a training and the next, at least.
    pause: u64,
    stats: CompactStats,
}

/// What is learnt at the moment.
enum Stage {
    /// What a dictionary is trained on comes in.
    Sampling(Samples),
    /// A dictionary is trained, and comes if it is better than what there is.
    Training(Receiver<Trained>),
    /// What the dictionary makes of the objects is watched.
    Watching {
        window: Ratio,
        /// What it made of the first.
        wanted: Option<Ratio>,
        /// How many objects there were since.
        objects: u64,
    },
}

/// Fast, and with a dictionary hardly worse than others.
const LEVEL: i32 = 1;
const DICTIONARY: usize = 16 << 10;
/// How many objects, or more if they are small, are the dictionary of those that follow until there is a
/// better one.
const FIRST: usize = 8;
/// How many objects a dictionary is trained on.
const SAMPLES: usize = 128;
/// How much of an object counts in that.
const LARGEST_SAMPLE: usize = 16 << 10;
/// What is less than that in all is not worth a dictionary.
const FEWEST_SAMPLED: usize = 8 << 10;
/// How many objects are looked at together.
const WINDOW: u64 = 512;
/// For the next object no more is kept than for one of this size.
const KEPT: usize = 1 << 20;

impl Packer {
    pub(super) fn new(stats: CompactStats) -> Self {
        Self {
            compressor: None,
            dictionary: None,
            out: Vec::new(),
            stage: Stage::Sampling(Samples::default()),
            pause: 2 * WINDOW,
            stats,
        }
    }

    /// The dictionary that the next text is compressed with.
    pub(super) fn dictionary(&self) -> Option<&Arc<DDict<'static>>> {
        self.dictionary.as_ref().map(|dictionary| &dictionary.read)
    }

    /// The text compressed, or as it is if that is not shorter.
    pub(super) fn pack<'a>(&'a mut self, text: &'a [u8]) -> &'a [u8] {
        self.learn(text);
        let len = self.compress(text);
        match len.filter(|len| *len < text.len()) {
            Some(len) => &self.out[..len],
            None => text,
        }
    }

    fn compress(&mut self, text: &[u8]) -> Option<usize> {
        if self.compressor.is_none() {
            self.compressor = compressor(&[]);
        }
        let compressor = self.compressor.as_mut()?;
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        let len = compress_into(compressor, &mut self.out, text)?;
        if let Stage::Watching { window, .. } = &mut self.stage {
            window.add(text.len(), len);
        }
        Some(len)
    }

    /// Looks whether it is time to train a dictionary, or to take one.
    fn learn(&mut self, text: &[u8]) {
        match &mut self.stage {
            Stage::Sampling(samples) => {
                samples.add(text);
                if samples.sizes.len() == SAMPLES {
                    let samples = mem::take(samples);
                    self.stage = self.train(samples);
                } else if self.dictionary.is_none()
                    && samples.sizes.len() >= FIRST
                    && let Some(trained) = samples.last().and_then(Trained::of)
                {
                    self.take(trained);
                }
            }
            Stage::Training(training) => match training.try_recv() {
                Ok(trained) => {
                    self.take(trained);
                    self.stats.add_dictionary();
                    self.stage = Stage::watching();
                }
                Err(TryRecvError::Disconnected) => self.stage = Stage::watching(),
                Err(TryRecvError::Empty) => {}
            },
            Stage::Watching {
                window,
                wanted,
                objects,
            } => {
                if window.objects < WINDOW {
                    return;
                }
                let window = mem::take(window);
                *objects += window.objects;
                let wanted = wanted.get_or_insert(window);
                if *objects >= self.pause && window.is_worse_than(*wanted) {
                    self.pause = self.pause.saturating_mul(2);
                    self.stage = Stage::Sampling(Samples::default());
                }
            }
        }
    }

    fn take(&mut self, trained: Trained) {
        self.compressor = Some(trained.compressor);
        self.dictionary = Some(trained.dictionary);
    }

    /// Trains a dictionary beside what else is done.
    fn train(&self, samples: Samples) -> Stage {
        let before = self.dictionary.as_ref().map(|it| it.bytes.clone());
        let is_first = self.stats.dictionaries() == 0;
        let (tell, training) = mpsc::sync_channel(1);
        let train = move || {
            if let Some(trained) = samples.trained(before.as_deref(), is_first) {
                // Nobody may want it any longer.
                let _ = tell.send(trained);
            }
        };
        let thread = thread::Builder::new().name("kcache-dictionary".to_owned());
        match thread.spawn(train) {
            Ok(_) => Stage::Training(training),
            Err(_) => Stage::watching(),
        }
    }
}

impl Stage {
    fn watching() -> Self {
        Self::Watching {
            window: Ratio::default(),
            wanted: None,
            objects: 0,
        }
    }
}

/// What objects are read with, and the bytes that it is made of.
struct Dictionary {
    read: Arc<DDict<'static>>,
    bytes: Arc<[u8]>,
}

/// A dictionary that is ready for use.
struct Trained {
    compressor: Compressor<'static>,
    dictionary: Dictionary,
}

impl Trained {
    fn of(bytes: &[u8]) -> Option<Self> {
        let dictionary = Dictionary {
            read: Arc::new(DDict::create(bytes)),
            bytes: bytes.into(),
        };
        Some(Self {
            compressor: compressor(bytes)?,
            dictionary,
        })
    }
}

/// Frames that say nothing of themselves: what there is to know stands beside them.
fn compressor(dictionary: &[u8]) -> Option<Compressor<'static>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, dictionary).ok()?;
    for parameter in [
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        compressor.set_parameter(parameter).ok()?;
    }
    Some(compressor)
}

fn compress_into(
    compressor: &mut Compressor<'static>,
    out: &mut Vec<u8>,
    text: &[u8],
) -> Option<usize> {
    out.clear();
    out.reserve(compress_bound(text.len()));
    compressor.compress_to_buffer(text, out).ok()
}

/// Objects to train a dictionary on, one behind the other.
#[derive(Default)]
struct Samples {
    bytes: Vec<u8>,
    sizes: Vec<usize>,
}

impl Samples {
    fn add(&mut self, text: &[u8]) {
        let sample = &text[..text.len().min(LARGEST_SAMPLE)];
        self.bytes.extend_from_slice(sample);
        self.sizes.push(sample.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.sizes
            .iter()
            .filter_map(move |size| rest.split_off(..*size))
    }

    /// The last of them, as much as a dictionary has.
    fn last(&self) -> Option<&[u8]> {
        let bytes = &self.bytes;
        (bytes.len() >= FEWEST_SAMPLED).then(|| &bytes[bytes.len().saturating_sub(DICTIONARY)..])
    }

    /// A dictionary, if it is better than the one before.
    fn trained(&self, before: Option<&[u8]>, is_first: bool) -> Option<Trained> {
        if self.bytes.len() < FEWEST_SAMPLED {
            return None;
        }
        let size = DICTIONARY.min(self.bytes.len() / 8);
        let bytes = zstd::dict::from_continuous(&self.bytes, &self.sizes, size).ok()?;
        let mut trained = Trained::of(&bytes)?;
        let after = self.packed(&mut trained.compressor);
        let before = before
            .and_then(compressor)
            .map(|mut it| self.packed(&mut it));
        let is_better = before.is_none_or(|before| {
            if is_first {
                after < before
            } else {
                // Unless it is better by a tenth it is not worth one more.
                after / 9 < before / 10
            }
        });
        is_better.then_some(trained)
    }

    /// How many bytes they are when they are compressed.
    fn packed(&self, compressor: &mut Compressor<'static>) -> usize {
        let mut out = Vec::new();
        let size = |sample| compress_into(compressor, &mut out, sample).unwrap_or(sample.len());
        self.iter().map(size).sum()
    }
}

/// How much texts shrink.
#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    objects: u64,
    bytes: u64,
    stored: u64,
}

impl Ratio {
    fn add(&mut self, bytes: usize, stored: usize) {
        self.objects += 1;
        self.bytes += bytes as u64;
        self.stored += stored as u64;
    }

    /// By a fifth.
    fn is_worse_than(&self, other: Self) -> bool {
        let (ours, theirs) = (self.stored * other.bytes, other.stored * self.bytes);
        ours / 6 > theirs / 5
    }
}
