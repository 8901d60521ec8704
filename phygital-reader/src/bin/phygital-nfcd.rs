//! The helper that runs libnfc in a process of its own, for one reader.
//!
//! `phygital_reader::libnfc::NfcdBackend` starts it and talks to it over its standard input and output; it is of no use
//! by hand. It ends when its standard input does.

fn main() -> std::process::ExitCode {
    if std::env::args_os().len() > 1 {
        eprintln!(
            "phygital-nfcd takes no arguments: a till starts it and talks to it over standard input and output"
        );
        return std::process::ExitCode::from(2);
    }
    phygital_reader::libnfc::serve()
}
