//! Identifiers in their normal form.

use phygital_core::vocab::Identifier;

use crate::error::PhygitalError;

/// An identifier, `kind:value` such as `phone:06 12 34 56 78`, in the normal form of its kind. A phone number without a
/// country code belongs to `region`, ISO 3166-1 in two capital letters. Needs no store.
///
/// # Errors
/// 114 for no identifier of its kind, or no region.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn normalize_identifier(identifier: String, region: Option<String>) -> Result<String, PhygitalError> {
    let (kind, value) = match identifier.split_once(':') {
        Some((kind, value)) => (kind.parse()?, value),
        None => return Err(phygital_core::vocab::IdentifierError::UnknownKind.into()),
    };
    let region = region.map(|region| region.parse()).transpose()?;
    let normal = Identifier::in_region(kind, value, region)?;
    Ok(format!("{}:{}", normal.kind(), normal.value()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_brought_into_their_form() {
        for (typed, region, normal) in [
            ("phone:06 12 34 56 78", Some("FR"), Ok("phone:+33612345678")),
            ("phone:06 12 34 56 78", None, Err(114)),
            ("email: Ada@Shop.Example ", None, Ok("email:ada@shop.example")),
            ("phone:+33612345678", Some("fr"), Err(114)),
            ("ada", None, Err(114)),
            ("", None, Err(114)),
        ] {
            let read = normalize_identifier(typed.to_owned(), region.map(str::to_owned));
            let read = read.as_deref().map_err(PhygitalError::code);
            assert_eq!(read, normal, "{typed}");
        }
    }
}
