//! What is valid and hardly meant, of the file alone. Pure. A kind of it is a file below here, and a line in [`warnings`].

mod dns;
mod nothing;
mod pair;
mod standby;

use crate::{Facts, Policy};
use edge_config::{Config, Warning};

/// In no order; of a good file none.
pub fn warnings(config: &Config) -> Vec<Warning> {
    let facts = Facts::default();
    let policy = Policy::of(config, &facts);
    let mut warnings = nothing::warnings(config);
    warnings.extend(dns::router_named(config));
    warnings.extend(dns::nobody_named(config, &policy));
    warnings.extend(standby::warnings(config));
    warnings
}
