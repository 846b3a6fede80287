//! Circles in a directed graph.

use std::collections::BTreeSet;

/// The sets of at least two nodes that reach each other.
pub(super) fn circles(nodes: usize, arrows: &BTreeSet<(usize, usize)>) -> Vec<BTreeSet<usize>> {
    let reached: Vec<_> = (0..nodes).map(|node| reachable(node, arrows)).collect();
    let mut found: Vec<BTreeSet<usize>> = vec![];
    for node in 0..nodes {
        let circle: BTreeSet<_> = reached[node]
            .iter()
            .copied()
            .filter(|other| reached[*other].contains(&node))
            .collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

/// What one comes to from a node, by one arrow or more.
fn reachable(from: usize, arrows: &BTreeSet<(usize, usize)>) -> BTreeSet<usize> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(node) = next.pop() {
        for (_, to) in arrows.range((node, 0)..=(node, usize::MAX)) {
            if seen.insert(*to) {
                next.push(*to);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_once_and_apart() {
        let arrows = BTreeSet::from([(0, 1), (1, 2), (2, 1), (3, 4), (4, 5), (5, 3), (5, 2)]);
        let expected = [BTreeSet::from([1, 2]), BTreeSet::from([3, 4, 5])];
        assert_eq!(circles(6, &arrows), expected);
    }
}
