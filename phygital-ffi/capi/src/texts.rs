//! What texts cost, lack and ask for, and what the law says of them: without a store.

use phygital_ffi::{
    MessageClass, TextContext, TextStyle, Time, check_rules, classify_text, lint_text, rules,
};

use crate::entry::entry;
use crate::input::{INPUT_BYTES_MAX, maybe_one_of, maybe_time, one_of, phygital_str};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json, read_json};

/// What a text costs on the air, and what it lacks or must not hold. Needs no store.
///
/// @param style JSON: the `brand`, the `domains` that links may lead to, the brand's own `contacts`, and whether it `is_first`
/// to somebody: the brand and how to opt out are due then. All but the brand may be left out.
/// @param json Where the text goes: its `encoding` (`GSM-7`, `UCS-2`), what it costs (`units`, `segments`), and the `findings`,
/// each with `fault`, `at` (bytes) and `refuses`.
/// @return 106 for no such style.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_lint_text(
    text: phygital_str,
    style: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let text = caller.text("text", text)?.to_owned();
        let style: TextStyle = read_json("style", caller.text("style", style)?.as_bytes())?;
        put_json(out, &lint_text(text, style)?)
    })
}

/// What a text that came in asks for. Needs no store, and decides nothing: phygital_record_message() does.
///
/// @param context JSON, what was said before; may be left out: `keywords` of the notices that are shown, the `region` of the
/// number, the question that waits (`pending`: `yes_no`, `number`, `choice`, `text`, `any`), whether she was asked to confirm
/// that she joins (`double_opt_in`), and whether an `order` is talked of.
/// @param json Where the text goes: its `intent` (`opt_out`, `opt_out_likely`, `help`, `answer_yes`, `other` and the like),
/// `is_opt_out`, `confidence` in percent, and the `reason`.
/// @return 106 for no such context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_classify_text(
    text: phygital_str,
    context: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let text = caller.text("text", text)?.to_owned();
        let context = match caller.maybe_text("context", context)? {
            Some(context) => read_json("context", context.as_bytes())?,
            None => TextContext::default(),
        };
        put_json(out, &classify_text(text, context)?)
    })
}

/// The rules of messages. Not legal advice. Needs no store.
///
/// @param place Those of a place alone, ISO 3166: `US-FL`; may be left out.
/// @param message_class Those of a phygital_message_class alone; 0 for all.
/// @param book JSON of rules that replace and add by their ids, as the settings have it; may be left out.
/// @param json Where the text goes: a list of rules, each as docs/rules.md has it.
/// @return 106 for no place, 119 for rules that do not hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_rules(
    place: phygital_str,
    message_class: u32,
    book: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let place = caller.maybe_string("place", place)?;
        let class = maybe_one_of("message_class", message_class, MessageClass::from_number)?;
        let book = caller.text("book", book)?.to_owned();
        out.put(phygital_text::give(rules(place, class, book)?));
        Ok(())
    })
}

/// What hours and caps say of a message to a phone number. Consent and the text are the gate's: phygital_judge(). Needs no
/// store.
///
/// @param message_class A phygital_message_class.
/// @param at When, in microseconds since 1970, UTC; 0 for now.
/// @param sent When such messages went to it before, at most 1,000.
/// @param sent_len How many.
/// @param book As of phygital_rules().
/// @param json Where the text goes: `allowed`, the `places` whose rules may apply, the `zones` in which she may be, the rules
/// against it (`refused_by`), `next_allowed` and `open_until`.
/// @return 105 for more times, 114 for no phone number, 119 for rules that do not hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_check_rules(
    phone: phygital_str,
    message_class: u32,
    at: i64,
    sent: *const i64,
    sent_len: usize,
    book: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let phone = caller.text("phone", phone)?.to_owned();
        let class = one_of("message_class", message_class, MessageClass::from_number(message_class))?;
        // How many there may be says the facade; no caller has more of them than of bytes.
        let sent = caller.list("sent", sent, sent_len, INPUT_BYTES_MAX / size_of::<i64>())?;
        let sent = sent.iter().map(|micros| Time(*micros)).collect();
        let book = caller.text("book", book)?.to_owned();
        out.put(phygital_text::give(check_rules(phone, class, maybe_time(at), sent, book)?));
        Ok(())
    })
}
