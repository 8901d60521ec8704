//! Records of made-up customers, as shops have them: typos, nicknames, households, shared and recycled numbers.
//!
//! A person has on average three records, from several systems. Who shares a household shares its address, mostly its
//! surname, often its phone and now and then an email address. A quarter of the records have no date of birth, two fifths
//! no phone, two fifths no email address. The same seed gives the same records on every machine.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// The columns, the first the id of a record, the last the person in truth.
pub const COLUMNS: [&str; 10] = [
    "record_id",
    "given_name",
    "surname",
    "dob",
    "phone",
    "email",
    "address",
    "city",
    "postcode",
    "person_id",
];

/// Short forms of given names, as the core knows them.
const NICKNAMES: &str = include_str!("../../phygital-core/data/nicknames.csv");

/// Given names by how common they are, the most common first.
const GIVEN: &str = "james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan \
    joseph jessica thomas sarah christopher karen charles lisa daniel nancy matthew betty anthony sandra mark margaret \
    donald ashley steven kimberly andrew emily paul donna joshua michelle kenneth carol kevin amanda brian melissa \
    timothy deborah ronald stephanie george rebecca jason sharon edward laura jeffrey cynthia ryan dorothy jacob amy \
    nicholas kathleen gary angela eric shirley jonathan emma stephen brenda larry pamela justin nicole scott anna \
    brandon samantha benjamin katherine samuel christine gregory debra alexander rachel patrick carolyn frank janet \
    raymond maria jack olivia dennis heather jerry helen tyler catherine aaron diane jose julie adam victoria nathan \
    joyce henry lauren zachary kelly douglas christina peter ruth kyle joan noah virginia ethan judith jeremy evelyn";

/// Surnames by how common they are.
const SURNAMES: &str = "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez \
    wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis \
    robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera \
    campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris \
    morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward \
    richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel \
    myers long ross foster jimenez";

/// What made-up names are made of.
const BEGINS: [&str; 24] = [
    "al", "ber", "bra", "cal", "dan", "del", "el", "fair", "gar", "hol", "kir", "lan", "mar", "nor", "os",
    "pen", "ro", "san", "tre", "ul", "vel", "wes", "yar", "zim",
];
const MIDDLES: [&str; 20] = [
    "a", "be", "ci", "do", "en", "fi", "gre", "ha", "in", "ka", "le", "mo", "ni", "or", "pe", "ra", "se",
    "ti", "u", "va",
];
const ENDS: [&str; 24] = [
    "berg", "by", "dale", "den", "don", "er", "ez", "field", "ford", "gan", "ham", "ini", "ker", "land",
    "ley", "man", "mer", "ner", "o", "ris", "sen", "son", "ton", "well",
];
const ROADS: [&str; 8] = ["street", "road", "avenue", "lane", "drive", "court", "close", "way"];
const PROVIDERS: [&str; 8] = [
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "aol.com",
    "proton.me",
    "example.org",
];

/// One record; the values stand as in [`COLUMNS`].
pub type Row = [String; 10];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed(self.0)) * most as u128) >> 64) as usize
    }

    /// True so many times of a thousand.
    fn often(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

/// The last step of SplitMix64 (Steele, Lea and Flood 2014).
pub fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Values of which the first are common and the last are rare: the n-th as often as 1 / (n + shift).
struct Skewed {
    values: Vec<String>,
    upto: Vec<u64>,
}

impl Skewed {
    fn new(values: Vec<String>, shift: u64) -> Self {
        let mut sum = 0;
        let upto = (0..values.len() as u64).map(|n| {
            sum += 1_000_000_000 / (n + shift);
            sum
        });
        Self { upto: upto.collect(), values }
    }

    fn draw(&self, dice: &mut Dice) -> &str {
        let total = *self.upto.last().expect("values");
        let at = dice.below(total as usize) as u64;
        &self.values[self.upto.partition_point(|upto| *upto <= at)]
    }
}

/// Made-up names, each once.
fn invented(count: usize, begun: Vec<String>, dice: &mut Dice) -> Vec<String> {
    let mut known: std::collections::BTreeSet<String> = begun.iter().cloned().collect();
    let mut names = begun;
    while names.len() < count {
        let mut name = dice.pick(&BEGINS).to_owned();
        (0..dice.below(3)).for_each(|_| name.push_str(dice.pick(&MIDDLES)));
        name.push_str(dice.pick(&ENDS));
        if known.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}

struct Address {
    street: String,
    city: String,
    postcode: String,
}

struct Person {
    given: String,
    surname: String,
    born: String,
    phones: Vec<String>,
    emails: Vec<String>,
    /// The address of the household, and the one before or after a move.
    addresses: Vec<usize>,
    married: Option<String>,
}

/// Gives at least `count` records, household by household, in an order that says nothing.
pub fn records(count: usize, seed: u64) -> Vec<Row> {
    let mut dice = Dice(seed);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let given = Skewed::new(invented(2_500, words(GIVEN), &mut dice), 12);
    let surnames = Skewed::new(invented(40_000, words(SURNAMES), &mut dice), 60);
    let streets = Skewed::new(invented(4_000, Vec::new(), &mut dice), 40);
    let cities = Skewed::new(invented(1_200, Vec::new(), &mut dice), 15);
    let city_code: BTreeMap<String, usize> =
        cities.values.iter().enumerate().map(|(at, city)| (city.clone(), at)).collect();
    let mut short: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, form) in NICKNAMES.lines().filter_map(|line| line.split_once(',')) {
        short.entry(name).or_default().push(form);
    }
    let phone = |dice: &mut Dice| format!("1{}{}", 200 + dice.below(700), dice.digits(7));
    let mut given_up: Vec<String> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut people = 0_usize;
    while rows.len() < count {
        let size = [1, 1, 1, 1, 1, 2, 2, 2, 3, 4][dice.below(10)];
        let mut addresses: Vec<Address> = Vec::new();
        let mut move_to = |dice: &mut Dice| {
            let city = cities.draw(dice).to_owned();
            let street = format!("{} {} {}", 1 + dice.below(220), streets.draw(dice), dice.pick(&ROADS));
            let postcode = format!("{:05}", 10_000 + city_code[&city] * 40 + dice.below(40));
            addresses.push(Address { street, city, postcode });
            addresses.len() - 1
        };
        let home = move_to(&mut dice);
        let before = dice.often(200).then(|| move_to(&mut dice));
        let line = dice.often(400).then(|| phone(&mut dice));
        let surname = surnames.draw(&mut dice).to_owned();
        let head = given.draw(&mut dice).to_owned();
        let shared_email = (size > 1 && dice.often(120))
            .then(|| format!("the.{surname}s{}@{}", dice.below(90), dice.pick(&PROVIDERS)));
        let twins = dice.often(20);
        let mut household: Vec<Person> = Vec::new();
        for member in 0..size {
            let child = member >= 2;
            // A child in fifty is named as the parent.
            let name = if member == 0 || child && dice.often(20) {
                head.clone()
            } else {
                given.draw(&mut dice).to_owned()
            };
            let surname = if dice.often(850) { surname.clone() } else { surnames.draw(&mut dice).to_owned() };
            let year = if child { 1985 + dice.below(22) } else { 1940 + dice.below(50) };
            let born = match household.last() {
                Some(other) if child && twins => other.born.clone(),
                _ => format!("{year}-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)),
            };
            let mut phones = Vec::new();
            // A number in thirty was another's before.
            let own = match given_up.len() {
                n if n > 0 && dice.often(33) => given_up.swap_remove(dice.below(n)),
                _ => phone(&mut dice),
            };
            if dice.often(50) {
                given_up.push(own.clone());
                phones.push(phone(&mut dice));
            }
            phones.push(own);
            phones.extend(line.clone());
            let dot = dice.pick(&[".", "", "_"]);
            let number = if dice.often(600) { dice.below(1000).to_string() } else { String::new() };
            let mut emails = vec![format!("{name}{dot}{surname}{number}@{}", dice.pick(&PROVIDERS))];
            if dice.often(150) {
                emails.push(format!(
                    "{}{surname}{}@{}",
                    &name[..1],
                    dice.below(10_000),
                    dice.pick(&PROVIDERS)
                ));
            }
            emails.extend(shared_email.clone());
            let mut own_addresses = vec![home];
            own_addresses.extend(before);
            if dice.often(80) {
                own_addresses.push(move_to(&mut dice));
            }
            let married = (!child && dice.often(40)).then(|| surnames.draw(&mut dice).to_owned());
            household.push(Person {
                given: name,
                surname,
                born,
                phones,
                emails,
                addresses: own_addresses,
                married,
            });
        }
        for person in &household {
            people += 1;
            let mut records = 1;
            while records < 20 && dice.often(676) {
                records += 1;
            }
            for _ in 0..records {
                rows.push(record(person, &addresses, &short, people, &mut dice));
            }
        }
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|at| mixed(seed ^ 0x5eed ^ *at as u64));
    let mut shuffled: Vec<Row> = order.into_iter().map(|at| std::mem::take(&mut rows[at])).collect();
    shuffled.truncate(count);
    shuffled.iter_mut().enumerate().for_each(|(at, row)| row[0] = format!("r{at:08}"));
    shuffled
}

/// A record of a person, as somebody wrote it down.
fn record(
    person: &Person,
    addresses: &[Address],
    short: &BTreeMap<&str, Vec<&str>>,
    number: usize,
    dice: &mut Dice,
) -> Row {
    let mut given = person.given.clone();
    if dice.often(120) {
        given = short.get(given.as_str()).map_or(given.clone(), |forms| dice.pick(forms).to_owned());
    } else if dice.often(30) {
        given.truncate(1);
    }
    let mut surname = person.surname.clone();
    if let Some(married) = person.married.as_ref().filter(|_| dice.often(500)) {
        surname.clone_from(married);
    }
    let address = &addresses[person.addresses[dice.below(person.addresses.len())]];
    let pick = |of: &[String], dice: &mut Dice| of[dice.below(of.len())].clone();
    let mut row = [
        String::new(),
        slipped(given, 60, dice),
        slipped(surname, 60, dice),
        person.born.clone(),
        pick(&person.phones, dice),
        pick(&person.emails, dice),
        slipped(address.street.clone(), 80, dice),
        slipped(address.city.clone(), 40, dice),
        address.postcode.clone(),
        format!("p{number:07}"),
    ];
    if dice.often(15) {
        row.swap(1, 2);
    }
    if dice.often(15) {
        // Month and day in the other order.
        let (month, day) = (row[3][5..7].to_owned(), row[3][8..].to_owned());
        row[3] = format!("{}-{day}-{month}", &row[3][..4]);
    }
    for (column, wrong, missing) in
        [(3, 30, 250), (4, 30, 400), (5, 30, 400), (6, 0, 100), (7, 0, 50), (8, 30, 80)]
    {
        row[column] = match () {
            () if dice.often(missing) => String::new(),
            () if column == 5 => slipped(std::mem::take(&mut row[column]), wrong, dice),
            () if dice.often(wrong) => mistyped(&row[column], dice),
            () => std::mem::take(&mut row[column]),
        };
    }
    row
}

/// With a slip of the pen, so many times of a thousand: a letter too many, too few, another, or two in the other order.
fn slipped(text: String, per_mille: usize, dice: &mut Dice) -> String {
    if text.len() < 3 || !dice.often(per_mille) {
        return text;
    }
    let mut letters: Vec<char> = text.chars().collect();
    let at = 1 + dice.below(letters.len() - 2);
    let letter = char::from(b'a' + dice.below(26) as u8);
    match dice.below(4) {
        0 => letters[at] = letter,
        1 => letters.insert(at, letter),
        2 => letters.swap(at, at + 1),
        _ => drop(letters.remove(at)),
    }
    letters.into_iter().collect()
}

/// With another digit, or two in the other order.
fn mistyped(text: &str, dice: &mut Dice) -> String {
    let mut signs: Vec<char> = text.chars().collect();
    let at = dice.below(signs.len());
    if signs[at].is_ascii_digit() {
        if dice.often(300) && at + 1 < signs.len() && signs[at + 1].is_ascii_digit() {
            signs.swap(at, at + 1);
        } else {
            signs[at] = char::from(b'0' + dice.below(10) as u8);
        }
    }
    signs.into_iter().collect()
}

/// Writes records as CSV with a head; no value holds a comma or a quotation mark.
///
/// # Errors
/// What the writer says.
pub fn write(rows: &[Row], mut to: impl Write) -> io::Result<()> {
    writeln!(to, "{}", COLUMNS.join(","))?;
    rows.iter().try_for_each(|row| writeln!(to, "{}", row.join(",")))
}
