//! Tables of a report: every picture's numbers, which open on demand.

use crate::picture::escape;

/// A table: a head, and rows that begin with their own heading.
#[derive(Default)]
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<(usize, String, Vec<String>)>,
    totals: Option<(String, Vec<String>)>,
}

impl Table {
    /// A table with these columns; the first stands over the headings of the rows.
    pub(super) fn new(head: &[&str]) -> Table {
        Table { head: head.iter().map(|name| (*name).to_owned()).collect(), ..Table::default() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, name: &str, cells: Vec<String>) {
        self.row_within(0, name, cells);
    }

    /// Adds a row so deep in groups.
    pub(super) fn row_within(&mut self, depth: usize, name: &str, cells: Vec<String>) {
        self.rows.push((depth, name.to_owned(), cells));
    }

    /// Sets the last row.
    pub(super) fn total(&mut self, name: &str, cells: Vec<String>) {
        self.totals = Some((name.to_owned(), cells));
    }

    /// The table, folded.
    pub(super) fn html(&self) -> String {
        format!("<details>\n<summary>The numbers</summary>\n{}</details>\n", self.open())
    }

    /// The table, open.
    pub(super) fn open(&self) -> String {
        let head: String =
            self.head.iter().map(|name| format!("<th scope=\"col\">{}</th>", escape(name))).collect();
        let mut out = format!(
            "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n"
        );
        for (depth, name, cells) in &self.rows {
            out += &row(*depth, name, cells);
        }
        out += "</tbody>\n";
        if let Some((name, cells)) = &self.totals {
            out += &format!("<tfoot>\n{}</tfoot>\n", row(0, name, cells));
        }
        out + "</table>\n</div>\n"
    }
}

fn row(depth: usize, name: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
    let indent = "<span class=\"in\"></span>".repeat(depth);
    format!("<tr><th scope=\"row\">{indent}{}</th>{cells}</tr>\n", escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_harmless() {
        let mut table = Table::new(&["<i>", "a"]);
        table.row_within(1, "<b>", vec!["&".to_owned()]);
        table.total("All", vec!["1".to_owned()]);
        let html = table.html();
        assert!(html.contains("<th scope=\"row\"><span class=\"in\"></span>&lt;b&gt;</th><td>&amp;</td>"));
        assert!(html.contains("<tfoot>\n<tr><th scope=\"row\">All</th><td>1</td></tr>\n</tfoot>"));
    }
}
