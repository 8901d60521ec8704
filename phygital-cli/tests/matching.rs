//! A shop with a model: whoever is described alike is one customer, and what is doubtful is asked.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::Folder;

const MEANING: &str = r#"{"mapping": {"id": "id", "time": "at", "identifiers": [{"name": "login", "kind": "login"}],
    "details": {"given_name": "first", "surname": "last", "birthday": "born", "city": "city"}}}"#;

const GIVEN: [&str; 8] = ["Ada", "Grace", "Alan", "Edith", "Hedy", "Mary", "Joan", "Radia"];
const SURNAMES: [&str; 8] =
    ["Lovelace", "Hopper", "Turing", "Clarke", "Lamarr", "Jackson", "Perlman", "Hamilton"];

fn person(n: usize) -> [String; 4] {
    let born = format!("19{:02}-{:02}-{:02}", 20 + n * 7 % 70, 1 + n % 12, 1 + n * 5 % 28);
    [GIVEN[n % 8].to_owned(), SURNAMES[n / 8 % 8].to_owned(), born, ["Paris", "Lyon"][n % 2].to_owned()]
}

fn slip(mut said: [String; 4]) -> [String; 4] {
    said[1].pop();
    said
}

/// A model learned from a file, by which a whole description is enough for a match.
fn learned(folder: &Folder) {
    let mut rows = String::from("id,at,login,first,last,born,city\n");
    let again = |n: usize| if n % 2 == 1 { slip(person(n)) } else { person(n) };
    let people = (0..200).map(person).chain((0..200).step_by(3).map(again));
    for (n, said) in people.enumerate() {
        rows += &format!("r-{n},2026-03-01T09:00:00Z,u-{n},{}\n", said.join(","));
    }
    folder.write("people.csv", &rows);
    folder.write("people.json", MEANING);
    folder.done("identity train people.csv --config people.json --out model.json");
    let text = std::fs::read_to_string(folder.path("model.json")).unwrap();
    let mut model: Value = serde_json::from_str(&text).unwrap();
    (model["match"], model["review"]) = (json!(7_000), json!(2_000));
    folder.write("model.json", &model.to_string());
}

fn says(id: &str, named: &Value, [first, last, born, city]: &[String; 4]) -> String {
    let said = json!({"firstName": first, "lastName": last, "birthday": born, "address": {"city": city}});
    json!({"specversion": "1.0", "id": id, "source": "//test", "type": "com.phygital.user_identified",
        "time": "2026-03-02T08:00:00Z", "data": {"identifiers": named, "properties": said}})
    .to_string()
}

#[test]
fn customers_match_by_a_model_and_what_is_doubtful_is_asked() {
    let folder = Folder::shop();
    learned(&folder);
    let [first, last, _, city] = person(0);
    let near = [first, last, "1955-05-05".to_owned(), city];
    let lines = [
        says("e-1", &json!({"login": "ada"}), &person(0)),
        says("e-2", &json!({"loyalty": "L-7"}), &slip(person(0))),
        says("e-3", &json!({"crm": "17"}), &near),
        says("e-4", &json!({"login": "grace", "phone": "+33612345678"}), &person(1)),
        says("e-5", &json!({"login": "edith", "phone": "+33612345678"}), &person(3)),
    ];
    assert_eq!(folder.fed("record -", lines.join("\n").as_bytes()).code, 0);
    assert_eq!(folder.at_now("explain login:ada loyalty:L-7").code, 1, "without a model nobody is compared");

    let tried = folder.done("rebuild --model model.json --check").out;
    assert!(tried.contains("customers would become") && tried.contains("1 merged, 0 split"), "{tried}");
    let told = folder.done("rebuild --model model.json").out;
    assert!(told.contains("1 merged, 0 split"), "{told}");
    let why = folder.done("explain login:ada loyalty:L-7").out;
    assert!(why.contains("one customer") && why.contains("alike") && why.contains(" bits"), "{why}");
    let no = folder.at_now("--json explain login:ada crm:17");
    let differs = ["births", "below_threshold"].iter().any(|reason| no.out.contains(reason));
    assert!(no.code == 1 && differs, "{no:?}");

    let asked = folder.done("review").out;
    assert!(asked.contains("crm:17") && asked.contains("is alike"), "{asked}");
    let asked = folder.done("--json review --limit 1").out;
    assert_eq!(asked.lines().count(), 1, "{asked}");
    let house = folder.done("review --households").out;
    assert!(house.contains("family"), "one telephone: {house}");

    let without = folder.done("rebuild --no-model").out;
    assert!(without.contains("0 merged, 1 split"), "{without}");
    assert_eq!(folder.at_now("explain login:ada loyalty:L-7").code, 1);
    assert_eq!(folder.at_now("rebuild --model people.json").code, 2, "no model");
}
