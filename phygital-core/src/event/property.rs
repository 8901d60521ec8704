//! What the vocabulary has, told to those who describe it: documentation, forms, schemas.

use super::fields::Member;

/// A property of a kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Property {
    /// Its name in JSON.
    pub name: &'static str,
    /// The form of its value, as `docs/events.md` explains: `text`, `money`, `time` and so on.
    pub form: &'static str,
    /// Whether it is a list of such values.
    pub list: bool,
    /// Whether it has to be there.
    pub required: bool,
}

impl Property {
    pub(crate) fn of<T: Member>(name: &'static str, required: bool) -> Property {
        Property { name, form: T::FORM, list: T::LIST, required }
    }
}

/// Makes a struct of optional properties, which stands in JSON within an object or as one; `with extra`
/// it keeps the properties that the vocabulary does not know.
macro_rules! part {
    (
        $(#[$doc:meta])*
        $name:ident {
            $( $(#[$field_doc:meta])* $field:ident $(as $json:literal)?: $type:ty ),* $(,)?
        }
        $(with $extra:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                pub $field: $type,
            )*
            $(
                /// Other properties.
                pub $extra: $crate::event::Extra,
            )?
        }

        impl $name {
            /// Takes its own properties out of an object, leaving the rest there.
            pub(crate) fn pick(
                object: &mut $crate::event::fields::Object<'_>,
                at: &$crate::event::fields::Path<'_>,
                scope: &$crate::event::fields::Scope,
            ) -> Result<$name, $crate::event::EventError> {
                Ok($name {
                    $($field: $crate::event::fields::Member::pick(
                        object, $crate::event::property::json_name!($field $($json)?), at, scope,
                    )?,)*
                    $($extra: Default::default(),)?
                })
            }

            pub(crate) fn put(&self, out: &mut $crate::event::fields::Writer<'_>) {
                $($crate::event::fields::Member::put(
                    &self.$field, $crate::event::property::json_name!($field $($json)?), out,
                );)*
                $(out.extra(&self.$extra);)?
            }

            $(
                /// Reads a whole object.
                pub(crate) fn whole(
                    mut object: $crate::event::fields::Object<'_>,
                    at: &$crate::event::fields::Path<'_>,
                    scope: &$crate::event::fields::Scope,
                ) -> Result<$name, $crate::event::EventError> {
                    let mut part = $name::pick(&mut object, at, scope)?;
                    part.$extra = $crate::event::Extra::rest(object, at)?;
                    Ok(part)
                }
            )?

            /// Its properties, in the order in which they are written.
            pub fn properties() -> Vec<$crate::event::Property> {
                vec![$($crate::event::Property::of::<$type>(
                    $crate::event::property::json_name!($field $($json)?), false,
                )),*]
            }
        }
    };
}
pub(crate) use part;

/// The name of a field in JSON: its own, or the one given.
macro_rules! json_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $json:literal) => {
        $json
    };
}
pub(crate) use json_name;
