//! How a fit ended, in words.

use std::fmt;

/// How a fit ended, and how well the data tell its parameters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The summary of what follows.
    pub verdict: Verdict,
    /// The length of the slope by the logarithms of the parameters, per customer; next to 0 at a top.
    pub gradient_norm: f64,
    /// How much more the likelihood bends along its most curved axis than along its flattest, by the logarithms of the
    /// parameters; `None` where it does not bend downwards in all directions.
    pub condition: Option<f64>,
    /// Parameters at an end of where they were looked for, and what that means.
    pub boundaries: Vec<Boundary>,
    /// How often the data were gone through.
    pub passes: u32,
    /// Whether Newton's steps alone did not arrive, so that Nelder and Mead's method was taken to help.
    pub simplex: bool,
}

/// What a fit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A clear top: the slope is nothing, the likelihood falls off on all sides.
    Converged,
    /// A top along which some combination of parameters hardly changes the likelihood. Predictions hold; the single
    /// parameters and their errors say little.
    Flat,
    /// The likelihood rises towards an end of what parameters may be: the data look like a simpler model. Predictions hold.
    AtBoundary,
    /// The search ended before a top was found. What is given is the best that was seen: do not rely on it.
    Stopped,
}

/// A parameter at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Boundary {
    /// Its name.
    pub parameter: &'static str,
    /// At the upper end, or else the lower.
    pub highest: bool,
    /// What customers would be like then.
    pub meaning: &'static str,
}

impl Verdict {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Converged => "converged",
            Verdict::Flat => "flat",
            Verdict::AtBoundary => "at_boundary",
            Verdict::Stopped => "stopped",
        }
    }
}

/// One sentence for people.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Converged => f.write_str("a clear top was found"),
            Verdict::Flat => f.write_str(
                "a top was found, but some combination of parameters hardly changes the likelihood: trust predictions, not single parameters",
            ),
            Verdict::AtBoundary => {
                f.write_str("the data look like a simpler model:")?;
                for (at, boundary) in self.boundaries.iter().enumerate() {
                    let end = if boundary.highest { "highest" } else { "lowest" };
                    let before = if at > 0 { ";" } else { "" };
                    write!(f, "{before} {} at its {end}, {}", boundary.parameter, boundary.meaning)?;
                }
                Ok(())
            }
            Verdict::Stopped => f.write_str("no top was found: the parameters are the best seen, do not rely on them"),
        }
    }
}
