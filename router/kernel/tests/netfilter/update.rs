//! Updates: what stays is not touched, and `nft` lists the same as of a table made at once.

use crate::{
    sample::{self, NAME, link, net, update},
    space::{in_namespace, listing, nft, run},
};
use edge_kernel::nft::{Nft, Sent};
use edge_lab::generate;
use edge_plan::{
    Facts, desired,
    nft::{
        BaseChain, Chain, ChainKind, Field, Hook, NftVerdict, Table,
        build::{Value, accept, counter, drop, iifname, ip_saddr, key, rule},
    },
};
use proptest::{prelude::*, test_runner::TestRunner};

/// The rules of the chain in `nft`'s words, each with its handle and its counts.
fn rules(chain: &str) -> Vec<String> {
    let listed = run("nft", &format!("-a list chain inet {NAME} {chain}"), "");
    listed
        .lines()
        .filter(|line| line.contains("# handle") && !line.contains("chain "))
        .map(|line| line.trim().to_owned())
        .collect()
}

/// How many messages it takes.
fn changed(kernel: &mut Nft, wanted: &Table) -> u64 {
    update(kernel, wanted).messages
}

#[test]
fn what_stays_keeps_its_handle_and_its_counts() {
    in_namespace(|| {
        run("ip", "link set lo up", "");
        let counted = |n: u8| rule([ip_saddr(net(&format!("127.0.0.{n}/32"))), counter()]);
        let table = |numbers: &[u8]| {
            let rules = numbers.iter().copied().map(counted).collect();
            let base = BaseChain { kind: ChainKind::Filter, hook: Hook::Input, priority: 0, drop: false };
            Table {
                name: NAME.to_owned(),
                chains: vec![Chain { name: "input".to_owned(), base: Some(base), rules }],
                ..Table::default()
            }
        };
        let mut kernel = Nft::open().unwrap();
        update(&mut kernel, &table(&[1, 2, 3]));
        run("ping", "-c 3 -i 0.01 127.0.0.1", "");
        let before = rules("input");
        assert!(before[0].contains("packets 6 "), "{before:?}");
        // In front, between and behind; then what came goes, and one that was there with it.
        for numbers in [&[4, 1, 5, 2, 3, 6][..], &[1, 3]] {
            update(&mut kernel, &table(numbers));
            let after = rules("input");
            for kept in [0, 2] {
                assert!(after.contains(&before[kept]), "{after:#?} and before {before:#?}");
            }
        }
        assert_eq!(rules("input"), [before[0].clone(), before[2].clone()]);
    });
}

#[test]
fn only_what_differs_is_sent() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        let mut wanted = sample::table();
        update(&mut kernel, &wanted);
        assert_eq!(update(&mut kernel, &wanted), Sent::default());

        wanted.sets[0]
            .elements
            .insert(key(&[Value::IfName(&link("lan0")), Value::IfName(&link("lan0"))]), Some(NftVerdict::Accept));
        assert_eq!(changed(&mut kernel, &wanted), 1, "one element more");
        let value = key(&[Value::IfName(&link("lan0")), Value::IfName(&link("wan0"))]);
        wanted.sets[0].elements.insert(value.clone(), Some(NftVerdict::Drop));
        assert_eq!(changed(&mut kernel, &wanted), 2, "another verdict: out and in");
        wanted.sets[0].elements.remove(&value);
        assert_eq!(changed(&mut kernel, &wanted), 1, "one element less");
        wanted.chains[0].rules.insert(4, rule([iifname(&link("lan1")), accept()]));
        assert_eq!(changed(&mut kernel, &wanted), 1, "one rule more");
        wanted.chains[0].rules[4] = rule([iifname(&link("lan2")), accept()]);
        assert_eq!(changed(&mut kernel, &wanted), 2, "another rule in its place");
        wanted.chains[1].base.as_mut().unwrap().drop = true;
        assert_eq!(changed(&mut kernel, &wanted), 1, "a policy");

        // A chain and what leads to it come in one transaction and go in one.
        let before = wanted.clone();
        wanted.chains.push(Chain { name: "new".to_owned(), base: None, rules: vec![rule([drop()])] });
        wanted.sets[1].elements.insert(key(&[Value::IfName(&link("lan9"))]), Some(NftVerdict::Jump("new".to_owned())));
        assert_eq!(changed(&mut kernel, &wanted), 3, "a chain, its rule and the element");
        assert_eq!(changed(&mut kernel, &before), 3, "the element, the rule and the chain");
    });
}

/// The numbers of all rules, to see which were made anew.
fn handles() -> Vec<String> {
    let listed = run("nft", &format!("-a list table inet {NAME}"), "");
    listed.lines().filter_map(|line| Some(line.split_once("# handle ")?.1.to_owned())).collect()
}

/// More than it has room for: the set and the rules that look in it are made anew, and nothing else.
#[test]
fn an_outgrown_set_is_made_anew() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        let mut wanted = sample::table();
        update(&mut kernel, &wanted);
        let before = handles();
        for n in 0..5000u32 {
            wanted.sets[4].elements.insert(n.to_be_bytes()[..].into(), None);
        }
        update(&mut kernel, &wanted);
        let after = handles();
        let gone: Vec<_> = before.iter().filter(|handle| !after.contains(handle)).collect();
        assert_eq!(gone.len(), 2, "the set and one rule: {gone:?}");
        assert!(listing().contains("size 16384"));
        // And another key type.
        wanted.sets[4].fields = vec![Field::Port];
        wanted.sets[4].elements.clear();
        wanted.chains[0].rules.pop();
        update(&mut kernel, &wanted);
    });
}

fn policy(seed: u64) -> Table {
    let text = generate::config(seed);
    let config = edge_config::parse("generated.toml", &text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)));
    let tables = desired(&config, &Facts::default()).spaces.into_values().filter_map(|space| space.table);
    let table = tables.max_by_key(|table| table.chains.len()).unwrap();
    Table { name: NAME.to_owned(), ..Table::clone(&table) }
}

/// `nft` lists chains and sets as they were made: by name they are the same.
fn sorted(listing: &str) -> Vec<String> {
    let mut blocks: Vec<String> = listing.split("\n\n").map(str::to_owned).collect();
    if let Some(first) = blocks.first_mut() {
        *first = first.lines().skip(2).collect::<Vec<_>>().join("\n");
    }
    blocks.iter_mut().for_each(|block| *block = block.trim_end_matches("\n}\n").to_owned());
    blocks.sort();
    blocks
}

#[test]
fn nft_lists_the_same_however_it_came_about() {
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&any::<[u64; 3]>(), |seeds| {
        in_namespace(move || {
            let mut kernel = Nft::open().unwrap();
            for seed in seeds {
                update(&mut kernel, &policy(seed));
            }
            let updated = listing();
            kernel.replace(NAME, Some(&policy(seeds[2]))).unwrap();
            assert_eq!(sorted(&updated), sorted(&listing()));
            // And `nft` takes its own words back.
            nft(&format!("flush ruleset\n{updated}"));
            assert_eq!(sorted(&updated), sorted(&listing()));
        });
        Ok(())
    });
    outcome.unwrap();
}

/// Somebody else's hand between two updates: the second mends what it finds.
#[test]
fn an_edit_by_hand_in_between_is_mended_by_itself() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        let wanted = sample::table();
        update(&mut kernel, &wanted);
        nft(&format!("insert rule inet {NAME} side accept\nadd element inet {NAME} addresses {{ 10.9.9.9 }}"));
        let before = rules("input");
        assert_eq!(changed(&mut kernel, &wanted), 2);
        assert_eq!(rules("input"), before);
    });
}
