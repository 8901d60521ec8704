//! Pictures as SVG. Colours come from one style, so that they follow light and dark; a picture is drawn for a phone's width
//! and only grows a little on a desk.
//!
//! Places are whole tenths of a pixel, so the same data give the same text on every platform.

mod axis;
mod number;
#[cfg(test)]
mod places;
mod svg;

pub(crate) use axis::{Scale, labelled_days};
pub(crate) use number::{count, day_label, mark, money, money_mark};
#[cfg(test)]
pub(crate) use places::places;
pub(crate) use svg::{
    LETTERS, PAGE, PX, RIGHT, STYLE, WIDTH, escape, line, open, page, px, rect, shortened, text,
};
