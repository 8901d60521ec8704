//! Conditions of branches: a tree over what is known, with three outcomes.

use super::json::At;
use super::{TopicError, limits};

/// Something that is so, is not so, or cannot be told because a field is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The field is known.
    Known(String),
    /// The field is one of these, letter case aside.
    In(String, Vec<String>),
    /// The field is a number of so many thousandths or more.
    AtLeast(String, i64),
    /// The field is a number below so many thousandths.
    Below(String, i64),
    /// All of them.
    All(Vec<Condition>),
    /// One of them or more.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
}

impl Condition {
    /// Whether it is so, of fields that `value` gives; `None` where it depends on one that is not known, or is no number.
    pub fn holds<'v>(&self, value: &impl Fn(&str) -> Option<&'v str>) -> Option<bool> {
        match self {
            Condition::Known(field) => Some(value(field).is_some()),
            Condition::In(field, these) => {
                let known = value(field)?.to_lowercase();
                Some(these.iter().any(|one| one.to_lowercase() == known))
            }
            Condition::AtLeast(field, least) => Some(thousandths(value(field)?)? >= *least),
            Condition::Below(field, bound) => Some(thousandths(value(field)?)? < *bound),
            // What is already decided does not wait for what is not known.
            Condition::All(all) => decided(all.iter().map(|one| one.holds(value)), false),
            Condition::Any(any) => decided(any.iter().map(|one| one.holds(value)), true),
            Condition::Not(one) => one.holds(value).map(|holds| !holds),
        }
    }

    /// The fields that it asks for.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Condition::Known(field)
            | Condition::In(field, _)
            | Condition::AtLeast(field, _)
            | Condition::Below(field, _) => vec![field],
            Condition::All(several) | Condition::Any(several) => {
                several.iter().flat_map(Condition::fields).collect()
            }
            Condition::Not(one) => one.fields(),
        }
    }

    pub(super) fn read(at: &At<'_>) -> Result<Condition, TopicError> {
        Condition::read_within(at, 1)
    }

    fn read_within(at: &At<'_>, depth: usize) -> Result<Condition, TopicError> {
        const FORMS: &str = "one of {\"known\": field}, {\"field\", \"is\" or \"at_least\" or \"below\"}, \
                             {\"all\": [...]}, {\"any\": [...]} and {\"not\": {...}}";
        if depth > limits::CONDITION_DEPTH_MAX {
            return Err(at.wrong(format!("conditions at most {} deep", limits::CONDITION_DEPTH_MAX)));
        }
        let several = |list: &At<'_>| -> Result<Vec<Condition>, TopicError> {
            let list = list.list(limits::CONDITIONS_MAX)?;
            list.iter().map(|one| Condition::read_within(one, depth + 1)).collect()
        };
        let fields = at.object()?;
        let keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
        let [first, rest @ ..] = fields.as_slice() else { return Err(at.wrong(FORMS)) };
        match keys.as_slice() {
            ["known"] => Ok(Condition::Known(first.1.text()?.to_owned())),
            ["all"] => Ok(Condition::All(several(&first.1)?)),
            ["any"] => Ok(Condition::Any(several(&first.1)?)),
            ["not"] => Ok(Condition::Not(Box::new(Condition::read_within(&first.1, depth + 1)?))),
            ["at_least", "field"] => Ok(Condition::AtLeast(rest[0].1.text()?.to_owned(), first.1.number()?)),
            ["below", "field"] => Ok(Condition::Below(rest[0].1.text()?.to_owned(), first.1.number()?)),
            ["field", "is"] => {
                let is = &rest[0].1;
                let these = match is.is_text() {
                    true => vec![is.text()?.to_owned()],
                    false => {
                        let list = is.list(limits::OPTIONS_MAX)?;
                        list.iter().map(|one| one.text().map(str::to_owned)).collect::<Result<_, _>>()?
                    }
                };
                Ok(Condition::In(first.1.text()?.to_owned(), these))
            }
            _ => Err(at.wrong(FORMS)),
        }
    }
}

/// `sign` where one is it, its opposite where all are, else unknown.
fn decided(several: impl Iterator<Item = Option<bool>>, sign: bool) -> Option<bool> {
    let mut unknown = false;
    for one in several {
        match one {
            Some(holds) if holds == sign => return Some(sign),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!sign)
}

/// A value such as `42.5` in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, whole) = whole.strip_prefix('-').map_or((1, whole), |whole| (-1, whole));
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    let places = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    let rest = places.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(rest).map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &Condition, size: Option<&str>) -> Option<bool> {
        condition.holds(&|field| size.filter(|_| field == "size"))
    }

    #[test]
    fn what_is_not_known_is_neither_so_nor_not() {
        let small = Condition::Below("size".into(), 40_000);
        assert_eq!(holds(&small, Some("39.5")), Some(true));
        assert_eq!(holds(&small, Some("40")), Some(false));
        assert_eq!((holds(&small, None), holds(&small, Some("M"))), (None, None));
        let not = Condition::Not(Box::new(small.clone()));
        assert_eq!((holds(&not, None), holds(&not, Some("40"))), (None, Some(true)));
        let known = Condition::Known("size".into());
        let all = Condition::All(vec![known.clone(), small.clone()]);
        assert_eq!(holds(&all, None), Some(false), "decided before");
        let any = Condition::Any(vec![small, Condition::In("size".into(), vec!["XL".into(), "m".into()])]);
        assert_eq!((holds(&any, Some("M")), holds(&any, None)), (Some(true), None));
        assert_eq!(
            (holds(&Condition::All(vec![]), None), holds(&Condition::Any(vec![]), None)),
            (Some(true), Some(false))
        );
    }
}
