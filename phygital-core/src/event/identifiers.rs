//! Who was there: the identifiers of an event in its two wire forms.

use super::error::EventError;
use super::fields::{Field, Member, Object, Path, Scope};
use super::json::Json;
use crate::vocab::{Identifier, IdentifierError, IdentifierKind};

/// Takes `identifiers`: a list of them, or an object of kind and value or values.
pub(crate) fn take(
    object: &mut Object<'_>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<Vec<Identifier>, EventError> {
    if !matches!(object.peek("identifiers"), Some(Json::Object(_))) {
        return Member::pick(object, "identifiers", at, scope);
    }
    let mut by_kind = object.take_object("identifiers", at)?;
    let at = &Path::Field(at, "identifiers");
    let mut found = Vec::new();
    for kind in IdentifierKind::ALL {
        let at = &Path::Field(at, kind.name());
        match by_kind.take(kind.name()) {
            None => {}
            Some(list @ Json::List(_)) => {
                for (index, value) in list.list(at)?.into_iter().enumerate() {
                    found.push(read(kind, value, &Path::Index(at, index), scope)?);
                }
            }
            Some(value) => found.push(read(kind, value, at, scope)?),
        }
    }
    if by_kind.is_empty() { Ok(found) } else { Err(at.fail(IdentifierError::UnknownKind)) }
}

/// Takes the field `name` as an identifier of that kind. An empty text names nobody: many sources
/// send one where they know of none.
pub(crate) fn push(
    found: &mut Vec<Identifier>,
    object: &mut Object<'_>,
    name: &str,
    kind: IdentifierKind,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<(), EventError> {
    match object.take(name) {
        None => {}
        Some(Json::Text(text)) if text.trim().is_empty() => {}
        Some(value) => found.push(read(kind, value, &Path::Field(at, name), scope)?),
    }
    Ok(())
}

fn read(
    kind: IdentifierKind,
    value: Json<'_>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<Identifier, EventError> {
    let value = String::read(value, at, scope)?;
    Identifier::in_region(kind, &value, scope.region).map_err(|error| at.fail(error))
}
