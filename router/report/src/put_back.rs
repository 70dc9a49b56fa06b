use crate::{bounded, change};
use edge_api::{Action, Change};
use edge_plan::Op;

/// What was put back: `table inet edge-router in router (was gone), bridge br0 (down -> up), and 3 more`.
pub fn put_back(ops: &[Op]) -> String {
    let name = |op: &Op| {
        let Change { action, space, object, detail } = change(op);
        let how = match (action, detail) {
            (Action::Add, _) => "was gone".to_owned(),
            (Action::Remove, _) => "was not to be there".to_owned(),
            (Action::Change, Some(detail)) => detail,
            (Action::Change, None) => "was otherwise".to_owned(),
        };
        format!("{object} in {space} ({how})")
    };
    bounded(&ops.iter().map(name).collect::<Vec<_>>())
}
