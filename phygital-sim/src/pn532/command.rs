//! The chip's commands (UM0701-02, section 7), by their codes.

/// Diagnose.
pub(super) const DIAGNOSE: u8 = 0x00;
/// GetFirmwareVersion.
pub(super) const FIRMWARE: u8 = 0x02;
/// GetGeneralStatus.
pub(super) const STATUS: u8 = 0x04;
/// ReadRegister.
pub(super) const READ_REGISTER: u8 = 0x06;
/// WriteRegister.
pub(super) const WRITE_REGISTER: u8 = 0x08;
/// SetSerialBaudRate.
pub(super) const BAUD_RATE: u8 = 0x10;
/// SetParameters.
pub(super) const PARAMETERS: u8 = 0x12;
/// SAMConfiguration.
pub(super) const SAM: u8 = 0x14;
/// PowerDown.
pub(super) const POWER_DOWN: u8 = 0x16;
/// RFConfiguration.
pub(super) const RF: u8 = 0x32;
/// InDataExchange.
pub(super) const EXCHANGE: u8 = 0x40;
/// InCommunicateThru.
pub(super) const COMMUNICATE: u8 = 0x42;
/// InDeselect.
pub(super) const DESELECT: u8 = 0x44;
/// InListPassiveTarget.
pub(super) const LIST: u8 = 0x4A;
/// InRelease.
pub(super) const RELEASE: u8 = 0x52;
/// InSelect.
pub(super) const SELECT: u8 = 0x54;
/// InAutoPoll.
pub(super) const AUTO_POLL: u8 = 0x60;

/// From host to chip.
pub(super) const FROM_HOST: u8 = 0xD4;
/// From chip to host.
pub(super) const FROM_CHIP: u8 = 0xD5;

/// What the chip says of an exchange with a card (UM0701-02, 7.1).
pub(super) mod status {
    /// Done.
    pub(in super::super) const OK: u8 = 0x00;
    /// The card did not answer in time.
    pub(in super::super) const TIMEOUT: u8 = 0x01;
    /// The checksum of what the card answered is wrong, as it is where it answers in four bits.
    pub(in super::super) const CRC: u8 = 0x02;
    /// The host sends more than the chip can hold.
    pub(in super::super) const OVERFLOW: u8 = 0x0E;
    /// The authentication of a MIFARE card failed.
    pub(in super::super) const AUTHENTICATION: u8 = 0x14;
    /// There is no card to which the command could go.
    pub(in super::super) const CONTEXT: u8 = 0x27;
    /// More of the answer is to be fetched.
    pub(in super::super) const MORE: u8 = 0x40;
    /// A node address follows.
    pub(in super::super) const NAD: u8 = 0x80;
}
