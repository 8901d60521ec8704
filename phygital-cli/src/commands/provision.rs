//! `tag provision`, `tag recover` and `tag reset`: what changes a tag, each step in the journal before it is sent.

use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use phygital_core::engine::Engine;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::machine::may_follow;
use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{
    Do, Feature, Journal, KeySlot, Mode, Next, Provisioning, Report, SlotKeyTable, Target,
};
use phygital_core::vocab::{KeyEpoch, PlaceId, TagStatus, TagUid, TouchpointId};
use phygital_store::Sqlite;
use serde::Serialize;

use super::check;
use crate::at_reader::{Desk, sixteen};
use crate::failure::{Exit, Failure};
use crate::journal_file::{JournalFile, beside, put_aside};
use crate::output::Output;
use crate::provisioning_files::{slot_keys, template, version};
use crate::reader_arguments::{Journalled, Provision, Recover, Reset};
use crate::settings::name;
use crate::shop::Shop;

/// How often a tag may leave the field before the command gives up; the journal does not.
const LOSSES_MAX: u32 = 10;

/// A tag that was changed, as programs read it.
#[derive(Debug, Serialize)]
struct View<'r> {
    uid: TagUid,
    state: &'static str,
    key_versions: [u8; KeySlot::COUNT],
    mode: Mode,
    /// What nothing switches off again.
    permanent: &'r [Feature],
    original: Option<bool>,
    url: Option<String>,
    read_ctr: Option<u32>,
    status: Option<TagStatus>,
    journal: String,
}

/// Personalises the tag at the reader.
pub(crate) fn provision(shop: &Shop, with: Provision, output: &mut Output) -> Result<Exit, Failure> {
    let keys = slot_keys(&with.tag_keys.keys)?;
    let version = version(&keys, with.tag_keys.version)?;
    let setup = template(&with.template, if with.lrp { SdmMode::Lrp } else { SdmMode::Aes })?;
    let mut target = Target::new(setup, version);
    let wanted =
        [(Feature::TagTamper, with.tagtamper), (Feature::Lrp, with.lrp), (Feature::RandomId, with.random_id)];
    let wanted: Vec<Feature> = wanted.into_iter().filter_map(|(feature, is)| is.then_some(feature)).collect();
    for feature in &wanted {
        target = target.switch_on(*feature);
    }
    if with.no_originality {
        target = target.without_originality();
    }
    if !wanted.is_empty() {
        let names: Vec<&str> = wanted.iter().map(|feature| feature_name(*feature)).collect();
        agree(with.yes, &format!("{}: on for good, nothing takes it back", names.join(", ")))?;
    }
    let mut run = Provisioning::begin(target, &keys);
    if let Some(uid) = with.tag_keys.uid {
        run = run.of_tag(uid);
    }
    let place = Where { place: with.place, touchpoint: with.touchpoint, label: with.label };
    let mut work = Work::begin(shop, &with.journalled, Aim::Provision(place), Desk::open(&with.at, output)?)?;
    work.finish(run, &keys, output)
}

/// Goes on with a journal, or takes its tag back.
pub(crate) fn recover(shop: &Shop, with: Recover, output: &mut Output) -> Result<Exit, Failure> {
    let keys = slot_keys(&with.tag_keys.keys)?;
    let path = match (&with.journalled.journal, with.tag_keys.uid) {
        (Some(path), _) => path.clone(),
        (None, Some(uid)) => beside(&shop.db, uid),
        (None, None) => return Err(Failure::misuse("missing_argument", "expected --journal or --uid")),
    };
    let (journal, file) = JournalFile::open(&path)?;
    let uid = journal.plan().uid;
    if with.tag_keys.uid.is_some_and(|named| named != uid) {
        return Err(Failure::no(
            "other_tag",
            format!("--uid: the journal is of another tag; expected {uid}"),
        ));
    }
    let is_reset = journal.plan().content == Target::delivery().content();
    let desk = Desk::open(&with.at, output)?;
    if with.reset && !is_reset {
        drop(file);
        let journalled = Journalled { journal: Some(path), ..with.journalled };
        let mut work = Work::begin(shop, &journalled, Aim::Reset, desk)?;
        work.replaces = true;
        return work.finish(Provisioning::begin(Target::delivery(), &keys).of_tag(uid), &keys, output);
    }
    let (target, aim) = match &with.template {
        _ if is_reset => (Target::delivery(), Aim::Reset),
        Some(text) => {
            let plan = journal.plan();
            let lrp = plan.mode == Mode::Lrp || plan.features.contains(&Feature::Lrp);
            let setup = template(text, if lrp { SdmMode::Lrp } else { SdmMode::Aes })?;
            (Target::new(setup, planned_version(&journal)), Aim::Provision(Where::default()))
        }
        None => {
            return Err(Failure::misuse(
                "missing_argument",
                "expected --template, that of the journal, or --reset",
            ));
        }
    };
    let target = if with.no_originality { target.without_originality() } else { target };
    let run = Provisioning::resume(journal, target, &keys)
        .map_err(|error| Failure::misuse("other_template", format!("{}: {error}", name(&path))))?;
    let mut work = Work::begin(shop, &with.journalled, aim, desk)?;
    work.file = Some(file);
    work.enter(uid)?;
    work.finish(run, &keys, output)
}

/// Takes the tag at the reader back to how it was delivered.
pub(crate) fn reset(shop: &Shop, with: Reset, output: &mut Output) -> Result<Exit, Failure> {
    let keys = slot_keys(&with.tag_keys.keys)?;
    agree(with.yes, "its message and keys go; random ID, LRP mode and tamper loop stay on where they are")?;
    let mut run = Provisioning::begin(Target::delivery(), &keys);
    if let Some(uid) = with.tag_keys.uid {
        run = run.of_tag(uid);
    }
    let mut work = Work::begin(shop, &with.journalled, Aim::Reset, Desk::open(&with.at, output)?)?;
    work.finish(run, &keys, output)
}

/// What the command is for.
enum Aim {
    Provision(Where),
    Reset,
}

/// Where a tag hangs.
#[derive(Debug, Default)]
struct Where {
    place: Option<PlaceId>,
    touchpoint: Option<TouchpointId>,
    label: Option<String>,
}

/// A tag that is being changed.
struct Work<'s> {
    shop: &'s Shop,
    aim: Aim,
    desk: Desk,
    /// Where the journal lies, if that was said.
    path: Option<PathBuf>,
    /// Whether an unfinished journal is put aside for a new one.
    replaces: bool,
    file: Option<JournalFile>,
    registry: Option<Engine<Sqlite>>,
}

impl<'s> Work<'s> {
    fn begin(shop: &'s Shop, with: &Journalled, aim: Aim, desk: Desk) -> Result<Work<'s>, Failure> {
        let has_store = shop.db_named || shop.db.exists();
        let registry = (has_store && !with.no_registry).then(|| shop.open(&shop.settings()?)).transpose()?;
        Ok(Work { shop, aim, desk, path: with.journal.clone(), replaces: false, file: None, registry })
    }

    /// Does what is to be done with the tag, and tells of it.
    fn finish(
        &mut self,
        mut run: Provisioning<'_>,
        keys: &SlotKeyTable,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let report = self.drive(&mut run, output)?;
        let mut view = View {
            uid: report.uid,
            state: "reset",
            key_versions: report.versions,
            mode: report.mode,
            permanent: &report.permanent,
            original: report.original,
            url: None,
            read_ctr: None,
            status: None,
            journal: self.file.as_ref().map(|file| name(file.path())).unwrap_or_default(),
        };
        if let (Aim::Provision(_), Some(setup)) = (&self.aim, run.target().setup()) {
            // Its originality was judged before anything was written.
            let version = run.target().version();
            let found = check::found(&mut self.desk, setup, version, keys, Some(report.uid), false)?;
            if !found.differences.is_empty() {
                check::show(&found, output)?;
                return Ok(Exit::No);
            }
            view.state = "provisioned";
            view.read_ctr = found.tap.as_ref().and_then(|tap| tap.read_ctr()).map(|ctr| ctr.get());
            view.url = found.url;
        }
        view.status = self.leave(&report)?;
        show(&view, output)
    }

    fn drive(&mut self, run: &mut Provisioning<'_>, output: &Output) -> Result<Report, Failure> {
        let mut losses = 0;
        self.desk.tag()?;
        loop {
            match run.next(sixteen()?) {
                Do::Write(line) => self.write(run.journal(), &line)?,
                Do::Send(command) => {
                    if self.desk.send(&command, |response| run.answer(response))? {
                        continue;
                    }
                    run.lost();
                    losses += 1;
                    if losses > LOSSES_MAX {
                        return Err(self.hint(Failure::no("card_gone", "the tag left the reader too often")));
                    }
                    output.note("the tag is gone: hold it to the reader again");
                    self.desk.tag().map_err(|failure| self.hint(failure))?;
                }
                Do::Reactivate => {
                    run.lost();
                    self.desk.reader.release()?;
                    self.desk.tag().map_err(|failure| self.hint(failure))?;
                }
                Do::Done(report) => return Ok(report),
                Do::Stuck(why) => return Err(self.hint(Failure::no(why.code(), why.to_string()))),
            }
        }
    }

    /// Tells how to go on, where something was begun.
    fn hint(&self, failure: Failure) -> Failure {
        let Some(file) = &self.file else { return failure };
        let hint =
            format!("{}; `phygital tag recover --journal {}` goes on", failure.message, name(file.path()));
        Failure { message: hint, ..failure }
    }

    fn write(&mut self, journal: Option<&Journal>, line: &str) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            return file.append(line);
        }
        let uid = journal.expect("a line is of a journal").plan().uid;
        let path = self.path.clone().unwrap_or_else(|| beside(&self.shop.db, uid));
        if path.exists() {
            self.clear(&path)?;
        }
        self.enter(uid)?;
        self.file = Some(JournalFile::create(&path, line)?);
        Ok(())
    }

    /// Puts the journal of what is finished aside.
    fn clear(&self, path: &Path) -> Result<(), Failure> {
        let (journal, file) = JournalFile::open(path)?;
        if journal.next() != Next::Done && !self.replaces {
            let hint = format!(
                "{}: this journal is not finished; `phygital tag recover` goes on with it",
                name(path)
            );
            return Err(Failure::no("unfinished", hint));
        }
        drop(file);
        put_aside(path)
    }

    /// Says in the registry that something was begun, before it is.
    fn enter(&mut self, uid: TagUid) -> Result<(), Failure> {
        let now = self.shop.now()?;
        let Some(engine) = &mut self.registry else { return Ok(()) };
        let known = engine.tags().get(uid)?.map(|tag| tag.status);
        let begun = match (&self.aim, known) {
            (Aim::Provision(_), _) => TagStatus::Provisioning,
            (Aim::Reset, None | Some(TagStatus::Blank)) => return Ok(()),
            (Aim::Reset, Some(from)) if may_follow(from).contains(&TagStatus::Retiring) => {
                TagStatus::Retiring
            }
            (Aim::Reset, Some(_)) => TagStatus::Provisioning,
        };
        if known != Some(begun) {
            engine.tags().set_status(uid, begun, now)?;
        }
        Ok(())
    }

    /// Says in the registry what the tag has become.
    fn leave(&mut self, report: &Report) -> Result<Option<TagStatus>, Failure> {
        let now = self.shop.now()?;
        let Some(engine) = &mut self.registry else { return Ok(None) };
        let known = engine.tags().get(report.uid)?;
        match &mut self.aim {
            Aim::Provision(place) => {
                let mut tag = TagEnrolled::new(report.uid);
                tag.key_epoch =
                    Some(KeyEpoch::new(report.versions.into_iter().max().unwrap_or_default().into()));
                tag.touchpoint =
                    place.touchpoint.take().or(known.as_ref().and_then(|tag| tag.touchpoint.clone()));
                tag.label = place.label.take().or(known.as_ref().and_then(|tag| tag.label.clone()));
                let place = place.place.take().or(known.and_then(|tag| tag.place));
                engine.tags().enroll(tag, place, now)?;
            }
            Aim::Reset if known.is_some_and(|tag| tag.status != TagStatus::Blank) => {
                engine.tags().set_status(report.uid, TagStatus::Blank, now)?;
            }
            Aim::Reset => {}
        }
        Ok(engine.tags().get(report.uid)?.map(|tag| tag.status))
    }
}

/// The version of keys that a journal gives its tag.
fn planned_version(journal: &Journal) -> u8 {
    let keys = &journal.plan().keys;
    keys.iter().find(|key| key.now != key.then).unwrap_or(&keys[0]).then
}

/// Asks before what cannot be undone.
fn agree(yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::misuse("not_confirmed", format!("{what}: say --yes")));
    }
    crate::output::complain(&format!("{what}. Go on? Type yes:"));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::io("standard input", &error))?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::no("not_confirmed", "nothing was done")),
    }
}

/// What is switched on, as people say it.
pub(super) fn feature_name(feature: Feature) -> &'static str {
    match feature {
        Feature::TagTamper => "tamper loop",
        Feature::Lrp => "LRP mode",
        Feature::RandomId => "random ID",
        _ => "another feature",
    }
}

fn show(view: &View<'_>, output: &mut Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.object(view)?;
        return Ok(Exit::Done);
    }
    let versions = view.key_versions.map(|version| version.to_string()).join(" ");
    let permanent: Vec<&str> = view.permanent.iter().map(|feature| feature_name(*feature)).collect();
    let mut rows = vec![
        vec!["tag".to_owned(), view.uid.to_string()],
        vec!["state".to_owned(), view.state.to_owned()],
        vec!["key versions".to_owned(), versions],
        vec!["mode".to_owned(), format!("{:?}", view.mode).to_uppercase()],
        vec!["on for good".to_owned(), permanent.join(", ")],
    ];
    if let Some(original) = view.original {
        rows.push(vec!["original".to_owned(), if original { "yes" } else { "no" }.to_owned()]);
    }
    if let Some(url) = &view.url {
        rows.push(vec!["URL".to_owned(), url.clone()]);
    }
    if let Some(status) = view.status {
        rows.push(vec!["registry".to_owned(), status.to_string()]);
    }
    rows.push(vec!["journal".to_owned(), view.journal.clone()]);
    output.table(&[], rows)?;
    Ok(Exit::Done)
}
