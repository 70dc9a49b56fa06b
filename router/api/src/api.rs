use crate::{
    ApplyReport, ApplyRequest, AttachRequest, Attached, By, ConfigRequest, Confirmed, DetachRequest, Detached, DriftReport,
    Failure, History, HistoryDiff, HistoryText, Imported, LeaseFile, Leases, PlanReport, Reachability, RevertRequest, Status,
};

/// What the daemon can be asked. Implement it with plain `async fn`s.
///
/// The server runs each call to its end, whether the client waits for it or not: a call is never dropped half-way.
pub trait Api: Send + Sync + 'static {
    /// The whole box on one screen.
    fn status(&self) -> impl Future<Output = Result<Status, Failure>> + Send;

    /// Who has an address, devices and containers alike.
    fn leases(&self) -> impl Future<Output = Result<Leases, Failure>> + Send;

    /// Leases as another box takes them over.
    fn export_leases(&self) -> impl Future<Output = Result<LeaseFile, Failure>> + Send;

    /// Takes over leases; each that cannot be is left out, with the reason.
    fn import_leases(&self, file: LeaseFile) -> impl Future<Output = Result<Imported, Failure>> + Send;

    /// What applying `request` would change in the kernel.
    fn plan(&self, request: ConfigRequest) -> impl Future<Output = Result<PlanReport, Failure>> + Send;

    /// What of the kernel is not as it was applied.
    fn diff(&self) -> impl Future<Output = Result<DriftReport, Failure>> + Send;

    /// Brings the kernel to a configuration; one that fails is taken back.
    fn apply(&self, request: ApplyRequest, by: By) -> impl Future<Output = Result<ApplyReport, Failure>> + Send;

    /// What was applied to be confirmed stays.
    fn confirm(&self, by: By) -> impl Future<Output = Result<Confirmed, Failure>> + Send;

    /// Back to what was confirmed last; when nothing waits to be confirmed, to the configuration before that; or to one of the history.
    fn revert(&self, request: RevertRequest, by: By) -> impl Future<Output = Result<ApplyReport, Failure>> + Send;

    /// The configurations that were in force last.
    fn history(&self) -> impl Future<Output = Result<History, Failure>> + Send;

    /// One of them.
    fn history_text(&self, number: u64) -> impl Future<Output = Result<HistoryText, Failure>> + Send;

    /// What `to` has otherwise than `from`; without it, what is in force.
    fn history_diff(&self, from: u64, to: Option<u64>) -> impl Future<Output = Result<HistoryDiff, Failure>> + Send;

    /// Plugs a network namespace in. Asking again for what is already there gives the same answer.
    fn attach(&self, request: AttachRequest) -> impl Future<Output = Result<Attached, Failure>> + Send;

    /// Unplugs. What is not there any more is no error.
    fn detach(&self, request: DetachRequest) -> impl Future<Output = Result<Detached, Failure>> + Send;

    /// Who may reach whom by the policy that is applied.
    fn reachability(&self) -> impl Future<Output = Result<Reachability, Failure>> + Send;
}
