//! `docs/events.md` says what the code does: its examples are events, its tables are the code's.
//!
//! With `UPDATE_SNAPSHOTS` set, the tables of objects and kinds are written anew.

#![allow(clippy::unwrap_used, reason = "tests")]

use phygital_core::event::kinds::commerce::OrderSums;
use phygital_core::event::{Address, Body, Campaign, Context, Page, Product, Property};
use phygital_core::vocab::{IdentifierKind, limits};

mod event_samples;
use event_samples::{read, type_of};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");

fn page() -> String {
    std::fs::read_to_string(FILE).unwrap()
}

/// The lines between `<!-- name -->` and the next `<!-- end -->`.
fn part<'p>(page: &'p str, name: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n")).unwrap();
    rest.split_once("<!-- end -->").unwrap().0
}

/// The cells of the rows of the table under a heading.
fn rows<'p>(page: &'p str, heading: &str) -> Vec<Vec<&'p str>> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let table =
        rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn describe(property: &Property) -> String {
    let name =
        if property.required { format!("**`{}`**", property.name) } else { format!("`{}`", property.name) };
    format!("{name} {}{}", if property.list { "list of " } else { "" }, property.form)
}

fn list(properties: &[Property]) -> String {
    properties.iter().map(describe).collect::<Vec<_>>().join(", ")
}

fn objects() -> String {
    let mut out = String::from("| object | properties |\n|---|---|\n");
    for (name, properties) in [
        ("product", Product::properties()),
        ("order", OrderSums::properties()),
        ("address", Address::properties()),
        ("<a id=\"context\"></a>context", Context::properties()),
        ("campaign", Campaign::properties()),
        ("page", Page::properties()),
    ] {
        out += &format!("| {name} | {} |\n", list(&properties));
    }
    out
}

fn kinds() -> String {
    let mut out = String::from("| name and type | what happened | properties |\n|---|---|---|\n");
    for name in Body::NAMES {
        let mut properties = Body::properties(name).unwrap();
        let mut described = Vec::new();
        for (word, flat) in [("*product*", Product::properties()), ("*order*", OrderSums::properties())] {
            let at = (0..properties.len()).find(|at| properties[*at..].starts_with(&flat));
            if let Some(at) = at {
                described.extend(properties.drain(..at).map(|property| describe(&property)));
                described.push(word.to_owned());
                properties.drain(..flat.len());
            }
        }
        described.extend(properties.iter().map(describe));
        // Names of Rust items are no use here.
        let about = Body::about(name).unwrap().replace("[`", "").replace("`]", "");
        let slug = type_of(name).replace("com.phygital.", "");
        out += &format!("| {name}<br>`{slug}` | {about} | {} |\n", described.join(", "));
    }
    out
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that keeps a file may rewrite it when asked to")]
fn tables_are_those_of_the_code() {
    let mut page = page();
    for (name, now) in [("objects", objects()), ("kinds", kinds())] {
        if std::env::var("UPDATE_SNAPSHOTS").is_ok() {
            let was = part(&page, name).to_owned();
            let begin = format!("<!-- {name} -->\n");
            page = page.replace(&format!("{begin}{was}<!-- end -->"), &format!("{begin}{now}<!-- end -->"));
            std::fs::write(FILE, &page).unwrap();
        }
        assert_eq!(part(&page, name), now, "set UPDATE_SNAPSHOTS=1 to write the tables anew");
    }
}

#[test]
fn every_example_is_an_event() {
    let page = page();
    let examples: Vec<_> =
        page.split("```json\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect();
    assert!(examples.len() >= 4);
    for example in examples {
        let event = read(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
        assert_eq!(read(&event.to_json()).unwrap(), event);
    }
}

#[test]
fn every_form_is_explained() {
    let page = page();
    let rows = rows(&page, "## Forms");
    let explained: Vec<_> = rows.iter().flat_map(|row| row[0].split(", ")).collect();
    let all = Body::NAMES.iter().flat_map(|name| Body::properties(name).unwrap());
    for property in all.chain(Product::properties()).chain(Context::properties()) {
        assert!(explained.contains(&property.form), "{}", property.form);
    }
}

#[test]
fn limits_are_those_of_the_code() {
    let page = page();
    let rows = rows(&page, "## Limits");
    let limits = [
        ("EVENT_BYTES_MAX", limits::EVENT_BYTES_MAX),
        ("EVENT_DEPTH_MAX", limits::EVENT_DEPTH_MAX),
        ("EVENT_VALUES_MAX", limits::EVENT_VALUES_MAX),
        ("EVENT_IDENTIFIERS_MAX", limits::EVENT_IDENTIFIERS_MAX),
        ("EVENT_LIST_MAX", limits::EVENT_LIST_MAX),
        ("TEXT_BYTES_MAX", limits::TEXT_BYTES_MAX),
        ("ID_BYTES_MAX", limits::ID_BYTES_MAX),
        ("IDENTIFIER_BYTES_MAX", limits::IDENTIFIER_BYTES_MAX),
        ("CUSTOM_NAME_BYTES_MAX", limits::CUSTOM_NAME_BYTES_MAX),
        ("EXTRA_BYTES_MAX", limits::EXTRA_BYTES_MAX),
        ("DECIMAL_DIGITS_MAX", limits::DECIMAL_DIGITS_MAX),
    ];
    assert_eq!(rows.len(), limits.len());
    for (row, (name, value)) in rows.iter().zip(limits) {
        assert_eq!((row[0], row[1]), (&*format!("`{name}`"), &*value.to_string()));
    }
}

#[test]
fn kinds_of_identifier_are_those_of_the_code() {
    let page = page();
    let named: Vec<_> =
        rows(&page, "### Identifiers").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(named, IdentifierKind::ALL.map(|kind| kind.name().to_owned()));
}

#[test]
fn the_page_on_consent_names_every_reason_and_its_catalogue_holds() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/consent.md")).unwrap();
    for reason in phygital_core::consent::Reason::ALL {
        assert!(page.contains(&format!("`{}`", reason.code())), "{reason}");
    }
    let (_, rest) = page.split_once("```json\n").unwrap();
    let catalogue = phygital_core::consent::Catalogue::from_json(rest.split_once("```").unwrap().0).unwrap();
    assert_eq!(catalogue.purposes().len(), 1);
}
