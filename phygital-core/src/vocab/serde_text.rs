//! Types whose form in JSON is a text.

/// Writes a type as the text that its method gives, or as it is displayed where none is named; reads it with its [`FromStr`],
/// whose error is the error.
///
/// [`FromStr`]: std::str::FromStr
macro_rules! serde_text {
    ($name:ty) => {
        serde_text!($name, |this, serializer| serializer.collect_str(this));
    };
    ($name:ty, $text:ident) => {
        serde_text!($name, |this, serializer| serializer.serialize_str(&this.$text()));
    };
    ($name:ty, |$this:ident, $serializer:ident| $write:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, $serializer: S) -> Result<S::Ok, S::Error> {
                let $this = self;
                $write
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_text;
