//! What surrounded an event, as Segment's `context` has it.

use super::error::EventError;
use super::extra::Extra;
use super::fields::{Field, Member, Object, Path, Scope, Writer};
use super::json::Json;
use crate::vocab::Personal;

/// What surrounded an event: the campaign and page that led to it, the device, as Segment's
/// `context` has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Context {
    /// The campaign that brought the visitor.
    pub campaign: Option<Campaign>,
    /// The page it happened on.
    pub page: Option<Page>,
    /// Language and country, BCP 47.
    pub locale: Option<String>,
    /// What the browser calls itself. `userAgent` in JSON.
    pub user_agent: Option<Personal>,
    /// The network address.
    pub ip: Option<Personal>,
    /// The rest.
    pub extra: Extra,
}

impl Context {
    pub(crate) fn read(mut object: Object<'_>, at: &Path<'_>, scope: &Scope) -> Result<Context, EventError> {
        Ok(Context {
            campaign: Member::pick(&mut object, "campaign", at, scope)?,
            page: Member::pick(&mut object, "page", at, scope)?,
            locale: Member::pick(&mut object, "locale", at, scope)?,
            user_agent: Member::pick(&mut object, "userAgent", at, scope)?,
            ip: Member::pick(&mut object, "ip", at, scope)?,
            extra: Extra::rest(object, at)?,
        })
    }

    pub(crate) fn put(&self, out: &mut Writer<'_>) {
        if *self == Context::default() {
            return;
        }
        Writer::object(out.name("context"), |out| {
            self.campaign.put("campaign", out);
            self.page.put("page", out);
            self.locale.put("locale", out);
            self.user_agent.put("userAgent", out);
            self.ip.put("ip", out);
            out.extra(&self.extra);
        });
    }
}

macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<String>,)*
            /// The rest.
            pub extra: Extra,
        }

        impl Field for $name {
            fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
                let mut object = Object::read(json, at)?;
                Ok($name {
                    $($field: Member::pick(&mut object, stringify!($field), at, scope)?,)*
                    extra: Extra::rest(object, at)?,
                })
            }
            fn write(&self, out: &mut String) {
                Writer::object(out, |out| {
                    $(self.$field.put(stringify!($field), out);)*
                    out.extra(&self.extra);
                });
            }
        }
    };
}

part! {
    /// A campaign, by its UTM names.
    Campaign {
        /// `utm_campaign`.
        name,
        /// `utm_source`.
        source,
        /// `utm_medium`.
        medium,
        /// `utm_term`.
        term,
        /// `utm_content`.
        content,
    }
}

part! {
    /// A page of the web.
    Page {
        /// Path of the address.
        path,
        /// Address of the page before.
        referrer,
        /// Query of the address.
        search,
        /// Title.
        title,
        /// The whole address.
        url,
    }
}
