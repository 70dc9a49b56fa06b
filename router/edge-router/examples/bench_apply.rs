//! How long it takes to bring a kernel to N networks: ours from the configuration's text to the verified kernel, against
//! `ip -batch` and `nft -f` with the same links, addresses and rules written out beforehand. One run, one kernel, each case in a
//! network namespace of its own. Run by `scripts/bench apply`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends")]

use edge_kernel::Kernel;
use edge_plan::{Facts, desired, diff};
use nix::sched::{CloneFlags, unshare};
use std::{
    env,
    fmt::Write,
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// Each case is run this often, ours and theirs in turn; the median counts.
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ours", networks, directory] => ours(networks.parse().unwrap(), Path::new(directory)),
        ["theirs", _, directory] => theirs(Path::new(directory)),
        _ => compare(&[1, 100, 1000]),
    }
}

fn compare(sizes: &[usize]) {
    println!("networks  case          ours ms  ip+nft ms   ratio  our kernel writes");
    for networks in sizes {
        let directory = env::temp_dir().join(format!("bench-apply-{networks}"));
        fs::create_dir_all(&directory).unwrap();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            ours.push(child("ours", *networks, &directory));
            theirs.push(child("theirs", *networks, &directory));
        }
        for (index, case) in ["cold", "no-op", "one allow more", "one network more"].iter().enumerate() {
            let own = median(&ours, 2 * index);
            let writes = median(&ours, 2 * index + 1);
            let other = median(&theirs, index);
            let (other, ratio) =
                if other > 0.0 { (format!("{other:.1}"), format!("{:.2}", own / other)) } else { ("-".into(), "-".into()) };
            println!("{networks:8}  {case:16}{own:9.1}  {other:>9}  {ratio:>6}  {writes:17}");
        }
        fs::remove_dir_all(&directory).unwrap();
    }
}

/// In a fresh network namespace; prints numbers.
fn child(who: &str, networks: usize, directory: &Path) -> Vec<f64> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([who, &networks.to_string(), directory.to_str().unwrap()]);
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| unshare(CloneFlags::CLONE_NEWNET).map_err(Into::into)) };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{who} {networks}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn median(runs: &[Vec<f64>], column: usize) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(|run| run.get(column).copied().unwrap_or(0.0)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn text(networks: usize) -> String {
    let mut text = String::from(
        "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\nlink = \"macvlan\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n",
    );
    for number in 1..=networks {
        let (high, low) = (number / 256, number % 256);
        let _ = write!(
            text,
            "[[network]]\nname = \"n{number}\"\nvlan = {number}\ntrunk = \"t0\"\naddress = \"10.{high}.{low}.1/24\"\n\
             [[allow]]\nfrom = \"n{number}\"\nto = \"wan\"\n"
        );
    }
    text
}

fn devices() {
    for device in ["t0", "u0"] {
        run("ip", &["link", "add", device, "type", "dummy"]);
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {arguments:?}");
}

fn ours(networks: usize, directory: &Path) {
    devices();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let kernel = Kernel::open().await.unwrap();
        let base = text(networks);
        let more_allowed = format!("{base}[[allow]]\nfrom = \"wan\"\nto = \"n1\"\nprotocol = \"icmp\"\n");
        let one_more = text(networks + 1);
        for text in [&base, &base, &more_allowed, &one_more] {
            let (took, writes) = apply(&kernel, text).await;
            print!("{} {writes} ", milliseconds(took));
            if *text == base {
                write_theirs(networks, directory);
            }
        }
    });
}

/// As the daemon does it: read, plan, execute, and look again whether it is so.
async fn apply(kernel: &Kernel, text: &str) -> (Duration, u64) {
    let (started, before) = (Instant::now(), kernel.writes());
    let config = edge_config::parse("bench.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let wanted = desired(&config, &Facts::default());
    let ops = diff(&wanted, &kernel.observe().await.unwrap()).ops;
    kernel.execute(&ops).await.unwrap();
    if !ops.is_empty() {
        let left = diff(&wanted, &kernel.observe().await.unwrap()).ops;
        assert!(left.is_empty(), "{left:#?}");
    }
    (started.elapsed(), kernel.writes() - before)
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// The same links and addresses as `ip` commands, and the same table as `nft` lists it.
fn write_theirs(networks: usize, directory: &Path) {
    let listing = Command::new("nft").args(["list", "table", "inet", edge_plan::TABLE]).output().unwrap();
    fs::write(directory.join("table.nft"), listing.stdout).unwrap();
    fs::write(directory.join("links.ip"), ip_batch(networks)).unwrap();
    fs::write(directory.join("one.ip"), network_lines(networks + 1)).unwrap();
    let link = format!("br-n{}", networks + 1);
    let allow = "add rule inet edge-router from-wan-to-n1 meta nfproto ipv4 meta l4proto icmp accept\n\
                 add element inet edge-router crossings { \"up-wan\" . \"br-n1\" : goto from-wan-to-n1 }\n";
    fs::write(directory.join("allow.nft"), format!("add chain inet edge-router from-wan-to-n1\n{allow}")).unwrap();
    let number = networks + 1;
    let (high, low) = (number / 256, number % 256);
    fs::write(
        directory.join("one.nft"),
        format!(
            "add chain inet edge-router source-n{number}\nadd chain inet edge-router input-n{number}\n\
             add rule inet edge-router source-n{number} ip saddr 10.{high}.{low}.0/24 return\n\
             add rule inet edge-router source-n{number} ip saddr 0.0.0.0 udp sport 68 udp dport 67 return\n\
             add rule inet edge-router source-n{number} counter drop\n\
             add rule inet edge-router input-n{number} ip daddr 10.{high}.{low}.1 icmp type echo-request accept\n\
             add element inet edge-router sources {{ \"{link}\" : jump source-n{number} }}\n\
             add element inet edge-router inputs {{ \"{link}\" : jump input-n{number} }}\n\
             add element inet edge-router crossings {{ \"{link}\" . \"{link}\" : accept, \"{link}\" . \"up-wan\" : accept }}\n"
        ),
    )
    .unwrap();
}

fn ip_batch(networks: usize) -> String {
    let mut lines = String::from(
        "link set t0 up\nlink set u0 up\nlink add link u0 name up-wan group 25956 type macvlan mode bridge\n\
         link set up-wan addrgenmode none\nlink set up-wan up\naddr add 192.168.50.2/24 brd + dev up-wan\n\
         route add default via 192.168.50.1 dev up-wan metric 100\n",
    );
    for number in 1..=networks {
        lines += &network_lines(number);
    }
    lines
}

fn network_lines(number: usize) -> String {
    let (high, low) = (number / 256, number % 256);
    format!(
        "link add br-n{number} group 25956 type bridge\nlink set br-n{number} addrgenmode none\nlink set br-n{number} up\n\
         link add link t0 name t0.{number} group 25956 type vlan id {number}\nlink set t0.{number} addrgenmode none\n\
         link set t0.{number} master br-n{number} up\naddr add 10.{high}.{low}.1/24 brd + dev br-n{number}\n"
    )
}

/// Prints the time of: everything, nothing (they have no such thing), one allow, one network.
fn theirs(directory: &Path) {
    devices();
    let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let time = |nft: &str, ip: Option<&str>| {
        let started = Instant::now();
        run("nft", &["-f", &file(nft)]);
        if let Some(ip) = ip {
            run("ip", &["-batch", &file(ip)]);
        }
        milliseconds(started.elapsed())
    };
    let cold = time("table.nft", Some("links.ip"));
    let allow = time("allow.nft", None);
    println!("{cold} 0 {allow} {}", time("one.nft", Some("one.ip")));
}
