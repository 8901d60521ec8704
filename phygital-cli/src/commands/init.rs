//! `init`: a new store and its settings.

use phygital_core::tap::Keys;
use phygital_core::vocab::DeviceId;
use phygital_store::Options;
use zeroize::Zeroizing;

use crate::arguments::Init;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::settings::{Settings, name, read_notice, write_new};
use crate::shop::Shop;

/// Makes the store, and beside it the settings where any were given. What is there already is never changed.
pub(crate) fn init(shop: &Shop, with: Init, output: &mut Output) -> Result<Exit, Failure> {
    let path = shop.settings_path();
    if shop.db.exists() {
        return Err(Failure::misuse("exists", format!("{} is there already", name(&shop.db))));
    }
    let given = with.brand.is_some() || with.notice.is_some();
    if given && path.exists() {
        let advice = "write brand and notice there, or remove it";
        return Err(Failure::misuse("exists", format!("{} is there already: {advice}", name(&path))));
    }
    let settings = if given {
        let mut settings = Settings::default();
        settings.brand = with.brand;
        settings.notice = with.notice.as_deref().map(read_notice).transpose()?;
        settings
    } else {
        shop.settings()?
    };
    let mut config = settings.config()?;
    if let Some(text) = with.device {
        let device: Result<DeviceId, _> = text.parse();
        config = config.with_device(device.map_err(|error| bad("--device", &error))?);
    }
    if let Some(text) = with.tenant_key.map(Zeroizing::new) {
        config = config.with_tenant(*tenant_key(&text)?);
    }
    // The settings first: a store without its settings would look complete.
    if given {
        write_new(&settings, &path)?;
    }
    let engine = shop.engine(&Options::new(), config, Keys::none()).inspect_err(|_| {
        if given {
            // So that the next try is not refused for the settings of this one.
            let _ = std::fs::remove_file(&path);
        }
    })?;
    let identity = engine.identity();
    let (device, epoch) = (identity.device, identity.epoch);
    if output.is_json() {
        let settings = given.then(|| name(&path));
        let made = serde_json::json!({
            "db": name(&shop.db), "settings": settings, "device": device, "epoch": epoch,
        });
        output.object(&made)?;
    } else {
        let mut rows = vec![vec!["store".to_owned(), name(&shop.db)]];
        if given {
            rows.push(vec!["settings".to_owned(), name(&path)]);
        }
        rows.push(vec!["device".to_owned(), device.to_string()]);
        output.table(&[], rows)?;
    }
    Ok(Exit::Done)
}

/// The 32 bytes of 64 digits; the failure repeats none of them.
pub(super) fn tenant_key(text: &str) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let secret = phygital_core::crypto::Secret::<32>::from_hex(text.trim());
    let secret = secret.map_err(|error| bad("--tenant-key", &error))?;
    Ok(Zeroizing::new(*secret.expose()))
}

fn bad(argument: &str, error: &dyn std::error::Error) -> Failure {
    Failure::misuse("bad_argument", format!("{argument}: {error}"))
}
