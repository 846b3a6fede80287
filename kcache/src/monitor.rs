//! Callbacks for what happens.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::event::Event;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::spawn::spawn;
use crate::subscription::Subscription;

type Callback<A> = Option<Box<dyn FnMut(A) + Send>>;

/// What to call when something happens. Each callback is optional.
///
/// Callbacks are run one after the other by the monitor's own task; a slow one makes the monitor
/// fall behind and delays nothing else.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::Handler;
/// # use std::sync::Arc;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "b"}}"#).expect("a map");
/// # feed.relist([map], None)?;
/// let (sender, mut names) = tokio::sync::mpsc::unbounded_channel();
/// let monitor = maps.monitor(
///     Handler::new()
///         .on_initialize(|maps: Vec<Arc<ConfigMap>>| println!("{} to start with", maps.len()))
///         .on_create(move |map: Arc<ConfigMap>| drop(sender.send(map.metadata.name.clone()))),
/// );
/// # let map = ConfigMap { metadata: kube::core::ObjectMeta { name: Some("a".into()), ..Default::default() }, ..Default::default() };
/// # tokio::task::yield_now().await;
/// feed.apply(map)?;
/// assert_eq!(names.recv().await, Some(Some("a".into())));
/// monitor.close();
/// # Ok(()) }
/// ```
pub struct Handler<V> {
    initialize: Callback<Vec<Arc<V>>>,
    create: Callback<Arc<V>>,
    update: Callback<(Arc<V>, Arc<V>)>,
    delete: Callback<Arc<V>>,
}

impl<V> Default for Handler<V> {
    fn default() -> Self {
        Self {
            initialize: None,
            create: None,
            update: None,
            delete: None,
        }
    }
}

impl<V> Handler<V> {
    /// A handler that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Called once, first, with what is there.
    #[must_use]
    pub fn on_initialize(mut self, call: impl FnMut(Vec<Arc<V>>) + Send + 'static) -> Self {
        self.initialize = Some(Box::new(call));
        self
    }

    /// Called with an object that is new.
    #[must_use]
    pub fn on_create(mut self, call: impl FnMut(Arc<V>) + Send + 'static) -> Self {
        self.create = Some(Box::new(call));
        self
    }

    /// Called with an object before and after it changed.
    #[must_use]
    pub fn on_update(mut self, mut call: impl FnMut(Arc<V>, Arc<V>) + Send + 'static) -> Self {
        self.update = Some(Box::new(move |(old, new)| call(old, new)));
        self
    }

    /// Called with the last of an object that is gone.
    #[must_use]
    pub fn on_delete(mut self, call: impl FnMut(Arc<V>) + Send + 'static) -> Self {
        self.delete = Some(Box::new(call));
        self
    }

    fn handle(&mut self, event: Event<V>) {
        match event {
            Event::Create { new } => run(&mut self.create, new),
            Event::Update { old, new } => run(&mut self.update, (old, new)),
            Event::Delete { old } => run(&mut self.delete, old),
        }
    }
}

fn run<A>(callback: &mut Callback<A>, argument: A) {
    if let Some(callback) = callback {
        callback(argument);
    }
}

impl<V> fmt::Debug for Handler<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}

/// A [`Handler`] at work. Dropping it closes it.
#[derive(Debug)]
#[must_use = "dropping a monitor closes it"]
pub struct Monitor {
    stop: watch::Sender<bool>,
    ready: watch::Receiver<bool>,
    ended: watch::Receiver<Option<Error>>,
}

impl<V: Object> Publisher<V> {
    /// Calls a handler for what is there and for each change, until the monitor is closed.
    pub fn monitor(&self, handler: Handler<V>) -> Monitor {
        Monitor::start(self.subscribe(), handler)
    }
}

impl Monitor {
    fn start<V: Object>(input: Subscription<V>, handler: Handler<V>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (sender, ended) = watch::channel(None);
        let (begun, ready) = watch::channel(false);
        spawn(async move {
            let mut stopped = stopped;
            let error = tokio::select! {
                biased;
                // Closing is looked at before each callback.
                _ = stopped.wait_for(|stop| *stop) => Error::Closed,
                error = handle_all(input, handler, begun) => error,
            };
            sender.send_replace(Some(error));
        });
        Self { stop, ready, ended }
    }

    /// Waits until the first callback, of what is there to start with, has returned.
    ///
    /// # Errors
    ///
    /// Why it ended, if it ends before.
    pub async fn ready(&self) -> Result<(), Error> {
        match self.ready.clone().wait_for(|ready| *ready).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.closed().await),
        }
    }

    /// Ends it: no callback is begun after the one that may be running.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until it has ended, and says why. No callback runs after that.
    pub async fn closed(&self) -> Error {
        let mut ended = self.ended.clone();
        let ended = ended.wait_for(Option::is_some).await;
        ended
            .ok()
            .and_then(|error| error.clone())
            .unwrap_or(Error::Closed)
    }

    /// Why it ended, or `None` while it has not.
    pub fn error(&self) -> Option<Error> {
        self.ended.borrow().clone()
    }
}

async fn handle_all<V: Object>(
    mut input: Subscription<V>,
    mut handler: Handler<V>,
    begun: watch::Sender<bool>,
) -> Error {
    let start = match input.snapshot().await {
        Ok(start) => start,
        Err(error) => return error,
    };
    if let Err(error) = Error::catch(|| run(&mut handler.initialize, start.objects)) {
        return error;
    }
    begun.send_replace(true);
    tokio::task::yield_now().await;
    while let Some(event) = input.next().await {
        if let Err(error) = Error::catch(|| handler.handle(event)) {
            return error;
        }
        // The queue may be full whenever it is looked at; closing must get its turn.
        tokio::task::yield_now().await;
    }
    input.error().unwrap_or(Error::Closed)
}
