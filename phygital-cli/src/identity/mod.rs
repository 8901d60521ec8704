//! Files of records, and which of their columns tell people apart.

mod mapping;
mod table;

pub(crate) use mapping::Mapping;
pub(crate) use table::Table;
