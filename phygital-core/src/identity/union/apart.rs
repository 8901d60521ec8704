//! Vertices that a person ruled to be different, as lists that clusters carry.

use super::{Component, NONE, find};

/// For each cluster the vertices that it may not be joined with, kept at its root.
#[derive(Debug, Clone, Default)]
pub(super) struct Apart {
    /// Empty where there are no rulings.
    lists: Vec<List>,
    /// Two for each ruling: one in the list of either end.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    other: u32,
    next: u32,
    ruling: u32,
}

impl Apart {
    /// Takes the rulings of a component.
    pub(super) fn fill(&mut self, vertices: usize, apart: &[(u32, u32)]) {
        self.lists.clear();
        self.nodes.clear();
        if apart.is_empty() {
            return;
        }
        self.lists.resize(vertices, List { head: NONE, tail: NONE, len: 0 });
        for (ruling, &(one, two)) in apart.iter().enumerate() {
            if one == two || one.max(two) as usize >= vertices {
                continue;
            }
            for (end, other) in [(one, two), (two, one)] {
                let at = self.nodes.len() as u32;
                let list = &mut self.lists[end as usize];
                self.nodes.push(Node { other, next: list.head, ruling: ruling as u32 });
                *list = List {
                    head: at,
                    tail: if list.tail == NONE { at } else { list.tail },
                    len: list.len + 1,
                };
            }
        }
    }

    /// The ruling that holds two clusters apart, that of the smallest keys. Looks through the shorter list.
    pub(super) fn between(
        &self,
        one: u32,
        two: u32,
        component: &Component,
        parent: &mut [u32],
    ) -> Option<u32> {
        let list = |root: u32| self.lists.get(root as usize);
        let (first, second) = (list(one)?, list(two)?);
        let (mut at, root) = if first.len <= second.len { (first.head, two) } else { (second.head, one) };
        let keys = |ruling: u32| {
            let (one, two) = component.apart[ruling as usize];
            let (one, two) = (component.vertices[one as usize].key, component.vertices[two as usize].key);
            (one.min(two), one.max(two))
        };
        let mut found: Option<u32> = None;
        while at != NONE {
            let node = self.nodes[at as usize];
            if find(parent, node.other) == root
                && found.is_none_or(|known| (keys(node.ruling), node.ruling) < (keys(known), known))
            {
                found = Some(node.ruling);
            }
            at = node.next;
        }
        found
    }

    /// Hangs one list on another.
    pub(super) fn join(&mut self, large: u32, small: u32) {
        let Some(&given) = self.lists.get(small as usize).filter(|list| list.len > 0) else { return };
        let kept = &mut self.lists[large as usize];
        if kept.len == 0 {
            *kept = given;
        } else {
            self.nodes[kept.tail as usize].next = given.head;
            *kept = List { tail: given.tail, len: kept.len + given.len, ..*kept };
        }
    }
}
