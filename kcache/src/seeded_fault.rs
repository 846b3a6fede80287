//! Seeded faults, by which the model test proves that it would notice.
//!
//! Without `--cfg kcache_faults` each question below is the constant `false`.

use std::sync::atomic::{AtomicU8, Ordering};

static ACTIVE: AtomicU8 = AtomicU8::new(0);

/// A fault that can be switched on at run time.
#[cfg_attr(
    not(kcache_faults),
    expect(unreachable_pub, reason = "exported for tests only")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SeededFault {
    /// A relist loses one of its deletes.
    DropDelete = 1,
    /// An object of a list that is older than what is there is refused.
    RefuseOlder,
    /// A mailbox that gets its first change does not wake its subscriber.
    LoseWakeup,
    /// A replaced object comes out as an update.
    ForgetUid,
    /// A change that is merged into a waiting one forgets what the subscriber has.
    ForgetFirst,
    /// Of several who make an object of one key, the last has it.
    LastMaker,
    /// A group stays when the last of its objects has gone.
    KeepGroup,
    /// A set of several publishers looks at the first of them only.
    FirstInput,
    /// A replica owns what it claims, whoever else claims it.
    IgnoreClaims,
    /// A replica that could not renew in time goes on when it can again.
    IgnoreLapse,
    /// What is outside of a new shard stays until the list.
    LateRelease,
    /// What the server sends from outside of a shard is taken.
    KeepOutside,
    /// What triggers a controller forgets what was there before an update.
    #[cfg(feature = "kube-runtime")]
    ForgetBefore,
    /// The store that a controller reads keeps what is gone.
    #[cfg(feature = "kube-runtime")]
    KeepReflected,
    /// A wait is over when a set's input has seen the version, whatever the set has made of it.
    InputOnly,
    /// A join lets a target go with the first of its sources.
    #[cfg(kcache_faults)]
    ForgetCount,
    /// A guarded join keeps what a guard allowed that allows it no longer.
    #[cfg(kcache_faults)]
    KeepPermission,
    /// A guarded join takes a permission back with the first of the guards that give it.
    #[cfg(kcache_faults)]
    ForgetGuard,
    /// A join's look-ups keep a source at a target that has let go.
    #[cfg(kcache_faults)]
    KeepLookup,
    /// A join's look-ups keep the old state of a target that changes.
    #[cfg(kcache_faults)]
    StaleLookup,
    /// A chain's look-ups take the newest state of the first join, whatever the second has seen of it.
    #[cfg(kcache_faults)]
    FirstAhead,
}

pub(crate) use SeededFault::*;

impl SeededFault {
    /// True while this fault is the one that is switched on.
    #[inline]
    #[cfg_attr(
        not(kcache_faults),
        expect(unreachable_pub, reason = "exported for tests only")
    )]
    pub fn strikes(self) -> bool {
        cfg!(kcache_faults) && ACTIVE.load(Ordering::Relaxed) == self as u8
    }

    /// Switches one fault on, or all off.
    #[cfg(kcache_faults)]
    pub fn switch(fault: Option<Self>) {
        ACTIVE.store(fault.map_or(0, |fault| fault as u8), Ordering::Relaxed);
    }
}
