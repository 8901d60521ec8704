//! `phygital value`: models fitted to files, what they tell, and what is said of files that are not as they should be.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::Value;
use support::{Folder, Ran};

const CUSTOMERS: &str = "\
ID,x,t_x,T,zbar,weights,spent
a,2,30.43,38.86,22.35,40,66.00
b,1,1.71,38.86,11.77,90,20.00
c,0,0,38.86,,500,9.99
d,7,29.43,38.86,73.74,30,600.00
e,1,30.0,38.86,15.20,40,30.00
f,4,10.5,30.00,33.10,20,160.00
g,0,0,31.00,0,300,5.00
";

fn run(folder: &Folder, arguments: &str) -> Ran {
    folder.run(&arguments.split_whitespace().collect::<Vec<_>>())
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// The message and the line of a failure.
fn refused(ran: &Ran) -> (String, u64) {
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    let error = serde_json::from_str::<Value>(ran.err.lines().last().unwrap()).unwrap();
    (error["error"]["message"].as_str().unwrap().to_owned(), error["error"]["line"].as_u64().unwrap_or(0))
}

#[test]
fn order_split_and_threads_change_no_byte() {
    let folder = Folder::new();
    folder.write("one.csv", CUSTOMERS);
    let mut rows = CUSTOMERS.lines().skip(1).collect::<Vec<_>>();
    rows.reverse();
    let halves = rows.iter().flat_map(|row| {
        let mut cells = row.split(',').collect::<Vec<_>>();
        let half = (cells[5].parse::<u32>().unwrap() / 2).to_string();
        cells[5] = &half;
        [cells.join(","), cells.join(",")]
    });
    let halves = halves.collect::<Vec<_>>().join("\n");
    folder.write("two.csv", &format!("ID,frequency,recency,T,monetary_value,weight,spent\n{halves}\n"));
    for model in ["bg-nbd", "mbg-nbd", "pareto-nbd", "gamma-gamma"] {
        let one = run(&folder, &format!("value fit --model {model} --threads 1 one.csv"));
        let two = run(&folder, &format!("value fit --model {model} --threads 2 two.csv"));
        assert_eq!(one.out, two.out);
        let told = json(&one);
        assert_eq!((told["model"].as_str().unwrap(), told["status"]["verdict"].is_string()), (model, true));
        assert_eq!(told["input_sha256"].as_str().unwrap().len(), 64);
        assert_eq!(told["customers"], if model == "gamma-gamma" { 220 } else { 1020 });
    }
}

#[test]
fn a_file_that_is_not_as_it_should_be_is_refused_by_line_and_column() {
    let folder = Folder::new();
    for (row, model, column, line) in [
        ("1.5,1,2,3,1", "bg-nbd", "x", 3),
        ("-1,1,2,3,1", "bg-nbd", "x", 3),
        ("1,0,2,3,1", "bg-nbd", "t_x", 3),
        ("0,1,2,3,1", "bg-nbd", "t_x", 3),
        ("1,3,2,3,1", "bg-nbd", "t_x", 3),
        ("1,NaN,2,3,1", "bg-nbd", "t_x", 3),
        ("1,1,inf,3,1", "bg-nbd", "T", 3),
        ("1,1,1e12,3,1", "bg-nbd", "T", 3),
        ("1,1,2,x,1", "bg-nbd", "zbar", 3),
        ("1,1,2,3,0.5", "bg-nbd", "weights", 3),
        ("1,1,2,0,1", "gamma-gamma", "zbar", 3),
        ("1,1,2,-3,1", "gamma-gamma", "zbar", 3),
        ("1,1,2,,1", "gamma-gamma", "zbar", 3),
    ] {
        folder.write("bad.csv", &format!("x,t_x,T,zbar,weights\n0,0,5,0,1\n{row}\n"));
        let (message, at) = refused(&run(&folder, &format!("--json value fit --model {model} bad.csv")));
        assert!(message.starts_with(&format!("bad.csv: column {column}: expected ")), "{row}: {message}");
        assert_eq!(at, line, "{row}");
    }
    folder.write("bad.csv", "x,t_x\n1,1\n");
    let (message, _) = refused(&run(&folder, "--json value fit --model bg-nbd bad.csv"));
    assert_eq!(message, "bad.csv: expected a column t or age or periods, found none");
    folder.write("bad.csv", "x,frequency,t_x,T\n1,1,1,1\n");
    let (message, _) = refused(&run(&folder, "--json value fit --model bg-nbd bad.csv"));
    assert_eq!(message, "bad.csv: expected one of the columns x and frequency");
    folder.write("bad.csv", "x,t_x,T\n");
    let (message, _) = refused(&run(&folder, "--json value fit --model bg-nbd bad.csv"));
    assert_eq!(message, "bad.csv: expected at least one customer");
    folder.write("bad.csv", "x,t_x,T\n1,1.5,2\n");
    let (message, _) = refused(&run(&folder, "--json value fit --model bg-bb bad.csv"));
    assert!(message.starts_with("bad.csv: expected whole occasions"), "{message}");
    folder.write("bad.csv", "id,date,amount\na,2026-01-01,1.005\n");
    let (message, at) = refused(&run(&folder, "--json value fit --model bg-nbd --end 2026-03-31 bad.csv"));
    assert_eq!(
        (message.as_str(), at),
        ("bad.csv: column amount: expected an amount of at most 2 decimals", 2)
    );
    let (message, _) = refused(&run(&folder, "--json value fit --model bg-nbd bad.csv"));
    assert_eq!(message, "transactions need --end DATE, the last day that was seen");
    folder.write("bad.csv", "id,date,amount,refund\na,2026-01-01,1,2\n");
    let (message, at) = refused(&run(&folder, "--json value fit --model bg-nbd --end 2026-03-31 bad.csv"));
    assert_eq!((message.as_str(), at), ("bad.csv: column refund: expected a refund from 0 to the amount", 2));
}

#[test]
fn a_likelihood_without_a_top_is_an_answer() {
    let folder = Folder::new();
    folder.write("gone.csv", "x,t_x,T\n0,0,5\n0,0,7\n");
    let ran = run(&folder, "value fit --model bg-nbd gone.csv");
    let told = json(&ran);
    assert_eq!(told["status"]["verdict"], "at_boundary");
    assert!(told["status"]["boundaries"][0]["meaning"].is_string() && ran.err.contains("note"), "{ran:?}");
}

#[test]
fn customers_are_told_apart() {
    let folder = Folder::new();
    folder.write("shop.csv", CUSTOMERS);
    folder.write("m.json", &run(&folder, "value fit --model mbg-nbd shop.csv").out);
    folder.write("v.json", &run(&folder, "value fit --model gamma-gamma shop.csv").out);
    let ran = run(&folder, "value predict --model m.json --horizon 13 shop.csv");
    let lines = ran.out.lines().collect::<Vec<_>>();
    assert_eq!((ran.code, lines[0], lines.len()), (0, "id,expected,alive", 8), "{ran:?}");
    let figures =
        |line: &str| line.split(',').skip(1).map(|cell| cell.parse::<f64>().unwrap()).collect::<Vec<_>>();
    for line in &lines[1..] {
        let [expected, alive] = figures(line)[..] else { panic!("{line}") };
        assert!(expected > 0.0 && (0.0..=1.0).contains(&alive), "{line}");
    }
    let with = "value predict --model m.json --value-model v.json --horizon 52 --step 4 --margin 0.4 --discount 0.1/52";
    let ran = run(&folder, &format!("{with} shop.csv"));
    let lines = ran.out.lines().collect::<Vec<_>>();
    assert_eq!((ran.code, lines[0]), (0, "id,expected,alive,value,clv,clv_total"), "{ran:?}");
    for (line, spent) in lines[1..].iter().zip([66.0, 20.0, 9.99]) {
        let [expected, _, value, clv, total] = figures(line)[..] else { panic!("{line}") };
        // Within the discount of a year.
        assert!(clv < 0.4 * expected * value && clv > 0.4 * expected * value / 1.1, "{line}");
        assert!((total - clv - 0.4 * spent).abs() < 1e-9, "{line}");
    }
    // Nobody without a repeat purchase has a mean of her own: the shop's stands for it.
    assert_eq!(figures(lines[3])[2], figures(lines[7])[2]);
    for (arguments, told) in [
        ("--model v.json --horizon 1", "--model expects a model of purchases"),
        ("--model m.json --horizon 0", "--horizon: expected a time longer than 0"),
        ("--model m.json --horizon 5 --value-model v.json --step 2", "--step: expected a horizon of 1 to"),
        (
            "--model m.json --horizon 5 --value-model m.json",
            "--value-model expects a model of the name gamma-gamma",
        ),
        ("--model m.json --horizon 5 --value-model v.json --margin 2", "expected a margin from 0 to 1"),
    ] {
        let (message, _) = refused(&run(&folder, &format!("--json value predict {arguments} shop.csv")));
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn transactions_are_customers() {
    let folder = Folder::new();
    let transactions = "customer_id,date,amount,refund
ada,2026-01-01T09:00:00Z,20.00,
ada,2026-01-31T22:59:00Z,5.00,
ada,2026-01-31T23:01:00Z,7.00,
ada,2026-02-03T10:00:00Z,9.00,9.00
ada,2026-04-01T10:00:00Z,9.00,
bo,20260201,12.5,
";
    folder.write("log.csv", transactions);
    folder.write("m.json", r#"{"model":"bg-nbd","params":{"r":0.25,"alpha":30,"a":0.8,"b":2.4}}"#);
    let with = "value predict --model m.json --horizon 30 --end 2026-03-31 --zone Europe/Paris log.csv";
    let ran = run(&folder, with);
    assert!(ran.err.contains("1 transactions after the end, 1 refunded in full"), "{ran:?}");
    // The same, as summaries in days.
    folder.write("days.csv", "id,x,t_x,T\nada,2,31,89\nbo,0,0,58\n");
    assert_eq!(ran.out, run(&folder, "value predict --model m.json --horizon 30 days.csv").out);
    // In London the last two were on one day.
    folder.write("days.csv", "id,x,t_x,T\nada,1,30,89\nbo,0,0,58\n");
    let london = run(&folder, &with.replace("Paris", "London")).out;
    assert_eq!(london, run(&folder, "value predict --model m.json --horizon 30 days.csv").out);
    let fit =
        run(&folder, "value fit --model bg-nbd --unit weeks --end 2026-03-31 --zone Europe/Paris log.csv");
    let of = &json(&fit)["transactions"];
    assert_eq!(
        (of["after_end"].as_u64(), of["refunded"].as_u64(), of["unit"].as_str()),
        (Some(1), Some(1), Some("weeks"))
    );
}
