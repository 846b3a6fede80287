//! Messages that are written in another way, or are damaged.

use harness::Random;
use kcache::protobuf::schema::{Field, Kind, Message};

/// The same message: its fields in another order, elements of lists between others, and messages in two
/// pieces.
pub(crate) fn scrambled(message: &[u8], schema: &Message, random: &mut Random) -> Vec<u8> {
    // What is of one number keeps its order.
    let mut queues: Vec<(u64, Vec<Vec<u8>>)> = vec![];
    for (number, record, content) in records(message) {
        let field = schema.field_numbered(u32::try_from(number).unwrap_or_default());
        let pieces = pieces(number, record, content, field, random);
        match queues.iter_mut().find(|(known, _)| *known == number) {
            Some((_, queue)) => queue.extend(pieces),
            None => queues.push((number, pieces)),
        }
    }
    let mut into = vec![];
    while !queues.is_empty() {
        let index = random.below(queues.len());
        into.extend(queues[index].1.remove(0));
        if queues[index].1.is_empty() {
            queues.swap_remove(index);
        }
    }
    into
}

fn pieces(
    number: u64,
    record: &[u8],
    content: Option<&[u8]>,
    field: Option<&Field>,
    random: &mut Random,
) -> Vec<Vec<u8>> {
    let (Some(content), Some(field)) = (content, field) else {
        return vec![record.to_vec()];
    };
    let Some(inner) = field.message().filter(|_| !field.is_map()) else {
        return vec![record.to_vec()];
    };
    let content = scrambled(content, inner, random);
    let first = records(&content)
        .first()
        .map_or(0, |(_, record, _)| record.len());
    if field.is_list() || field.kind() != Kind::Message || first == 0 {
        return vec![field_of(number, &content)];
    }
    let (one, other) = content.split_at(first);
    vec![field_of(number, one), field_of(number, other)]
}

fn field_of(number: u64, content: &[u8]) -> Vec<u8> {
    harness::protobuf::field(u32::try_from(number).expect("a number"), content)
}

/// A field: its number, all of its bytes, and its content if it has a length.
type Record<'a> = (u64, &'a [u8], Option<&'a [u8]>);

fn records(mut message: &[u8]) -> Vec<Record<'_>> {
    let mut records = vec![];
    while !message.is_empty() {
        let begin = message;
        let tag = varint(&mut message);
        let content = match tag & 7 {
            0 => {
                varint(&mut message);
                None
            }
            1 => {
                message = &message[8..];
                None
            }
            _ => {
                let length = usize::try_from(varint(&mut message)).expect("a length");
                let (content, rest) = message.split_at(length);
                message = rest;
                Some(content)
            }
        };
        records.push((tag >> 3, &begin[..begin.len() - message.len()], content));
    }
    records
}

fn varint(message: &mut &[u8]) -> u64 {
    let length = message.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    let (bytes, rest) = message.split_at(length);
    *message = rest;
    let bytes = bytes.iter().rev();
    bytes.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f))
}

/// The same bytes cut short, or with one bit changed.
pub(crate) fn damaged(message: &[u8], random: &mut Random) -> Vec<u8> {
    let mut message = message.to_vec();
    if message.is_empty() {
        return message;
    }
    let at = random.below(message.len());
    if random.chance(1, 2) {
        message.truncate(at);
    } else {
        message[at] ^= 1 << random.below(8);
    }
    message
}
