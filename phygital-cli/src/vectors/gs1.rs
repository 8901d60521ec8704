//! `gs1_digital_link.json`: products and places in the path of a URL.

use phygital_core::tap::gs1::DigitalLink;

use super::case::{Case, Got, Unreadable, refused};

/// What each application identifier is called in a vector.
const NAMES: [(&str, &str); 24] = [
    ("00", "sscc"),
    ("01", "gtin"),
    ("10", "batch"),
    ("10", "lot"),
    ("15", "best_before"),
    ("17", "expiry"),
    ("21", "serial"),
    ("22", "cpv"),
    ("22", "variant"),
    ("235", "tpx"),
    ("253", "gdti"),
    ("254", "gln_ext"),
    ("255", "gcn"),
    ("401", "ginc"),
    ("402", "gsin"),
    ("414", "gln"),
    ("415", "payto"),
    ("8003", "grai"),
    ("8004", "giai"),
    ("8006", "itip"),
    ("8010", "cpid"),
    ("8011", "cpid_serial"),
    ("8017", "gsrnp"),
    ("8018", "gsrn"),
];

/// Takes a link apart.
pub(super) fn parse_digital_link(case: Case<'_>) -> Result<Got, Unreadable> {
    let link = match DigitalLink::parse(case.text("url")?) {
        Ok(link) => link,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    let mut fields = refused("ok");
    fields.insert("canonical".to_owned(), link.to_string().into());
    for (ai, value) in link.elements() {
        fields.insert(ai.to_owned(), value.into());
        for (_, name) in NAMES.iter().filter(|(named, _)| *named == ai) {
            fields.insert((*name).to_owned(), value.into());
        }
    }
    Ok(fields)
}
