//! The name that programs look for when they start: with the part of the version that says whether two go together.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_OS") == "linux" && std::env::var_os("CARGO_FEATURE_CAPI").is_none() {
        // Before 1.0 a minor version may break, so it is part of the name; `cargo cinstall` names it likewise.
        let (major, minor) = (variable("CARGO_PKG_VERSION_MAJOR"), variable("CARGO_PKG_VERSION_MINOR"));
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libphygital.so.{major}.{minor}");
    }
}
