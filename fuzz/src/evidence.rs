//! What the targets of evidence check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

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
}
