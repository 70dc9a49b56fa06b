//! The steps of the daemon's apply, without the daemon.

use crate::{ip, milliseconds, text::NetworkKind};
use edge_kernel::Kernel;
use edge_plan::{Facts, desired, diff};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Milliseconds and writes of each case.
pub fn run(kind: NetworkKind, networks: usize, directory: &Path) -> Vec<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let kernel = Kernel::open().await.unwrap();
        let base = kind.text(networks);
        let cold = apply(&kernel, &base).await;
        ip::write(kind, networks, directory);
        let again = apply(&kernel, &base).await;
        let allow = format!("{base}[[allow]]\nfrom = \"wan\"\nto = \"n1\"\nprotocol = \"icmp\"\n");
        let allow = apply(&kernel, &allow).await;
        apply(&kernel, &base).await;
        let network = apply(&kernel, &kind.text(networks + 1)).await;
        [cold, again, allow, network].into_iter().flat_map(|(took, writes)| [milliseconds(took), writes as f64]).collect()
    })
}

/// As the daemon does it: read, plan, execute, and look again whether it is so.
async fn apply(kernel: &Kernel, text: &str) -> (Duration, u64) {
    let (started, before) = (Instant::now(), kernel.writes());
    let config = edge_config::parse("bench.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let parsed = started.elapsed();
    let wanted = desired(&config, &Facts::default());
    let planned = started.elapsed();
    let observed = kernel.observe_changes().await.unwrap();
    let looked = started.elapsed();
    let ops = diff(&wanted, &observed).ops;
    let compared = started.elapsed();
    kernel.execute(&ops).await.unwrap();
    let executed = started.elapsed();
    if !ops.is_empty() {
        let left = diff(&wanted, &kernel.observe_changes().await.unwrap()).ops;
        assert!(left.is_empty(), "{left:#?}");
    }
    if std::env::var_os("STEPS").is_some() {
        eprintln!(
            "parse {parsed:.1?}, desired {:.1?}, observe {:.1?}, diff {:.1?}, execute {} {:.1?}, verify {:.1?}",
            planned - parsed,
            looked - planned,
            compared - looked,
            ops.len(),
            executed - compared,
            started.elapsed() - executed
        );
    }
    (started.elapsed(), kernel.writes() - before)
}
