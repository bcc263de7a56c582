//! Dependency order: who comes first, and who waits in a circle.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Orders the nodes `0..needs.len()` so that each follows all it needs; of those that could come next,
/// the one with the lowest number comes first. What is in a circle is left out, and each circle is
/// given once, from its lowest number on.
pub(crate) fn dependency_order(needs: &[&[usize]]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut missing: Vec<usize> = needs.iter().map(|needed| needed.len()).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (index, needed) in needs.iter().enumerate() {
        for target in *needed {
            needed_by[*target].push(index);
        }
    }
    let ready = missing.iter().enumerate().filter(|(_, count)| **count == 0).map(|(index, _)| Reverse(index));
    let mut ready: BinaryHeap<_> = ready.collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for dependent in &needed_by[index] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                ready.push(Reverse(*dependent));
            }
        }
    }
    let cycles = circles(needs, &missing);
    (order, cycles)
}

/// Every node that was left out needs another one that was: following those ends in a circle.
fn circles(needs: &[&[usize]], missing: &[usize]) -> Vec<Vec<usize>> {
    let mut visited_from = vec![None; needs.len()];
    let mut found = Vec::new();
    for start in (0..needs.len()).filter(|index| missing[*index] > 0) {
        let mut path = Vec::new();
        let mut at = start;
        while visited_from[at].is_none() {
            visited_from[at] = Some(start);
            path.push(at);
            match needs[at].iter().find(|target| missing[**target] > 0) {
                Some(next) => at = *next,
                None => break,
            }
        }
        if visited_from[at] != Some(start) {
            continue;
        }
        if let Some(begin) = path.iter().position(|node| *node == at) {
            let mut circle = path.split_off(begin);
            let lowest = circle.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(index, _)| index);
            circle.rotate_left(lowest);
            found.push(circle);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::dependency_order;

    fn check(needs: &[&[usize]], order: &[usize], cycles: &[&[usize]]) {
        let (got_order, got_cycles) = dependency_order(needs);
        assert_eq!(got_order, order);
        assert_eq!(got_cycles, cycles);
    }

    #[test]
    fn file_order_decides_where_dependencies_do_not() {
        check(&[&[], &[], &[]], &[0, 1, 2], &[]);
        check(&[&[2], &[], &[]], &[1, 2, 0], &[]);
        check(&[&[1], &[2], &[]], &[2, 1, 0], &[]);
    }

    #[test]
    fn each_circle_is_named_once() {
        check(&[&[1], &[0], &[]], &[2], &[&[0, 1]]);
        check(&[&[0]], &[], &[&[0]]);
        check(&[&[1], &[2], &[1], &[4], &[3]], &[], &[&[1, 2], &[3, 4]]);
    }

    #[test]
    fn a_chain_of_many_needs_no_deep_stack() {
        let chain: Vec<Vec<usize>> =
            (0..100_000).map(|index| if index == 0 { vec![] } else { vec![index - 1] }).collect();
        let needs: Vec<&[usize]> = chain.iter().map(Vec::as_slice).collect();
        assert_eq!(dependency_order(&needs).0.len(), 100_000);
    }
}
