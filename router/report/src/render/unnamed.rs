use super::text::wrap;
use crate::bounded;
use edge_api::{Treatment, UnnamedDevices};

/// Which devices the file does not name, and what becomes of them.
pub fn unnamed(unnamed: &UnnamedDevices) -> String {
    let what = match unnamed.treatment {
        Treatment::Closed => "closed: they open nothing, neither to the box nor through it",
        Treatment::Untouched => "untouched: they reach each other and the box, but no network and no uplink",
    };
    let text = format!("not in the file: {} ({what}; [system] unnamed)", bounded(&unnamed.devices));
    wrap("", &text)
}
