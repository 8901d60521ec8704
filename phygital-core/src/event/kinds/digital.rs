//! Web, app, e-mail, chat and experiments, as Segment's Spec names them.

use super::kinds;
use crate::event::address::Address;
use crate::vocab::{Decimal, Personal};

kinds! {
    /// Somebody said who she is (Segment's *identify* call). Her phone and e-mail address are
    /// identifiers of the event; these are her other traits. What is not here, such as `company`,
    /// stays in `extra`.
    UserIdentified "User Identified" () {
        first_name as "firstName": Option<Personal>,
        last_name as "lastName": Option<Personal>,
        name: Option<Personal>,
        title: Option<Personal>,
        gender: Option<Personal>,
        birthday: Option<Personal>,
        /// In years.
        age: Option<u32>,
        address: Option<Address>,
        username: Option<Personal>,
        /// What the source's own database calls her.
        id: Option<Personal>,
        description: Option<Personal>,
        website: Option<Personal>,
        /// Address of a picture of her.
        avatar: Option<Personal>,
        /// When her account was made, as the source writes it.
        created_at as "createdAt": Option<String>,
        /// BCP 47.
        language: Option<String>,
    }

    /// Somebody is of a company, family or team (Segment's *group* call).
    GroupJoined "Group Joined" (group_id: String) { name: Option<String> }

    /// A page was seen (Segment's *page* call).
    PageViewed "Page Viewed" () {
        name: Option<String>,
        category: Option<String>,
        title: Option<String>,
        url: Option<String>,
        path: Option<String>,
        search: Option<String>,
        referrer: Option<String>,
        keywords: Vec<String>,
    }

    /// A screen of an app was seen (Segment's *screen* call).
    ScreenViewed "Screen Viewed" () { name: Option<String>, category: Option<String> }

    /// An e-mail came back.
    EmailBounced "Email Bounced" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
    }

    /// An e-mail arrived.
    EmailDelivered "Email Delivered" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
    }

    /// A link in an e-mail was clicked.
    EmailLinkClicked "Email Link Clicked" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
        link_id: Option<String>,
        link_url: Option<String>,
    }

    /// An e-mail was called spam.
    EmailMarkedAsSpam "Email Marked as Spam" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
    }

    /// An e-mail was opened.
    EmailOpened "Email Opened" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
    }

    /// Somebody left a mailing list: a withdrawal of marketing for that address.
    Unsubscribed "Unsubscribed" () {
        email_id: Option<String>,
        email_subject: Option<String>,
        campaign_id: Option<String>,
        campaign_name: Option<String>,
        list_id: Option<String>,
        list_name: Option<String>,
    }

    /// A chat began, by a message of the customer.
    LiveChatConversationStarted "Live Chat Conversation Started" () {
        agent_id: Option<String>,
        agent_name: Option<Personal>,
        agent_username: Option<Personal>,
        conversation_id: Option<String>,
        /// For how long it has lasted, in seconds.
        conversation_duration: Option<Decimal>,
        message_id: Option<String>,
        message_body: Option<Personal>,
    }

    /// A chat ended.
    LiveChatConversationEnded "Live Chat Conversation Ended" () {
        agent_id: Option<String>,
        agent_name: Option<Personal>,
        agent_username: Option<Personal>,
        conversation_id: Option<String>,
        /// For how long it has lasted, in seconds.
        conversation_duration: Option<Decimal>,
        message_id: Option<String>,
        message_body: Option<Personal>,
    }

    /// The customer sent a chat message.
    LiveChatMessageSent "Live Chat Message Sent" () {
        agent_id: Option<String>,
        agent_name: Option<Personal>,
        agent_username: Option<Personal>,
        conversation_id: Option<String>,
        /// For how long it has lasted, in seconds.
        conversation_duration: Option<Decimal>,
        message_id: Option<String>,
        message_body: Option<Personal>,
    }

    /// The customer received a chat message.
    LiveChatMessageReceived "Live Chat Message Received" () {
        agent_id: Option<String>,
        agent_name: Option<Personal>,
        agent_username: Option<Personal>,
        conversation_id: Option<String>,
        /// For how long it has lasted, in seconds.
        conversation_duration: Option<Decimal>,
        message_id: Option<String>,
        message_body: Option<Personal>,
    }

    /// Somebody met a variation of an experiment.
    ExperimentViewed "Experiment Viewed" () {
        experiment_id: Option<String>,
        experiment_name: Option<String>,
        variation_id: Option<String>,
        variation_name: Option<String>,
    }

    /// The app was installed.
    ApplicationInstalled "Application Installed" () { version: Option<String>, build: Option<String> }

    /// The app was opened.
    ApplicationOpened "Application Opened" () {
        from_background: Option<bool>,
        url: Option<String>,
        referring_application: Option<String>,
        version: Option<String>,
        build: Option<String>,
    }

    /// The app went to the background.
    ApplicationBackgrounded "Application Backgrounded" () {}

    /// The app came to the foreground.
    ApplicationForegrounded "Application Foregrounded" () {}

    /// The app was updated.
    ApplicationUpdated "Application Updated" () {
        previous_version: Option<String>,
        previous_build: Option<String>,
        version: Option<String>,
        build: Option<String>,
    }

    /// The app was removed.
    ApplicationUninstalled "Application Uninstalled" () {}

    /// The app crashed.
    ApplicationCrashed "Application Crashed" () {}

    /// An installation was ascribed to a campaign, which stays in `extra`.
    InstallAttributed "Install Attributed" () { provider: Option<String> }

    /// A push notification arrived. Its campaign stays in `extra`.
    PushNotificationReceived "Push Notification Received" () {}

    /// A push notification was tapped. Its campaign stays in `extra`.
    PushNotificationTapped "Push Notification Tapped" () { action: Option<String> }

    /// A push notification came back. Its campaign stays in `extra`.
    PushNotificationBounced "Push Notification Bounced" () { action: Option<String> }

    /// A deep link opened the app.
    DeepLinkOpened "Deep Link Opened" () { provider: Option<String>, url: Option<String> }

    /// A deep link was clicked.
    DeepLinkClicked "Deep Link Clicked" () { provider: Option<String>, url: Option<String> }
}
