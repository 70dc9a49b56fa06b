use super::worst_first;
use crate::render::{
    table::{Cell, Table},
    text::Style,
};
use edge_api::{UplinkState, UplinkStatus};

pub(super) fn table(uplinks: &[UplinkStatus]) -> Table {
    let mut table = Table::new(&["UPLINK", "DEVICE", "ADDRESS", "GATEWAY", "STATE"]);
    for uplink in worst_first(uplinks, |uplink| uplink.state.is_good()) {
        let device = if uplink.link == "direct" { uplink.device.clone() } else { format!("{} ({})", uplink.device, uplink.link) };
        table.row([
            uplink.name.as_str().into(),
            device.into(),
            uplink.address.as_deref().unwrap_or("-").into(),
            uplink.gateway.map_or("-".to_owned(), |gateway| gateway.to_string()).into(),
            uplink_state(uplink, uplinks.len() > 1),
        ]);
    }
    table
}

/// Which one is in use is a question where there are several.
fn uplink_state(uplink: &UplinkStatus, several: bool) -> Cell {
    let style = match uplink.state {
        UplinkState::Online | UplinkState::Up => Style::Good,
        UplinkState::Waiting | UplinkState::NoLease => Style::Warn,
        UplinkState::Down => Style::Bad,
    };
    let mut text = uplink.state.as_str().to_owned();
    if let Some(ms) = uplink.round_trip_ms {
        text += &format!(", {ms} ms");
    }
    if several && uplink.in_use {
        text += ", in use";
    }
    if let Some(why) = &uplink.why {
        text += &format!(": {why}");
    }
    Cell::styled(text, style)
}
