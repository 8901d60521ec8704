//! The kinds of event, each a struct with the fields that its source in the field gives it.
//!
//! The tables read `Name "Name in JSON" (fields that must be there) [properties that stand flat in
//! it] { fields that may be there }`.

pub mod commerce;
pub mod conversation;
pub mod decisions;
pub mod digital;
pub mod shop;

/// Makes a struct for each kind of event, its constructor, and its JSON form.
macro_rules! kinds {
    ($(
        $(#[doc = $about:literal])*
        $name:ident $text:literal
        ( $( $(#[$must_doc:meta])* $must:ident: $must_type:ty ),* $(,)? )
        $( [ $flat:ident: $flat_type:ident ] )?
        { $( $(#[$may_doc:meta])* $may:ident $(as $json:literal)?: $may_type:ty ),* $(,)? }
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$must_doc])*
                #[doc = concat!("\n`", stringify!($must), "` in JSON.")]
                pub $must: $must_type,
            )*
            $(
                /// Properties that stand beside the others in JSON.
                pub $flat: $flat_type,
            )?
            $(
                $(#[$may_doc])*
                #[doc = concat!("\n`", $crate::event::property::json_name!($may $($json)?), "` in JSON.")]
                pub $may: $may_type,
            )*
            /// Properties that the vocabulary does not know.
            pub extra: $crate::event::Extra,
        }

        impl $name {
            /// The name of the event, as Segment's Spec writes names.
            pub const NAME: &str = $text;

            /// What happened, in words.
            pub(crate) const ABOUT: &str = concat!($($about),*);

            /// An event of this kind with what must be there, and nothing else.
            #[allow(clippy::new_without_default, reason = "kinds without required fields are no defaults")]
            pub fn new($($must: $must_type),*) -> $name {
                $name {
                    $($must,)*
                    $($flat: Default::default(),)?
                    $($may: Default::default(),)*
                    extra: Default::default(),
                }
            }

            pub(crate) fn read(
                object: &mut $crate::event::fields::Object<'_>,
                at: &$crate::event::fields::Path<'_>,
                scope: &$crate::event::fields::Scope,
            ) -> Result<$name, $crate::event::EventError> {
                let _ = (&object, at, scope);
                Ok($name {
                    $($must: $crate::event::fields::Member::pick(object, stringify!($must), at, scope)?,)*
                    $($flat: $flat_type::pick(object, at, scope)?,)?
                    $($may: $crate::event::fields::Member::pick(
                        object, $crate::event::property::json_name!($may $($json)?), at, scope,
                    )?,)*
                    extra: Default::default(),
                })
            }

            pub(crate) fn properties() -> Vec<$crate::event::Property> {
                let parts: Vec<Vec<$crate::event::Property>> = vec![
                    vec![$($crate::event::Property::of::<$must_type>(stringify!($must), true)),*],
                    $($flat_type::properties(),)?
                    vec![$($crate::event::Property::of::<$may_type>(
                        $crate::event::property::json_name!($may $($json)?), false,
                    )),*],
                ];
                parts.concat()
            }

            pub(crate) fn write(&self, out: &mut $crate::event::fields::Writer<'_>) {
                $($crate::event::fields::Member::put(&self.$must, stringify!($must), out);)*
                $(self.$flat.put(out);)?
                $($crate::event::fields::Member::put(
                    &self.$may, $crate::event::property::json_name!($may $($json)?), out,
                );)*
                out.extra(&self.extra);
            }
        }

        impl From<$name> for $crate::event::Body {
            fn from(kind: $name) -> $crate::event::Body {
                $crate::event::Body::$name(kind)
            }
        }
    )*};
}
pub(crate) use kinds;
