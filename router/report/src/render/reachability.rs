use super::{
    table::{Cell, Table},
    text::Style,
};
use edge_api::{Reachability, ReachabilityRow};

pub fn reachability(matrix: &Reachability, color: bool) -> String {
    if matrix.rows.is_empty() {
        return "no network and no uplink yet: nobody to reach\n".to_owned();
    }
    let mut table = Table::new(&["FROM", "TO", "REACHABLE", "WHY"]);
    for row in &matrix.rows {
        table.row([row.from.as_str().into(), row.to.as_str().into(), answer(row), row.why.as_str().into()]);
    }
    table.render(color)
}

fn answer(row: &ReachabilityRow) -> Cell {
    match (row.reachable, row.only.as_slice()) {
        (true, []) => Cell::styled("yes", Style::Good),
        (true, only) => Cell::styled(only.join(", "), Style::Good),
        (false, _) => "no".into(),
    }
}
