//! Tap tokens: parse what a phone or reader delivers, verify it, say what was proven.
