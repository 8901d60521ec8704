//! The `Store` port of Phygital on SQLite.
