//! How much one assertion may say.

/// Most identifiers of one assertion, hashed contacts among them. A customer record with every phone, address and card of
/// a household has about twenty; what has more is a list of customers.
pub const ASSERTION_IDENTIFIERS_MAX: usize = 32;

/// Most traits of one assertion. A customer database exports about forty columns that say something of the person.
pub const ASSERTION_TRAITS_MAX: usize = 64;

/// Longest value of a trait, in bytes: 128 characters of four bytes, more than any name or line of an address has.
pub const TRAIT_BYTES_MAX: usize = 512;

/// Longest name of a further trait, in bytes, as of a column.
pub const TRAIT_NAME_BYTES_MAX: usize = 64;

/// Longest line of a file of evidence, in bytes. An assertion at every limit has about 80 KiB, sealed and in base 64; an
/// erasure of [`FACT_KEYS_MAX`] keys 350.
pub const LINE_BYTES_MAX: usize = 512 * 1024;

/// Most keys of one erasure or consent: those of a person with thousands of records. More are said in several facts.
pub const FACT_KEYS_MAX: usize = 10_000;
