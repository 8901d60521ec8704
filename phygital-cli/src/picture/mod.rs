//! Pictures as SVG. Colours come from one style, so that they follow light and dark; a picture is drawn for a phone's width
//! and only grows a little on a desk.
//!
//! Places are whole tenths of a pixel, so the same data give the same text on every platform.

mod axis;
mod svg;

pub(crate) use axis::{Scale, labelled_days};
pub(crate) use svg::{LETTERS, PX, RIGHT, STYLE, WIDTH, escape, line, open, page, px, rect, shortened, text};
