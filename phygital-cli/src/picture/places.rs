//! Where things stand in a picture, for tests of it.

/// Values of one attribute of the elements of a class, in their order.
pub(crate) fn places(svg: &str, class: &str, attribute: &str) -> Vec<f64> {
    let of_class = svg.lines().filter(|line| line.contains(&format!("class=\"{class}\"")));
    let value = |line: &str| line.split(&format!(" {attribute}=\"")).nth(1)?.split('"').next()?.parse().ok();
    of_class.filter_map(value).collect()
}
