//! Ctrl-C, SIGTERM and SIGHUP ask a run to stop at the last whole shot; a second one ends the program at once.

use crate::session::{Cancel, StopCause};
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Listens on a thread of its own until the program ends.
///
/// # Errors
/// Fails where the system gives no thread or no signal handler.
pub(super) fn listen(cancel: Cancel) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            loop {
                let cause = tokio::select! {
                    _ = interrupt.recv() => StopCause::Interrupt,
                    _ = terminate.recv() => StopCause::Terminate,
                    _ = hang_up.recv() => StopCause::HangUp,
                };
                if cancel.is_set() {
                    // Everything stored is whole; the next run goes on from there.
                    // No clean-up on the way out: it would pull down what the models' threads still work with.
                    signal_hook::low_level::exit(i32::from(super::CANCELLED));
                }
                cancel.stop(cause);
            }
        });
    })?;
    Ok(())
}
