//! Pieces of HTML: legends, tables.

use crate::picture::{count, escape, money};

/// The colours of the series, in their order.
pub(super) fn legend(names: &[&str]) -> String {
    let entry = |(i, name): (usize, &&str)| {
        format!("<li><span class=\"swatch s{i}\"></span>{}</li>\n", capital(name))
    };
    format!("<ul class=\"legend\">\n{}</ul>\n", names.iter().enumerate().map(entry).collect::<String>())
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| escape(&format!("{}{}", first.to_uppercase(), letters.as_str())))
}

/// A table that opens on demand: a head, rows that begin with their own heading, a line of totals.
pub(super) struct Table {
    corner: String,
    groups: Vec<(String, usize)>,
    head: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
    totals: Vec<String>,
    /// Sums over the columns so far, row by row.
    across: Vec<u128>,
}

impl Table {
    /// A table with a row a day and no columns yet.
    pub(super) fn by_day(days: &[String]) -> Self {
        Self {
            corner: "Day".to_owned(),
            groups: Vec::new(),
            head: Vec::new(),
            rows: days.iter().map(|day| (day.clone(), Vec::new())).collect(),
            totals: Vec::new(),
            across: vec![0; days.len()],
        }
    }

    /// A table of amounts that sum to `total`.
    pub(super) fn of_money(corner: &str, exponent: u8, rows: &[(String, i128)], total: i128) -> Self {
        Self {
            corner: corner.to_owned(),
            groups: Vec::new(),
            head: vec!["revenue".to_owned()],
            rows: rows.iter().map(|(name, minor)| (name.clone(), vec![money(*minor, exponent)])).collect(),
            totals: vec![money(total, exponent)],
            across: Vec::new(),
        }
    }

    /// Adds columns of counts, one value a row.
    pub(super) fn columns(&mut self, columns: &[(&str, &Vec<u64>)]) {
        for (name, values) in columns {
            self.head.push((*name).to_owned());
            for ((row, across), value) in self.rows.iter_mut().zip(&mut self.across).zip(*values) {
                row.1.push(count((*value).into()));
                *across += u128::from(*value);
            }
            self.totals.push(count(values.iter().copied().map(u128::from).sum()));
        }
    }

    /// Adds columns under a common heading.
    pub(super) fn group(&mut self, name: &str, columns: &[(&str, &Vec<u64>)]) {
        self.groups.push((name.to_owned(), columns.len()));
        self.columns(columns);
    }

    /// Adds a column with the sum of all columns so far.
    pub(super) fn sum_of_columns(&mut self) {
        self.head.push("total".to_owned());
        for (row, across) in self.rows.iter_mut().zip(&self.across) {
            row.1.push(count(*across));
        }
        self.totals.push(count(self.across.iter().sum()));
    }

    /// The table, folded.
    pub(super) fn html(&self) -> String {
        let mut out = String::from(
            "<details>\n<summary>The numbers</summary>\n<div class=\"scroll\">\n<table>\n<thead>\n",
        );
        let corner = escape(&self.corner);
        if self.groups.is_empty() {
            out += &format!("<tr><th scope=\"col\">{corner}</th>");
        } else {
            out += &format!("<tr><th scope=\"col\" rowspan=\"2\">{corner}</th>");
            for (name, columns) in &self.groups {
                out += &format!("<th scope=\"colgroup\" colspan=\"{columns}\">{}</th>", escape(name));
            }
            out += "</tr>\n<tr>";
        }
        for name in &self.head {
            out += &format!("<th scope=\"col\">{}</th>", capital(name));
        }
        out += "</tr>\n</thead>\n<tbody>\n";
        for (name, cells) in &self.rows {
            out += &row(name, cells);
        }
        out += "</tbody>\n<tfoot>\n";
        out += &row("Total", &self.totals);
        out += "</tfoot>\n</table>\n</div>\n</details>\n";
        out
    }
}

fn row(name: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_is_harmless() {
        assert_eq!(
            legend(&["<i>"]),
            "<ul class=\"legend\">\n<li><span class=\"swatch s0\"></span>&lt;i&gt;</li>\n</ul>\n"
        );
    }

    #[test]
    fn tables_add_up() {
        let mut table = Table::by_day(&["d1".to_owned(), "d2".to_owned()]);
        table.columns(&[("one", &vec![1_000, 2]), ("two", &vec![3, u64::MAX])]);
        table.sum_of_columns();
        let html = table.html();
        assert!(html.contains("<tr><th scope=\"row\">d1</th><td>1,000</td><td>3</td><td>1,003</td></tr>"));
        let total = "<td>1,002</td><td>18,446,744,073,709,551,618</td><td>18,446,744,073,709,552,620</td>";
        assert!(html.contains(&format!("<tr><th scope=\"row\">Total</th>{total}</tr>")), "{html}");
    }
}
