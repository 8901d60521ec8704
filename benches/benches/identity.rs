//! One component of identifiers cut into profiles, beside sorting its edges alone.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench identity`. Both of a row run in one process, in interleaved
//! batches; the figures are medians, and the ratio is to the sort of the same run. A component is of households whose
//! members share a device or a phone now and then: eight identifiers and one or two names a person, edges within a person
//! and some across, limits on all kinds.

use std::process::ExitCode;

use phygital_benches::shop::mixed;
use phygital_benches::{Candidate, medians};
use phygital_core::identity::union::{Basis, Component, Edge, Limits, Uniter, Vertex};
use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// Many short batches: a moment of another process spoils few of them.
const BATCHES: usize = 201;
/// The aim: a component of so many edges in less than so many microseconds.
const AIMED: usize = 1_000;
const MICROS_MAX: f64 = 50.0;

fn main() -> ExitCode {
    use IdentifierKind::{Card, Cookie, Crm, Device, Email, Loyalty, Phone, PosCustomer};
    let limits = Limits::new(|kind| match kind {
        Crm => Some(1),
        Loyalty => Some(2),
        Email | Phone => Some(3),
        PosCustomer => Some(5),
        Card => Some(9),
        Device => Some(12),
        Cookie => Some(60),
        _ => None,
    });
    println!(
        "{:>7} {:>9} {:>9} {:>8} {:>10} {:>10} {:>10} {:>7}",
        "edges", "vertices", "profiles", "refused", "sort, us", "cut, us", "us an edge", "ratio"
    );
    let mut found = f64::INFINITY;
    for edges in [3, 8, 20, 100, 1_000, 10_000] {
        let component = component(edges);
        // Two names in sixteen are of one given name.
        let agree = (|one: u32, two: u32| one / 2 == two / 2, |_, _| false);
        let mut uniter = Uniter::new(limits);
        let cut = uniter.unite(&component, &agree).clone();
        let profiles = component.vertices.len() - cut.taken.len();
        let packed = packed(&component);
        let mut sorted = packed.clone();
        let calls = (20_000 / edges).max(1) as u32;
        let times = medians(
            &mut [
                Candidate::new("sort", || {
                    sorted.copy_from_slice(&packed);
                    sorted.sort_unstable();
                    sorted[0]
                }),
                Candidate::new("cut", || uniter.unite(&component, &agree).taken.len()),
            ],
            BATCHES,
            calls,
        );
        let (sort, cut_us) = (times[0] / 1_000.0, times[1] / 1_000.0);
        if edges == AIMED {
            found = cut_us;
        }
        println!(
            "{edges:>7} {:>9} {profiles:>9} {:>8} {sort:>10.2} {cut_us:>10.2} {:>10.3} {:>7.2}",
            component.vertices.len(),
            cut.refused.len(),
            cut_us / edges as f64,
            cut_us / sort
        );
    }
    println!("aim: {AIMED} edges in less than {MICROS_MAX} us, found {found:.1}");
    if found < MICROS_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A component of so many edges.
fn component(edges: usize) -> Component {
    const KINDS: [IdentifierKind; 8] = [
        IdentifierKind::Loyalty,
        IdentifierKind::Phone,
        IdentifierKind::Email,
        IdentifierKind::Crm,
        IdentifierKind::Card,
        IdentifierKind::Device,
        IdentifierKind::Cookie,
        IdentifierKind::Cookie,
    ];
    let mut component = Component::default();
    let mut state = edges as u64;
    let mut random = |below: usize| {
        state = mixed(state.wrapping_add(0x9E37_79B9_7F4A_7C15));
        (state >> 32) as usize % below
    };
    // Ten edges a person of eight identifiers.
    let people = edges.div_ceil(10);
    let kinds = KINDS.len().min(edges);
    for person in 0..people {
        for (n, kind) in KINDS[..kinds].iter().enumerate() {
            let place = component.vertices.len() as u32;
            let mut key = [0; 16];
            key[..8].copy_from_slice(&mixed(u64::from(place) + 1).to_be_bytes());
            key[8..].copy_from_slice(&u64::from(place).to_be_bytes());
            let first = Timestamp::from_millis(random(1_000_000) as i64).expect("a time");
            component.vertices.push(Vertex {
                key: IdentifierKey::from_bytes(key),
                kind: Some(*kind),
                first: (first, RecordKey::from_bytes(key)),
            });
            if n < 3 {
                component.names.push((place, (person % 16) as u32));
            }
        }
    }
    while component.edges.len() < edges {
        let person = component.edges.len() % people;
        // Seven in ten within a person; the others to somebody near.
        let other = if random(10) < 7 { person } else { (person + random(3)) % people };
        let ends = ((person * kinds + random(kinds)) as u32, (other * kinds + random(kinds)) as u32);
        if ends.0 != ends.1 {
            component.edges.push(Edge { ends, basis: Basis::Together { support: 1 + random(8) as u32 } });
        }
    }
    component
}

/// The edges as one number each: what any order of them has to sort.
fn packed(component: &Component) -> Vec<u128> {
    let numbers = component.edges.iter().enumerate().map(|(at, edge)| {
        let kind = |place: u32| component.vertices[place as usize].kind.map_or(0, |kind| kind as u128);
        let strength = kind(edge.ends.0) + kind(edge.ends.1);
        strength << 96 | u128::from(mixed(at as u64)) << 32 | at as u128
    });
    numbers.collect()
}
