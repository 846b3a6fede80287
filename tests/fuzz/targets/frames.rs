//! The body of a list and of a watch: the same wherever it is cut, and nothing that is held is larger
//! than the limit.

#![no_main]

use kcache::Encoding;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 64;

type Read = fn(Encoding, &[&[u8]], usize) -> (Vec<(Vec<u8>, bool)>, String);

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, body) = input;
    let cut = usize::from(cut) % (body.len() + 1);
    let (first, second) = body.split_at(cut);
    let bytes: Vec<&[u8]> = body.chunks(1).collect();
    let reads: [Read; 2] = [kcache::fuzzing::list, kcache::fuzzing::watch];
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        for read in reads {
            let whole = read(encoding, &[body], LIMIT);
            assert_eq!(read(encoding, &[first, second], LIMIT), whole);
            assert_eq!(read(encoding, &bytes, LIMIT), whole);
            let objects = &whole.0;
            assert!(
                objects
                    .iter()
                    .all(|(bytes, whole)| bytes.len() <= LIMIT || !whole)
            );
        }
    }
});
