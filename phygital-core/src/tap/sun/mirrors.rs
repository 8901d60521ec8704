//! What a tag mirrored, field by field, for whoever has no URL but the fields themselves.

use super::reading::{MacStart, decode_field};
use crate::tap::refusal::{Field, TapRefusal};

/// The mirrors of one tap, each as the ASCII text that the tag sent.
///
/// Made by [`Mirrors::new`] and a call for each field that the tag mirrors; [`crate::tap::verify_mirrors`] checks
/// them. Nothing is copied.
///
/// ```
/// use phygital_core::tap::Mirrors;
/// let mirrors = Mirrors::new("", "94EED9EE65337086").picc_data("EF963FF7828658A599F3041510671E88");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mirrors<'a> {
    pub(crate) uid: Option<&'a [u8]>,
    pub(crate) read_ctr: Option<&'a [u8]>,
    pub(crate) picc_data: Option<&'a [u8]>,
    pub(crate) file_data: Option<&'a [u8]>,
    pub(crate) tag_tamper: Option<&'a [u8]>,
    /// Where in the MAC input the tamper status stands.
    pub(crate) tamper_at: Option<usize>,
    pub(crate) mac_input: &'a [u8],
    pub(crate) mac_start: MacStart,
    pub(crate) mac: &'a [u8],
}

impl<'a> Mirrors<'a> {
    /// The MAC, 16 digits, and the bytes that it covers: the file from SDMMACInputOffset to SDMMACOffset as
    /// read over the air, with mirrors in upper case; empty if the two offsets are equal.
    #[must_use]
    pub fn new<I: AsRef<[u8]> + ?Sized, M: AsRef<[u8]> + ?Sized>(mac_input: &'a I, mac: &'a M) -> Self {
        let mac_input = mac_input.as_ref();
        Self {
            uid: None,
            read_ctr: None,
            picc_data: None,
            file_data: None,
            tag_tamper: None,
            tamper_at: None,
            mac_input,
            mac_start: if mac_input.is_empty() { MacStart::Empty } else { MacStart::Given },
            mac: mac.as_ref(),
        }
    }

    /// The plain UID, 14 digits.
    #[must_use]
    pub fn uid<T: AsRef<[u8]> + ?Sized>(self, text: &'a T) -> Self {
        Self { uid: Some(text.as_ref()), ..self }
    }

    /// The plain read counter, 6 digits, most significant first.
    #[must_use]
    pub fn read_ctr<T: AsRef<[u8]> + ?Sized>(self, text: &'a T) -> Self {
        Self { read_ctr: Some(text.as_ref()), ..self }
    }

    /// The encrypted PICCData, 32 digits, or 48 in LRP mode.
    #[must_use]
    pub fn picc_data<T: AsRef<[u8]> + ?Sized>(self, text: &'a T) -> Self {
        Self { picc_data: Some(text.as_ref()), ..self }
    }

    /// The encrypted file data, a multiple of 32 digits. It is decrypted only if it stands in the MAC input,
    /// as tags insist; any other was not made by the tag.
    #[must_use]
    pub fn file_data<T: AsRef<[u8]> + ?Sized>(self, text: &'a T) -> Self {
        Self { file_data: Some(text.as_ref()), ..self }
    }

    /// The tamper status, two letters, and where in the MAC input it stands, if it does.
    #[must_use]
    pub fn tag_tamper<T: AsRef<[u8]> + ?Sized>(
        self,
        text: &'a T,
        offset_in_mac_input: Option<usize>,
    ) -> Self {
        Self { tag_tamper: Some(text.as_ref()), tamper_at: offset_in_mac_input, ..self }
    }

    pub(crate) fn decode<const N: usize>(
        field: Field,
        text: Option<&[u8]>,
    ) -> Result<Option<[u8; N]>, TapRefusal> {
        text.map(|text| decode_field(field, text)).transpose()
    }

    /// Whether the tamper status stands in the MAC input where it is said to.
    pub(crate) fn tamper_is_covered(&self) -> bool {
        match (self.tag_tamper, self.tamper_at) {
            (Some(text), Some(at)) => {
                self.mac_input.get(at..).is_some_and(|covered| covered.starts_with(text))
            }
            _ => false,
        }
    }

    /// Whether the file data stands in the MAC input.
    pub(crate) fn file_data_is_covered(&self) -> bool {
        let Some(text) = self.file_data.filter(|text| !text.is_empty()) else { return false };
        self.mac_input.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
    }
}
