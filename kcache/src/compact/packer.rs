//! Compresses the texts of objects that are alike, and learns what they have in common.

use std::mem;
use std::sync::Arc;

use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, DDict, compress_bound};

use super::stats::CompactStats;

/// Compresses texts, with a dictionary that is trained on them.
pub(super) struct Packer {
    compressor: Option<Compressor<'static>>,
    dictionary: Option<Arc<DDict<'static>>>,
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
        self.dictionary.as_ref()
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

    /// Looks whether it is time to train a dictionary, and does it.
    fn learn(&mut self, text: &[u8]) {
        match &mut self.stage {
            Stage::Sampling(samples) => {
                samples.add(text);
                if samples.sizes.len() == SAMPLES {
                    let samples = mem::take(samples);
                    self.train(&samples);
                    self.stage = Stage::Watching {
                        window: Ratio::default(),
                        wanted: None,
                        objects: 0,
                    };
                }
            }
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

    /// Trains a dictionary, and takes it if it is better than what there is.
    fn train(&mut self, samples: &Samples) {
        let Some(dictionary) = samples.trained() else {
            return;
        };
        let Some(mut compressor) = compressor(&dictionary) else {
            return;
        };
        let after = self.size_of(samples, &mut compressor);
        let before = self.compressor.take().map(|mut compressor| {
            let before = self.size_of(samples, &mut compressor);
            self.compressor = Some(compressor);
            before
        });
        // Unless it is better by a tenth it is not worth a second one.
        if before.is_none_or(|before| after / 9 < before / 10) {
            self.compressor = Some(compressor);
            self.dictionary = Some(Arc::new(DDict::create(&dictionary)));
            self.stats.add_dictionary();
        }
    }

    fn size_of(&mut self, samples: &Samples, compressor: &mut Compressor<'static>) -> usize {
        let size =
            |sample| compress_into(compressor, &mut self.out, sample).unwrap_or(sample.len());
        samples.iter().map(size).sum()
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

    fn trained(&self) -> Option<Vec<u8>> {
        if self.bytes.len() < FEWEST_SAMPLED {
            return None;
        }
        let size = DICTIONARY.min(self.bytes.len() / 8);
        zstd::dict::from_continuous(&self.bytes, &self.sizes, size).ok()
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
