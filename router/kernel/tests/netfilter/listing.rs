use crate::{
    sample::{self, GOLDEN, NAME},
    space::{in_namespace, listing, nft},
};
use edge_kernel::nft::Nft;
use edge_plan::nft::{Chain, Expr, Rule, Table};
use nftables::{
    schema::{NfListObject, NfObject},
    types::NfChainPolicy,
};

#[test]
fn the_kernel_lists_what_was_wanted() {
    in_namespace(|| {
        let (mut kernel, wanted) = (Nft::open().unwrap(), sample::table());
        assert_eq!(kernel.table(NAME).unwrap(), None);
        kernel.replace(NAME, None).unwrap();
        // Made, replaced in place, removed and made again.
        for present in [Some(&wanted), Some(&wanted), None, Some(&wanted)] {
            kernel.replace(NAME, present).unwrap();
            assert_eq!(kernel.table(NAME).unwrap().as_deref(), present);
        }
    });
}

#[test]
fn nft_lists_it_in_clean_words_and_reads_them_back() {
    in_namespace(|| {
        Nft::open().unwrap().replace(NAME, Some(&sample::table())).unwrap();
        let listed = listing();
        assert_eq!(listed, GOLDEN, "{listed}");
    });
    in_namespace(|| {
        nft(GOLDEN);
        assert_eq!(listing(), GOLDEN);
    });
}

/// The `nft` program's JSON, by the types of a crate that knows nothing of ours; it has no words for verdict maps with names.
#[test]
fn an_independent_reader_finds_every_part() {
    in_namespace(|| {
        let mut wanted = sample::table();
        wanted.sets.retain(|set| !set.verdicts);
        let uses_map = |rule: &Rule| rule.expressions.iter().any(|part| matches!(part, Expr::Lookup { verdict: true, .. }));
        wanted.chains.iter_mut().for_each(|chain| chain.rules.retain(|rule| !uses_map(rule)));
        Nft::open().unwrap().replace(NAME, Some(&wanted)).unwrap();
        let objects = nftables::helper::get_current_ruleset().unwrap().objects.into_owned();
        let (mut chains, mut rules, mut sets) = (Vec::new(), 0, 0);
        for object in objects {
            match object {
                NfObject::ListObject(NfListObject::Chain(chain)) => {
                    chains.push((chain.name.to_string(), chain.policy == Some(NfChainPolicy::Drop)))
                }
                NfObject::ListObject(NfListObject::Rule(_)) => rules += 1,
                NfObject::ListObject(NfListObject::Set(_) | NfListObject::Map(_)) => sets += 1,
                _ => {}
            }
        }
        chains.sort();
        let closed = |chain: &Chain| chain.base.is_some_and(|base| base.drop);
        let mut ours: Vec<_> = wanted.chains.iter().map(|chain| (chain.name.clone(), closed(chain))).collect();
        ours.sort();
        assert_eq!(chains, ours);
        assert_eq!(rules, wanted.chains.iter().map(|chain| chain.rules.len()).sum::<usize>());
        assert_eq!(sets, wanted.sets.len());
    });
}

#[test]
fn chains_come_and_go_around_those_that_stay() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        let whole = sample::table();
        let mut half = sample::table();
        half.chains.retain(|chain| matches!(chain.name.as_str(), "prerouting" | "postrouting"));
        half.sets.clear();
        let mut moved = sample::table();
        moved.chains[1].base.as_mut().unwrap().priority = 20;
        let empty = Table { name: NAME.to_owned(), ..Table::default() };
        for wanted in [&half, &whole, &half, &empty, &whole, &moved, &whole] {
            sample::update(&mut kernel, wanted);
        }
    });
}

#[test]
fn the_generation_counts_changes() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        let before = kernel.generation().unwrap();
        assert_eq!(kernel.generation().unwrap(), before);
        nft("add table ip other");
        assert_eq!(kernel.generation().unwrap(), before + 1);
    });
}
