//! Any of the models, by name and as text.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::bg::{BgNbd, MbgNbd};
use super::bgbb::{BgBb, NoOccasions};
use super::fit::Fit;
use super::gamma_gamma::GammaGamma;
use super::parameters::ParameterError;
use super::pareto::ParetoNbd;
use super::summary::Summary;
use crate::vocab::limits::{OCCASIONS_MAX, VALUE_MODEL_BYTES_MAX};

/// The name of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// [`BgNbd`], `bg-nbd`.
    BgNbd,
    /// [`MbgNbd`], `mbg-nbd`.
    MbgNbd,
    /// [`ParetoNbd`], `pareto-nbd`.
    ParetoNbd,
    /// [`BgBb`], `bg-bb`.
    BgBb,
    /// [`GammaGamma`], `gamma-gamma`.
    GammaGamma,
}

/// One of the models with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Model {
    /// Purchases at any time.
    BgNbd(BgNbd),
    /// Purchases at any time.
    MbgNbd(MbgNbd),
    /// Purchases at any time.
    ParetoNbd(ParetoNbd),
    /// Purchases at occasions.
    BgBb(BgBb),
    /// What purchases are worth.
    GammaGamma(GammaGamma),
}

/// Why a model does not answer, or is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No text of a model.
    #[error("expected a model: a JSON object with model and params")]
    Form,
    /// A name that no model has.
    #[error("expected a model of the name bg-nbd, mbg-nbd, pareto-nbd, bg-bb or gamma-gamma")]
    Kind,
    /// A parameter out of range or missing, or another of a name that the model has not.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// Asked of [`GammaGamma`], which knows values and no purchases.
    #[error("expected a model of purchases, not of what they are worth")]
    NoPurchases,
    /// A customer that [`BgBb`] cannot be asked of.
    #[error(transparent)]
    Occasions(#[from] NoOccasions),
    /// A time ahead that is no whole number of occasions.
    #[error("expected a whole number of occasions ahead, at most {OCCASIONS_MAX}")]
    Ahead,
}

impl Kind {
    /// The name.
    pub fn code(self) -> &'static str {
        match self {
            Kind::BgNbd => "bg-nbd",
            Kind::MbgNbd => "mbg-nbd",
            Kind::ParetoNbd => "pareto-nbd",
            Kind::BgBb => "bg-bb",
            Kind::GammaGamma => "gamma-gamma",
        }
    }
}

impl FromStr for Kind {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Kind, ModelError> {
        let all = [Kind::BgNbd, Kind::MbgNbd, Kind::ParetoNbd, Kind::BgBb, Kind::GammaGamma];
        all.into_iter().find(|kind| kind.code() == text).ok_or(ModelError::Kind)
    }
}

impl Model {
    /// Which it is.
    pub fn kind(&self) -> Kind {
        match self {
            Model::BgNbd(_) => Kind::BgNbd,
            Model::MbgNbd(_) => Kind::MbgNbd,
            Model::ParetoNbd(_) => Kind::ParetoNbd,
            Model::BgBb(_) => Kind::BgBb,
            Model::GammaGamma(_) => Kind::GammaGamma,
        }
    }

    /// The probability that a customer still buys at the end of what was seen.
    ///
    /// # Errors
    /// [`ModelError`] from a model that cannot say.
    pub fn probability_alive(&self, of: &Summary) -> Result<f64, ModelError> {
        match self {
            Model::BgNbd(model) => Ok(model.probability_alive(of)),
            Model::MbgNbd(model) => Ok(model.probability_alive(of)),
            Model::ParetoNbd(model) => Ok(model.probability_alive(of)),
            Model::BgBb(model) => Ok(model.probability_alive(of)?),
            Model::GammaGamma(_) => Err(ModelError::NoPurchases),
        }
    }

    /// How many purchases are expected of a customer in the time `ahead`.
    ///
    /// # Errors
    /// [`ModelError`] from a model that cannot say.
    pub fn expected(&self, of: &Summary, ahead: f64) -> Result<f64, ModelError> {
        match self {
            Model::BgNbd(model) => Ok(model.expected(of, ahead)),
            Model::MbgNbd(model) => Ok(model.expected(of, ahead)),
            Model::ParetoNbd(model) => Ok(model.expected(of, ahead)),
            Model::BgBb(model) => {
                let whole = ahead >= 0.0 && ahead <= f64::from(OCCASIONS_MAX) && ahead == libm::trunc(ahead);
                if whole { Ok(model.expected(of, ahead as u32)?) } else { Err(ModelError::Ahead) }
            }
            Model::GammaGamma(_) => Err(ModelError::NoPurchases),
        }
    }

    /// Reads a model from an object with `model`, its name, and `params`, an object of numbers. Other fields, such as the
    /// status of the fit, are left aside.
    ///
    /// # Errors
    /// [`ModelError`] for anything else.
    pub fn from_json(text: &str) -> Result<Model, ModelError> {
        #[derive(Deserialize)]
        struct File {
            model: String,
            // As written: numbers are read here to the last bit.
            params: BTreeMap<String, Box<RawValue>>,
        }
        if text.len() > VALUE_MODEL_BYTES_MAX {
            return Err(ModelError::Form);
        }
        let File { model, params } = serde_json::from_str(text).map_err(|_| ModelError::Form)?;
        let kind = model.parse::<Kind>()?;
        let mut read = 0;
        let mut number = |name: &'static str| {
            read += 1;
            let number = params.get(name).and_then(|raw| raw.get().parse::<f64>().ok());
            number.ok_or(ParameterError(name))
        };
        let model = match kind {
            Kind::BgNbd => {
                Model::BgNbd(BgNbd::new(number("r")?, number("alpha")?, number("a")?, number("b")?)?)
            }
            Kind::MbgNbd => {
                Model::MbgNbd(MbgNbd::new(number("r")?, number("alpha")?, number("a")?, number("b")?)?)
            }
            Kind::ParetoNbd => {
                let model = ParetoNbd::new(number("r")?, number("alpha")?, number("s")?, number("beta")?);
                Model::ParetoNbd(model?)
            }
            Kind::BgBb => {
                let model = BgBb::new(number("alpha")?, number("beta")?, number("gamma")?, number("delta")?);
                Model::BgBb(model?)
            }
            Kind::GammaGamma => Model::GammaGamma(GammaGamma::new(number("p")?, number("q")?, number("g")?)?),
        };
        if params.len() == read { Ok(model) } else { Err(ModelError::Form) }
    }
}

impl<M: Into<Model>> Fit<M> {
    /// The same fit, of any model.
    pub fn general(self) -> Fit<Model> {
        Fit {
            model: self.model.into(),
            log_likelihood: self.log_likelihood,
            people: self.people,
            groups: self.groups,
            parameters: self.parameters,
            status: self.status,
        }
    }
}

impl From<BgNbd> for Model {
    fn from(model: BgNbd) -> Model {
        Model::BgNbd(model)
    }
}

impl From<MbgNbd> for Model {
    fn from(model: MbgNbd) -> Model {
        Model::MbgNbd(model)
    }
}

impl From<ParetoNbd> for Model {
    fn from(model: ParetoNbd) -> Model {
        Model::ParetoNbd(model)
    }
}

impl From<BgBb> for Model {
    fn from(model: BgBb) -> Model {
        Model::BgBb(model)
    }
}

impl From<GammaGamma> for Model {
    fn from(model: GammaGamma) -> Model {
        Model::GammaGamma(model)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_from_its_text() {
        let text = r#"{"model":"bg-nbd","params":{"r":0.243,"alpha":4.414,"a":0.793,"b":2.426},"status":{}}"#;
        assert_eq!(Model::from_json(text), Ok(BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap().into()));
        for (text, expected) in [
            ("", ModelError::Form),
            ("{}", ModelError::Form),
            (r#"{"model":"nbd","params":{}}"#, ModelError::Kind),
            (r#"{"model":"gamma-gamma","params":{"p":1,"q":2}}"#, ParameterError("g").into()),
            (r#"{"model":"gamma-gamma","params":{"p":1,"q":2,"g":"3"}}"#, ParameterError("g").into()),
            (r#"{"model":"gamma-gamma","params":{"p":1,"q":2,"g":3,"r":4}}"#, ModelError::Form),
            (
                r#"{"model":"pareto-nbd","params":{"r":1,"alpha":2,"s":0,"beta":1}}"#,
                ParameterError("s").into(),
            ),
        ] {
            assert_eq!(Model::from_json(text), Err(expected), "{text}");
        }
        let long = format!("{text}{}", " ".repeat(VALUE_MODEL_BYTES_MAX - text.len()));
        assert!(Model::from_json(&long).is_ok());
        assert_eq!(Model::from_json(&format!("{long} ")), Err(ModelError::Form));
    }

    #[test]
    fn what_a_model_cannot_say_it_refuses() {
        let of = Summary::new(1, 2.0, 3.0).unwrap();
        let spending = Model::from(GammaGamma::new(6.0, 4.0, 15.0).unwrap());
        assert_eq!(spending.expected(&of, 1.0), Err(ModelError::NoPurchases));
        assert_eq!(spending.probability_alive(&of), Err(ModelError::NoPurchases));
        let occasions = Model::from(BgBb::new(1.2, 0.75, 0.66, 2.8).unwrap());
        assert_eq!(occasions.expected(&of, 1.5), Err(ModelError::Ahead));
        assert_eq!(occasions.expected(&of, f64::from(OCCASIONS_MAX) + 1.0), Err(ModelError::Ahead));
        let half = Summary::new(1, 1.5, 3.0).unwrap();
        assert_eq!(occasions.expected(&half, 1.0), Err(NoOccasions.into()));
        let often = Summary::new(3, 2.0, 3.0).unwrap();
        assert_eq!(occasions.probability_alive(&often), Err(NoOccasions.into()));
        let long = Summary::new(1, 2.0, f64::from(OCCASIONS_MAX) + 1.0).unwrap();
        assert_eq!(occasions.probability_alive(&long), Err(NoOccasions.into()));
        let longest = Summary::new(1, 2.0, f64::from(OCCASIONS_MAX)).unwrap();
        assert!(occasions.probability_alive(&longest).unwrap() < 0.01);
    }
}
