//! The journal is damaged or gone: the kernel tells who is attached, and nobody is unplugged.

use crate::world::{World, config};
use edge_host::aside::{damaged, set_aside};
use std::fs;

const FILE: &str = "attachments.json";

async fn two() -> World {
    let world = World::new();
    world.attach("c1", "vehicle", "a").await.unwrap();
    world.attach("web", "equipment", "b").await.unwrap();
    world.forget_calls();
    world
}

/// As the daemon does at its start.
async fn restarted(world: &mut World) {
    if world.open().is_err() {
        set_aside(world.dir(), FILE, &"it is damaged").unwrap();
    }
    world.restart();
    world.reconcile(&config()).await;
}

#[tokio::test]
async fn who_is_plugged_in_stays_so_whatever_the_journal_holds() {
    for damage in ["", "{", "missing", "a flipped bit"] {
        let mut world = two().await;
        let (plugged, held, journal) = (world.plugged(), world.held(), world.journal());
        let addresses = (world.record("c1").await.address, world.record("web").await.address);
        let file = world.dir().join(FILE);
        match damage {
            "missing" => fs::remove_file(&file).unwrap(),
            "a flipped bit" => {
                let mut bytes = fs::read(&file).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&file, bytes).unwrap();
            }
            text => fs::write(&file, text).unwrap(),
        }
        restarted(&mut world).await;
        assert_eq!((world.plugged(), world.held(), world.journal()), (plugged, held, journal), "{damage}");
        assert_eq!((world.record("c1").await.address, world.record("web").await.address), addresses, "{damage}");
        assert_eq!(world.calls(), Vec::<String>::new(), "{damage}: nothing is touched");
        assert_eq!(damaged(world.dir()), ["attachments.json.damaged"], "{damage}: it is told");
        restarted(&mut world).await;
        assert_eq!(damaged(world.dir()).len(), 1, "{damage}: once");
        assert_eq!(world.detach("web").await.unwrap(), 1, "{damage}: it is known again");
    }
}

/// A namespace may be out of reach, and what was only reserved is nowhere in the kernel.
#[tokio::test]
async fn what_is_not_known_again_stays_until_the_damage_was_seen() {
    let mut world = two().await;
    world.end_path_only("b");
    world.reserve("later", "vehicle").await.unwrap();
    fs::write(world.dir().join(FILE), "").unwrap();
    restarted(&mut world).await;
    assert_eq!(world.plugged(), ["equipment/web@b", "vehicle/c1@a"]);
    assert_eq!(world.held(), ["equipment/web", "vehicle/c1", "vehicle/later"]);
    fs::remove_file(world.dir().join("attachments.json.damaged")).unwrap();
    world.reconcile(&config()).await;
    assert_eq!((world.plugged(), world.held()), (vec!["vehicle/c1@a".to_owned()], vec!["vehicle/c1".to_owned()]));
}

#[tokio::test]
async fn where_nobody_was_attached_nothing_is_told() {
    let mut world = World::new();
    fs::remove_file(world.dir().join(FILE)).unwrap();
    restarted(&mut world).await;
    assert!(damaged(world.dir()).is_empty());
    world.plug_port("vehicle/ghost", "a");
    world.reconcile(&config()).await;
    assert!(world.plugged().is_empty(), "a port that nobody remembers is removed");
}
