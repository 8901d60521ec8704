//! How much a topic file may hold.

/// Longest topic file, in bytes: a hundred questions in five languages.
pub const TOPIC_BYTES_MAX: usize = 256 * 1024;

/// Most steps of a topic. Nobody answers so many questions by text message.
pub const TOPIC_STEPS_MAX: usize = 64;

/// Most languages of a topic.
pub const TOPIC_LANGUAGES_MAX: usize = 16;

/// Most fields beside the answers.
pub const TOPIC_FIELDS_MAX: usize = 32;

/// Most branches behind a step.
pub const BRANCHES_MAX: usize = 16;

/// Deepest nesting of conditions.
pub const CONDITION_DEPTH_MAX: usize = 8;

/// Most conditions of one `all` or `any`.
pub const CONDITIONS_MAX: usize = 16;

/// Most things to choose from: what fits into a text message.
pub const OPTIONS_MAX: usize = 32;

/// Most names of one thing in one language.
pub const NAMES_MAX: usize = 32;

/// Longest value or name of a thing to choose, in bytes; a fact's value is cut at
/// [`SHORT_TEXT_BYTES_MAX`](crate::profile::limits::SHORT_TEXT_BYTES_MAX).
pub const NAME_BYTES_MAX: usize = 96;

/// Most scales of sizes that one question takes.
pub const SCALES_MAX: usize = 8;

/// Most sizes of one scale: half sizes from newborn to giant.
pub const SIZES_MAX: usize = 128;

/// Longest time for which an answer may hold, in days: ten years.
pub const VALID_DAYS_MAX: u32 = 3_653;

/// Longest life of an open topic, in days: a season.
pub const TOPIC_DAYS_MAX: u32 = 90;

/// Longest silence before a question is asked again, in hours: two weeks.
pub const REMIND_HOURS_MAX: u32 = 336;

/// Most times that a question is asked again after silence: more is pestering.
pub const REMIND_TIMES_MAX: u32 = 2;

/// Most times that a question is asked because an answer was unclear.
pub const TRIES_MAX: u32 = 4;

/// Most parts of a text message that a text of a topic may take up, however its fields are filled: longer ones arrive late, in
/// the wrong order, or as a picture.
pub const TEXT_PARTS_MAX: usize = 3;
