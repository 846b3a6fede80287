use super::*;

const HALF: u64 = 1 << 63;

fn ends_of(shard: &Shard) -> Vec<(u64, u64)> {
    shard.ranges.to_vec()
}

#[test]
fn a_hash_is_fnv_1a() {
    // The test vectors of the algorithm's authors, and what Go's `hash/fnv` says of a UID.
    for (text, want) in [
        ("", 0xcbf2_9ce4_8422_2325),
        ("a", 0xaf63_dc4c_8601_ec8c),
        ("foobar", 0x8594_4171_f739_67e8),
    ] {
        assert_eq!(Shard::hash(text), want, "{text}");
    }
}

#[test]
fn it_prints_as_the_server_does() {
    let uid = "object.metadata.uid";
    for (shard, want) in [
        (
            Shard::of(0, 2),
            format!("shardRange({uid}, '0x0000000000000000', '0x8000000000000000')"),
        ),
        (
            Shard::ranges([HALF..=u64::MAX, 1..=15]),
            format!(
                "shardRange({uid}, '0x0000000000000001', '0x0000000000000010') || \
                 shardRange({uid}, '0x8000000000000000', '0x10000000000000000')"
            ),
        ),
        (
            Shard::ranges([0xab..=0xabcd_eeff_ffff_ffff]).by_namespace(),
            "shardRange(object.metadata.namespace, '0x00000000000000ab', '0xabcdef0000000000')"
                .to_owned(),
        ),
        (
            Shard::whole().by_namespace(),
            format!("shardRange({uid}, '0x0000000000000000', '0x10000000000000000')"),
        ),
        (Shard::nothing(), "<nothing>".to_owned()),
    ] {
        assert_eq!(shard.to_string(), want);
    }
}

#[test]
fn ranges_are_sorted_merged_and_not_empty() {
    let ranges = [(5, 9), (20, 30), (10, 12), (25, 27), (40, 39), (0, 0)];
    let shard = Shard::ranges(ranges.map(|(first, last)| first..=last));
    assert_eq!(ends_of(&shard), [(0, 0), (5, 12), (20, 30)]);
    assert_eq!(Shard::ranges(std::iter::once(7..7)), Shard::nothing());
    assert_eq!(Shard::ranges([7_u64..]), Shard::ranges([7..=u64::MAX]));
    assert_eq!(
        Shard::ranges([0..HALF, HALF - 1..HALF - 1]),
        Shard::of(0, 2)
    );
    assert_eq!(
        Shard::ranges([0..HALF, HALF..u64::MAX, u64::MAX - 1..u64::MAX])
            .ranges
            .len(),
        1
    );
    assert!(Shard::ranges([0..=HALF, HALF + 1..=u64::MAX]).is_whole());
    let between = (Bound::Excluded(3), Bound::Excluded(4));
    assert!(Shard::ranges([between]).is_nothing());
}

#[test]
fn equal_shards_are_a_partition() {
    for count in [1, 2, 3, 7, 1_000, u32::MAX] {
        let first = Shard::of(0, count);
        let last = Shard::of(count - 1, count);
        assert!(first.contains_hash(0) && last.contains_hash(u64::MAX));
        if count > 1 {
            let (before, after) = (ends_of(&first)[0].1, ends_of(&Shard::of(1, count))[0].0);
            assert_eq!(before + 1, after, "{count}");
        }
    }
    let all = (0..7).map(|index| Shard::of(index, 7));
    let all = all.fold(Shard::nothing(), |all, one| {
        all.union(&one).expect("both by UID")
    });
    assert_eq!(all, Shard::whole());
}

#[test]
#[should_panic(expected = "there are 2 shards")]
fn a_shard_that_is_not_there_is_a_mistake() {
    drop(Shard::of(2, 2));
}

#[test]
fn all_and_nothing_go_with_whatever_is_hashed() {
    let (by_uid, by_namespace) = (Shard::of(0, 2), Shard::of(0, 2).by_namespace());
    assert_ne!(by_uid, by_namespace);
    assert_eq!(by_uid.union(&by_namespace), None);
    assert_eq!(by_uid.difference(&by_namespace), None);
    assert!(!by_uid.is_within(&by_namespace));
    for shard in [by_uid, by_namespace] {
        assert!(shard.is_within(&Shard::whole()) && Shard::nothing().is_within(&shard));
        assert_eq!(shard.union(&Shard::nothing()).as_ref(), Some(&shard));
        assert_eq!(shard.intersection(&Shard::whole()).as_ref(), Some(&shard));
        let rest = Shard::whole().difference(&shard).expect("the other half");
        assert_eq!(rest.is_by_namespace(), shard.is_by_namespace());
        assert_eq!(rest.union(&shard), Some(Shard::whole()));
    }
}

#[test]
fn what_is_in_no_namespace_has_the_hash_of_the_empty_text() {
    let none = Shard::hash("");
    let shard = Shard::ranges([none..=none]).by_namespace();
    assert!(shard.contains_names("a-uid", "") && !shard.contains_names("", "default"));
    let shard = Shard::ranges([none..=none]);
    assert!(shard.contains_names("", "default"));
}

#[test]
fn a_coarse_shard_has_all_of_it_and_the_widest_gaps_stay() {
    let shard = Shard::ranges([10..=19, 22..=29, 40..=49, 1_000..=1_009]);
    assert_eq!(shard.coarse(4), shard);
    assert_eq!(
        ends_of(&shard.coarse(3)),
        [(10, 29), (40, 49), (1_000, 1_009)]
    );
    assert_eq!(ends_of(&shard.coarse(2)), [(10, 49), (1_000, 1_009)]);
    assert_eq!(ends_of(&shard.coarse(1)), [(10, 1_009)]);
    assert_eq!(shard.coarse(0), shard.coarse(1));
    let ends = Shard::ranges([0..=0, 5..=5, u64::MAX..=u64::MAX]);
    assert_eq!(ends_of(&ends.coarse(2)), [(0, 5), (u64::MAX, u64::MAX)]);
    assert_eq!(Shard::nothing().coarse(1), Shard::nothing());
}
