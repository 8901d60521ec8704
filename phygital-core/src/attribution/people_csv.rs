//! Touches and orders as lines of CSV.

use super::csv_line::{CellError, CellFault, Header, Row};
use super::people::{Contact, People, PersonKey, Sale, Sold};
use crate::vocab::{Currency, PlaceId, Timestamp};

/// Reads touches, a line each: the columns `person`, `channel`, `ts`, and where they are known `touch` (the number of the
/// touch among the person's; the line's where there is no such column) and `place` (the shop).
///
/// A time is in whole seconds since 1970, or of RFC 3339. Other columns are passed over.
///
/// ```
/// use phygital_core::attribution::{People, SaleLines, TouchLines};
/// let mut people = People::new(2);
/// let touches = TouchLines::new("person,touch,channel,ts")?;
/// touches.read(2, "ann,0,search,1700000000", &mut people)?;
/// let mut orders = SaleLines::new("person,order,ts,channel,value_minor,refund_minor")?;
/// orders.read(2, "ann,o-1,2023-11-15T10:00:00Z,store,1999,0", &mut people)?;
/// let refused = orders.read(3, "ann,o-2,2023-11-15T10:00:00Z,store,1999,2000", &mut people).unwrap_err();
/// assert_eq!(refused.to_string(), "line 3, column refund_minor: more was refunded than the order was worth");
/// # Ok::<(), phygital_core::attribution::CellError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TouchLines {
    header: Header,
    person: usize,
    channel: usize,
    at: usize,
    number: Option<usize>,
    place: Option<usize>,
}

/// Reads orders, a line each: the columns `person` (empty where nobody was recognised), `order`, `ts`, `channel` (`store`
/// or `web`), `value_minor`, and where they are known `refund_minor`, `goods_minor` (what the goods that were kept had
/// cost), `place` (the shop) and `currency` (one for all lines).
#[derive(Clone, Debug)]
pub struct SaleLines {
    header: Header,
    person: usize,
    order: usize,
    at: usize,
    sold: usize,
    value: usize,
    refund: Option<usize>,
    goods: Option<usize>,
    place: Option<usize>,
    currency: Option<usize>,
    of_all: Option<Currency>,
}

const TOUCHES: [&str; 5] = ["person", "channel", "ts", "touch", "place"];
const SALES: [&str; 9] =
    ["person", "order", "ts", "channel", "value_minor", "refund_minor", "goods_minor", "place", "currency"];

impl TouchLines {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// [`CellError`] where one is missing or there twice.
    pub fn new(header: &str) -> Result<TouchLines, CellError> {
        let header = Header::read(header)?;
        let [person, channel, at] = ["person", "channel", "ts"].map(|name| header.need(name));
        let (number, place) = (header.find("touch"), header.find("place"));
        Ok(TouchLines { person: person?, channel: channel?, at: at?, number, place, header })
    }

    /// The columns that are not read.
    pub fn passed_over(&self) -> impl Iterator<Item = &str> {
        self.header.others(&TOUCHES)
    }

    /// Takes the touch of a line; `number` is the line's, from 1 for the header.
    ///
    /// # Errors
    /// [`CellError`]; nothing is changed then.
    pub fn read(&self, number: u64, line: &str, people: &mut People) -> Result<(), CellError> {
        let row = self.header.row(number, line)?;
        let person = PersonKey::of(row.some(self.person)?.as_bytes());
        let at = time(&row, self.at)?;
        let place = place(&row, self.place)?;
        let number = self.number.map_or(Ok(number), |column| row.number(column))?;
        let channel = people.channel(row.some(self.channel)?);
        let channel = channel.map_err(|error| row.fault(self.channel, error))?;
        let touch = Contact { place, ..Contact::new(channel, at, number) };
        people.touch(person, touch).map_err(|error| row.fault(self.number.unwrap_or(self.at), error))
    }
}

impl SaleLines {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// [`CellError`] where one is missing or there twice.
    pub fn new(header: &str) -> Result<SaleLines, CellError> {
        let header = Header::read(header)?;
        Ok(SaleLines {
            person: header.need("person")?,
            order: header.need("order")?,
            at: header.need("ts")?,
            sold: header.need("channel")?,
            value: header.need("value_minor")?,
            refund: header.find("refund_minor"),
            goods: header.find("goods_minor"),
            place: header.find("place"),
            currency: header.find("currency"),
            of_all: None,
            header,
        })
    }

    /// The columns that are not read.
    pub fn passed_over(&self) -> impl Iterator<Item = &str> {
        self.header.others(&SALES)
    }

    /// The currency that the lines so far name.
    pub fn currency(&self) -> Option<Currency> {
        self.of_all
    }

    /// Takes the order of a line; `number` is the line's, from 1 for the header.
    ///
    /// # Errors
    /// [`CellError`]; nothing is changed then.
    pub fn read(&mut self, number: u64, line: &str, people: &mut People) -> Result<(), CellError> {
        let row = self.header.row(number, line)?;
        let person = match row.text(self.person) {
            "" => None,
            person => Some(PersonKey::of(person.as_bytes())),
        };
        let order = row
            .some(self.order)?
            .parse()
            .map_err(|error: crate::vocab::IdError| row.fault(self.order, error))?;
        let at = time(&row, self.at)?;
        let sold = match row.some(self.sold)? {
            "store" => Sold::Store,
            "web" => Sold::Web,
            _ => return Err(row.fault(self.sold, CellFault::Sold)),
        };
        let value = row.amount(self.value)?;
        let known = |column: Option<usize>| column.filter(|column| !row.text(*column).is_empty());
        let refund = known(self.refund).map_or(Ok(0), |column| row.amount(column))?;
        if let Some(column) = self.refund.filter(|_| refund > value) {
            return Err(row.fault(column, CellFault::RefundOverOrder));
        }
        let goods = known(self.goods).map(|column| row.amount(column)).transpose()?;
        let place = place(&row, self.place)?;
        let currency = self.currency.map(|column| currency(&row, column, self.of_all)).transpose()?;
        let sale = Sale { goods, place, ..Sale::new(order, at, sold, value - refund) };
        people.sale(person, sale).map_err(|error| row.fault(self.order, error))?;
        self.of_all = currency;
        Ok(())
    }
}

fn currency(row: &Row<'_>, column: usize, before: Option<Currency>) -> Result<Currency, CellError> {
    let currency = row.some(column)?.parse().map_err(|_| row.fault(column, CellFault::Currency))?;
    match before {
        Some(before) if before != currency => Err(row.fault(column, CellFault::Mixed(before))),
        _ => Ok(currency),
    }
}

fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, CellError> {
    let text = row.some(column)?;
    let time = match text.parse::<i64>() {
        Ok(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
        Err(_) => Timestamp::parse(text),
    };
    time.map_err(|error| row.fault(column, CellFault::Time(error)))
}

fn place(row: &Row<'_>, column: Option<usize>) -> Result<Option<PlaceId>, CellError> {
    let Some(column) = column else { return Ok(None) };
    match row.text(column) {
        "" => Ok(None),
        text => PlaceId::new(text).map(Some).map_err(|error| row.fault(column, error)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::people::PeopleError;
    use super::*;

    fn touches(header: &str, lines: &[&str]) -> Result<People, CellError> {
        let mut people = People::new(2);
        let reader = TouchLines::new(header)?;
        for (at, line) in lines.iter().enumerate() {
            reader.read(at as u64 + 2, line, &mut people)?;
        }
        Ok(people)
    }

    fn sales(header: &str, lines: &[&str]) -> Result<People, CellError> {
        let mut people = People::new(2);
        let mut reader = SaleLines::new(header)?;
        for (at, line) in lines.iter().enumerate() {
            reader.read(at as u64 + 2, line, &mut people)?;
        }
        Ok(people)
    }

    #[test]
    fn bad_touches_are_named() {
        let header = "person,touch,channel,ts,place";
        let told = |line| {
            let error = touches(header, &["a,0,ad,10,", line]).unwrap_err();
            (error.line, error.column.into_string(), error.fault)
        };
        let at = |column: &str, fault| (3, column.to_owned(), fault);
        assert_eq!(told(",0,ad,10,"), at("person", CellFault::Empty));
        assert_eq!(told("a,-1,ad,10,"), at("touch", CellFault::Number));
        assert_eq!(told("a,1,,10,"), at("channel", CellFault::Empty));
        assert_eq!(told("a,1,ad,soon,"), at("ts", CellFault::Time(crate::vocab::TimeError::Form)));
        assert_eq!(told("a,1,ad,-1,"), at("ts", CellFault::Time(crate::vocab::TimeError::Range)));
        assert_eq!(
            told("a,1,ad,9223372036854775807,"),
            at("ts", CellFault::Time(crate::vocab::TimeError::Range))
        );
        assert_eq!(told("a,0,mail,10,"), at("touch", CellFault::People(PeopleError::SameNumber)));
        assert_eq!(told("a,1,ad,10"), at("place", CellFault::Fields { expected: 5, found: 4 }));
        assert_eq!(touches("person,ts", &[]).unwrap_err().column.as_ref(), "channel");
    }

    #[test]
    fn bad_orders_are_named() {
        let header = "person,order,ts,channel,value_minor,refund_minor,currency";
        let told = |line| {
            let error = sales(header, &["a,1,10,web,5,0,EUR", line]).unwrap_err();
            (error.line, error.column.into_string(), error.fault)
        };
        let at = |column: &str, fault| (3, column.to_owned(), fault);
        assert_eq!(told("a,1,10,web,5,0,EUR"), at("order", CellFault::People(PeopleError::SameOrder)));
        assert_eq!(told("a,2,10,fax,5,0,EUR"), at("channel", CellFault::Sold));
        assert_eq!(told("a,2,10,web,-5,0,EUR"), at("value_minor", CellFault::Negative));
        assert_eq!(told("a,2,10,web,NaN,0,EUR"), at("value_minor", CellFault::Number));
        assert_eq!(told("a,2,10,web,5,6,EUR"), at("refund_minor", CellFault::RefundOverOrder));
        assert_eq!(told("a,2,10,web,5,0,XXX"), at("currency", CellFault::Currency));
        assert_eq!(told("a,2,10,web,5,0,USD"), at("currency", CellFault::Mixed("EUR".parse().unwrap())));
        assert_eq!(
            told("a,2,10,web,9223372036854775807,0,EUR"),
            at("order", CellFault::People(PeopleError::TooMuch))
        );
    }

    #[test]
    fn what_is_not_known_may_be_left_out() {
        let people =
            sales("order,ts,channel,value_minor,person,note", &["1,10,web,5,,x", "2,10,web,5,a,y"]).unwrap();
        assert_eq!((people.sales(), people.persons()), (2, 1));
        let lines = SaleLines::new("order,ts,channel,value_minor,person,note").unwrap();
        assert_eq!(lines.passed_over().collect::<Vec<_>>(), ["note"]);
    }
}
