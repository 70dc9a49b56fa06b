//! docs/api.md against the server: each route with its method, all of them and no other.

use std::collections::BTreeSet;

#[test]
fn each_route_has_a_row_and_each_row_a_route() {
    let served = include_str!("../src/server/routes.rs").split(".route(\"").skip(1).filter_map(|rest| {
        let (path, handler) = rest.split_once("\", ")?;
        Some(format!("{} {path}", handler.split('(').next()?.to_uppercase()))
    });
    let rows = include_str!("../../../docs/api.md").lines();
    let written = rows.filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned()));
    let written: BTreeSet<String> = written.filter(|route| route.contains(" /")).collect();
    assert_eq!(written, served.collect(), "left: the page, right: the server");
    assert!(!written.is_empty());
}
