//! What names a tag: its UID, its read counter, the generation of its keys.
