//! `tap simulate`: tags and phones in software that make true material, for tests of what one builds on this.

use std::path::Path;

use phygital_core::crypto::Secret;
use phygital_core::tap::ntag21x::SoftNtag21x;
use phygital_core::tap::ntag22x::{SoftNtag22x, StatusDetect};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{LoopState, ModeRule, SdmMode, UrlTemplate};
use phygital_core::vocab::TagUid;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::simulate_phone::{ApplePhone, Exchange, GooglePhone};
use crate::arguments::{Simulate, SimulatedTag};
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::Output;
use crate::shop::Shop;

/// Makes taps of one tag, and the keys file under which they verify.
pub(crate) fn simulate(shop: &Shop, with: &Simulate, output: &mut Output) -> Result<Exit, Failure> {
    let mut random = ChaCha20Rng::seed_from_u64(with.seed);
    match with.tag {
        SimulatedTag::AppleVas => {
            let phone = ApplePhone::new(shop.now()?, &mut random)?;
            return phones(with, &phone.keys, |random| phone.tap(random), &mut random, output);
        }
        SimulatedTag::SmartTap => {
            let phone = GooglePhone::new(&mut random);
            return phones(with, &phone.keys, |random| phone.tap(random), &mut random, output);
        }
        _ => {}
    }
    let mut tag = Tag::new(with, &mut random)?;
    if let Some(file) = &with.keys_out {
        write_keys(file, &tag.keys)?;
    }
    for _ in 0..with.count {
        let url = (tag.tap)(&mut random)?;
        if output.is_json() {
            output.object(&json!({ "input": url, "scheme": with.tag.scheme(), "uid": tag.uid }))?;
        } else {
            output.text(url)?;
        }
    }
    Ok(Exit::Done)
}

/// Makes taps of a phone, each an exchange of its own.
fn phones(
    with: &Simulate,
    keys: &Value,
    tap: impl Fn(&mut ChaCha20Rng) -> Result<Exchange, Failure>,
    random: &mut ChaCha20Rng,
    output: &mut Output,
) -> Result<Exit, Failure> {
    if let Some(file) = &with.keys_out {
        write_keys(file, keys)?;
    }
    for _ in 0..with.count {
        let Exchange { steps, result } = tap(random)?;
        if output.is_json() {
            let step = |(command, answer): &(Vec<u8>, Vec<u8>)| json!({ "command": hex(command), "answer": hex(answer) });
            let exchange: Vec<Value> = steps.iter().map(step).collect();
            output.object(&json!({ "input": result, "scheme": with.tag.scheme(), "exchange": exchange }))?;
        } else {
            output.text(result)?;
        }
    }
    Ok(Exit::Done)
}

/// A tag in software, with the keys that a verifier needs for it.
struct Tag {
    uid: TagUid,
    keys: Value,
    tap: Box<Reading>,
}

/// Reads a tag: gives the URL that a phone would open.
type Reading = dyn FnMut(&mut ChaCha20Rng) -> Result<String, Failure>;

impl Tag {
    fn new(with: &Simulate, random: &mut ChaCha20Rng) -> Result<Tag, Failure> {
        let mut uid = [0x04; TagUid::LENGTH];
        random.fill_bytes(&mut uid[1..]);
        let uid = TagUid::new(uid);
        match with.tag {
            SimulatedTag::Ntag424Aes => Tag::sun(with, uid, SdmMode::Aes, random, "p={picc}&c={mac}"),
            SimulatedTag::Ntag424Lrp => Tag::sun(with, uid, SdmMode::Lrp, random, "p={picc}&c={mac}"),
            SimulatedTag::Ntag424Tt => {
                Tag::sun(with, uid, SdmMode::Aes, random, "p={mac_input}{picc}&tt={tt}&c={mac}")
            }
            SimulatedTag::Ntag22x | SimulatedTag::Ntag22xSd => Tag::ntag22x(with, uid, random),
            _ => Ok(Tag::ntag21x(with, uid)),
        }
    }

    fn sun(
        with: &Simulate,
        uid: TagUid,
        mode: SdmMode,
        random: &mut ChaCha20Rng,
        query: &str,
    ) -> Result<Tag, Failure> {
        let text = with.template.clone().unwrap_or_else(|| format!("tap.example/t?{query}"));
        let template: UrlTemplate =
            text.parse().map_err(|error| Failure::misuse("bad_template", format!("--template: {error}")))?;
        let (mut file_read, mut meta_read) = ([0; 16], [0; 16]);
        random.fill_bytes(&mut file_read);
        random.fill_bytes(&mut meta_read);
        let keys = json!({ "keys": [{
            "file_read_key": hex(file_read), "meta_read_key": hex(meta_read), "uid": uid,
            "template": text, "mode": ModeRule::Only(mode).to_string(),
        }] });
        let mut tag = SoftTag::new(uid, template, &Secret::take(&mut file_read))
            .mode(mode)
            .meta_read_key(&Secret::take(&mut meta_read));
        let tap = Box::new(move |random: &mut ChaCha20Rng| {
            let mut padding = [0; 16];
            random.fill_bytes(&mut padding);
            tag.tap(&padding).map_err(|error| Failure::misuse("bad_template", error.to_string()))
        });
        Ok(Tag { uid, keys, tap })
    }

    fn ntag22x(with: &Simulate, uid: TagUid, random: &mut ChaCha20Rng) -> Result<Tag, Failure> {
        let prefix = with.template.as_deref().unwrap_or("https://tap.example/t?m={m}");
        let Some(prefix) = prefix.strip_suffix("{m}") else {
            return Err(Failure::misuse("bad_template", "--template: expected a URL that ends with {m}"));
        };
        let mut key = [0; 16];
        random.fill_bytes(&mut key);
        let keys = json!({ "ntag22x": [{ "suncmac_key": hex(key), "uid": uid }] });
        let mut tag = SoftNtag22x::new(uid, prefix, Secret::take(&mut key));
        if with.tag == SimulatedTag::Ntag22xSd {
            tag.set_status(StatusDetect::new(LoopState::Closed, LoopState::Closed, [0; 4]));
        }
        let tap = Box::new(move |_: &mut ChaCha20Rng| {
            tag.tap().ok_or_else(|| Failure::no("exhausted", "the counter stands at its last value"))
        });
        Ok(Tag { uid, keys, tap })
    }

    fn ntag21x(with: &Simulate, uid: TagUid) -> Tag {
        let template = with.template.as_deref().unwrap_or("https://tap.example/t?m={uid}x{ctr}");
        let mut tag = SoftNtag21x::new(uid, template);
        let keys = json!({ "ntag21x": [template] });
        Tag { uid, keys, tap: Box::new(move |_: &mut ChaCha20Rng| Ok(tag.tap())) }
    }
}

fn write_keys(file: &Path, keys: &Value) -> Result<(), Failure> {
    std::fs::write(file, format!("{keys:#}\n"))
        .map_err(|error| Failure::io(&file.display().to_string(), &error))
}
