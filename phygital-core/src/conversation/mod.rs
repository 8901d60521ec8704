//! The conversation by text message: what may go out, what comes in, and what is asked next.
//!
//! Nothing goes out but through the [`gate`](gate::Gate): it knows the law ([`rules`](crate::rules)), what she agreed to, and
//! what she got before. [`lint`](lint::Style::lint) reads what a text says, [`segments`](segments::segments) counts what it
//! costs on the air; [`intent`] says what one that comes in asks for. A [`topic`] is what a brand wants to learn, as data;
//! [`dialogue`] is what it does next, and [`Talk`] where a contact point stands in it; an [`answer`] is what a text says, held
//! against a question.

pub mod answer;
pub mod dialogue;
pub mod gate;
pub mod intent;
pub mod lint;
pub mod proposal;
pub mod segments;
mod sent;
mod talk;
pub mod template;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod topic;

pub use sent::Sent;
pub use talk::{Asked, Handler, Pending, Talk};
