//! `nft list ruleset`, read by tests.

/// Without the sets that rules fill, whose elements come and go with traffic, and the chain that counts in them: they are made anew when
/// their size changes, and go back by being made anew.
pub fn without_filled_sets(listing: &str) -> String {
    let mut kept = String::new();
    let mut block = String::new();
    for line in listing.lines() {
        block += line;
        block.push('\n');
        // A set or a chain ends with a brace one tab in, everything else is a line by itself.
        let is_open = block.starts_with("\tset ") || block.starts_with("\tchain ");
        if is_open && line != "\t}" {
            continue;
        }
        if !block.contains("flags dynamic") && !block.contains(" ct count over ") {
            kept += &block;
        }
        block.clear();
    }
    kept + &block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_fill_is_left_out_and_nothing_else() {
        let listing = "table inet x {\n\tset a { # handle 1\n\t\tflags dynamic\n\t\telements = { \"b\" ct count over 3,\n\t\t\t\"c\" }\n\t}\n\n\tset b {\n\t}\n\n\tchain c {\n\t\tadd @a { iifname ct count over 3 }\n\t}\n\tchain d {\n\t}\n}\n";
        assert_eq!(without_filled_sets(listing), "table inet x {\n\n\tset b {\n\t}\n\n\tchain d {\n\t}\n}\n");
    }
}
