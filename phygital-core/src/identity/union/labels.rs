//! Names, or dates of birth, of clusters: whether any of the one agrees with any of the other.

use super::NONE;

/// How many answers are kept at least and at most; a power of two each.
const ANSWERS_MIN: usize = 16;
const ANSWERS_MAX: usize = 1 << 16;

/// The labels of each cluster as a list of its own, kept at its root.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    /// For each root its first node. Empty where nobody has any.
    heads: Vec<u32>,
    nodes: Vec<Node>,
    /// Answers by a hash of the pair; a later pair takes the place of an earlier one.
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    label: u32,
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    pair: (u32, u32),
    agree: bool,
}

impl Labels {
    /// Takes what is said of the vertices of a component.
    pub(super) fn fill(&mut self, vertices: usize, said: &[(u32, u32)]) {
        self.heads.clear();
        self.nodes.clear();
        self.answers.clear();
        if said.is_empty() {
            return;
        }
        self.heads.resize(vertices, NONE);
        for &(vertex, label) in said {
            if (vertex as usize) < vertices && !self.holds(vertex, label) {
                self.nodes.push(Node { label, next: NONE });
                self.add(vertex, self.nodes.len() as u32 - 1);
            }
        }
    }

    /// Whether a cluster has any.
    pub(super) fn any(&self, root: u32) -> bool {
        self.heads.get(root as usize).is_some_and(|head| *head != NONE)
    }

    /// Whether any label of the one is or agrees with any of the other; `None` where either has none.
    pub(super) fn meet(&mut self, large: u32, small: u32, ask: impl Fn(u32, u32) -> bool) -> Option<bool> {
        if !(self.any(large) && self.any(small)) {
            return None;
        }
        let mut at = self.heads[small as usize];
        while at != NONE {
            let Node { label, next } = self.nodes[at as usize];
            if self.holds(large, label) {
                return Some(true);
            }
            at = next;
        }
        let mut at = self.heads[small as usize];
        while at != NONE {
            let one = self.nodes[at as usize];
            let mut other = self.heads[large as usize];
            while other != NONE {
                let two = self.nodes[other as usize];
                if self.agree(one.label, two.label, &ask) {
                    return Some(true);
                }
                other = two.next;
            }
            at = one.next;
        }
        Some(false)
    }

    /// Gives one cluster the labels of another.
    pub(super) fn join(&mut self, large: u32, small: u32) {
        if !self.any(small) {
            return;
        }
        let mut at = self.heads[small as usize];
        while at != NONE {
            let Node { label, next } = self.nodes[at as usize];
            if !self.holds(large, label) {
                self.add(large, at);
            }
            at = next;
        }
    }

    fn holds(&self, root: u32, label: u32) -> bool {
        let mut at = self.heads[root as usize];
        while at != NONE {
            let node = self.nodes[at as usize];
            if node.label == label {
                return true;
            }
            at = node.next;
        }
        false
    }

    fn add(&mut self, root: u32, node: u32) {
        let head = &mut self.heads[root as usize];
        self.nodes[node as usize].next = *head;
        *head = node;
    }

    fn agree(&mut self, one: u32, two: u32, ask: impl Fn(u32, u32) -> bool) -> bool {
        if self.answers.is_empty() {
            let count = (4 * self.nodes.len()).next_power_of_two().clamp(ANSWERS_MIN, ANSWERS_MAX);
            // Two equal labels are never asked about.
            self.answers.resize(count, Answer { pair: (0, 0), agree: true });
        }
        let pair = (one.min(two), one.max(two));
        let mixed = pair.0.wrapping_mul(0x9E37_79B1) ^ pair.1.wrapping_mul(0x85EB_CA6B);
        let slot = (mixed ^ mixed >> 15) as usize & (self.answers.len() - 1);
        let known = self.answers[slot];
        if known.pair == pair {
            return known.agree;
        }
        let agree = ask(pair.0, pair.1);
        self.answers[slot] = Answer { pair, agree };
        agree
    }
}
