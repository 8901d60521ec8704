//! What the beacon target checks of arbitrary bytes. A plain function, so that the corpus runs as a test too.

use phygital_core::crypto::Secret;
use phygital_core::tap::beacon::{
    Frame, IdentityKey, RotationExponent, read_manufacturer_data, read_service_data,
};

/// Arbitrary bytes as an advertisement, as service data and as manufacturer data: nothing panics, links are text, and
/// what is encrypted opens for nobody.
pub fn frame(data: &[u8]) {
    let _ = read_manufacturer_data(data).map(|beacon| beacon.uuid.to_string());
    let exponent = RotationExponent::new(10).expect("at most 15");
    for frame in [Frame::of_advertisement(data), read_service_data(data)].into_iter().flatten() {
        match &frame {
            Frame::EddystoneUrl { url, .. } => {
                assert!(url.starts_with("http") && url.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(url.len() <= 12 + 17 * 6);
            }
            Frame::EncryptedTelemetry(telemetry) => {
                let opened = telemetry.open(&IdentityKey::new(Secret::zeros()), exponent, 0);
                // The check has 16 bits, so a fuzzer gets past it; what it finds is telemetry all the same.
                let _ = opened.map(|telemetry| (telemetry.battery(), telemetry.temperature()));
            }
            Frame::EddystoneEid { eid, .. } => assert_eq!(eid.to_string().parse(), Ok(*eid)),
            _ => {}
        }
    }
}
