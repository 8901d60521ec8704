//! What surrounded an event, as Segment's `context` has it.

use super::error::EventError;
use super::fields::{Field, Object, Path, Scope, Writer};
use super::json::Json;
use super::property::part;
use crate::vocab::Personal;

part! {
    /// What surrounded an event: the campaign and page that led to it, the device, as Segment's
    /// `context` has them.
    Context {
        /// The campaign that brought the visitor.
        campaign: Option<Campaign>,
        /// The page it happened on.
        page: Option<Page>,
        /// Language and country, BCP 47.
        locale: Option<String>,
        /// What the browser calls itself.
        user_agent as "userAgent": Option<Personal>,
        /// The network address.
        ip: Option<Personal>,
    }
    with extra
}

part! {
    /// A campaign, by its UTM names.
    Campaign {
        /// `utm_campaign`.
        name: Option<String>,
        /// `utm_source`.
        source: Option<String>,
        /// `utm_medium`.
        medium: Option<String>,
        /// `utm_term`.
        term: Option<String>,
        /// `utm_content`.
        content: Option<String>,
    }
    with extra
}

part! {
    /// A page of the web.
    Page {
        /// Path of the address.
        path: Option<String>,
        /// Address of the page before.
        referrer: Option<String>,
        /// Query of the address.
        search: Option<String>,
        /// Title.
        title: Option<String>,
        /// The whole address.
        url: Option<String>,
    }
    with extra
}

macro_rules! objects {
    ($($name:ident = $form:literal),* $(,)?) => {$(
        impl Field for $name {
            const FORM: &'static str = $form;

            fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
                $name::whole(Object::read(json, at)?, at, scope)
            }
            fn write(&self, out: &mut String) {
                Writer::object(out, |out| self.put(out));
            }
        }
    )*};
}

objects!(Context = "context", Campaign = "campaign", Page = "page");
