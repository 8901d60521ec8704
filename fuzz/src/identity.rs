//! What the identity targets check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::identity::review::{Beside, Policy, Queue};
use phygital_core::identity::union::{contract, unite};
use phygital_core::identity::why::{Standing, WhyNot, explain, why_not};

/// Bytes as one component: the cut is the oracle's in any order of the arrays, of two vertices one can say either why they
/// are one profile or why not, and the review queue keeps to its bound.
pub fn union(data: &[u8]) {
    contract::play(data);

    let (component, limits, agreement) = contract::read(data);
    let cut = unite(&component, &limits, &agreement);
    let places = 0..component.vertices.len() as u32;
    for (one, two) in places.clone().zip(places.rev()) {
        let together = cut.cluster_of[one as usize] == cut.cluster_of[two as usize];
        assert_eq!(explain(&component, &cut, (one, two), |_| None).is_some(), together);
        let ends = (Standing::At(vec![one]), Standing::At(vec![two]));
        let told = why_not(&component, &cut, &[], &ends.0, &ends.1);
        assert_eq!(told == WhyNot::Together, together);
    }
    let mut queue = Queue::new(Policy { questions: 4, support: 2, threshold: 6_000, review: 4_000 });
    queue.look(&component, &cut, Beside::default(), &agreement);
    assert!(queue.questions().count() <= 4);
}
