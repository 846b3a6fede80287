use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// While it lives, a signal that would end the process waits for its end.
pub(super) struct Deferred(&'static Handlers);

struct Handlers {
    /// Whether a signal ends the process at once.
    deadly: Arc<AtomicBool>,
    /// For each signal whether it came.
    came: Vec<(i32, Arc<AtomicBool>)>,
}

impl Deferred {
    pub(super) fn begin() -> io::Result<Self> {
        static HANDLERS: OnceLock<Handlers> = OnceLock::new();
        let handlers = if let Some(handlers) = HANDLERS.get() {
            handlers
        } else {
            let handlers = Handlers::install()?;
            HANDLERS.get_or_init(|| handlers)
        };
        handlers.deadly.store(false, Ordering::SeqCst);
        Ok(Self(handlers))
    }

    /// Whether a signal waits.
    pub(super) fn is_pending(&self) -> bool {
        let mut came = self.0.came.iter();
        came.any(|(_, came)| came.load(Ordering::SeqCst))
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        self.0.deadly.store(true, Ordering::SeqCst);
        for (signal, came) in &self.0.came {
            if came.swap(false, Ordering::SeqCst) {
                // As the signal would have without us.
                let _ = low_level::emulate_default_handler(*signal);
            }
        }
    }
}

impl Handlers {
    fn install() -> io::Result<Self> {
        let deadly = Arc::new(AtomicBool::new(false));
        let came = SIGNALS.map(|signal| {
            let came = Arc::new(AtomicBool::new(false));
            flag::register_conditional_default(signal, Arc::clone(&deadly))?;
            flag::register(signal, Arc::clone(&came))?;
            Ok((signal, came))
        });
        let came = came.into_iter().collect::<io::Result<_>>()?;
        Ok(Self { deadly, came })
    }
}
