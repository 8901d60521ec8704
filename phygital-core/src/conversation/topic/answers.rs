//! Types of answers out of JSON.

use super::json::At;
use super::read::short;
use super::{TopicError, limits};
use crate::conversation::answer::{
    AnswerType, Choice, DECIMALS_MAX, DateAnswer, DateRange, Label, Quantity, Scale, SizeAnswer, Unit,
};

/// Greatest number that may be asked for, in thousandths.
const NUMBER_MAX: i64 = 1_000_000_000_000;

/// Reads `{"type": ..., ...}`.
pub(super) fn answer(at: &At<'_>, languages: &[String]) -> Result<AnswerType, TopicError> {
    let kind = at.object()?.into_iter().find(|(key, _)| *key == "type").map(|(_, kind)| kind);
    const TYPES: &str = "a type: choice, number, size, date, yes_no or text";
    let kind = kind.ok_or_else(|| at.wrong(format!("an object with {TYPES}")))?;
    match kind.text()? {
        "choice" => choice(at, languages),
        "number" => number(at),
        "size" => size(at),
        "date" => date(at),
        "yes_no" => at.fields(&["type"]).map(|_| AnswerType::YesNo),
        "text" => at.fields(&["type"]).map(|_| AnswerType::Text),
        _ => Err(kind.wrong(TYPES)),
    }
}

fn choice(at: &At<'_>, languages: &[String]) -> Result<AnswerType, TopicError> {
    let fields = at.fields(&["type", "options", "numbered"])?;
    let options = fields.must("options")?;
    let mut labels = Vec::new();
    for one in options.list(limits::OPTIONS_MAX)? {
        if one.is_text() {
            labels.push(Label::new(short(&one)?));
            continue;
        }
        let fields = one.fields(&["value", "names"])?;
        let mut label = Label::new(short(fields.must("value")?)?);
        for (language, names) in fields.must("names")?.object()? {
            if !languages.iter().any(|one| one == language) {
                return Err(names.wrong(format!("a language of the topic: {}", languages.join(", "))));
            }
            let names = names.list(limits::NAMES_MAX)?.iter().map(short).collect::<Result<Vec<_>, _>>()?;
            label.names.insert(language.to_owned(), names);
        }
        labels.push(label);
    }
    if labels.len() < 2 {
        return Err(options.wrong("at least two things to choose from"));
    }
    let numbered = fields.get("numbered").map_or(Ok(false), At::flag)?;
    let choice = Choice::new(labels, numbered);
    choice.map(AnswerType::Choice).map_err(|odd| {
        options.wrong(format!("names with a letter or digit that no other thing has, not those of `{odd}`"))
    })
}

fn number(at: &At<'_>) -> Result<AnswerType, TopicError> {
    let fields = at.fields(&["type", "unit", "also", "min", "max", "decimals"])?;
    let bound = |key: &str| -> Result<i64, TopicError> {
        let at = fields.must(key)?;
        let number = at.number()?;
        let fits = (0..=NUMBER_MAX).contains(&number);
        if fits { Ok(number) } else { Err(at.wrong("a number from 0 to 1000000000")) }
    };
    let mut quantity = Quantity::new(bound("min")?, bound("max")?);
    if quantity.min > quantity.max {
        return Err(fields.must("max")?.wrong("a number that is not below min"));
    }
    quantity.decimals = fields.get("decimals").map_or(Ok(0), |at| at.whole(0..=DECIMALS_MAX))?;
    quantity.unit = fields.get("unit").map(short).transpose()?;
    let own = quantity.unit.as_deref().and_then(Unit::of);
    for one in fields.get("also").map_or(Ok(Vec::new()), |at| at.list(Unit::ALL.len()))? {
        let unit = Unit::of(one.text()?);
        let fits = unit.zip(own).is_some_and(|(unit, own)| unit.is_length() == own.is_length());
        let unit = unit.filter(|unit| fits && Some(*unit) != own && !quantity.also.contains(unit));
        quantity.also.push(unit.ok_or_else(|| {
            one.wrong("another unit of what unit measures: mm, cm, m, in, ft, or g, kg, oz, lb")
        })?);
    }
    Ok(AnswerType::Number(quantity))
}

fn size(at: &At<'_>) -> Result<AnswerType, TopicError> {
    let fields = at.fields(&["type", "scales"])?;
    let scales_at = fields.must("scales")?;
    let mut scales: Vec<Scale> = Vec::new();
    for one in scales_at.list(limits::SCALES_MAX)? {
        let fields = one.fields(&["system", "sizes", "from", "to", "step"])?;
        let system = fields.get("system").map(short).transpose()?;
        if scales.iter().any(|scale| scale.system() == system.as_deref()) {
            return Err(one.wrong("a system that no other scale has"));
        }
        let sizes = match fields.get("sizes") {
            Some(sizes) => sizes.list(limits::SIZES_MAX)?.iter().map(short).collect::<Result<_, _>>()?,
            None => steps(fields.must("from")?, fields.must("to")?, fields.get("step"))?,
        };
        if sizes.is_empty() {
            return Err(one.wrong("sizes, or from and to"));
        }
        let scale = Scale::new(system, sizes);
        scales.push(
            scale.map_err(|odd| one.wrong(format!("each size once, with a letter or digit, not `{odd}`")))?,
        );
    }
    if scales.is_empty() {
        return Err(scales_at.wrong("at least one scale"));
    }
    Ok(AnswerType::Size(SizeAnswer::new(scales)))
}

/// The sizes from one number to another, such as 35, 35.5, 36.
fn steps(from: &At<'_>, to: &At<'_>, step: Option<&At<'_>>) -> Result<Vec<String>, TopicError> {
    let (first, last) = (from.number()?, to.number()?);
    let step = step.map_or(Ok(1_000), |at| match at.number()? {
        step @ 500..=10_000 if step % 500 == 0 => Ok(step),
        _ => Err(at.wrong("a number from 0.5 to 10, whole or half")),
    })?;
    let count = usize::try_from((last - first) / step + 1).unwrap_or(0);
    if first < 0 || first % 500 != 0 || last < first || !(1..=limits::SIZES_MAX).contains(&count) {
        return Err(to.wrong(format!("1 to {} sizes from `from` on, whole or half", limits::SIZES_MAX)));
    }
    let sizes = (0..count as i64).map(|place| first + place * step);
    Ok(sizes
        .map(
            |size| if size % 1_000 == 0 { (size / 1_000).to_string() } else { format!("{}.5", size / 1_000) },
        )
        .collect())
}

fn date(at: &At<'_>) -> Result<AnswerType, TopicError> {
    let fields = at.fields(&["type", "range", "year"])?;
    let range = match fields.get("range") {
        None => DateRange::Any,
        Some(at) => match at.text()? {
            "any" => DateRange::Any,
            "future" => DateRange::Future,
            "past" => DateRange::Past,
            _ => return Err(at.wrong("any, future or past")),
        },
    };
    let mut date = DateAnswer::new(range);
    date.year_optional = match fields.get("year") {
        None => false,
        Some(at) => match at.text()? {
            "needed" => false,
            "optional" => true,
            _ => return Err(at.wrong("needed or optional")),
        },
    };
    Ok(AnswerType::Date(date))
}
