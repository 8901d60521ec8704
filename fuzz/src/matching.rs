//! What the targets of matching check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::identity::matching::{
    Field, FieldKind, Index, Model, Records, VALUE_CHARS_MAX, WEIGHT_MAX, explain, pairs, resolve,
};

/// Arbitrary bytes as a model: it is refused, or it weighs within its bounds and is written as it was read.
pub fn model(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(model) = Model::from_json(text) else { return };
    assert_eq!(Model::from_json(&model.to_json()).as_ref(), Ok(&model));
    let value = |field: &str| [field.to_owned(), format!("{field}x"), String::new()];
    let rows: Vec<Vec<String>> = (0..3)
        .map(|row| model.fields.iter().map(|field| value(&field.field.name)[row].clone()).collect())
        .collect();
    let mut index = Index::new(model.clone());
    for (id, row) in rows.iter().enumerate() {
        index.insert(id, row).expect("as many values as fields");
    }
    let most = 2 * WEIGHT_MAX * (model.fields.len() as i32 + 1);
    for row in &rows {
        for (_, weight) in index.matches(row, i32::MIN).expect("as many values as fields") {
            assert!((-most..=most).contains(&weight));
        }
    }
    let fields = model.fields.iter().map(|field| field.field.clone());
    let records = Records::new(fields, rows.into_iter().enumerate().map(|(id, row)| (id.to_string(), row)))
        .expect("three rows");
    assert_eq!(resolve(&records, &model).expect("its own fields").iter().count(), 3);
}

/// Two arbitrary values, of every kind: a normal form has an end, levels are within their kind, the same both ways, and
/// "equal" only for equals; a batch weighs them as an index does.
pub fn values(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (one, two) = text.split_once('\n').unwrap_or((&text, ""));
    for kind in FieldKind::COMPARED {
        let normal = [kind.normal(one), kind.normal(two)];
        assert!(normal.iter().all(|value| value.chars().count() <= 3 * VALUE_CHARS_MAX));
        let field = || [Field::new("a", kind), Field::new("b", kind)];
        let rows = [("1", [one, "x1"]), ("2", [two, "x1"])];
        let back = [("1", [two, "x1"]), ("2", [one, "x1"])];
        let records = Records::new(field(), rows).expect("two rows");
        // One word or number that both have lets them meet, if the kind has keys at all.
        let Ok(model) = Model::train(&records) else { continue };
        let level = |records: &Records| explain(records, &model, "1", "2").expect("two rows")[0].level;
        let found = level(&records);
        assert_eq!(found, level(&Records::new(field(), back).expect("two rows")));
        assert_eq!(found.is_some(), normal.iter().all(|value| !value.is_empty()));
        if let Some(level) = found {
            assert!(usize::from(level) < kind.levels());
            assert_eq!(usize::from(level) + 1 == kind.levels(), normal[0] == normal[1]);
        }
        let mut index = Index::new(model.clone());
        index.insert(1, &rows[0].1).expect("two values");
        let met = index.matches(&rows[1].1, i32::MIN).expect("two values");
        let batch = pairs(&records, &model, i32::MIN).expect("its own fields");
        assert_eq!(
            met.iter().map(|(_, weight)| *weight).collect::<Vec<_>>(),
            batch.iter().map(|pair| pair.weight).collect::<Vec<_>>()
        );
    }
}
