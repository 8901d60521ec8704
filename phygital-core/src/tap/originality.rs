//! Originality signatures: ECDSA of a chip's maker over its UID, fixed in the factory.
//!
//! A reader fetches the signature (READ_SIG of NXP chips; TruST25 in the system file of ST chips) and a verifier
//! needs the maker's public key alone. It proves that the maker issued this UID, on a chip of this make; it never
//! changes, so whoever has read it once can show it again. It does not prove that the chip is present:
//! [`crate::tap::Assurance::Static`].
//!
//! NXP signs the UID itself as the integer of ECDSA, without a hash (AN11350, AN12196 §7.2, AN13452); ST signs
//! SHA-256 of it (AN5101, AN5660, AN5580).

use ring::digest;

use super::{Assurance, Scheme, TapRefusal};
use crate::crypto::{SECP128R1, SECP192R1, SECP224R1};

/// The curves that makers use (SEC 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OriginalityCurve {
    /// Signatures of 32 bytes.
    Secp128r1,
    /// Signatures of 48 bytes.
    Secp192r1,
    /// Signatures of 56 bytes.
    Secp224r1,
}

impl OriginalityCurve {
    /// Its name in SEC 2, such as `secp128r1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secp128r1 => "secp128r1",
            Self::Secp192r1 => "secp192r1",
            Self::Secp224r1 => "secp224r1",
        }
    }

    /// Bytes of a signature, `r` then `s`.
    #[must_use]
    pub const fn signature_len(self) -> usize {
        match self {
            Self::Secp128r1 => 32,
            Self::Secp192r1 => 48,
            Self::Secp224r1 => 56,
        }
    }

    #[cfg(test)]
    fn is_point(self, key: &[u8]) -> bool {
        match self {
            Self::Secp128r1 => SECP128R1.is_point(key),
            Self::Secp192r1 => SECP192R1.is_point(key),
            Self::Secp224r1 => SECP224R1.is_point(key),
        }
    }

    fn verifies(self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Secp128r1 => SECP128R1.verifies(key, message, signature),
            Self::Secp192r1 => SECP192R1.verifies(key, message, signature),
            Self::Secp224r1 => SECP224R1.verifies(key, message, signature),
        }
    }
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignedUid {
    /// The UID as an integer.
    Plain,
    /// SHA-256 of the UID.
    Sha256,
}

/// In which order a reader hands over UID and signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ByteOrder {
    /// As the maker signed: most significant byte first. For a chip of ISO/IEC 14443.
    #[default]
    Msb,
    /// UID, signature or both turned around, as chips of ISO/IEC 15693 send least significant bytes first and
    /// readers differ in what they turn back. Each of the three is tried.
    Lsb,
}

/// A maker's public key for a family of chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginalityKey<'a> {
    curve: OriginalityCurve,
    signed: SignedUid,
    point: &'a [u8],
}

/// An originality signature that was checked. It proves the chip's make, and not its presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original {
    family: Option<ChipFamily>,
    order: ByteOrder,
}

impl Original {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        Scheme::Originality
    }

    /// What it proves: [`Assurance::Static`], as a signature that was read once can be shown again.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Static
    }

    /// Whose key signed; none for a key that the caller gave.
    #[must_use]
    pub fn family(&self) -> Option<ChipFamily> {
        self.family
    }

    /// In which order UID and signature had come.
    #[must_use]
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }
}

impl<'a> OriginalityKey<'a> {
    /// A key of one's own: an uncompressed point (04, x, y). One that is no point of the curve verifies nothing.
    #[must_use]
    pub const fn new(curve: OriginalityCurve, signed: SignedUid, point: &'a [u8]) -> Self {
        Self { curve, signed, point }
    }

    /// The curve.
    #[must_use]
    pub const fn curve(&self) -> OriginalityCurve {
        self.curve
    }

    /// What is signed.
    #[must_use]
    pub const fn signed(&self) -> SignedUid {
        self.signed
    }

    /// The point, uncompressed.
    #[must_use]
    pub const fn point(&self) -> &'a [u8] {
        self.point
    }

    /// Checks the signature over a UID of 4 to 10 bytes.
    ///
    /// # Errors
    /// [`TapRefusal::WrongLength`] for UID or signature, [`TapRefusal::SignatureInvalid`] for one that the maker did
    /// not make.
    pub fn verify(&self, uid: &[u8], signature: &[u8], order: ByteOrder) -> Result<Original, TapRefusal> {
        if !(UID_MIN..=UID_MAX).contains(&uid.len()) {
            return Err(TapRefusal::WrongLength { found: uid.len(), expected: "a UID of 4 to 10 bytes" });
        }
        if signature.len() != self.curve.signature_len() {
            let expected = match self.curve {
                OriginalityCurve::Secp128r1 => "a signature of 32 bytes",
                OriginalityCurve::Secp192r1 => "a signature of 48 bytes",
                OriginalityCurve::Secp224r1 => "a signature of 56 bytes",
            };
            return Err(TapRefusal::WrongLength { found: signature.len(), expected });
        }
        let turned = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
        let fits = match order {
            ByteOrder::Msb => self.fits(uid, signature),
            ByteOrder::Lsb => {
                let (turned_uid, turned_signature) = (turned(uid), turned(signature));
                self.fits(&turned_uid, signature)
                    || self.fits(&turned_uid, &turned_signature)
                    || self.fits(uid, &turned_signature)
            }
        };
        if fits { Ok(Original { family: None, order }) } else { Err(TapRefusal::SignatureInvalid) }
    }

    fn fits(&self, uid: &[u8], signature: &[u8]) -> bool {
        match self.signed {
            SignedUid::Plain => self.curve.verifies(self.point, uid, signature),
            SignedUid::Sha256 => {
                let hash = digest::digest(&digest::SHA256, uid);
                self.curve.verifies(self.point, hash.as_ref(), signature)
            }
        }
    }
}

/// Shortest and longest UID of contactless chips, in bytes (ISO/IEC 14443-3 §6.4.4).
const UID_MIN: usize = 4;
const UID_MAX: usize = 10;

/// Finds the maker's key that signed this UID, among those built in, in either order.
///
/// # Errors
/// [`TapRefusal::WrongLength`] for a UID or signature that no chip has, [`TapRefusal::SignatureInvalid`] if no key
/// fits.
pub fn identify(uid: &[u8], signature: &[u8]) -> Result<Original, TapRefusal> {
    let mut refusal = None;
    for family in ChipFamily::ALL {
        for order in [ByteOrder::Msb, ByteOrder::Lsb] {
            match family.key().verify(uid, signature, order) {
                Ok(original) => return Ok(Original { family: Some(family), ..original }),
                Err(TapRefusal::SignatureInvalid) => refusal = Some(TapRefusal::SignatureInvalid),
                Err(wrong_length) => refusal = refusal.or(Some(wrong_length)),
            }
        }
    }
    Err(refusal.unwrap_or(TapRefusal::SignatureInvalid))
}

/// Families of chips whose maker's key is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChipFamily {
    /// NTAG 210 to 216, NTAG I2C, NTAG 5: `ntag21x`.
    Ntag21x,
    /// MIFARE Ultralight EV1: `ultralight-ev1`.
    UltralightEv1,
    /// MIFARE Classic EV1: `classic-ev1`.
    ClassicEv1,
    /// MIFARE Classic of a licensee (QL88): `classic-ql88`.
    ClassicQl88,
    /// ICODE DNA, ICODE SLIX2: `icode`.
    Icode,
    /// VivoKey Spark 1: `vivokey-spark1`.
    VivokeySpark1,
    /// ST25TA, TruST25: `st25ta`.
    St25Ta,
    /// ST25TN, TruST25: `st25tn`.
    St25Tn,
    /// ST25TV, TruST25: `st25tv`.
    St25Tv,
    /// NTAG 223 DNA, NTAG 224 DNA: `ntag22x`.
    Ntag22x,
    /// MIFARE Ultralight AES: `ultralight-aes`.
    UltralightAes,
    /// MIFARE Ultralight AES, second key: `ultralight-aes-b`.
    UltralightAesB,
    /// NTAG 424 DNA and TagTamper, DESFire EV2, DESFire Light: `ntag424`.
    Ntag424,
    /// DESFire EV2, and a batch of NTAG 424 DNA: `desfire-ev2`.
    DesfireEv2,
    /// DESFire EV2 XL: `desfire-ev2-xl`.
    DesfireEv2Xl,
    /// DESFire EV3: `desfire-ev3`.
    DesfireEv3,
    /// DESFire Light: `desfire-light`.
    DesfireLight,
    /// NTAG 413 DNA, DESFire EV1: `ntag413`.
    Ntag413,
    /// MIFARE Plus EV1: `plus-ev1`.
    PlusEv1,
    /// MIFARE Plus of the Troika card: `plus-troika`.
    PlusTroika,
}

impl ChipFamily {
    /// All families, in order.
    pub const ALL: [Self; 20] = [
        Self::Ntag21x,
        Self::UltralightEv1,
        Self::ClassicEv1,
        Self::ClassicQl88,
        Self::Icode,
        Self::VivokeySpark1,
        Self::St25Ta,
        Self::St25Tn,
        Self::St25Tv,
        Self::Ntag22x,
        Self::UltralightAes,
        Self::UltralightAesB,
        Self::Ntag424,
        Self::DesfireEv2,
        Self::DesfireEv2Xl,
        Self::DesfireEv3,
        Self::DesfireLight,
        Self::Ntag413,
        Self::PlusEv1,
        Self::PlusTroika,
    ];

    /// Its stable name, such as `ntag424`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ntag21x => "ntag21x",
            Self::UltralightEv1 => "ultralight-ev1",
            Self::ClassicEv1 => "classic-ev1",
            Self::ClassicQl88 => "classic-ql88",
            Self::Icode => "icode",
            Self::VivokeySpark1 => "vivokey-spark1",
            Self::St25Ta => "st25ta",
            Self::St25Tn => "st25tn",
            Self::St25Tv => "st25tv",
            Self::Ntag22x => "ntag22x",
            Self::UltralightAes => "ultralight-aes",
            Self::UltralightAesB => "ultralight-aes-b",
            Self::Ntag424 => "ntag424",
            Self::DesfireEv2 => "desfire-ev2",
            Self::DesfireEv2Xl => "desfire-ev2-xl",
            Self::DesfireEv3 => "desfire-ev3",
            Self::DesfireLight => "desfire-light",
            Self::Ntag413 => "ntag413",
            Self::PlusEv1 => "plus-ev1",
            Self::PlusTroika => "plus-troika",
        }
    }

    /// The maker's key.
    #[must_use]
    pub const fn key(self) -> OriginalityKey<'static> {
        use OriginalityCurve::{Secp128r1, Secp192r1, Secp224r1};
        use SignedUid::{Plain, Sha256};
        let (curve, signed, point): (_, _, &'static [u8]) = match self {
            Self::Ntag21x => (Secp128r1, Plain, &NTAG21X),
            Self::UltralightEv1 => (Secp128r1, Plain, &ULTRALIGHTEV1),
            Self::ClassicEv1 => (Secp128r1, Plain, &CLASSICEV1),
            Self::ClassicQl88 => (Secp128r1, Plain, &CLASSICQL88),
            Self::Icode => (Secp128r1, Plain, &ICODE),
            Self::VivokeySpark1 => (Secp128r1, Sha256, &VIVOKEYSPARK1),
            Self::St25Ta => (Secp128r1, Sha256, &ST25TA),
            Self::St25Tn => (Secp128r1, Sha256, &ST25TN),
            Self::St25Tv => (Secp128r1, Sha256, &ST25TV),
            Self::Ntag22x => (Secp192r1, Plain, &NTAG22X),
            Self::UltralightAes => (Secp192r1, Plain, &ULTRALIGHTAES),
            Self::UltralightAesB => (Secp192r1, Plain, &ULTRALIGHTAESB),
            Self::Ntag424 => (Secp224r1, Plain, &NTAG424),
            Self::DesfireEv2 => (Secp224r1, Plain, &DESFIREEV2),
            Self::DesfireEv2Xl => (Secp224r1, Plain, &DESFIREEV2XL),
            Self::DesfireEv3 => (Secp224r1, Plain, &DESFIREEV3),
            Self::DesfireLight => (Secp224r1, Plain, &DESFIRELIGHT),
            Self::Ntag413 => (Secp224r1, Plain, &NTAG413),
            Self::PlusEv1 => (Secp224r1, Plain, &PLUSEV1),
            Self::PlusTroika => (Secp224r1, Plain, &PLUSTROIKA),
        };
        OriginalityKey::new(curve, signed, point)
    }
}

impl std::fmt::Display for ChipFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// The keys, as their makers' application notes and the open readers of such chips print them.

const NTAG21X: [u8; 33] = point(b"04494e1a386d3d3cfe3dc10e5de68a499b1c202db5b132393e89ed19fe5be8bc61");
const ULTRALIGHTEV1: [u8; 33] = point(b"0490933bdcd6e99b4e255e3da55389a827564e11718e017292faf23226a96614b8");
const CLASSICEV1: [u8; 33] = point(b"044f6d3f294dea5737f0f46ffee88a356eed95695dd7e0c27a591e6f6f65962baf");
const CLASSICQL88: [u8; 33] = point(b"046f70ac557f5461ce5052c8e4a7838c11c7a236797e8a0730a101837c004039c2");
const ICODE: [u8; 33] = point(b"048878a2a2d3eec336b4f261a082bd71f9be11c4e2e896648b32efa59cea6e59f0");
const VIVOKEYSPARK1: [u8; 33] = point(b"04d64bb732c0d214e7ec580736acf847284b502c25c0f7f2fa86aace1dada4387a");
const ST25TA: [u8; 33] = point(b"041d92163650161a2548d33881c235d0fb2315c2c31a442f23c87acf14497c0cba");
const ST25TN: [u8; 33] = point(b"0440004f974f7c76bc8718e523d85fa7b354a9a992bfa966cb8219242f9d274fd6");
const ST25TV: [u8; 33] = point(b"04101e188a8b4cddbc62d5bc3e0e6850f0c2730e744b79765a0e079907fbdb01bc");
const NTAG22X: [u8; 49] = point(
    b"0485d5b9353b4faa77581ba2ae96630c5876d6e8603308abe9a81a0b506f52d02d04fee6f2d365b3dee7b9fad9133e2976",
);
const ULTRALIGHTAES: [u8; 49] = point(
    b"0453bf8c49b7bd9fe3207a91513b9c1d238ecab07186b772104ab535f7d3ae63cf7c7f3dd0d169da3e99e43c6399621a86",
);
const ULTRALIGHTAESB: [u8; 49] = point(
    b"04dc34daa903f2726a6225b11c692af6ab4396575ca12810cbbce3f781a097b3833b50ab364a70d9c2b641a728a599ae74",
);
const NTAG424: [u8; 57] = point(
    b"048a9b380af2ee1b98dc417fecc263f8449c7625cece82d9b916c992da209d68422b81ec20b65a66b5102a61596af3379200599316a00a1410",
);
const DESFIREEV2: [u8; 57] = point(
    b"04b304dc4c615f5326fe9383ddec9aa892df3a57fa7ffb3276192bc0eaa252ed45a865e3b093a3d0dce5be29e92f1392ce7de321e3e5c52b3a",
);
const DESFIREEV2XL: [u8; 57] = point(
    b"04cd5d45e50b1502f0ba4656ff37669597e7e183251150f9574cc8da56bf01c7abe019e29fea48f9ce22c3ea4029a765e1bc95a89543bad1bc",
);
const DESFIREEV3: [u8; 57] = point(
    b"041db46c145d0a36539c6544bd6d9b0aa62ff91ec48cbc6abae36e0089a46f0d08c8a715ea40a63313b92e90ddc1730230e0458a33276fb743",
);
const DESFIRELIGHT: [u8; 57] = point(
    b"040e98e117aaa36457f43173dc920a8757267f44ce4ec5add3c54075571aebbf7b942a9774a1d94ad02572427e5ae0a2dd36591b1fb34fcf3d",
);
const NTAG413: [u8; 57] = point(
    b"04bb5d514f7050025c7d0f397310360eec91eaf792e96fc7e0f496cb4e669d414f877b7b27901fe67c2e3b33cd39d1c797715189ac951c2add",
);
const PLUSEV1: [u8; 57] = point(
    b"044409adc42f91a8394066ba83d872fb1d16803734e911170412ddf8bad1a4dadfd0416291afe1c748253925da39a5f39a1c557ffacd34c62e",
);
const PLUSTROIKA: [u8; 57] = point(
    b"040f732e0ea7df2b38f791bf89425bf7dcdf3ee4d976669e3831f324ff15751bd52aff1782f72ff2731eead5f63abe7d126e03c856ffb942af",
);

/// Bytes of hexadecimal digits, while compiling.
const fn point<const N: usize>(digits: &[u8]) -> [u8; N] {
    assert!(digits.len() == 2 * N, "two digits a byte");
    const fn value(digit: u8) -> u8 {
        if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 }
    }
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = value(digits[2 * at]) << 4 | value(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::hex;

    /// An NTAG 424 DNA (AN12196 §7.2).
    const UID: [u8; 7] = point(b"04518dfaa96180");
    const SIGNATURE: [u8; 56] = point(
        b"d1940d17cfeda4bff80359ab975f9f6514313e8f90c1d3caaf5941ad744a1cdf9a83f883cafe0fe95d1939b1b7e47113993324473b785d21",
    );

    #[test]
    fn an_original_is_told_by_its_maker() {
        let original = identify(&UID, &SIGNATURE).unwrap();
        assert_eq!(original.family(), Some(ChipFamily::Ntag424));
        assert_eq!((original.assurance(), original.scheme()), (Assurance::Static, Scheme::Originality));
        for family in ChipFamily::ALL {
            let verdict = family.key().verify(&UID, &SIGNATURE, ByteOrder::Msb);
            assert_eq!(verdict.is_ok(), family == ChipFamily::Ntag424, "{family}");
        }
    }

    #[test]
    fn either_of_uid_and_signature_may_come_turned_around() {
        let turned = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
        let key = ChipFamily::Ntag424.key();
        for (uid, signature) in [
            (turned(&UID), SIGNATURE.to_vec()),
            (UID.to_vec(), turned(&SIGNATURE)),
            (turned(&UID), turned(&SIGNATURE)),
        ] {
            assert_eq!(key.verify(&uid, &signature, ByteOrder::Msb), Err(TapRefusal::SignatureInvalid));
            assert!(key.verify(&uid, &signature, ByteOrder::Lsb).is_ok());
            let original = identify(&uid, &signature).unwrap();
            assert_eq!(
                (original.family(), original.byte_order()),
                (Some(ChipFamily::Ntag424), ByteOrder::Lsb)
            );
        }
        assert_eq!(key.verify(&UID, &SIGNATURE, ByteOrder::Lsb), Err(TapRefusal::SignatureInvalid));
    }

    #[test]
    fn another_uid_or_signature_is_refused() {
        for at in 0..UID.len() {
            let mut uid = UID;
            uid[at] ^= 1;
            assert_eq!(identify(&uid, &SIGNATURE), Err(TapRefusal::SignatureInvalid));
        }
        let key = ChipFamily::Ntag424.key();
        for at in 0..SIGNATURE.len() {
            let mut signature = SIGNATURE;
            signature[at] ^= 0x80;
            assert_eq!(key.verify(&UID, &signature, ByteOrder::Msb), Err(TapRefusal::SignatureInvalid));
        }
        for length in [0, 31, 33, 55, 57] {
            let refusal = identify(&UID, &vec![1; length]).unwrap_err();
            assert_eq!(refusal.code(), "bad_length", "{length}");
        }
        for (length, good) in [(UID_MIN - 1, false), (UID_MIN, true), (UID_MAX, true), (UID_MAX + 1, false)] {
            let refusal = key.verify(&vec![4; length], &SIGNATURE, ByteOrder::Msb).unwrap_err();
            assert_eq!(refusal == TapRefusal::SignatureInvalid, good, "{length}");
        }
    }

    #[test]
    fn every_built_in_key_is_a_point_of_its_curve() {
        let mut seen = std::collections::BTreeSet::new();
        for family in ChipFamily::ALL {
            let key = family.key();
            assert_eq!(key.point().len(), 1 + key.curve().signature_len(), "{family}");
            assert!(key.curve().is_point(key.point()), "{family}: {}", hex::lower(key.point()));
            assert!(seen.insert(key.point()) && seen.len() <= ChipFamily::ALL.len());
        }
    }
}
