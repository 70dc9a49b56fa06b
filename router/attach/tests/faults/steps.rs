//! The steps one at a time, as Docker asks for them: each fails once at each of its effects, and crashes after it.

use crate::world::{self, World, config};
use edge_attach::{Error, JournalError, State};
use edge_net::AttachKind;
use std::fs;

#[tokio::test]
async fn the_steps_in_their_order() {
    let world = World::new();
    let reserved = world.reserve("c1", "vehicle").await.unwrap();
    assert_eq!(reserved.address.to_string(), "10.0.1.4/24");
    let State::Reserved { mac: Some(mac) } = reserved.state else { panic!("{reserved:?}") };
    assert!(world.plugged().is_empty());
    assert_eq!((world.held(), world.journal()), (vec!["vehicle/c1".to_owned()], vec!["vehicle/c1".to_owned()]));

    let plugged = world.plug("c1", "vehicle", "a").await.unwrap();
    assert_eq!((plugged.address, plugged.plugged().unwrap().mac), (reserved.address, mac), "as it was reserved");
    assert_eq!(world.plugged(), vec!["vehicle/c1@a"]);

    world.unplug("c1", "vehicle").await.unwrap();
    assert_eq!(world.record("c1").await, reserved);
    assert!(world.plugged().is_empty());
    assert_eq!(world.held(), vec!["vehicle/c1"]);

    world.release("c1", "vehicle").await.unwrap();
    assert!(world.plugged().is_empty() && world.held().is_empty() && world.journal().is_empty());
}

#[tokio::test]
async fn each_step_is_the_same_when_asked_again() {
    let world = World::new();
    let reserved = world.reserve("web", "vehicle").await.unwrap();
    assert_eq!(world.reserve("web", "vehicle").await.unwrap(), reserved);
    let plugged = world.plug("web", "vehicle", "a").await.unwrap();
    assert_eq!(world.plug("web", "vehicle", "a").await.unwrap(), plugged);
    assert_eq!(world.plugged(), vec!["vehicle/web@a"]);
    assert_eq!(world.reserve("web", "vehicle").await.unwrap(), reserved);
    assert_eq!(world.record("web").await, plugged, "who is plugged in stays so");
    assert_eq!(world.attach("web", "vehicle", "a").await.unwrap(), plugged);
    for _ in 0..2 {
        world.unplug("web", "vehicle").await.unwrap();
    }
    assert_eq!(world.record("web").await, reserved);
    for _ in 0..2 {
        world.release("web", "vehicle").await.unwrap();
        world.unplug("web", "vehicle").await.unwrap();
    }
    assert!(world.journal().is_empty() && world.held().is_empty());
}

#[tokio::test]
async fn a_reservation_that_fails_leaves_nothing() {
    let world = World::new();
    world.fail("claim");
    assert!(matches!(world.reserve("web", "vehicle").await, Err(Error::Claim(_))));
    assert!(world.held().is_empty() && world.journal().is_empty());
    let disk_full = world.break_journal();
    assert!(matches!(world.reserve("web", "vehicle").await, Err(Error::Journal(_))));
    assert!(world.held().is_empty());
    drop(disk_full);
    world.set_subnet("10.0.9");
    assert!(matches!(world.reserve("web", "vehicle").await, Err(Error::Unfit { .. })));
    assert!(world.held().is_empty() && world.journal().is_empty());
}

#[tokio::test]
async fn a_plug_that_fails_leaves_the_reservation() {
    let world = World::new();
    let reserved = world.reserve("web", "vehicle").await.unwrap();
    world.fail("plug");
    assert!(matches!(world.plug("web", "vehicle", "a").await, Err(Error::Plug { .. })));
    let disk_full = world.break_journal();
    assert!(matches!(world.plug("web", "vehicle", "a").await, Err(Error::Journal(_))));
    drop(disk_full);
    assert!(world.plugged().is_empty(), "the interface is taken away again");
    assert_eq!((world.record("web").await, world.held()), (reserved, vec!["vehicle/web".to_owned()]));
    assert!(world.plug("web", "vehicle", "a").await.is_ok());
}

#[tokio::test]
async fn an_attach_of_a_reserved_one_that_fails_leaves_the_reservation() {
    let world = World::new();
    let reserved = world.reserve("web", "vehicle").await.unwrap();
    for step in ["claim", "plug"] {
        world.fail(step);
        assert!(world.attach("web", "vehicle", "a").await.is_err());
        assert_eq!((world.record("web").await, world.held()), (reserved.clone(), vec!["vehicle/web".to_owned()]), "{step}");
    }
    assert_eq!(world.attach("web", "vehicle", "a").await.unwrap().address, reserved.address);
}

#[tokio::test]
async fn an_unplug_or_a_release_that_fails_can_be_asked_again() {
    let world = World::new();
    world.reserve("web", "vehicle").await.unwrap();
    let plugged = world.plug("web", "vehicle", "a").await.unwrap();
    world.fail("unplug");
    assert!(matches!(world.unplug("web", "vehicle").await, Err(Error::Unplug { .. })));
    assert_eq!((world.record("web").await, world.plugged()), (plugged, vec!["vehicle/web@a".to_owned()]));
    let disk_full = world.break_journal();
    assert!(matches!(world.unplug("web", "vehicle").await, Err(Error::Journal(_))));
    assert!(matches!(world.release("web", "vehicle").await, Err(Error::Journal(_))));
    assert_eq!(world.held(), vec!["vehicle/web"], "as long as the journal speaks of it");
    drop(disk_full);
    world.unplug("web", "vehicle").await.unwrap();
    world.fail("release");
    world.release("web", "vehicle").await.unwrap();
    assert_eq!((world.held(), world.journal()), (vec!["vehicle/web".to_owned()], vec![]));
    world.reconcile(&config()).await;
    assert!(world.held().is_empty(), "given back later");
}

#[tokio::test]
async fn a_reserved_one_is_released_by_name_and_not_by_namespace() {
    let world = World::new();
    world.reserve("web", "vehicle").await.unwrap();
    assert_eq!(world.detach("web").await.unwrap(), 1);
    assert!(world.held().is_empty() && world.journal().is_empty());
}

#[tokio::test]
async fn a_reservation_outlives_a_crash_and_a_lost_lease() {
    let mut world = World::new();
    let reserved = world.reserve("web", "vehicle").await.unwrap();
    world.restart();
    world.lose_leases();
    // Of a plug that crashed before it was written down.
    world.plug_port("vehicle/web", "a");
    world.reconcile(&config()).await;
    assert_eq!((world.record("web").await, world.held()), (reserved.clone(), vec!["vehicle/web".to_owned()]));
    assert!(world.plugged().is_empty(), "nobody was told of that port");
    assert_eq!(world.plug("web", "vehicle", "a").await.unwrap().address, reserved.address);
    world.unplug("web", "vehicle").await.unwrap();
    world.restart();
    world.end("a");
    world.reconcile(&config()).await;
    assert_eq!(world.record("web").await, reserved, "its namespace may go");
    world.reboot();
    assert!(world.attached().await.is_empty());
}

#[tokio::test]
async fn a_reservation_follows_the_configuration() {
    let world = World::new();
    world.reserve("web", "vehicle").await.unwrap();
    let mut moved = config();
    moved.networks[0].address = world::interface("10.0.7.3/24");
    moved.networks[0].attach = AttachKind::IpvlanL2;
    world.set_subnet("10.0.7");
    world.reconcile(&moved).await;
    let record = world.record("web").await;
    assert!(record.address.to_string().starts_with("10.0.7."), "{}", record.address);
    assert_eq!(record.state, State::Reserved { mac: None }, "it will have its parent's");

    let gone = edge_config::Config { networks: vec![], hosts: vec![], ..config() };
    world.reconcile(&gone).await;
    assert_eq!(world.record("web").await, record, "the network may come back");
}

/// Literally what the release before reservations wrote.
const OLD: &str = r#"{
  "version": 1,
  "boot": "1",
  "attachments": [
    {
      "netns": "/run/netns/a",
      "id": {
        "device": 4,
        "inode": 1
      },
      "name": "web",
      "network": "vehicle",
      "ifname": "eth0",
      "kind": "bridge",
      "address": "10.0.1.100/24",
      "gateway": "10.0.1.3",
      "mac": "02:02:59:3a:cb:e0"
    }
  ]
}"#;

#[tokio::test]
async fn a_journal_of_the_release_before_is_read_and_stays_readable_for_it() {
    let mut world = World::new();
    let file = world.dir().join("attachments.json");
    fs::write(&file, OLD).unwrap();
    world.restart();
    let plugged = world.plugged_as("web").await;
    assert_eq!((plugged.place.netns.to_str(), plugged.place.ifname.as_str()), (Some("/run/netns/a"), "eth0"));
    assert_eq!((plugged.kind, plugged.gateway.to_string().as_str()), (AttachKind::Bridge, "10.0.1.3"));
    assert_eq!(plugged.mac.to_string(), "02:02:59:3a:cb:e0");
    assert_eq!(world.record("web").await.address.to_string(), "10.0.1.100/24");

    world.attach("other", "vehicle", "b").await.unwrap();
    assert_ne!(fs::read_to_string(&file).unwrap(), OLD);
    world.detach("other").await.unwrap();
    assert_eq!(world::unsealed(&file), OLD, "to the letter, but for a seal that it does not look at");
}

#[tokio::test]
async fn a_damaged_plugged_one_is_not_taken_for_a_reserved_one() {
    let world = World::new();
    let file = world.dir().join("attachments.json");
    world.reserve("web", "vehicle").await.unwrap();
    let reserved = world::unsealed(&file);
    for text in [OLD.replace("\"netns\": \"/run/netns/a\",", ""), reserved.replace("\"name\": \"web\",", "")] {
        fs::write(&file, &text).unwrap();
        assert!(matches!(world.open().err().unwrap(), Error::Journal(JournalError::Damaged { .. })), "{text}");
    }
    fs::write(&file, &reserved).unwrap();
    assert!(world.open().is_ok());
}
