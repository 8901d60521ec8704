//! `tag verify`: the tag at the reader against its template and keys.

use phygital_core::contactless::Step;
use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{Check, Findings, KeySlot, SlotKeyTable};
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::vocab::TagUid;
use serde::Serialize;

use crate::at_reader::{Desk, sixteen};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::provisioning_files::{slot_keys, template, version};
use crate::reader_arguments::CheckTag;

/// How often a check begins anew when the tag moves.
const TRIES_MAX: u32 = 5;

/// What was found, as programs read it.
#[derive(Debug, Serialize)]
struct View {
    uid: Option<TagUid>,
    as_planned: bool,
    differences: Vec<String>,
    key_versions: [Option<u8>; KeySlot::COUNT],
    original: Option<bool>,
    url: Option<String>,
    read_ctr: Option<u32>,
}

/// Says what differs.
pub(crate) fn check(with: &CheckTag, output: &mut Output) -> Result<Exit, Failure> {
    let keys = slot_keys(&with.tag_keys.keys)?;
    let version = version(&keys, with.tag_keys.version)?;
    let setup = template(&with.template, if with.lrp { SdmMode::Lrp } else { SdmMode::Aes })?;
    let mut desk = Desk::open(&with.at, output)?;
    desk.tag()?;
    let found = found(&mut desk, &setup, version, &keys, with.tag_keys.uid, !with.no_originality)?;
    show(&found, output)?;
    Ok(if found.differences.is_empty() { Exit::Done } else { Exit::No })
}

/// Checks the tag that lies on the reader.
pub(super) fn found(
    desk: &mut Desk,
    setup: &TagSetup,
    version: u8,
    keys: &SlotKeyTable,
    uid: Option<TagUid>,
    originality: bool,
) -> Result<Findings, Failure> {
    for _ in 0..TRIES_MAX {
        let mut check = Check::begin(setup, version, keys);
        if let Some(uid) = uid {
            check = check.of_tag(uid);
        }
        if !originality {
            check = check.without_originality();
        }
        loop {
            match check.next(&sixteen()?) {
                Step::Done(found) => return Ok(found),
                Step::Send(command) => {
                    if !desk.send(&command, |response| check.answer(response))? {
                        break;
                    }
                }
            }
        }
        desk.tag()?;
    }
    Err(Failure::no("card_gone", "the tag left the reader too often"))
}

/// Tells what was found.
pub(super) fn show(found: &Findings, output: &mut Output) -> Result<(), Failure> {
    let view = View {
        uid: found.uid,
        as_planned: found.differences.is_empty(),
        differences: found.differences.iter().map(ToString::to_string).collect(),
        key_versions: found.versions,
        original: found.original,
        url: found.url.clone(),
        read_ctr: found.tap.as_ref().and_then(|tap| tap.read_ctr()).map(|ctr| ctr.get()),
    };
    if output.is_json() {
        return output.object(&view);
    }
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let versions = view.key_versions.map(|version| or_none(version.map(|version| version.to_string())));
    let mut rows = vec![
        vec!["tag".to_owned(), or_none(view.uid.map(|uid| uid.to_string()))],
        vec!["as planned".to_owned(), if view.as_planned { "yes" } else { "no" }.to_owned()],
        vec!["key versions".to_owned(), versions.join(" ")],
        vec!["URL".to_owned(), or_none(view.url)],
        vec!["read counter".to_owned(), or_none(view.read_ctr.map(|ctr| ctr.to_string()))],
    ];
    rows.extend(view.differences.into_iter().map(|difference| vec!["differs".to_owned(), difference]));
    output.table(&[], rows)
}
