use crate::{
    sample::{self, GOLDEN, NAME},
    space::{in_namespace, listing, nft},
};
use edge_kernel::nft::Nft;
use edge_plan::nft::Table;

#[test]
fn the_kernel_lists_what_was_wanted() {
    in_namespace(|| {
        let (mut kernel, wanted) = (Nft::open().unwrap(), sample::table());
        assert_eq!(kernel.table(NAME).unwrap(), None);
        kernel.replace(NAME, None).unwrap();
        // Made, replaced in place, removed and made again.
        for present in [Some(&wanted), Some(&wanted), None, Some(&wanted)] {
            kernel.replace(NAME, present).unwrap();
            assert_eq!(kernel.table(NAME).unwrap().as_ref(), present);
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
            kernel.replace(NAME, Some(wanted)).unwrap();
            assert_eq!(kernel.table(NAME).unwrap().as_ref(), Some(wanted));
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
