//! What the targets of NTAG 21x, 22x and 424 chips check of arbitrary bytes.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::{Command, Response};
use phygital_core::contactless::ntag424::{
    Authentication, Chain, CommMode, FileSettings, Mode, Native, Session, TamperStatus, Transaction, Version,
};
use phygital_core::crypto::{Secret, aes128_cmac, truncate_mac};
use phygital_core::tap::ntag21x::Template21x;
use phygital_core::tap::ntag22x::{Message22x, SuncmacKeys, verify, verify_message};
use phygital_core::tap::originality;
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::tap::{SdmMode, TapLink};
use phygital_core::vocab::tag::KeyEpoch;

/// Arbitrary text as a mirrored message and as a URL, its first line as a template of an NTAG 21x: nothing panics,
/// and what verifies has the MAC of the standard at its end.
pub fn ntag2xx(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut keys = SuncmacKeys::new();
    keys.insert_fleet(&Secret::zeros(), b"shop", KeyEpoch::FIRST, None).expect("a short system id");
    for message in
        [Message22x::parse(text), TapLink::parse(text).and_then(Message22x::find)].into_iter().flatten()
    {
        let mut own = SuncmacKeys::new();
        own.insert(message.claimed_uid(), KeyEpoch::FIRST, Secret::zeros()).expect("one key");
        let _ = verify_message(&message, &keys);
        if verify_message(&message, &own).is_ok() {
            let mac = truncate_mac(&aes128_cmac(&Secret::zeros(), &message.mac_input()));
            let digits: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(text.to_lowercase().contains(&digits), "verified without its MAC");
        }
    }
    let _ = verify(text, &keys);
    if let Some((template, url)) = text.split_once('\n')
        && let Ok(template) = template.parse::<Template21x>()
        && let Ok(claim) = template.read(url)
    {
        assert!(claim.claimed_uid().is_some() || claim.claimed_read_ctr().is_some());
    }
}

/// Arbitrary bytes as what a tag sends: as file settings, which write back; as answers at every step of an
/// authentication and a session; as an originality signature.
pub fn ntag424(data: &[u8]) {
    if let Ok((settings, _)) = FileSettings::parse(data)
        && let Ok(written) = settings.encode()
    {
        let again = [&data[..1], &written[..3], &data[4..7], &written[3..]].concat();
        assert_eq!(FileSettings::parse(&again).map(|parsed| parsed.0), Ok(settings));
    }
    let _ = (Version::parse(data), TamperStatus::parse(data));
    if let Some((at, rest)) = data.split_first()
        && let Some((file, settings)) = rest.split_at_checked(usize::from(*at))
        && let Ok((settings, _)) = FileSettings::parse(settings)
    {
        for mode in [SdmMode::Aes, SdmMode::Lrp] {
            if let Ok(setup) = TagSetup::read_back(file, &settings, mode) {
                let again = setup.file_settings(settings.access);
                let back = TagSetup::read_back(&setup.ndef_file(), &again, mode);
                assert_eq!(back.map(|back| back.offsets()), Ok(setup.offsets()));
            }
        }
    }
    if let Ok(command) = Command::parse(data) {
        assert_eq!(command.to_bytes(), data);
    }
    if let Some((uid, signature)) = data.split_at_checked(7) {
        assert!(originality::ChipFamily::ALL[0].key().verify(uid, signature, Default::default()).is_err());
    }
    let Ok(response) = Response::parse(data) else { return };
    let mut chain = Chain::default();
    for _ in 0..8 {
        if !matches!(chain.take(&response), Ok(Step::Send(_))) {
            break;
        }
    }
    let transaction = Transaction { id: [1, 2, 3, 4], cmd_ctr: 7 };
    for mode in [Mode::Aes, Mode::Lrp] {
        for before in [None, Some(transaction)] {
            let [key, rnd_a] = [Secret::zeros(), Secret::zeros()];
            let start = match before {
                None => Authentication::first(mode, 0, key, rnd_a),
                Some(before) => Authentication::non_first(mode, 0, key, rnd_a, before),
            };
            if let Ok(proof) = start.challenged(&response) {
                let _ = proof.command();
                let answer = [response.data, &[0x91, 0x00]].concat();
                let answer = Response::parse(&answer).expect("two bytes at least");
                assert!(proof.answered(&answer).is_err(), "a challenge is no proof");
            }
        }
        for comm_mode in [CommMode::Plain, CommMode::Mac, CommMode::Full] {
            let mut session = match mode {
                Mode::Aes => Session::resume_aes(Secret::zeros(), Secret::zeros(), transaction, 0),
                Mode::Lrp => Session::resume_lrp(&Secret::zeros(), transaction, 1, 0),
            };
            let native = Native::new(0x8D, &data[..data.len().min(7)], data);
            if session.command(&native, comm_mode).is_ok() {
                let _ = session.answer(&response);
            }
        }
    }
}
