use crate::{Drift, mistake::Mistakes, parse::table::Table, span::At};
use edge_net::Name;

/// `[router]`
#[derive(Default)]
pub struct RouterDraft {
    pub namespace: Option<At<Name>>,
    pub drift: Drift,
}

impl RouterDraft {
    pub fn read(mut table: Table, mistakes: &mut Mistakes) -> Self {
        let namespace = table.take("namespace", mistakes);
        let drift = table.take::<Drift>("drift", mistakes);
        table.finish(mistakes);
        Self { namespace, drift: drift.map_or(Drift::default(), |drift| drift.value) }
    }
}
