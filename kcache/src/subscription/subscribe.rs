//! How to subscribe to a publisher.

use super::Subscription;
use super::options::SubscribeOptions;
use crate::core::mailbox::Limits;
use crate::filter::Filter;
use crate::object::Object;
use crate::publisher::Publisher;

impl<V: Object> Publisher<V> {
    /// Subscribes to everything, with a queue of 256 changes. The subscription starts with the
    /// newest state.
    pub fn subscribe(&self) -> Subscription<V> {
        self.subscribe_options(SubscribeOptions::default())
    }

    /// Subscribes to what a filter lets in.
    pub fn subscribe_with(&self, filter: Filter<V>) -> Subscription<V> {
        self.subscribe_options(SubscribeOptions::default().filter(filter))
    }

    /// Subscribes without a filter yet: the subscription is ready after its first
    /// [`refilter`](Subscription::refilter), and starts with the state at that time.
    pub fn subscribe_deferred(&self) -> Subscription<V> {
        self.subscribe_options(SubscribeOptions::default().deferred())
    }

    /// Subscribes with a filter, a queue length and a way to overflow.
    pub fn subscribe_options(&self, options: SubscribeOptions<V>) -> Subscription<V> {
        let limits = Limits {
            queue: options.queue,
            lags: true,
            derives: false,
            overflow: options.overflow,
            first: false,
            many: options.many,
        };
        Subscription::open(self.clone(), options.filter, limits).only(options.aspects)
    }
}
