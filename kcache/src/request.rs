//! Requests to an API server.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use http::{HeaderValue, Request};
use kube::client::Body;
use kube::core::{ApiResource, TypeMeta};

use crate::error::Error;
use crate::shard::Shard;

/// Which objects of which resource, in which form.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a request"
)]
pub(crate) struct Target {
    pub(crate) resource: ApiResource,
    /// `None` for all namespaces, and for what is in none.
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Option<String>,
    pub(crate) fields: Option<String>,
    /// `None` for all objects, if it was never said otherwise.
    pub(crate) shard: Option<Shard>,
    /// What the server is asked for, if it is not everything: the shard, or a little more.
    pub(crate) requested_shard: Option<Shard>,
    /// Only the metadata of each object is wanted.
    pub(crate) metadata_only: bool,
    /// Metadata alone is not requested, because it knows no such form.
    pub(crate) whole: bool,
    /// Protobuf is requested before JSON.
    pub(crate) protobuf: bool,
    /// Its objects are in no namespace, as far as that is known.
    pub(crate) cluster_scoped: bool,
    /// Objects of more bytes than this are left out.
    pub(crate) largest: usize,
}

/// The version and kind of an object of which there is no more than its metadata.
pub(crate) const PARTIAL: (&str, &str) = ("meta.k8s.io/v1", "PartialObjectMetadata");

/// The forms of metadata alone, as client-go's metadata client requests them. Plain JSON is the last: a
/// server that knows no other answers with whole objects.
struct Forms {
    metadata_in_protobuf: &'static str,
    metadata: &'static str,
}

const LIST: Forms = Forms {
    metadata_in_protobuf: concat!(
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,",
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    ),
    metadata: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
};
const WATCH: Forms = Forms {
    metadata_in_protobuf: concat!(
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,",
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
    ),
    metadata: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
};

/// A request that is longer than a URL can be.
#[derive(Debug)]
pub(crate) struct TooLong;

type RequestResult = Result<Request<Body>, TooLong>;

/// How a selector that matches nothing prints itself, here as in apimachinery. It is no selector that
/// a server takes.
const NOTHING: &str = "<nothing>";

/// As many ranges of a shard make about six kilobytes of a URL, which some proxies end at eight.
const RANGES: usize = 64;

/// Where a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Any state that the server has, however old: version "0".
    Any,
    /// A state that is not older than this version.
    NotOlderThan(String),
    /// The newest state: no version.
    Newest,
}

impl Since {
    fn put(&self, query: &mut Query) {
        match self {
            Self::Any => query.put("resourceVersion", "0"),
            Self::NotOlderThan(version) => {
                query.put("resourceVersion", version);
                query.put("resourceVersionMatch", "NotOlderThan");
            }
            Self::Newest => {}
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    First(Since),
    /// What this token stands for; the server takes no version beside it.
    Next(String),
}

impl Target {
    /// What the objects are that are requested.
    pub(crate) fn types(&self) -> TypeMeta {
        let (api_version, kind) = if self.metadata_only {
            PARTIAL
        } else {
            let ApiResource {
                api_version, kind, ..
            } = &self.resource;
            (api_version.as_str(), kind.as_str())
        };
        TypeMeta {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// Checks that a path can be made of it that leads where it says.
    ///
    /// # Errors
    ///
    /// What cannot be requested.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let resource = &self.resource;
        segment("plural", &resource.plural)?;
        segment("version", &resource.version)?;
        if !resource.group.is_empty() {
            segment("group", &resource.group)?;
        }
        if let Some(namespace) = &self.namespace {
            segment("namespace", namespace)?;
            if self.cluster_scoped {
                let kind = &resource.kind;
                return Err(refused(
                    "namespace",
                    format!("{namespace:?} is given, and objects of kind {kind} are in none"),
                ));
            }
        }
        let mut selectors = self.selectors();
        if let Some(odd) = selectors.find(|text| text.starts_with('<') && text.trim() != NOTHING) {
            let reason = format!("hold {odd:?}, which no server takes");
            return Err(refused("selectors", reason));
        }
        self.check_length()
    }

    fn check_length(&self) -> Result<(), Error> {
        // No version has as many digits.
        let version = Since::NotOlderThan("9".repeat(100));
        let list = self.list(&Page::First(version), Some(u32::MAX));
        let list = list.map_err(|TooLong| "are longer than a URL can be".to_owned());
        list.map_or_else(|reason| Err(refused("selectors", reason)), |_| Ok(()))
    }

    /// True if no object can match, so that no request is needed.
    pub(crate) fn is_nothing(&self) -> bool {
        self.shard.as_ref().is_some_and(Shard::is_nothing)
            || self.selectors().any(|selector| selector.trim() == NOTHING)
    }

    /// Only what is in a shard is wanted.
    pub(crate) fn set_shard(&mut self, shard: Shard) {
        let requested = Some(shard.coarse(RANGES));
        self.requested_shard = requested.filter(|it| !it.is_whole() && !it.is_nothing());
        self.shard = Some(shard);
    }

    fn selectors(&self) -> impl Iterator<Item = &str> {
        let selectors = [self.labels.as_deref(), self.fields.as_deref()];
        selectors.into_iter().flatten()
    }

    /// A page of a list, of at most `limit` objects if there is one.
    pub(crate) fn list(&self, page: &Page, limit: Option<u32>) -> RequestResult {
        let mut query = self.query();
        if let Some(limit) = limit {
            query.put("limit", &limit.to_string());
        }
        match page {
            Page::First(since) => since.put(&mut query),
            Page::Next(token) => query.put("continue", token),
        }
        self.request(query, self.accept(&LIST))
    }

    /// The newest content of one object.
    ///
    /// # Errors
    ///
    /// The name cannot be in a path.
    pub(crate) fn object(&self, name: &str) -> Result<Request<Body>, Error> {
        segment("name", name)?;
        let query = Query(Serializer::new(String::new()));
        let path = format!("{}/{name}", self.path());
        request_at(&path, query, self.accept(&WATCH))
            .map_err(|TooLong| refused("name", "is longer than a URL can be".to_owned()))
    }

    /// The newest list, of one object at most: a consistent read that costs little.
    pub(crate) fn newest(&self) -> RequestResult {
        self.list(&Page::First(Since::Newest), Some(1))
    }

    /// A watch from a version on that ends by itself after a time.
    pub(crate) fn watch(&self, version: Option<&str>, timeout: Duration) -> RequestResult {
        let mut query = self.watch_query(timeout);
        if let Some(version) = version {
            query.put("resourceVersion", version);
        }
        self.watch_request(query)
    }

    /// A list that comes as the beginning of a watch (KEP-3157), of a state that is not older than
    /// a version, or of the newest one.
    pub(crate) fn stream(&self, version: Option<&str>, timeout: Duration) -> RequestResult {
        let mut query = self.watch_query(timeout);
        query.put("sendInitialEvents", "true");
        query.put("resourceVersionMatch", "NotOlderThan");
        if let Some(version) = version {
            query.put("resourceVersion", version);
        }
        self.watch_request(query)
    }

    fn watch_query(&self, timeout: Duration) -> Query {
        let mut query = self.query();
        query.put("watch", "1");
        query.put("allowWatchBookmarks", "true");
        query.put("timeoutSeconds", &timeout.as_secs().to_string());
        query
    }

    fn watch_request(&self, query: Query) -> RequestResult {
        let mut request = self.request(query, self.accept(&WATCH))?;
        // Servers from 1.37 on send one gzip member an event, which common decoders stop after.
        let headers = request.headers_mut();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(request)
    }

    fn query(&self) -> Query {
        let mut query = Query(Serializer::new(String::new()));
        for (name, selector) in [
            ("labelSelector", &self.labels),
            ("fieldSelector", &self.fields),
        ] {
            if let Some(selector) = selector {
                query.put(name, selector);
            }
        }
        // Like the selectors it goes with each page: the token of the next does not hold it.
        if let Some(shard) = &self.requested_shard {
            query.put("shardSelector", &shard.to_string());
        }
        query
    }

    /// The server has none of the forms that are requested: requests fewer, if that is possible. Plain JSON is
    /// among them, but not every server reads a list of forms.
    pub(crate) fn request_less(&mut self) -> bool {
        if self.protobuf {
            self.protobuf = false;
        } else if self.metadata_only && !self.whole {
            self.whole = true;
        } else {
            return false;
        }
        true
    }

    fn accept(&self, forms: &Forms) -> &'static str {
        match (self.metadata_only && !self.whole, self.protobuf) {
            (true, true) => forms.metadata_in_protobuf,
            (true, false) => forms.metadata,
            (false, true) => "application/vnd.kubernetes.protobuf,application/json",
            (false, false) => "application/json",
        }
    }

    fn request(&self, query: Query, accept: &'static str) -> RequestResult {
        request_at(&self.path(), query, accept)
    }

    fn path(&self) -> String {
        let ApiResource {
            group,
            version,
            plural,
            ..
        } = &self.resource;
        let root = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        match &self.namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
            None => format!("{root}/{plural}"),
        }
    }
}

fn request_at(path: &str, query: Query, accept: &'static str) -> RequestResult {
    let Query(mut query) = query;
    let mut request = Request::new(Body::empty());
    let uri = format!("{path}?{}", query.finish());
    *request.uri_mut() = uri.parse().map_err(|_| TooLong)?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    Ok(request)
}

/// Checks a part of a path: what could lead elsewhere is refused, as client-go does it
/// (`IsValidPathSegmentName`), and so is what a path would have to escape, which no name of these has.
fn segment(part: &'static str, name: &str) -> Result<(), Error> {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    let reason = match (name, name.chars().find(|c| !fits(c))) {
        ("", _) => "is empty".to_owned(),
        ("." | "..", _) => format!("{name:?} is no name"),
        (_, Some(odd)) => format!("{name:?} holds {odd:?}, which is in no name"),
        (_, None) => return Ok(()),
    };
    Err(refused(part, reason))
}

fn refused(part: &'static str, reason: String) -> Error {
    let reason = reason.into();
    Error::Request { part, reason }
}

/// A query that is being put together.
struct Query(Serializer<'static, String>);

impl Query {
    fn put(&mut self, name: &str, value: &str) {
        self.0.append_pair(name, value);
    }
}
