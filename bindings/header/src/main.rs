//! Writes the C header: `phygital-header CRATE HEADER`. What it looks like stands in `cbindgen.toml` of the crate.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(source), Some(header)) = (arguments.next(), arguments.next()) else {
        return Err("expected two arguments: the folder of the crate, and the header to write".into());
    };
    let config = cbindgen::Config::from_file(source.join("cbindgen.toml"))?;
    cbindgen::Builder::new().with_crate(source).with_config(config).generate()?.write_to_file(header);
    Ok(())
}
