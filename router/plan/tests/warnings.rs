//! A case is two files: `warnings/NAME.toml`, and `warnings/NAME.txt` with what `routerctl check` shows for it.
//! `UPDATE_CASES=1 cargo test -p edge-plan --test warnings` writes what is shown now; read the diff before it is committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

use edge_config::{Diagnostics, parse};
use edge_plan::warnings;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn warned(name: &str, text: &str) -> Option<Diagnostics> {
    let config = parse(name, text).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    Diagnostics::of_warnings(name, text, &warnings(&config))
}

fn messages(text: &str) -> Vec<String> {
    warned("test.toml", text).iter().flat_map(Diagnostics::iter).map(|warning| warning.message).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn each_case_renders_as_recorded() {
    let cases = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/warnings"));
    assert!(cases.len() >= 6, "cases are missing");
    for path in cases {
        let warned = warned("edge-router.toml", &fs::read_to_string(&path).unwrap()).unwrap();
        let rendered = format!("{warned}\n\n{}", warned.render(false));
        assert_eq!(rendered.matches("warning: ").count(), warned.len(), "{rendered}");
        assert!(warned.iter().all(|warning| warning.help.is_some_and(|help| !help.is_empty())), "no mend: {rendered}");
        let expected = path.with_extension("txt");
        if env::var_os("UPDATE_CASES").is_some() {
            fs::write(&expected, &rendered).unwrap();
        }
        assert_eq!(rendered, fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
    }
}

/// In the scenarios' files the uplink has a fixed address and no `dns`, and these networks may use it: that is so.
#[test]
fn good_files_are_not_warned_of() {
    let untold = |network: &str| format!("devices of `{network}` may use `wan`, but are told of no name server");
    let of_file = |path: &Path| match path.display().to_string() {
        truck if truck.contains("fire-truck") => vec![untold("vehicle"), untold("equipment")],
        two if two.contains("two-networks") => vec![untold("cabin")],
        _ => Vec::new(),
    };
    let scenarios = fs::read_dir(format!("{TOP}/router/lab/scenarios")).unwrap();
    let scenarios = scenarios.map(|entry| entry.unwrap().path().join("edge-router.toml"));
    let mut paths: Vec<_> = files(Path::new(&format!("{TOP}/docs/examples"))).into_iter().chain(scenarios).collect();
    assert!(paths.len() >= 7, "{paths:?}");
    paths.push(format!("{TOP}/rootfs/usr/share/edge-router/edge-router.toml").into());
    for path in paths {
        assert_eq!(messages(&fs::read_to_string(&path).unwrap()), of_file(&path), "{}", path.display());
    }
}

/// A pair of uplinks with the lines of `lte`, which stands back, and of `fibre`.
fn pair(lines: &str) -> String {
    let uplinks = "[[uplink]]\nname = \"fibre\"\ndevice = \"eth0\"\naddress = \"dhcp\"\n\
        [[uplink]]\nname = \"lte\"\ndevice = \"eth1\"\naddress = \"dhcp\"\n\
        [[network]]\nname = \"lan\"\nports = [\"eth2\"]\naddress = \"10.0.1.1/24\"\n\
        [[host]]\nname = \"web\"\nnetwork = \"lan\"\naddress = \"10.0.1.5\"\n";
    format!("{lines}\n{uplinks}")
}

/// Whatever the line of the standby uplink is, its twin for the preferred one makes them a pair.
#[test]
fn a_fail_over_pair_is_not_warned_of() {
    let lines = [
        "[[allow]]\nfrom = \"lan\"\nto = \"lte\"\n",
        "[[allow]]\nfrom = \"web\"\nto = \"lte\"\nprotocol = \"tcp\"\nports = [80, \"443-445\"]\n",
        "[[allow]]\nfrom = \"lte\"\nto = \"lan\"\nprotocol = \"icmp\"\n",
        "[[forward]]\nuplink = \"lte\"\nprotocol = \"tcp\"\nport = \"8000-8010\"\nto = \"web:8000-8010\"\n",
        "[system]\nssh-from = [\"lte\"]\n",
    ];
    for line in lines {
        assert_eq!(messages(&pair(line)).len(), 1, "{line}");
        let twin = line.replace("lte", "fibre");
        assert_eq!(messages(&pair(&twin)), [""; 0], "{twin}");
        let both =
            if line.starts_with("[system]") { line.replace("[\"lte", "[\"fibre\", \"lte") } else { format!("{line}{twin}") };
        assert_eq!(messages(&pair(&both)), [""; 0], "{both}");
    }
}

/// The larger one stands back.
#[test]
fn the_metric_says_which_uplink_stands_back() {
    let text = pair("[[allow]]\nfrom = \"lan\"\nto = \"lte\"\n");
    assert_eq!(messages(&text).len(), 1);
    assert_eq!(messages(&text.replace("\"eth1\"", "\"eth1\"\nmetric = 1")), [""; 0]);
}

/// Told of by `dns` where it is said, or by a lease that may bring some.
#[test]
fn who_is_told_of_a_name_server_is_not_warned_of() {
    let file = |uplink: &str, dhcp: &str| {
        format!(
            "[[uplink]]\nname = \"wan\"\ndevice = \"eth0\"\n{uplink}\n[[network]]\nname = \"lan\"\nports = [\"eth1\"]\n\
             address = \"10.0.1.1/24\"\n{dhcp}\n[[allow]]\nfrom = \"lan\"\nto = \"wan\"\n"
        )
    };
    let fixed = "address = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"";
    let range = "from = \"10.0.1.100\", to = \"10.0.1.199\"";
    let cases = [
        (fixed.to_owned(), format!("dhcp = {{ {range} }}"), 1),
        (fixed.to_owned(), format!("dhcp = {{ {range}, dns = \"9.9.9.9\" }}"), 0),
        (format!("{fixed}\ndns = [\"9.9.9.9\"]"), format!("dhcp = {{ {range} }}"), 0),
        (format!("{fixed}\ndns = [\"10.0.1.9\"]"), format!("dhcp = {{ {range} }}"), 0),
        ("address = \"dhcp\"".to_owned(), format!("dhcp = {{ {range} }}"), 0),
        (fixed.to_owned(), "dhcp = { relay-to = \"10.0.1.9\" }".to_owned(), 0),
        (fixed.to_owned(), String::new(), 0),
    ];
    for (uplink, dhcp, wanted) in cases {
        assert_eq!(messages(&file(&uplink, &dhcp)).len(), wanted, "{uplink} {dhcp}");
    }
}
