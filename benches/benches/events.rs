//! Decoding and encoding of events: a page view, an order, and the worst that the limits let in.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench events [-- PART-OF-A-NAME]`

use std::hint::black_box;
use std::time::{Duration, Instant};

use phygital_core::event::{CodecOptions, Event};
use phygital_core::vocab::limits::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_LIST_MAX, EVENT_VALUES_MAX};

const VIEWED: &str = r#"{
  "specversion": "1.0", "id": "0198f3a2-77b1-7c3e-9a51-2f6d1c0b7e44", "source": "//shop.example/web",
  "type": "com.phygital.product_viewed", "time": "2026-11-20T21:04:00.125Z",
  "senttime": "2026-11-20T21:04:01Z",
  "data": {
    "identifiers": [{"kind": "cookie", "value": "0198f3a2-5e55-7a0c-8a49-0c5f1a3a77aa"}],
    "context": {"page": {"path": "/boots/38", "url": "https://shop.example/boots/38"},
      "campaign": {"name": "autumn", "source": "newsletter", "medium": "email"}},
    "properties": {"product_id": "507f1f77", "sku": "BOOT-38", "category": "Shoes",
      "name": "Chelsea boot", "brand": "Acme", "variant": "Black", "price": 149.90, "quantity": 1,
      "currency": "EUR", "position": 3, "url": "https://shop.example/boots/38"}
  }
}"#;

const COMPLETED: &str = r#"{
  "type": "track", "event": "Order Completed", "messageId": "ajs-0198f3a277b1", "userId": "u-81",
  "anonymousId": "0198f3a2-5e55-7a0c-8a49-0c5f1a3a77aa", "timestamp": "2026-11-20T21:09:00.125Z",
  "sentAt": "2026-11-20T21:09:01Z",
  "context": {"ip": "203.0.113.9", "userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "locale": "en-GB",
    "timezone": "Europe/London", "page": {"path": "/thanks", "title": "Thank you"}},
  "properties": {"checkout_id": "fksdjfsdjfisjf9sdfjsd9f", "order_id": "50314b8e9bcf", "affiliation": "Web",
    "subtotal": 172.0, "total": 189.5, "revenue": 162.0, "shipping": 7.5, "tax": 20.0, "discount": 10.0,
    "coupon": "hasbros", "currency": "GBP", "products": [
      {"product_id": "1", "sku": "45790-32", "name": "Monopoly", "price": 19, "quantity": 1, "category": "Games"},
      {"product_id": "2", "sku": "46493-32", "name": "Uno", "price": 3.00, "quantity": 2, "category": "Games"},
      {"product_id": "3", "sku": "BOOT-38", "name": "Chelsea boot", "price": 149.90, "quantity": 1}]}
}"#;

fn main() {
    let options = CodecOptions::default();
    println!("{:<44}{:>12}{:>12}{:>12}", "fastest of 21 rounds", "decode", "encode", "settle");
    for (name, text) in
        [("Product Viewed, CloudEvents", VIEWED), ("Order Completed of 3 lines, Segment", COMPLETED)]
    {
        row(name, text, &options, 2_000);
    }
    for (name, text) in worst() {
        row(&format!("{name}, {} bytes", text.len()), &text, &options, 5);
    }
}

fn row(name: &str, text: &str, options: &CodecOptions, times: u32) {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if wanted.is_some_and(|part| !name.contains(&part)) {
        return;
    }
    let decode = fastest(times, || drop(black_box(Event::from_json(black_box(text), options))));
    let (encode, settle) = match Event::from_json(text, options) {
        Ok(mut event) => {
            let encode = fastest(times, || drop(black_box(event.to_json())));
            let settle = fastest(times, || drop(black_box(event.settle())));
            (format!("{encode:.2?}"), format!("{settle:.2?}"))
        }
        Err(error) => (format!("refused: {}", error.expected), String::new()),
    };
    println!("{name:<44}{:>12}{encode:>12}{settle:>12}", format!("{decode:.2?}"));
}

fn fastest(times: u32, mut work: impl FnMut()) -> Duration {
    let round = |_| {
        let start = Instant::now();
        (0..times).for_each(|_| work());
        start.elapsed() / times
    };
    (0..21).map(round).min().expect("21 rounds")
}

/// The largest texts that are accepted, each against one limit, and some that are refused late.
fn worst() -> Vec<(&'static str, String)> {
    let track = |properties: String| {
        format!(
            r#"{{"type":"track","event":"Odd","messageId":"1","timestamp":"2026-11-20T21:09:00Z","properties":{{{properties}}}}}"#
        )
    };
    let fields = |count: usize| {
        (0..count)
            .map(|at| format!("\"{:x}\":1", (at * 2_654_435_761) & 0xffff_ffff))
            .collect::<Vec<_>>()
            .join(",")
    };
    let lines = (0..EVENT_LIST_MAX).map(|at| format!(r#"{{"sku":"{at}","price":1.5}}"#)).collect::<Vec<_>>();
    let rich = (0..260).map(|at| {
        format!(
            r#"{{"sku":"{at}","name":"Chelsea boot","price":149.90,"currency":"{}","quantity":2,"position":{at},"url":"https://shop.example/boots/{at}","image_url":"https://shop.example/{at}.jpg","{at}":[1,{{"b":2,"a":3}}]}}"#,
            ["EUR", "USD", "ZWG"][at % 3]
        )
    });
    let rich = rich.collect::<Vec<_>>();
    let phones = (0..16).map(|at| format!("\"phone:+336123456{at:02}\"")).collect::<Vec<_>>();
    let deep = EVENT_DEPTH_MAX - 3;
    let nested = format!("\"a\":{}{}{}", "[".repeat(deep), "1,".repeat(3_000) + "1", "]".repeat(deep));
    let deep_text = format!("\"a\":{}\"{}\"{}", "[".repeat(deep), "x".repeat(15_000), "]".repeat(deep));
    let long = EVENT_BYTES_MAX - 4_000;
    vec![
        ("many fields", track(fields(900))),
        ("values at their limit", track(fields(EVENT_VALUES_MAX - 20))),
        (
            "lines at their limit",
            track(format!("\"currency\":\"EUR\",\"products\":[{}]", lines.join(",")))
                .replace("Odd", "Cart Viewed"),
        ),
        (
            "an order near the limits",
            track(format!("\"order_id\":1,\"products\":[{}]", rich.join(",")))
                .replace("Odd", "Order Completed"),
        ),
        (
            "phone numbers at their limit",
            track("\"a\":1".to_owned()).replacen(
                '{',
                &format!("{{\"identifiers\":[{}],", phones.join(",")),
                1,
            ),
        ),
        ("many values, deep", track(nested)),
        ("a long text, deep", track(deep_text)),
        ("escapes", track(format!("\"a\":\"{}\"", "\\u0001".repeat(2_600)))),
        ("white space", track(format!("{}\"a\":1", " ".repeat(long)))),
        ("too deep", "[".repeat(EVENT_BYTES_MAX)),
        ("too long", " ".repeat(EVENT_BYTES_MAX + 1)),
    ]
}
