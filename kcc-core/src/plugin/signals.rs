use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Signals to this process, as something to poll.
pub(super) struct SignalPipe {
    /// Readable when a signal came.
    wake: UnixStream,
    raised: Vec<(i32, Arc<AtomicBool>)>,
    registrations: Vec<SigId>,
}

impl SignalPipe {
    pub(super) fn open() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut opened = Self {
            wake,
            raised: vec![],
            registrations: vec![],
        };
        for signal in ending_signals() {
            let raised = Arc::new(AtomicBool::new(false));
            // In this order, so that the flag is up when the reader wakes.
            let flag = signal_hook::flag::register(signal, Arc::clone(&raised))?;
            opened.registrations.push(flag);
            let wake = signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
            opened.registrations.push(wake);
            opened.raised.push((signal, raised));
        }
        Ok(opened)
    }

    pub(super) fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// The signals that came since the last call, each once.
    pub(super) fn take(&mut self) -> Vec<i32> {
        // Only wakes; what matters is in the flags.
        let _ = self.wake.read(&mut [0; 64]);
        let raised = self
            .raised
            .iter()
            .filter(|(_, raised)| raised.swap(false, SeqCst));
        raised.map(|(signal, _)| *signal).collect()
    }
}

impl Drop for SignalPipe {
    fn drop(&mut self) {
        for registration in self.registrations.drain(..) {
            signal_hook::low_level::unregister(registration);
        }
    }
}

/// The signals by which a person or a system ends this process. One that is ignored, as by nohup,
/// stays so: for us, and for the plugin that inherits it.
pub fn ending_signals() -> impl Iterator<Item = i32> {
    let ignored = ignored_signals();
    let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter();
    all.filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// The signals that this process ignores, one bit each: `SigIgn` in proc(5).
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
