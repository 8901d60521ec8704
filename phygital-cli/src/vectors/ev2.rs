//! `ev2_messaging.json`: authentication, secure messaging and file settings of NTAG 424 DNA.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::Response;
use phygital_core::contactless::ntag424::{
    self, Access, AccessRights, Authentication, CommMode, FileSettings, Mode, Native, Ntag424Error,
    SdmAccess, Session, Transaction, lrp_session_vector,
};
use phygital_core::crypto::{Lrp, Secret};
use phygital_core::vocab::tag::ReadCounter;
use serde_json::Value;

use super::case::{Case, Got, Unreadable, bytes, got, hex, refused};

const APDU: Unreadable = Unreadable::Field { field: "response", expected: "an answer" };

/// AuthenticateEV2First in AES mode.
pub(super) fn auth_ev2_first(case: Case<'_>) -> Result<Got, Unreadable> {
    authenticate(case, None)
}

/// AuthenticateEV2NonFirst in AES mode.
pub(super) fn auth_ev2_nonfirst(case: Case<'_>) -> Result<Got, Unreadable> {
    authenticate(case, Some(Transaction { id: [0; 4], cmd_ctr: 0 }))
}

/// With the status that it was sent with.
fn with_status(mut data: Vec<u8>, status: [u8; 2]) -> Vec<u8> {
    data.extend(status);
    data
}

fn authenticate(case: Case<'_>, before: Option<Transaction>) -> Result<Got, Unreadable> {
    let (key, rnd_a) = (case.secret("key")?, case.secret("rnd_a")?);
    let start = match before {
        None => Authentication::first(Mode::Aes, 0, key, rnd_a),
        Some(before) => Authentication::non_first(Mode::Aes, 0, key, rnd_a, before),
    };
    let challenge = with_status(case.bytes("enc_rnd_b")?, [0x91, 0xAF]);
    let proof = match start.challenged(&Response::parse(&challenge).map_err(|_| APDU)?) {
        Ok(proof) => proof,
        Err(error) => return Ok(refused(error.code())),
    };
    let (rnd_b, part2) = (hex(proof.rnd_b().expose()), hex(proof.command().to_bytes()));
    let answer = with_status(case.bytes("part2_response")?, [0x91, 0x00]);
    let session = match proof.answered(&Response::parse(&answer).map_err(|_| APDU)?) {
        Ok(session) => session,
        Err(error) => return Ok(refused(error.code())),
    };
    let [enc, mac] = session.aes_keys().map(|keys| keys.map(|key| hex(key.expose()))).unwrap_or_default();
    let [pd, pcd] = session.capabilities().map_or([None, None], |both| both.map(|one| Some(hex(one))));
    Ok(got([
        ("result", "ok".into()),
        ("rnd_b", rnd_b.into()),
        ("part2_apdu", part2.into()),
        ("ses_auth_enc", enc.into()),
        ("ses_auth_mac", mac.into()),
        ("ti", before.is_none().then(|| hex(session.transaction().id)).into()),
        ("pd_cap2", pd.into()),
        ("pcd_cap2", pcd.into()),
    ]))
}

/// AuthenticateLRPFirst.
pub(super) fn auth_lrp_first(case: Case<'_>) -> Result<Got, Unreadable> {
    let start = Authentication::first(Mode::Lrp, 0, case.secret("key")?, case.secret("rnd_a")?);
    let challenge = [vec![0x01], case.bytes("rnd_b")?].concat();
    let challenge = with_status(challenge, [0x91, 0xAF]);
    let proof = match start.challenged(&Response::parse(&challenge).map_err(|_| APDU)?) {
        Ok(proof) => proof,
        Err(error) => return Ok(refused(error.code())),
    };
    let part2 = proof.command();
    let answer = [case.bytes("picc_data")?, case.bytes("picc_response")?].concat();
    let answer = with_status(answer, [0x91, 0x00]);
    let session = match proof.answered(&Response::parse(&answer).map_err(|_| APDU)?) {
        Ok(session) => session,
        Err(error) => return Ok(refused(error.code())),
    };
    let ti = session.transaction().id;
    let opened = session.capabilities().map(|caps| [&ti[..], &caps.concat()].concat());
    let mut fields = lrp_session_master(case)?;
    fields.extend(got([
        ("result", "ok".into()),
        ("part2_apdu", hex(part2.to_bytes()).into()),
        ("pcd_response", part2.data_bytes().get(16..).map(hex).into()),
        ("ti", hex(ti).into()),
        ("picc_plain", opened.map(hex).into()),
    ]));
    Ok(fields)
}

/// The master key of a session in LRP mode.
pub(super) fn lrp_session_master(case: Case<'_>) -> Result<Got, Unreadable> {
    let (key, rnd_a, rnd_b) = (case.secret("key")?, case.secret("rnd_a")?, case.secret("rnd_b")?);
    Ok(got([
        ("sv", hex(lrp_session_vector(&rnd_a, &rnd_b)).into()),
        ("ses_master", hex(ntag424::lrp_session_master(&key, &rnd_a, &rnd_b).expose()).into()),
    ]))
}

/// Wraps a step and unwraps its answer, where there is one.
fn step(session: &mut Session, case: Case<'_>) -> Result<Result<Got, Ntag424Error>, Unreadable> {
    let [instruction] = case.array("cmd")?;
    let native = Native::new(instruction, &case.bytes("header")?, &case.bytes("data")?);
    let command = match session.command(&native, CommMode::Full) {
        Ok(command) => command,
        Err(error) => return Ok(Err(error)),
    };
    let mut fields = got([("result", "ok".into()), ("apdu", hex(command.to_bytes()).into())]);
    if case.has("response") {
        let answer = with_status(case.bytes("response")?, [0x91, 0x00]);
        match session.answer(&Response::parse(&answer).map_err(|_| APDU)?) {
            Ok(Step::Done(plain)) => {
                fields.insert("response_plain".to_owned(), hex(padded(plain)).into());
            }
            Ok(Step::Send(_)) => return Err(APDU),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(fields))
}

/// The vectors show an answer with its padding, which a session takes off.
fn padded(mut plain: Vec<u8>) -> Vec<u8> {
    if !plain.is_empty() {
        plain.push(0x80);
        plain.resize(plain.len().next_multiple_of(16), 0);
    }
    plain
}

/// One command in full mode, and its answer where there is one.
pub(super) fn wrap_full(case: Case<'_>) -> Result<Got, Unreadable> {
    let transaction = Transaction { id: case.array("ti")?, cmd_ctr: case.number("cmd_ctr")? };
    let [enc, mac] = [case.secret("ses_auth_enc")?, case.secret("ses_auth_mac")?];
    let mut session = Session::resume_aes(enc, mac, transaction, 0);
    Ok(step(&mut session, case)?.unwrap_or_else(|error| refused(error.code())))
}

/// Commands and answers of a session in LRP mode.
pub(super) fn lrp_session(case: Case<'_>) -> Result<Got, Unreadable> {
    let master = Secret::take(&mut Lrp::new(&case.secret("key")?, 0).cmac(&case.bytes("sv")?));
    let transaction = Transaction { id: case.array("ti")?, cmd_ctr: 0 };
    let mut session = Session::resume_lrp(&master, transaction, case.number("enc_ctr_start")?, 0);
    let steps = case.value("steps")?.as_array();
    for one in steps.ok_or(Unreadable::Field { field: "steps", expected: "a list" })? {
        let expected = one.as_object().ok_or(Unreadable::Field { field: "steps", expected: "objects" })?;
        let fields = match step(&mut session, Case(expected))? {
            Ok(fields) => fields,
            Err(error) => return Ok(refused(error.code())),
        };
        for name in ["apdu", "response_plain"] {
            let differs = |expected: &Value| {
                let [one, two] = [expected, &fields[name]].map(|value| value.as_str().and_then(bytes));
                one != two
            };
            if fields.contains_key(name) && expected.get(name).is_some_and(differs) {
                return Ok(refused(if name == "apdu" { "apdu_mismatch" } else { "response_mismatch" }));
            }
        }
    }
    Ok(got([("result", "ok".into())]))
}

/// The data of ChangeFileSettings.
pub(super) fn encode_change_file_settings(case: Case<'_>) -> Result<Got, Unreadable> {
    let input = case.value("input")?.as_object();
    let input = Case(input.ok_or(Unreadable::Field { field: "input", expected: "an object" })?);
    let comm_mode = match input.optional_text("comm_mode").unwrap_or("plain") {
        "plain" => CommMode::Plain,
        "mac" => CommMode::Mac,
        "full" => CommMode::Full,
        _ => return Err(Unreadable::Field { field: "comm_mode", expected: "plain, mac or full" }),
    };
    let access = AccessRights {
        read: right(input, "read")?,
        write: right(input, "write")?,
        read_write: right(input, "read_write")?,
        change: right(input, "change")?,
    };
    let sdm = if input.has("file_read") || input.has("meta_read") { Some(sdm(input)?) } else { None };
    Ok(match (FileSettings { comm_mode, access, sdm }).encode() {
        Ok(data) => got([("result", "ok".into()), ("data", hex(data).into())]),
        Err(error) => refused(error.code()),
    })
}

fn right(input: Case<'_>, field: &'static str) -> Result<Access, Unreadable> {
    let number = input.number(field)?;
    Access::from_number(number).ok_or(Unreadable::Field { field, expected: "0 to 4, 14 or 15" })
}

fn sdm(input: Case<'_>) -> Result<SdmAccess, Unreadable> {
    let offset = |names: [&'static str; 2]| {
        let name = names.into_iter().find(|name| input.0.get(*name).is_some_and(|value| !value.is_null()));
        name.map(|name| input.number::<u32>(name)).transpose()
    };
    let limit = offset(["read_ctr_limit", "ctr_limit"])?.map(ReadCounter::new).transpose();
    let range = |_| Unreadable::Field { field: "read_ctr_limit", expected: "three bytes" };
    Ok(SdmAccess {
        uid: input.flag("uid")?,
        read_ctr: input.flag("read_ctr")?,
        meta_read: right(input, "meta_read")?,
        file_read: right(input, "file_read")?,
        ctr_ret: right(input, "ctr_ret")?,
        uid_offset: offset(["uid_offset"; 2])?,
        read_ctr_offset: offset(["read_ctr_offset", "ctr_offset"])?,
        picc_data_offset: offset(["picc_data_offset"; 2])?,
        tt_status_offset: offset(["tt_status_offset", "tt_offset"])?,
        mac_input_offset: offset(["mac_input_offset"; 2])?,
        enc: offset(["enc_offset"; 2])?.zip(offset(["enc_length"; 2])?),
        mac_offset: offset(["mac_offset"; 2])?,
        read_ctr_limit: limit.map_err(range)?,
    })
}

/// The answer to GetFileSettings.
pub(super) fn parse_file_settings(case: Case<'_>) -> Result<Got, Unreadable> {
    let (settings, size) = match FileSettings::parse(&case.bytes("data")?) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(refused(error.code())),
    };
    let comm_mode = match settings.comm_mode {
        CommMode::Plain => "plain",
        CommMode::Mac => "mac",
        CommMode::Full => "full",
    };
    let number = |access: Access| Value::from(access.number());
    let mut fields = got([
        ("result", "ok".into()),
        ("sdm", settings.sdm.is_some().into()),
        ("file_size", size.into()),
        ("comm_mode", comm_mode.into()),
        ("read", number(settings.access.read)),
        ("write", number(settings.access.write)),
        ("read_write", number(settings.access.read_write)),
        ("change", number(settings.access.change)),
    ]);
    if let Some(sdm) = settings.sdm {
        let (enc_offset, enc_length) = sdm.enc.unzip();
        fields.extend(got([
            ("sdm_options", hex([sdm.options()]).into()),
            ("uid", sdm.uid.into()),
            ("read_ctr", sdm.read_ctr.into()),
            ("meta_read", number(sdm.meta_read)),
            ("file_read", number(sdm.file_read)),
            ("ctr_ret", number(sdm.ctr_ret)),
            ("uid_offset", sdm.uid_offset.into()),
            ("read_ctr_offset", sdm.read_ctr_offset.into()),
            ("picc_data_offset", sdm.picc_data_offset.into()),
            ("tt_status_offset", sdm.tt_status_offset.into()),
            ("mac_input_offset", sdm.mac_input_offset.into()),
            ("enc_offset", enc_offset.into()),
            ("enc_length", enc_length.into()),
            ("mac_offset", sdm.mac_offset.into()),
            ("read_ctr_limit", sdm.read_ctr_limit.map(ReadCounter::get).into()),
        ]));
    }
    Ok(fields)
}
