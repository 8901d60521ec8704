//! Whom an argument names: an identifier, or a customer by her id.

use phygital_core::engine::{Engine, Error, Missing};
use phygital_core::store::Store;
use phygital_core::vocab::{CustomerId, Identifier, IdentifierError, IdentifierKind, Region};

use crate::failure::Failure;

/// Whom an argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// By an identifier.
    Identifier(Identifier),
    /// By the id that the library gave her.
    Customer(CustomerId),
}

impl Who {
    /// Reads `kind:value`, a phone number that begins with `+`, an e-mail address, or the 32 hexadecimal digits
    /// of a customer. The failure does not repeat the argument: it may be personal.
    pub(crate) fn parse(text: &str, region: Option<Region>) -> Result<Who, Failure> {
        if let Ok(customer) = text.trim().parse() {
            return Ok(Who::Customer(customer));
        }
        identifier(text, region).map(Who::Identifier)
    }

    /// The customer, where any event names her.
    pub(crate) fn customer<S: Store>(&self, engine: &Engine<S>) -> Result<CustomerId, Failure> {
        match self {
            Who::Customer(customer) => Ok(engine.people().get(*customer)?.customer),
            Who::Identifier(identifier) => {
                let found = engine.people().find(identifier)?;
                Ok(found.ok_or(Error::Unknown(Missing::Identifier))?)
            }
        }
    }
}

/// Reads an identifier as [`Who::parse`] does.
pub(crate) fn identifier(text: &str, region: Option<Region>) -> Result<Identifier, Failure> {
    let text = text.trim();
    let kind =
        text.split_once(':').and_then(|(kind, value)| Some((kind.parse::<IdentifierKind>().ok()?, value)));
    let found = match kind {
        Some((kind, value)) => Identifier::in_region(kind, value, region),
        None if text.starts_with('+') => Identifier::new(IdentifierKind::Phone, text),
        None if text.contains('@') => Identifier::new(IdentifierKind::Email, text),
        None => Err(IdentifierError::UnknownKind),
    };
    found.map_err(|error| {
        let forms = "an identifier is kind:value, a phone number with +, an e-mail address or a customer id";
        Failure::misuse("bad_identifier", format!("{error}; {forms}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_four_ways() {
        let read = |text: &str| Who::parse(text, None).unwrap();
        let is = |text: &str| Who::Identifier(text.parse().unwrap());
        assert_eq!(read("+33 6 12 34 56 78"), is("phone:+33612345678"));
        assert_eq!(read("Ada@Shop.Example"), is("email:ada@shop.example"));
        assert_eq!(read("loyalty:L-1@x"), is("loyalty:L-1@x"));
        assert_eq!(read(&"0a".repeat(16)), Who::Customer(CustomerId::from_bytes([10; 16])));
        assert_eq!(Who::parse("phone:0612345678", "FR".parse().ok()).unwrap(), is("phone:+33612345678"));
    }

    #[test]
    fn a_refusal_does_not_repeat_what_was_typed() {
        for text in ["zoe", "fax:zoe", "+9zoe", "zoe@", "phone:zoe", "cookie:", "0a0a"] {
            let failure = Who::parse(text, None).unwrap_err();
            assert!(!failure.message.contains("zoe"), "{failure}");
        }
    }
}
