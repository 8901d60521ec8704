//! What customers will be worth: how often they come back, whether they still do, what they spend.
//!
//! [`Customers`] are summaries in groups that merge; [`Purchases`] makes them from transactions. [`BgNbd`], [`MbgNbd`] and
//! [`ParetoNbd`] are models of purchases at any time, [`BgBb`] of purchases at fixed occasions, [`GammaGamma`] of what is
//! spent; [`Outlook`] puts both together. All are for customers without a contract: see [`Relation`].
//!
//! Every fit comes with a [`Status`]. Logarithms and exponentials are those of one library and sums go in one order, so the
//! same customers give the same bits on every platform, in whatever order they came and on however many threads.

mod bg;
mod bgbb;
mod codec;
mod customers;
mod fit;
mod future;
mod gamma_gamma;
mod likelihood;
mod model;
mod newton;
mod outlook;
mod parameters;
mod pareto;
mod purchases;
mod simplex;
mod spending;
mod status;
mod summary;
mod symmetric;

pub use bg::{BgNbd, MbgNbd};
pub use bgbb::{BgBb, NoOccasions};
pub use codec::EncodingError;
pub use customers::{Customers, Gather, GroupError, Relation};
pub use fit::{Fit, FitError, Parameter};
pub use gamma_gamma::GammaGamma;
pub use likelihood::{Spread, Sums, alone};
pub use model::{Kind, Model, ModelError};
pub use outlook::{Outlook, OutlookError};
pub use parameters::ParameterError;
pub use pareto::ParetoNbd;
pub use purchases::{History, LeftOut, PurchaseError, Purchases, Scale, grouped};
pub use spending::{GatherSpending, Spending, SpendingError};
pub use status::{Boundary, Status, Verdict};
pub use summary::{Field, Summary, SummaryError, decimal, whole};
