//! Which file settings the tag takes (NT4H2421Gx table 71).

use phygital_core::contactless::ntag424::{
    Access, FILE_NDEF, FileSettings, FileSettingsError, Mode, OFFSET_MAX, SdmAccess,
};
use phygital_core::vocab::tag::ReadCounter;

use super::{Refusal, status};

const UID_CHARS: u32 = 14;
const COUNTER_CHARS: u32 = 6;
const MAC_CHARS: u32 = 16;
const TAMPER_CHARS: u32 = 2;
/// File data come in blocks of 16 bytes, which are 32 digits.
const ENC_UNIT: u32 = 32;

/// What a tag is, as far as its settings depend on it.
pub(super) struct Limits {
    pub(super) file_no: u8,
    pub(super) file_size: u32,
    pub(super) mode: Mode,
    pub(super) has_tamper: bool,
    /// The counter, which a limit has to exceed.
    pub(super) read_ctr: ReadCounter,
}

/// Reads the data of ChangeFileSettings.
pub(super) fn parse(data: &[u8], limits: &Limits) -> Result<FileSettings, Refusal> {
    let (head, rest) = data.split_first_chunk::<3>().ok_or(status::LENGTH)?;
    // As GetFileSettings would say it: the kind of the file before, its size between.
    let said = [&[0x00][..], head, &limits.file_size.to_le_bytes()[..3], rest].concat();
    let (settings, _) = FileSettings::parse(&said).map_err(|error| match error {
        FileSettingsError::Length { .. } => status::LENGTH,
        _ => status::PARAMETER,
    })?;
    match &settings.sdm {
        Some(_) if limits.file_no != FILE_NDEF => Err(status::PERMISSION_DENIED),
        Some(sdm) if !is_possible(sdm, limits) => Err(status::PARAMETER),
        _ => Ok(settings),
    }
}

fn is_possible(sdm: &SdmAccess, limits: &Limits) -> bool {
    let in_plain = sdm.meta_read == Access::Free;
    let rights = sdm.file_read != Access::Free
        && (sdm.meta_read == Access::Never || sdm.uid || sdm.read_ctr)
        && (sdm.meta_read != Access::Never || !sdm.uid)
        && (sdm.ctr_ret == Access::Never || sdm.read_ctr)
        && (sdm.enc.is_none() || (sdm.uid && sdm.read_ctr && sdm.file_read != Access::Never))
        && (sdm.tt_status_offset.is_none() || limits.has_tamper)
        && sdm.read_ctr_limit.is_none_or(|limit| sdm.read_ctr && limit > limits.read_ctr);
    let picc_chars = match limits.mode {
        Mode::Aes => 32,
        Mode::Lrp => 48,
    };
    let counter = sdm.read_ctr_offset.filter(|offset| !(in_plain && *offset == OFFSET_MAX));
    let mirrors = [
        sdm.uid_offset.map(|at| (at, UID_CHARS)),
        counter.map(|at| (at, COUNTER_CHARS)),
        sdm.picc_data_offset.map(|at| (at, picc_chars)),
        sdm.enc,
        sdm.mac_offset.map(|at| (at, MAC_CHARS)),
    ];
    let mirrors: Vec<(u32, u32)> = mirrors.into_iter().flatten().collect();
    let tamper = sdm.tt_status_offset.map(|at| (at, TAMPER_CHARS));
    let fit =
        mirrors.iter().chain(&tamper).all(|(at, length)| end(*at, *length) <= u64::from(limits.file_size));
    let apart = mirrors.iter().enumerate().all(|(i, one)| {
        mirrors[i + 1..]
            .iter()
            .all(|other| end(one.0, one.1) <= other.0.into() || end(other.0, other.1) <= one.0.into())
    });
    let enc = sdm.enc.is_none_or(|(at, length)| {
        length >= ENC_UNIT
            && length.is_multiple_of(ENC_UNIT)
            && sdm.mac_input_offset.is_some_and(|from| from <= at)
            && sdm.mac_offset.is_some_and(|mac| end(at, length) <= mac.into())
    });
    rights && fit && apart && enc && sdm.mac_input_offset <= sdm.mac_offset
}

fn end(at: u32, length: u32) -> u64 {
    u64::from(at) + u64::from(length)
}
