//! Tells the service manager how the daemon is (sd_notify(3)); without one, nobody.

use sd_notify::NotifyState;
use std::time::Duration;

pub fn ready(summary: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(summary)]);
}

/// systemd wants to know when the reload began, to tell one from the next (systemd.service(5), `Type=notify-reload`).
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => log::warn!("the reload cannot be told to the service manager: {error}"),
    }
}

pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the daemon lives, twice in the time that the service manager gives it; returns when that was not asked for.
pub async fn watchdog() {
    let Some(within) = sd_notify::watchdog_enabled().filter(|within| *within >= Duration::from_millis(2)) else { return };
    let mut beat = tokio::time::interval(within / 2);
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("the service manager cannot be told: {error}");
    }
}
