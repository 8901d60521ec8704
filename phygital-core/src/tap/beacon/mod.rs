//! Bluetooth beacons as signals of presence: Eddystone and iBeacon.
//!
//! A [`Frame`] is read from what a beacon advertises. All but one kind say only what anybody can send: an identifier,
//! [`Assurance::Unauthenticated`]. Eddystone-EID sends an identifier that changes with time under a key; [`EidTable`]
//! finds out whose it is, or [`BeaconRegistry`] for as long as it runs, [`Assurance::Rotating`]: a copy is good until the clock window closes. Neither proves where
//! the phone is that heard it.

mod eddystone;
mod eid;
mod ibeacon;
mod registry;
mod table;
mod telemetry;

use super::assurance::Assurance;
use super::limits::ADVERTISEMENT_MAX;
use super::refusal::TapRefusal;
use super::scheme::Scheme;

pub use eddystone::{EddystoneUid, read_service_data};
pub use eid::{Eid, IdentityKey, RotationExponent, RotationExponentError, search};
pub use ibeacon::{IBeacon, ProximityUuid, read_manufacturer_data};
pub use registry::BeaconRegistry;
pub use table::{Beacon, BeaconClock, ClockState, Drift, EidTable, EidTableError, Sighting};
pub use telemetry::{EncryptedTelemetry, Telemetry};

/// What one advertisement of a beacon says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Eddystone-UID: a fixed identifier.
    EddystoneUid {
        /// Power received at 0 m, in dBm.
        tx_power: i8,
        /// The identifier.
        id: EddystoneUid,
    },
    /// Eddystone-URL: a link.
    EddystoneUrl {
        /// Power received at 0 m, in dBm.
        tx_power: i8,
        /// The link, written out.
        url: Box<str>,
    },
    /// Eddystone-TLM: how the beacon is doing.
    Telemetry(Telemetry),
    /// Eddystone-eTLM: the same for who has its key.
    EncryptedTelemetry(EncryptedTelemetry),
    /// Eddystone-EID: an identifier that rotates.
    EddystoneEid {
        /// Power received at 0 m, in dBm.
        tx_power: i8,
        /// The identifier.
        eid: Eid,
    },
    /// An iBeacon.
    IBeacon(IBeacon),
}

impl Frame {
    /// Reads the first beacon frame of a whole advertisement, a list of structures of length, type and data (Core
    /// Specification, volume 3, part C, §11).
    ///
    /// # Errors
    /// [`TapRefusal::NoTap`] if it holds none; [`TapRefusal::WrongLength`] beyond [`ADVERTISEMENT_MAX`];
    /// [`TapRefusal::Malformed`] if a structure is cut off; what is wrong with the frame.
    ///
    /// ```
    /// use phygital_core::tap::beacon::Frame;
    /// let mut advertisement = vec![2, 0x01, 0x06, 3, 0x03, 0xAA, 0xFE, 13, 0x16, 0xAA, 0xFE, 0x30, 0xEE];
    /// advertisement.extend([1, 2, 3, 4, 5, 6, 7, 8]);
    /// let Frame::EddystoneEid { tx_power: -18, eid } = Frame::of_advertisement(&advertisement)? else { panic!() };
    /// assert_eq!(eid.to_string(), "0102030405060708");
    /// # Ok::<(), phygital_core::tap::TapRefusal>(())
    /// ```
    pub fn of_advertisement(advertisement: &[u8]) -> Result<Self, TapRefusal> {
        if advertisement.len() > ADVERTISEMENT_MAX {
            let expected = "at most 1650 bytes of advertisement";
            return Err(TapRefusal::WrongLength { found: advertisement.len(), expected });
        }
        let mut rest = advertisement;
        // A length of zero ends it early.
        while let Some((&length @ 1.., after)) = rest.split_first() {
            let (structure, next) = after
                .split_at_checked(length.into())
                .ok_or(TapRefusal::malformed("advertising structures that do not end early"))?;
            match structure {
                [SERVICE_DATA, 0xAA, 0xFE, data @ ..] => return read_service_data(data),
                [MANUFACTURER_DATA, data @ ..] => match read_manufacturer_data(data) {
                    // Other makers, and other things of Apple's.
                    Err(TapRefusal::NotIBeacon) => {}
                    read => return read.map(Self::IBeacon),
                },
                _ => {}
            }
            rest = next;
        }
        Err(TapRefusal::NoTap)
    }

    /// The kind of token, for a frame that identifies something.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::EddystoneUid { .. } => Some(Scheme::EddystoneUid),
            Self::EddystoneUrl { .. } => Some(Scheme::EddystoneUrl),
            Self::EddystoneEid { .. } => Some(Scheme::EddystoneEid),
            Self::IBeacon(_) => Some(Scheme::IBeacon),
            Self::Telemetry(_) | Self::EncryptedTelemetry(_) => None,
        }
    }

    /// [`Assurance::Unauthenticated`], whatever the kind: an EID proves something once an [`EidTable`] knows it.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Unauthenticated
    }
}

const SERVICE_DATA: u8 = 0x16;
const MANUFACTURER_DATA: u8 = 0xFF;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UID: &str = "00e900112233445566778899aabbccddeeff0000";

    fn structure(kind: u8, data: &[u8]) -> Vec<u8> {
        [&[data.len() as u8 + 1, kind], data].concat()
    }

    fn service_data() -> Vec<u8> {
        let uid = crate::vocab::hex::decode::<20>(UID.as_bytes()).unwrap();
        structure(SERVICE_DATA, &[&[0xAA, 0xFE][..], &uid].concat())
    }

    #[test]
    fn a_frame_is_found_among_other_structures() {
        let flags = structure(1, &[6]);
        let name = structure(9, b"shop");
        let other_maker = structure(MANUFACTURER_DATA, &[0x59, 0, 1, 2]);
        let nearby = structure(MANUFACTURER_DATA, &[0x4C, 0, 0x10, 5, 0, 0, 0, 0, 0]);
        let beacon = [&[0x4C, 0, 2, 0x15][..], &[7; 16], &[0, 1, 0, 2, 0xC5]].concat();
        let beacon = structure(MANUFACTURER_DATA, &beacon);
        for (before, frame, scheme) in [
            (vec![], service_data(), Scheme::EddystoneUid),
            ([flags.clone(), name.clone(), other_maker].concat(), service_data(), Scheme::EddystoneUid),
            ([flags, nearby].concat(), beacon, Scheme::IBeacon),
        ] {
            let advertisement = [before, frame, name.clone()].concat();
            let frame = Frame::of_advertisement(&advertisement).unwrap();
            assert_eq!(frame.scheme(), Some(scheme));
            assert_eq!(frame.assurance(), Assurance::Unauthenticated);
        }
    }

    #[test]
    fn what_holds_no_frame_is_told() {
        let code = |bytes: &[u8]| Frame::of_advertisement(bytes).unwrap_err().code();
        assert_eq!(code(&[]), "no_tap");
        assert_eq!(code(&[0, 0, 0]), "no_tap");
        assert_eq!(code(&[&[0][..], &service_data()].concat()), "no_tap", "behind the end");
        assert_eq!(code(&structure(1, &[6])), "no_tap");
        assert_eq!(code(&[5, 1, 6]), "malformed");
        assert_eq!(code(&service_data()[..20]), "malformed");
        assert_eq!(code(&structure(SERVICE_DATA, &[0xAA, 0xFE])), "bad_length");
    }

    #[test]
    fn an_advertisement_is_bounded() {
        let long = |length: usize| Frame::of_advertisement(&vec![0; length]).unwrap_err().code();
        assert_eq!([long(ADVERTISEMENT_MAX), long(ADVERTISEMENT_MAX + 1)], ["no_tap", "bad_length"]);
    }
}
