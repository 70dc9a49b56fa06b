//! Pieces of rules, named as in the `nft` language. A rule is their concatenation.
