//! Who shops: invented people, with contact points that can belong to nobody.

use super::draw::Draw;

/// An invented person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Given name.
    pub(crate) given_name: &'static str,
    /// Family name.
    pub(crate) family_name: &'static str,
    /// Address under `example.com`, which RFC 2606 keeps for documentation; one for each person.
    pub(crate) email: String,
    /// Telephone number in E.164 form, of the numbers 555-0100 to 555-0199 that the North American Numbering Plan
    /// keeps for fiction; one for each person.
    pub(crate) phone: String,
}

/// Numbers for fiction in one area code.
const NUMBERS_IN_AREA: u32 = 100;

/// How many people can have a number of their own.
pub(crate) const PEOPLE_MAX: u32 = AREA_CODES.len() as u32 * NUMBERS_IN_AREA;

impl Person {
    /// The person with this number, below [`PEOPLE_MAX`]; above, telephone numbers are used again.
    pub(super) fn new(number: u32, draw: &mut Draw) -> Self {
        let given_name = GIVEN_NAMES[draw.below(GIVEN_NAMES.len())];
        let family_name = FAMILY_NAMES[draw.below(FAMILY_NAMES.len())];
        // Neighbours in number live in different areas, so a small cohort is not all from one.
        let area = AREA_CODES[number as usize % AREA_CODES.len()];
        let line = 100 + number / AREA_CODES.len() as u32 % NUMBERS_IN_AREA;
        Self {
            given_name,
            family_name,
            email: format!(
                "{}.{}.{number}@example.com",
                given_name.to_lowercase(),
                family_name.to_lowercase()
            ),
            phone: format!("+1{area}5550{line}"),
        }
    }

    /// The name as a bystander may read it: the family name's first letter alone.
    pub(crate) fn short(&self) -> String {
        format!("{} {}.", self.given_name, &self.family_name[..1])
    }
}

#[rustfmt::skip]
const GIVEN_NAMES: [&str; 48] = [
    "Aaliyah", "Amara", "Andrei", "Anika", "Benjamin", "Bianca", "Camille", "Carlos", "Chen", "Dalia", "Daniel", "Elena",
    "Elias", "Esther", "Farah", "Felix", "Grace", "Hana", "Hugo", "Imani", "Ines", "Ivan", "Jamal", "Joana",
    "Jonas", "Kai", "Keiko", "Laila", "Leo", "Lucia", "Malik", "Maya", "Mei", "Mira", "Nadia", "Noah",
    "Olivia", "Omar", "Priya", "Rafael", "Ravi", "Rosa", "Samuel", "Sofia", "Tariq", "Thandi", "Viktor", "Zoe",
];

#[rustfmt::skip]
const FAMILY_NAMES: [&str; 40] = [
    "Abbott", "Adeyemi", "Bauer", "Becker", "Castillo", "Chen", "Cohen", "Costa", "Dubois", "Eriksen",
    "Fischer", "Garcia", "Haddad", "Hughes", "Ivanova", "Jensen", "Kaur", "Keller", "Kim", "Kowalski",
    "Lindqvist", "Lopez", "Mbeki", "Moreau", "Nakamura", "Nguyen", "Novak", "Okafor", "Oliveira", "Patel",
    "Petrov", "Quinn", "Rossi", "Sato", "Schmidt", "Silva", "Tanaka", "Walker", "Yilmaz", "Zhang",
];

/// Area codes in use in the United States.
#[rustfmt::skip]
const AREA_CODES: [u16; 100] = [
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228,
    229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302,
    303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330,
    334, 336, 337, 347, 352, 360, 361, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415,
    417, 419, 423, 425, 430, 432, 434, 435, 440, 443, 469, 478, 479, 480, 484, 501, 502, 503, 504, 505,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn contact_points_belong_to_one_person_and_to_nobody_real() {
        let (mut phones, mut emails) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..PEOPLE_MAX {
            let person = Person::new(number, &mut Draw::new(1, number.into()));
            assert_eq!(person.phone.len(), 12);
            assert_eq!(&person.phone[5..10], "55501");
            assert!(person.email.ends_with("@example.com") && person.email.is_ascii());
            phones.insert(person.phone);
            emails.insert(person.email);
        }
        assert_eq!((phones.len(), emails.len()), (PEOPLE_MAX as usize, PEOPLE_MAX as usize));
    }
}
