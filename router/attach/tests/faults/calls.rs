//! An attachment as a whole.

use crate::world::{self, World, config};
use edge_attach::{Error, JournalError, NetnsError, Record};
use edge_host::BootId;
use edge_net::AttachKind;
use std::fs;

#[tokio::test]
async fn an_attachment_is_the_same_when_asked_again() {
    let world = World::new();
    let first = world.attach("c1", "vehicle", "a").await.unwrap();
    assert_eq!(first.address.to_string(), "10.0.1.4/24", "reserved by its [[host]]");
    assert_eq!(first.plugged().unwrap().gateway.to_string(), "10.0.1.3");
    assert_eq!(world.attach("c1", "vehicle", "a").await.unwrap(), first);
    assert_eq!(world.plugged(), vec!["vehicle/c1@a"]);
    assert_eq!(world.held(), vec!["vehicle/c1"]);
}

#[tokio::test]
async fn a_container_keeps_address_and_mac_from_life_to_life() {
    let world = World::new();
    let first = world.attach("web", "vehicle", "a").await.unwrap();
    world.attach("other", "vehicle", "b").await.unwrap();
    assert_eq!(world.detach("web").await.unwrap(), 1);
    assert_eq!(world.held(), vec!["vehicle/other"]);
    let second = world.attach("web", "vehicle", "c").await.unwrap();
    let mac = |record: &Record| record.plugged().unwrap().mac;
    assert_eq!((first.address, mac(&first)), (second.address, mac(&second)));
    assert_eq!(world.detach("nobody").await.unwrap(), 0);
}

#[tokio::test]
async fn no_address_no_trace() {
    let world = World::new();
    world.fail("claim");
    assert!(matches!(world.attach("web", "vehicle", "a").await, Err(Error::Claim(_))));
    assert!(world.plugged().is_empty() && world.held().is_empty() && world.journal().is_empty());
}

#[tokio::test]
async fn no_plug_gives_the_address_back() {
    let world = World::new();
    world.fail("plug");
    assert!(matches!(world.attach("web", "vehicle", "a").await, Err(Error::Plug { .. })));
    assert!(world.plugged().is_empty() && world.held().is_empty() && world.journal().is_empty());
    assert!(world.attach("web", "vehicle", "a").await.is_ok());
}

#[tokio::test]
async fn no_journal_pulls_the_plug_and_gives_the_address_back() {
    let world = World::new();
    let disk_full = world.break_journal();
    assert!(matches!(world.attach("web", "vehicle", "a").await, Err(Error::Journal(_))));
    assert!(world.plugged().is_empty() && world.held().is_empty());
    drop(disk_full);
    assert!(world.attach("web", "vehicle", "a").await.is_ok());
}

#[tokio::test]
async fn a_mend_that_fails_takes_nothing_away() {
    let world = World::new();
    world.attach("web", "vehicle", "a").await.unwrap();
    for step in ["claim", "plug"] {
        world.fail(step);
        assert!(world.attach("web", "vehicle", "a").await.is_err());
        assert_eq!(world.plugged(), vec!["vehicle/web@a"], "{step}");
        assert_eq!(world.held(), vec!["vehicle/web"], "{step}");
        assert_eq!(world.journal(), vec!["vehicle/web"]);
    }
}

#[tokio::test]
async fn a_detach_that_fails_can_be_asked_again() {
    let world = World::new();
    world.attach("web", "vehicle", "a").await.unwrap();
    world.fail("unplug");
    assert!(matches!(world.detach("web").await, Err(Error::Unplug { .. })));
    assert_eq!(world.journal(), vec!["vehicle/web"]);
    assert_eq!(world.held(), vec!["vehicle/web"]);
    let disk_full = world.break_journal();
    assert!(matches!(world.detach("web").await, Err(Error::Journal(_))));
    drop(disk_full);
    world.fail("release");
    assert_eq!(world.detach("web").await.unwrap(), 1, "the container is gone, whatever the lease says");
    assert_eq!(world.held(), vec!["vehicle/web"]);
    world.reconcile(&config()).await;
    assert!(world.held().is_empty(), "given back later");
}

/// Plugged into two networks, and the kernel lets go of one only.
#[tokio::test]
async fn a_detach_that_does_half_of_it_tells_which_half() {
    let world = World::new();
    world.attach("web", "vehicle", "a").await.unwrap();
    world.attach("web", "equipment", "b").await.unwrap();
    world.fail("unplug");
    let error = world.detach("web").await.unwrap_err();
    let left = world.journal();
    assert_eq!(left.len(), 1, "{error}");
    let gone = if left[0] == "vehicle/web" { "web in equipment" } else { "web in vehicle" };
    assert_eq!(error.to_string(), format!("{gone} is detached, and not all that was meant"));
    assert!(matches!(error, Error::HalfDetached { source, .. } if matches!(*source, Error::Unplug { .. })));
    assert_eq!(world.detach("web").await.unwrap(), 1);
    assert!(world.journal().is_empty() && world.plugged().is_empty());
}

#[tokio::test]
async fn a_name_belongs_to_one_as_long_as_it_lives() {
    let world = World::new();
    world.attach("web", "vehicle", "a").await.unwrap();
    let error = world.attach("web", "vehicle", "b").await.unwrap_err();
    assert!(error.to_string().contains("from /run/netns/a as eth0: detach that first"), "{error}");
    assert!(world.attach("web", "equipment", "a").await.is_err(), "eth0 is taken there");

    world.end("a");
    let taken_over = world.attach("web", "vehicle", "b").await.unwrap();
    assert_eq!(taken_over.plugged().unwrap().place.netns.to_str(), Some("/run/netns/b"));
    assert_eq!(world.plugged(), vec!["vehicle/web@b"]);
    assert_eq!(world.journal(), vec!["vehicle/web"]);
}

#[tokio::test]
async fn a_namespace_made_anew_under_the_same_path_is_another() {
    let world = World::new();
    let first = world.attach("web", "vehicle", "a").await.unwrap();
    world.end("a");
    world.begin("a");
    let second = world.attach("web", "vehicle", "a").await.unwrap();
    let id = |record: &Record| record.plugged().unwrap().place.id;
    assert_ne!(id(&first), id(&second));
    assert_eq!(first.address, second.address);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let world = World::new();
    let error = world.attach("web", "vehicel", "a").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no network \"vehicel\": there are vehicle, equipment");
    assert!(matches!(world.attach("web", "vehicle", "nowhere").await, Err(Error::BadNetns { .. })));
    let error = world.attach("web", "vehicle", "router").await.unwrap_err();
    assert!(
        matches!(error, Error::BadNetns { why: NetnsError::Router, .. }) && error.to_string().ends_with("it is the router's own")
    );
    assert!(world.held().is_empty());
}

#[tokio::test]
async fn a_start_forgets_who_is_gone_and_mends_who_is_not() {
    let mut world = World::new();
    for (name, netns) in [("gone", "a"), ("cut", "b"), ("well", "c"), ("lingers", "d")] {
        world.attach(name, "vehicle", netns).await.unwrap();
    }
    world.restart();
    world.end("a");
    world.unplug_port("vehicle/gone");
    world.unplug_port("vehicle/cut");
    world.end_path_only("d");
    world.plug_port("vehicle/nobody", "x");
    world.hold("vehicle", "crashed");
    world.forget_calls();
    world.reconcile(&config()).await;

    assert_eq!(world.plugged(), vec!["vehicle/cut@b", "vehicle/lingers@d", "vehicle/well@c"]);
    assert_eq!(world.journal(), vec!["vehicle/cut", "vehicle/well", "vehicle/lingers"]);
    assert_eq!(world.held(), vec!["vehicle/cut", "vehicle/lingers", "vehicle/well"]);
    assert_eq!(world.calls(), vec!["plug vehicle/cut", "unplug vehicle/nobody"]);
    world.forget_calls();
    world.reconcile(&config()).await;
    assert!(world.calls().is_empty(), "again: nothing to do");
}

#[tokio::test]
async fn an_apply_takes_the_containers_along() {
    let world = World::new();
    let old = world.attach("web", "vehicle", "a").await.unwrap();
    let mut moved = config();
    moved.networks[0].address = world::interface("10.0.7.3/24");
    world.set_subnet("10.0.7");
    world.reconcile(&moved).await;
    let (new, plugged) = (world.record("web").await, world.plugged_as("web").await);
    assert_eq!((plugged.gateway.to_string().as_str(), plugged.mac), ("10.0.7.3", old.plugged().unwrap().mac));
    assert!(new.address.to_string().starts_with("10.0.7."), "{}", new.address);

    moved.networks[0].attach = AttachKind::IpvlanL2;
    world.reconcile(&moved).await;
    assert_eq!(world.plugged_as("web").await.kind, AttachKind::IpvlanL2);

    let gone = edge_config::Config { networks: vec![], hosts: vec![], ..config() };
    world.reconcile(&gone).await;
    assert_eq!(world.journal(), vec!["vehicle/web"], "the network may come back");
}

#[tokio::test]
async fn a_lost_lease_is_held_again_before_somebody_else_gets_it() {
    let world = World::new();
    let before = world.attach("web", "vehicle", "a").await.unwrap();
    world.lose_leases();
    world.reconcile(&config()).await;
    assert_eq!((world.held(), world.record("web").await), (vec!["vehicle/web".to_owned()], before.clone()));

    world.lose_leases();
    world.fail("claim");
    world.reconcile(&config()).await;
    assert_eq!(world.held(), vec!["vehicle/web"], "another address, when it cannot have its own");
}

#[tokio::test]
async fn another_boot_starts_with_nobody() {
    let mut world = World::new();
    world.attach("web", "vehicle", "a").await.unwrap();
    world.reboot();
    world.reconcile(&config()).await;
    assert!(world.journal().is_empty() && world.held().is_empty());
}

/// Two boots whose ids cannot be read are two boots, and so are one and one of an earlier release, which wrote nothing then.
#[tokio::test]
async fn a_boot_that_cannot_be_told_starts_with_nobody() {
    let mut world = World::new();
    world.reboot_as(BootId::drawn());
    world.attach("web", "vehicle", "a").await.unwrap();
    world.restart();
    assert_eq!(world.attached().await, ["vehicle/web"], "in the same process");
    world.reboot_as(BootId::drawn());
    assert!(world.attached().await.is_empty());
    world.reconcile(&config()).await;
    assert!(world.journal().is_empty() && world.held().is_empty());

    world.attach("web", "vehicle", "a").await.unwrap();
    let file = world.dir().join("attachments.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    json["boot"] = "".into();
    // As a release before there were seals wrote it.
    json.as_object_mut().unwrap().remove("seal");
    fs::write(&file, json.to_string()).unwrap();
    world.reboot_as(BootId::drawn());
    assert!(world.attached().await.is_empty());
}

#[tokio::test]
async fn a_journal_that_is_not_ours_is_not_touched() {
    let world = World::new();
    let file = world.dir().join("attachments.json");
    for (text, word) in [
        (r#"{"version":2,"boot":"x","new":1}"#, "version 2"),
        ("", "move the file away"),
        ("{\"version\":1", "move the file away"),
        (r#"{"version":1,"boot":"1","attachments":[{"netns":"/a"}]}"#, "move the file away"),
    ] {
        fs::write(&file, text).unwrap();
        let error = world.open().err().unwrap();
        assert!(matches!(error, Error::Journal(JournalError::Version { .. } | JournalError::Damaged { .. })));
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn many_at_once_are_all_there() {
    let world = std::sync::Arc::new(World::new());
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let world = world.clone();
            tokio::spawn(async move {
                world.begin(&format!("n{n}"));
                world.attach(&format!("c-{n}"), "vehicle", &format!("n{n}")).await.unwrap().address
            })
        })
        .collect();
    let mut addresses = std::collections::BTreeSet::new();
    for task in tasks {
        addresses.insert(task.await.unwrap());
    }
    assert_eq!((addresses.len(), world.journal().len()), (50, 50));
}
