//! Runnable stories on the public API of Phygital. Each says at its head how to run it:
//!
//! | example | what it shows |
//! |---|---|
//! | `till` | a till: a store, a tag, taps and texts from standard input, the card |
//! | `reader_loop` | what is held to a reader, as taps, with a reader and a tag in software |
//! | `import_segment` | a Segment export into a store, twice without harm |
