use crate::{
    sample::{NAME, base, link},
    space::in_namespace,
};
use edge_kernel::nft::Nft;
use edge_net::IfName;
use edge_plan::nft::{
    ChainKind, Field, Hook, NftVerdict, Set, Table,
    build::{Source, Value, accept, drop, iifname, ip_saddr, key, rule, vmap},
};
use ipnet::Ipv4Net;
use nix::time::{ClockId, clock_gettime};
use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

/// As for so many networks: a rule about its sources for each, and who may reach whom in maps.
fn networks(count: u32) -> Table {
    let bridge = |n: u32| -> IfName { link(&format!("br-{n}")) };
    let subnet = |n: u32| Ipv4Net::new(Ipv4Addr::from_bits(0x0a00_0000 + (n << 8)), 24).unwrap();
    let sources = (0..count).map(|n| rule([iifname(&bridge(n)), ip_saddr(subnet(n)), drop()])).collect();
    let pairs = (0..count).flat_map(|n| (1..=4).map(move |step| (n, (n + step) % count)));
    let pairs: BTreeMap<_, _> =
        pairs.map(|(a, b)| (key(&[Value::IfName(&bridge(a)), Value::IfName(&bridge(b))]), Some(NftVerdict::Accept))).collect();
    let inputs = (0..count).map(|n| (key(&[Value::IfName(&bridge(n))]), Some(NftVerdict::Accept))).collect();
    let set = |name: &str, fields: &[Field], elements| Set {
        name: name.to_owned(),
        fields: fields.to_vec(),
        verdicts: true,
        elements,
        dynamic: None,
    };
    let forward = vec![rule([vmap(&[Source::Iifname, Source::Oifname], "pairs")]), rule([drop()])];
    Table {
        name: NAME.to_owned(),
        chains: vec![
            base("prerouting", ChainKind::Filter, Hook::Prerouting, -300, false, sources),
            base("forward", ChainKind::Filter, Hook::Forward, 0, true, forward),
            base(
                "input",
                ChainKind::Filter,
                Hook::Input,
                0,
                true,
                vec![rule([vmap(&[Source::Iifname], "inputs")]), rule([accept()])],
            ),
        ],
        sets: vec![set("pairs", &[Field::IfName, Field::IfName], pairs), set("inputs", &[Field::IfName], inputs)],
        ..Table::default()
    }
}

/// The thread's and the kernel's for it; a thread that waits for its turn uses none.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn timed<T>(what: &str, mut run: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = processor_time();
            run();
            processor_time() - start
        })
        .collect();
    times.sort();
    println!("{what}: median {:.1} ms, slowest {:.1} ms", times[4].as_secs_f64() * 1e3, times[8].as_secs_f64() * 1e3);
    times[4]
}

#[test]
fn ten_times_the_networks_take_some_ten_times_as_long_to_write_and_read() {
    in_namespace(|| {
        let (few, many) = (write_and_read(100), write_and_read(1000));
        for ((what, few), (_, many)) in few.iter().zip(&many) {
            // A hundred times, were it quadratic.
            assert!(*many < *few * 40, "{what} takes {few:?} for 100 networks and {many:?} for 1,000");
        }
    });
}

fn write_and_read(count: u32) -> [(&'static str, Duration); 3] {
    let wanted = networks(count);
    let mut kernel = Nft::open().unwrap();
    let made = timed(&format!("make {count} networks"), || {
        kernel.replace(NAME, None).unwrap();
        kernel.replace(NAME, Some(&wanted)).unwrap();
    });
    let replaced = timed(&format!("replace {count} networks"), || kernel.replace(NAME, Some(&wanted)).unwrap());
    // At once after each: the kernel is done with what it has said yes to.
    for present in [None, Some(&wanted)].repeat(10) {
        kernel.replace(NAME, present).unwrap();
        assert!(kernel.table(NAME).unwrap().as_deref() == present);
    }
    let listed = timed(&format!("list {count} networks"), || {
        assert!(Nft::open().unwrap().table(NAME).unwrap().as_deref() == Some(&wanted))
    });
    [("making", made), ("replacing", replaced), ("listing", listed)]
}
