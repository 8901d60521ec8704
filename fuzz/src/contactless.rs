//! What the targets of contactless formats check of arbitrary bytes.

use phygital_core::contactless::ndef::{Message, encode};
use phygital_core::contactless::tlv::{Tag, Tlvs, push};

/// Arbitrary bytes as objects: what is accepted writes back byte for byte, at every depth.
pub fn tlv(data: &[u8]) {
    let Ok(objects) = Tlvs::parse(data) else { return };
    let mut written = Vec::new();
    for object in objects.objects() {
        push(&mut written, object.tag, object.value).expect("what was read");
        if object.tag.is_constructed() {
            tlv(object.value);
        }
    }
    assert_eq!(written, data);
    let _ = objects.find(Tag(0x6F));
}

/// Arbitrary bytes as a message: what is accepted means the same in its shortest form, and its records are read.
pub fn ndef(data: &[u8]) {
    let Ok(message) = Message::parse(data) else { return };
    let written = encode(message.records()).expect("what was read");
    assert!(written.len() <= data.len());
    assert_eq!(Message::parse(&written).as_ref(), Ok(&message));
    let _ = message.uri();
    for record in message.records() {
        if let Ok(Some(text)) = record.text() {
            assert!(text.text.len() <= 2 * record.payload.len());
        }
        ndef(record.payload);
    }
}
