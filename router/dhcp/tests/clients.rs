//! The clients people have, each as it comes from its distribution. One that is not installed fails its test.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_config::{DeviceId, Host};
use edge_dhcp::{Identity, LeaseState};
use lab::{Lab, ROUTER, WAIT_FOR, eventually, is_bound, only_lease, pool_of};
use std::{net::Ipv4Addr, sync::Arc};

const POOL_FIRST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const RESERVED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 5);

/// Writes what udhcpc got and configures the interface, as its default script does.
const UDHCPC: &str = r#"
echo "$1 $ip/$mask router=$router dns=$dns domain=$domain lease=$lease server=$serverid" >> $dir/events
case $1 in bound|renew) ip address replace $ip/$mask dev $interface ;; deconfig) ip address flush dev $interface ;; esac
"#;

const DHCLIENT: &str = r#"
echo "$reason $new_ip_address $new_subnet_mask router=$new_routers dns=$new_domain_name_servers domain=$new_domain_name" >> $dir/events
case $reason in
    PREINIT) ip link set $interface up ;;
    BOUND|REBOOT|RENEW|REBIND) ip address replace $new_ip_address/24 dev $interface ;;
    RELEASE|EXPIRE|FAIL|STOP) ip address flush dev $interface ;;
esac
exit 0
"#;

const DHCPCD: &str =
    r#"echo "$reason $new_ip_address $new_subnet_cidr router=$new_routers dns=$new_domain_name_servers" >> $dir/events"#;

fn host(name: &str, mac: Option<&str>, address: Ipv4Addr) -> Host {
    let network = "vehicle".parse().expect("a name");
    let device = mac.map(|mac| DeviceId::Mac(mac.parse().expect("a MAC")));
    Host { name: name.parse().expect("a name"), network, device, address }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udhcpc_boots_renews_and_releases() {
    let lab = Lab::new();
    let server = lab.serve(lab.service()).await;
    lab.script("udhcpc", UDHCPC);
    // -f stays in the foreground; USR1 renews, USR2 releases.
    lab.must(&format!(
        "{WAIT_FOR} busybox udhcpc -f -i eth0 -s $dir/udhcpc -x hostname:Device-1 -O domain &
        client=$!
        wait_for bound
        kill -USR1 $client; wait_for renew
        kill -USR2 $client; until [ $(grep -c ^deconfig $dir/events) = 2 ]; do sleep 0.1; done
        kill $client"
    ));
    let events = lab.kept("events");
    let got = format!("{POOL_FIRST}/24 router={ROUTER} dns=10.77.0.2 domain=truck.example lease=3600 server={ROUTER}");
    assert!(events.contains(&format!("bound {got}")) && events.contains(&format!("renew {got}")), "{events}");
    eventually("the release arrives", || matches!(only_lease(&server).state, LeaseState::Released { .. })).await;
    let lease = only_lease(&server);
    assert_eq!((lease.address, lease.name.as_deref()), (POOL_FIRST, Some("device-1")));
    assert_eq!(lease.identity, Identity::Mac("02:00:00:00:01:05".parse().expect("a MAC")));
}

/// dhclient goes into the background before it has written its process id.
const DHCLIENT_COMMANDS: &str = r#"
run_dhclient() { dhclient -4 -1 -v -cf $dir/conf -sf $dir/dhclient-script -lf $dir/leases -pf $dir/pid -e dir=$dir "$@"; }
start_dhclient() { rm -f $dir/pid; run_dhclient eth0; until [ -s $dir/pid ]; do sleep 0.05; done; }
"#;

fn write_dhclient_files(lab: &Lab) {
    lab.script("dhclient-script", DHCLIENT);
    let conf = "initial-interval 1; timeout 10; send host-name \"laptop\";";
    std::fs::write(lab.directory.path().join("conf"), conf).expect("writable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dhclient_boots_reboots_and_releases() {
    let lab = Lab::new();
    let server = lab.serve(lab.service()).await;
    write_dhclient_files(&lab);
    let boot = lab.must(&format!("{DHCLIENT_COMMANDS} start_dhclient; kill $(cat $dir/pid)"));
    assert!(boot.contains("DHCPOFFER") && boot.contains("DHCPACK"), "{boot}");
    assert_eq!((only_lease(&server).address, only_lease(&server).name.as_deref()), (POOL_FIRST, Some("laptop")));
    // With its lease file it starts in INIT-REBOOT: a REQUEST and no DISCOVER.
    let reboot = lab.must(&format!("{DHCLIENT_COMMANDS} start_dhclient; run_dhclient -r eth0"));
    assert!(reboot.contains("DHCPACK") && !reboot.contains("DHCPDISCOVER"), "{reboot}");
    let events = lab.kept("events");
    for reason in ["BOUND", "REBOOT"] {
        let got = format!("{reason} {POOL_FIRST} 255.255.255.0 router={ROUTER} dns=10.77.0.2 domain=truck.example");
        assert!(events.contains(&got), "{events}");
    }
    eventually("the release arrives", || matches!(only_lease(&server).state, LeaseState::Released { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dhcpcd_boots_renews_and_releases() {
    let lab = Lab::new();
    let server = lab.serve(lab.service()).await;
    let script = lab.script("dhcpcd-hook", DHCPCD);
    let conf = format!(
        "duid\noption routers, domain_name_servers\nscript {}\nenv dir={}\nnodelay\nnoarp\nnoipv6\nnoipv4ll\nnodev\n",
        script.display(),
        lab.directory.path().display()
    );
    std::fs::write(lab.directory.path().join("conf"), conf).expect("writable");
    // 9.4 sometimes does not hear a signal that comes while its hooks run.
    let output = lab.must(&format!(
        "{WAIT_FOR} mount -t tmpfs none /run; mkdir -p /run/dhcpcd
        dhcpcd -4 -B -d -f $dir/conf eth0 > $dir/log 2>&1 &
        client=$!
        wait_for BOUND
        until grep -q '^RE' $dir/events; do dhcpcd -4 -f $dir/conf -n eth0 >> $dir/log 2>&1; sleep 1; done
        dhcpcd -4 -f $dir/conf -k eth0 >> $dir/log 2>&1 || dhcpcd -4 -f $dir/conf -k eth0 >> $dir/log 2>&1
        wait $client || true
        cat $dir/log"
    ));
    let events = lab.kept("events");
    assert!(events.contains(&format!("BOUND {POOL_FIRST} 24 router={ROUTER} dns=10.77.0.2")), "{events}\n{output}");
    let lease = only_lease(&server);
    assert!(matches!(lease.identity, Identity::ClientId(_)), "{lease:?}");
    eventually("the release arrives", || matches!(only_lease(&server).state, LeaseState::Released { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reserved_device_gets_its_address_with_and_without_the_broadcast_flag() {
    let lab = Lab::new();
    let mut service = lab.service();
    service.reservations.push(host("device1", Some("02:00:00:00:01:05"), RESERVED));
    let server = lab.serve(service).await;
    lab.script("udhcpc", UDHCPC);
    for flag in ["", "-B"] {
        lab.must(&format!("busybox udhcpc -f -q -n -i eth0 -s $dir/udhcpc {flag}; ip address flush dev eth0"));
    }
    assert_eq!(lab.kept("events").matches(&format!("bound {RESERVED}/24")).count(), 2, "{}", lab.kept("events"));
    let lease = only_lease(&server);
    assert!(is_bound(&lease) && lease.permanent, "{lease:?}");
    assert_eq!((lease.address, lease.name.as_deref()), (RESERVED, Some("device1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_configuration_moves_a_running_client() {
    let lab = Arc::new(Lab::new());
    let server = lab.serve(lab.service()).await;
    lab.script("udhcpc", UDHCPC);
    let there = lab.clone();
    let client = tokio::task::spawn_blocking(move || {
        there.must(&format!(
            "{WAIT_FOR} busybox udhcpc -f -i eth0 -s $dir/udhcpc &
            client=$!
            wait_for bound; wait_for_change
            kill -USR1 $client; wait_for 'bound 10.77.0.5/'
            kill $client"
        ))
    });
    eventually("the first lease", || server.leases().iter().any(|lease| lease.address == POOL_FIRST)).await;
    let mut service = lab.service();
    service.reservations.push(host("device1", Some("02:00:00:00:01:05"), RESERVED));
    assert!(server.configure(vec![service]).await.is_empty());
    lab.script("changed", "");
    client.await.expect("the client is moved");
    let events = lab.kept("events");
    assert!(events.contains("nak") && events.contains(&format!("bound {RESERVED}/24")), "{events}");
    assert_eq!(server.counters().networks.values().map(|counters| counters.naks).sum::<u64>(), 1);
    eventually("only the new lease", || only_lease(&server).address == RESERVED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_range_moves_a_running_client_when_its_lease_ends() {
    let lab = Arc::new(Lab::new());
    let server = lab.serve(lab.service()).await;
    lab.script("udhcpc", UDHCPC);
    let there = lab.clone();
    let client = tokio::task::spawn_blocking(move || {
        there.must(&format!(
            "{WAIT_FOR} busybox udhcpc -f -i eth0 -s $dir/udhcpc &
            client=$!
            wait_for bound; wait_for_change
            sleep 2
            kill -USR1 $client; wait_for 'renew 10.77.0.100/'
            kill -USR2 $client; sleep 0.3
            kill -USR1 $client; wait_for 'bound 10.77.0.150/'
            kill $client"
        ))
    });
    eventually("the first lease", || server.leases().iter().any(|lease| lease.address == POOL_FIRST)).await;
    let mut service = lab.service();
    pool_of(&mut service).from = Ipv4Addr::new(10, 77, 0, 150);
    assert!(server.configure(vec![service]).await.is_empty());
    lab.script("changed", "");
    client.await.expect("the client is moved");
    let events = lab.kept("events");
    assert!(events.contains("renew 10.77.0.100/24") && events.contains("bound 10.77.0.150/24"), "{events}");
    let renewed = events.lines().find(|line| line.starts_with("renew")).expect("a renewal");
    assert!(!renewed.contains("lease=3600"), "what was left of it and no more: {renewed}");
    assert_eq!(server.counters().networks.values().map(|counters| counters.naks).sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dhclient_uses_the_options_it_asks_for() {
    let lab = Lab::new();
    let mut service = lab.service();
    let option = |code, value: &[u8]| edge_config::DhcpOption { code, value: value.to_vec(), always: false };
    // So long that it comes in two parts (RFC 3396).
    let domains: Vec<u8> = (b'a'..=b'l').flat_map(|letter| [&[25][..], &[letter; 25], &[0]].concat()).collect();
    pool_of(&mut service).options = vec![option(42, &[10, 77, 0, 9]), option(119, &domains), option(121, &[0, 10, 77, 0, 1])];
    let _server = lab.serve(service).await;
    lab.script(
        "dhclient-script",
        "echo \"$reason ntp=$new_ntp_servers search=$new_domain_search routes=$new_rfc3442_routes\" >> $dir/events",
    );
    let conf = "initial-interval 1; timeout 10; option rfc3442-routes code 121 = array of unsigned integer 8;
        send dhcp-max-message-size 1500;
        request subnet-mask, ntp-servers, domain-search, rfc3442-routes;";
    std::fs::write(lab.directory.path().join("conf"), conf).expect("writable");
    lab.must(&format!("{DHCLIENT_COMMANDS} start_dhclient; kill $(cat $dir/pid)"));
    let events = lab.kept("events");
    let bound = events.lines().find(|line| line.starts_with("BOUND")).unwrap_or_else(|| panic!("it is bound: {events}"));
    assert!(bound.contains("ntp=10.77.0.9") && bound.contains("routes=0 10 77 0 1"), "{bound}");
    assert!(bound.contains(&"a".repeat(25)) && bound.contains(&"l".repeat(25)), "{bound}");
}
