<<<<<<< HEAD
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
=======
//! What the targets of identity check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::identity::Rules;
use phygital_core::identity::evidence::limits::LINE_BYTES_MAX;
use phygital_core::identity::evidence::{Evidence, Fact, Lines};
use phygital_core::vocab::TenantKey;

/// Arbitrary text as lines of evidence: a line that is a fact is written as one that reads back as the same; facts in any
/// order, told twice, give the same set; a set reads back from its own lines.
pub fn evidence_lines(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let tenant = TenantKey::new(&[7; 32]);
    let lines = Lines::new(tenant.clone());
    let mut facts: Vec<Fact> = Vec::new();
    for line in text.lines() {
        let Ok(fact) = lines.read(line) else { continue };
        assert!(line.len() <= LINE_BYTES_MAX);
        assert_eq!(lines.read(&lines.write(&fact)).as_ref(), Ok(&fact));
        facts.push(fact);
    }
    let set = |facts: &mut dyn Iterator<Item = &Fact>| {
        let mut evidence = Evidence::new(tenant.clone(), Rules::default());
        for fact in facts {
            // What is refused is refused in every order.
            let _ = evidence.add(fact.clone());
        }
        evidence
    };
    let one = set(&mut facts.iter());
    let mut two = set(&mut facts.iter().rev().chain(&facts));
    assert_eq!(one.digest(), two.digest());
    assert!(one.sightings().eq(two.sightings()));
    assert!(two.merge(&one).expect("of one tenant").is_empty());
    let text: Vec<String> = one.to_lines().collect();
    let read = Evidence::from_lines(tenant.clone(), Rules::default(), &text.join("\n")).expect("own lines");
    assert_eq!(read.digest(), one.digest());
    assert!(read.to_lines().eq(text));
>>>>>>> 0fb86e1 (identity: the golden record; a fuzz target over lines of evidence)
}
