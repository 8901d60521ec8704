//! The service's errors as faults.

use pcsc::Error;

use crate::link::{LinkError, LinkFault};

/// What an error of the service means, said while a reader was in use.
///
/// With Windows' and pcsc-lite's meaning; where they differ, pcsc-lite's, which is what most tills run.
pub(super) fn fault(error: Error) -> LinkFault {
    match error {
        // pcsc-lite says NotTransacted when the card is pulled away in the middle, and RemovedCard for ever after.
        Error::RemovedCard
        | Error::NoSmartcard
        | Error::NotTransacted
        | Error::UnresponsiveCard
        | Error::UnpoweredCard
        // Another program reset it: it lies there, and what was selected and authenticated is gone.
        | Error::ResetCard => LinkFault::CardGone,
        Error::ProtoMismatch
        | Error::InvalidAtr
        | Error::UnsupportedCard
        | Error::CardUnsupported
        | Error::UnknownCard
        | Error::CommDataLost
        // Its answer is longer than any that is allowed.
        | Error::InsufficientBuffer => LinkFault::Card,
        Error::Timeout | Error::WaitedTooLong | Error::NotReady => LinkFault::Timeout,
        // CommError is the connection to the service and not to the card: it has just ended. So does pcsc-lite say
        // SecurityViolation where the service was killed with words of ours unread. Then come NoService and, for what the
        // old connection knew, InvalidHandle.
        Error::CommError
        | Error::SecurityViolation
        | Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::SystemCancelled
        | Error::InvalidHandle
        | Error::NoReadersAvailable
        | Error::ReaderUnavailable
        | Error::UnknownReader => LinkFault::ReaderGone,
        Error::SharingViolation | Error::ServerTooBusy => LinkFault::Busy,
        Error::NoAccess => LinkFault::Permission,
        Error::Cancelled | Error::CancelledByUser => LinkFault::Cancelled,
        Error::UnsupportedFeature | Error::ReaderUnsupported => LinkFault::Unsupported,
        Error::PciTooSmall => LinkFault::Reader,
        _ => LinkFault::Io,
    }
}

/// An error of the service while doing something.
pub(super) fn failed(doing: &'static str, error: Error) -> LinkError {
    LinkError::new(fault(error), doing).detail(format!("{error:?}"))
}

/// An error of the service while connecting to it. There it is the service that keeps this program out.
pub(super) fn refused(doing: &'static str, error: Error) -> LinkError {
    match error {
        Error::SecurityViolation => LinkError { fault: LinkFault::Permission, ..failed(doing, error) },
        _ => failed(doing, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_who_can_help() {
        use LinkFault as F;
        for (errors, expected) in [
            (
                &[Error::RemovedCard, Error::ResetCard, Error::NotTransacted, Error::NoSmartcard][..],
                F::CardGone,
            ),
            (&[Error::UnresponsiveCard, Error::UnpoweredCard], F::CardGone),
            (&[Error::ProtoMismatch, Error::InsufficientBuffer, Error::InvalidAtr], F::Card),
            (
                &[
                    Error::CommError,
                    Error::SecurityViolation,
                    Error::NoService,
                    Error::ServiceStopped,
                    Error::InvalidHandle,
                ],
                F::ReaderGone,
            ),
            (&[Error::ReaderUnavailable, Error::UnknownReader, Error::NoReadersAvailable], F::ReaderGone),
            (&[Error::SharingViolation, Error::ServerTooBusy], F::Busy),
            (&[Error::NoAccess], F::Permission),
            (&[Error::Cancelled], F::Cancelled),
            (&[Error::Timeout, Error::WaitedTooLong], F::Timeout),
            (&[Error::UnsupportedFeature], F::Unsupported),
            (&[Error::InternalError, Error::UnknownError, Error::NoMemory], F::Io),
        ] {
            for error in errors {
                assert_eq!(fault(*error), expected, "{error:?}");
            }
        }
    }

    #[test]
    fn permission_is_denied_when_connecting() {
        assert_eq!(refused("testing", Error::SecurityViolation).fault, LinkFault::Permission);
        assert_eq!(refused("testing", Error::NoService).fault, LinkFault::ReaderGone);
    }

    #[test]
    fn what_ends_a_reader_is_not_the_card() {
        let of_the_card = [Error::RemovedCard, Error::ResetCard, Error::NotTransacted, Error::ProtoMismatch];
        assert!(of_the_card.iter().all(|error| !fault(*error).ends_reader()));
        let of_the_service = [Error::CommError, Error::NoService, Error::SharingViolation];
        assert!(of_the_service.iter().all(|error| fault(*error).ends_reader()));
    }
}
