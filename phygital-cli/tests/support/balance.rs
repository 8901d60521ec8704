//! Whether a page of HTML is well formed; for the tests of pages in `src` too.

/// Walks the tags: each closes what was opened last.
pub(crate) fn check_balance(page: &str) {
    let style = page.find("<style>").unwrap()..page.find("</style>").unwrap();
    let rest = format!("{}{}", &page[..style.start], &page[style.end + "</style>".len()..]);
    let mut open = Vec::new();
    for piece in rest.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "a bare > in {text:?}");
        assert_eq!(tag.matches('"').count() % 2, 0, "an open quote in {tag:?}");
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !["!doctype", "meta", "wbr"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
}
