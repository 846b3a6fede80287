//! Pods as a cluster has them, made from their number and nothing else.

use std::fmt::{self, Write};

/// The version of the list; every Pod in it is older.
pub(crate) const LISTED: usize = 1_000_000;

/// How many Pods are changed between the updates and the second list.
pub(crate) const CHANGED: usize = 100;

/// How many Pods a Deployment has.
const REPLICAS: usize = 10;
const NAMESPACES: usize = 50;

/// Where a Pod stands in its life.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Generation {
    /// As the list has it.
    Listed,
    /// Changed once, by the update of this place in the order of updates.
    Updated(usize),
}

/// A Pod by its number.
#[derive(Clone, Copy)]
pub(crate) struct Pod {
    pub(crate) number: usize,
    pub(crate) generation: Generation,
}

impl Pod {
    pub(crate) fn listed(number: usize) -> Self {
        let generation = Generation::Listed;
        Self { number, generation }
    }

    /// The Pod that the update of this place in their order changes: not in the order of names, as
    /// little as kubelets report in it.
    pub(crate) fn updated(place: usize, count: usize) -> Self {
        // A prime, so that every Pod is changed once.
        let number = place * 7_919 % count;
        let generation = Generation::Updated(place);
        Self { number, generation }
    }

    /// What comes after the last update, and is of no update.
    pub(crate) fn marker(count: usize) -> Self {
        Self {
            number: count,
            generation: Generation::Updated(count),
        }
    }

    /// The same Pods in the second list: a few were changed once more while nobody watched.
    fn relisted(place: usize, count: usize) -> Self {
        let pod = Self::updated(place, count);
        if place >= CHANGED {
            return pod;
        }
        let generation = Generation::Updated(count + 1 + place);
        Self { generation, ..pod }
    }

    /// What is new in the second list.
    pub(crate) fn second_marker(count: usize) -> Self {
        Self {
            number: count + 1,
            generation: Generation::Updated(count + 1 + CHANGED),
        }
    }

    pub(crate) fn print(self, depth: Depth) -> u64 {
        let (containers, node) = (self.containers(), self.node());
        let print = Print {
            namespace: &self.namespace(),
            name: &self.name(),
            uid: &self.uid(),
            version: &self.version().to_string(),
            small: (depth != Depth::Metadata).then_some((&*node, "Running")),
            whole: (depth == Depth::Whole).then_some([
                containers.len(),
                containers.map(|i| self.variables(i).len()).sum(),
                CONDITIONS.iter().filter(|kind| self.is_true(kind)).count(),
            ]),
        };
        print.hashed()
    }

    pub(crate) fn version(self) -> usize {
        match self.generation {
            // Any order but that of names.
            Generation::Listed => 1 + self.mix(1) % (LISTED - 1),
            Generation::Updated(place) => LISTED + 1 + place,
        }
    }

    fn deployment(self) -> usize {
        self.number / REPLICAS
    }

    pub(crate) fn namespace(self) -> String {
        format!("team-{:02}", self.deployment() % NAMESPACES)
    }

    pub(crate) fn name(self) -> String {
        let hash = self.template_hash();
        format!("{}-{hash}-{}", self.app(), suffix(self.mix(2)))
    }

    pub(crate) fn uid(self) -> String {
        uid(self.mix(3))
    }

    fn app(self) -> String {
        const WORDS: [&str; 8] = [
            "web", "api", "worker", "payments", "search", "gateway", "mailer", "indexer",
        ];
        let deployment = self.deployment();
        format!("{}-{deployment}", WORDS[deployment % WORDS.len()])
    }

    fn template_hash(self) -> String {
        let hash = suffix(mix(self.deployment(), 4));
        format!("{hash}{:04x}", mix(self.deployment(), 5) & 0xffff)
    }

    fn mix(self, salt: usize) -> usize {
        mix(self.number, salt)
    }

    /// Its JSON without the opening brace: in a list no kind stands behind that, in an event one does.
    pub(crate) fn write(self, out: &mut String) -> fmt::Result {
        self.metadata(out)?;
        self.spec(out)?;
        self.status(out)
    }

    /// Its metadata alone, without the opening brace.
    pub(crate) fn write_metadata(self, out: &mut String) -> fmt::Result {
        self.metadata(out)?;
        out.pop();
        out.push('}');
        Ok(())
    }

    fn metadata(self, out: &mut String) -> fmt::Result {
        let (app, hash, name) = (self.app(), self.template_hash(), self.name());
        write!(
            out,
            r#""metadata":{{"name":"{name}","generateName":"{app}-{hash}-","namespace":"{}","#,
            self.namespace()
        )?;
        write!(
            out,
            r#""uid":"{}","resourceVersion":"{}","generation":1,"creationTimestamp":"{}","#,
            self.uid(),
            self.version(),
            self.time(0)
        )?;
        write!(
            out,
            r#""labels":{{"app.kubernetes.io/instance":"{app}","app.kubernetes.io/name":"{}","app.kubernetes.io/version":"1.{}.{}","pod-template-hash":"{hash}"}},"#,
            app.split('-').next().unwrap_or_default(),
            self.deployment() % 40,
            self.deployment() % 7,
        )?;
        write!(
            out,
            r#""annotations":{{"checksum/config":"{:016x}{:016x}","prometheus.io/scrape":"true"}},"#,
            mix(self.deployment(), 6),
            mix(self.deployment(), 7)
        )?;
        write!(
            out,
            r#""ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"{app}-{hash}","uid":"{}","controller":true,"blockOwnerDeletion":true}}],"#,
            uid(mix(self.deployment(), 10))
        )?;
        out.push_str(r#""managedFields":["#);
        self.managed_by_controller(out)?;
        self.managed_by_kubelet(out)?;
        out.push_str("]},");
        Ok(())
    }

    fn managed_by_controller(self, out: &mut String) -> fmt::Result {
        write!(
            out,
            r#"{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"{}","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:checksum/config":{{}},"f:prometheus.io/scrape":{{}}}},"f:generateName":{{}},"f:labels":{{".":{{}},"f:app.kubernetes.io/instance":{{}},"f:app.kubernetes.io/name":{{}},"f:app.kubernetes.io/version":{{}},"f:pod-template-hash":{{}}}},"f:ownerReferences":{{".":{{}},"k:{{\"uid\":\"{}\"}}":{{}}}}}},"f:spec":{{"f:containers":{{"#,
            self.time(0),
            uid(mix(self.deployment(), 10))
        )?;
        for container in self.containers() {
            if container > 0 {
                out.push(',');
            }
            write!(
                out,
                r#""k:{{\"name\":\"{}\"}}":{{".":{{}},"f:env":{{".":{{}}"#,
                container_name(container)
            )?;
            for variable in self.variables(container) {
                write!(
                    out,
                    r#","k:{{\"name\":\"{}\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}}"#,
                    variable_name(variable)
                )?;
            }
            out.push_str(r#"},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}"#);
        }
        out.push_str(r#"},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:serviceAccount":{},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{}}}},"#);
        Ok(())
    }

    fn managed_by_kubelet(self, out: &mut String) -> fmt::Result {
        write!(
            out,
            r#"{{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"{}","fieldsType":"FieldsV1","fieldsV1":{{"f:status":{{"f:conditions":{{"#,
            self.changed()
        )?;
        for (i, kind) in CONDITIONS.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write!(
                out,
                r#""k:{{\"type\":\"{kind}\"}}":{{".":{{}},"f:lastProbeTime":{{}},"f:lastTransitionTime":{{}},"f:status":{{}},"f:type":{{}}}}"#
            )?;
        }
        write!(
            out,
            r#"}},"f:containerStatuses":{{}},"f:hostIP":{{}},"f:hostIPs":{{}},"f:phase":{{}},"f:podIP":{{}},"f:podIPs":{{".":{{}},"k:{{\"ip\":\"{}\"}}":{{".":{{}},"f:ip":{{}}}}}},"f:startTime":{{}}}}}},"subresource":"status"}}"#,
            self.ip()
        )
    }

    fn spec(self, out: &mut String) -> fmt::Result {
        let token = suffix(self.mix(11));
        write!(
            out,
            r#""spec":{{"volumes":[{{"name":"kube-api-access-{token}","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}},{{"configMap":{{"name":"kube-root-ca.crt","items":[{{"key":"ca.crt","path":"ca.crt"}}]}}}},{{"downwardAPI":{{"items":[{{"path":"namespace","fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.namespace"}}}}]}}}}],"defaultMode":420}}}}],"containers":["#
        )?;
        for container in self.containers() {
            if container > 0 {
                out.push(',');
            }
            self.container(container, &token, out)?;
        }
        write!(
            out,
            r#"],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"{0}","serviceAccount":"{0}","nodeName":"{1}","securityContext":{{"runAsNonRoot":true}},"schedulerName":"default-scheduler","tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}},"#,
            self.app(),
            self.node()
        )
    }

    fn container(self, container: usize, token: &str, out: &mut String) -> fmt::Result {
        write!(
            out,
            r#"{{"name":"{}","image":"{}","ports":[{{"containerPort":8080,"protocol":"TCP"}}],"env":["#,
            container_name(container),
            self.image(container)
        )?;
        for variable in self.variables(container) {
            if variable > 0 {
                out.push(',');
            }
            write!(
                out,
                r#"{{"name":"{}","value":"{:x}"}}"#,
                variable_name(variable),
                mix(self.deployment(), 20 + variable)
            )?;
        }
        write!(
            out,
            r#"],"resources":{{"limits":{{"memory":"{0}Mi"}},"requests":{{"cpu":"{1}m","memory":"{0}Mi"}}}},"volumeMounts":[{{"name":"kube-api-access-{token}","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}}],"livenessProbe":{{"httpGet":{{"path":"/healthz","port":8080,"scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}"#,
            128 << (self.deployment() % 4),
            50 * (1 + self.deployment() % 20),
        )
    }

    fn status(self, out: &mut String) -> fmt::Result {
        out.push_str(r#""status":{"phase":"Running","conditions":["#);
        for (i, kind) in CONDITIONS.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write!(
                out,
                r#"{{"type":"{kind}","status":"{}","lastProbeTime":null,"lastTransitionTime":"{}"}}"#,
                if self.is_true(kind) { "True" } else { "False" },
                self.changed()
            )?;
        }
        write!(
            out,
            r#"],"hostIP":"10.{0}.{1}.1","hostIPs":[{{"ip":"10.{0}.{1}.1"}}],"podIP":"{2}","podIPs":[{{"ip":"{2}"}}],"startTime":"{3}","containerStatuses":["#,
            self.node_number() >> 8,
            self.node_number() & 255,
            self.ip(),
            self.time(2)
        )?;
        for container in self.containers() {
            if container > 0 {
                out.push(',');
            }
            let (image, name) = (self.image(container), container_name(container));
            write!(
                out,
                r#"{{"name":"{name}","state":{{"running":{{"startedAt":"{0}"}}}},"lastState":{{}},"ready":{1},"restartCount":{2},"image":"{image}","imageID":"{image}@sha256:{3:016x}{4:016x}{3:016x}{4:016x}","containerID":"containerd://{5:016x}{6:016x}{5:016x}{6:016x}","started":true}}"#,
                self.time(5),
                self.generation == Generation::Listed,
                self.mix(12) % 3,
                mix(self.deployment(), 13 + container),
                mix(self.deployment(), 15 + container),
                self.mix(17 + container),
                self.mix(19 + container),
            )?;
        }
        write!(out, r#"],"qosClass":"Burstable"}}}}"#)
    }

    /// A condition of it. An update is what most are: a Pod becomes ready, or stops being so.
    fn is_true(self, kind: &str) -> bool {
        !kind.contains("Ready") || self.generation == Generation::Listed
    }

    /// Every eighth Deployment has a sidecar.
    fn containers(self) -> std::ops::Range<usize> {
        0..1 + usize::from(self.deployment().is_multiple_of(8))
    }

    fn variables(self, container: usize) -> std::ops::Range<usize> {
        0..if container == 0 {
            1 + self.deployment() % 5
        } else {
            2
        }
    }

    fn image(self, container: usize) -> String {
        let app = if container == 0 {
            self.app()
        } else {
            container_name(container).to_owned()
        };
        format!(
            "example.com/{app}:1.{}.{}",
            self.deployment() % 40,
            self.deployment() % 7
        )
    }

    fn node_number(self) -> usize {
        self.mix(14) % 1_000
    }

    fn node(self) -> String {
        format!("node-{:04}", self.node_number())
    }

    fn ip(self) -> String {
        format!(
            "10.{}.{}.{}",
            128 + (self.number >> 16),
            (self.number >> 8) & 255,
            self.number & 255
        )
    }

    /// A time of its start, and some seconds more.
    fn time(self, more: usize) -> String {
        let second = self.mix(16) % 40 + more;
        let (day, hour) = (1 + self.deployment() % 28, self.deployment() % 24);
        format!(
            "2026-03-{day:02}T{hour:02}:{:02}:{second:02}Z",
            self.number % 60
        )
    }

    /// When its status changed last.
    fn changed(self) -> String {
        match self.generation {
            Generation::Listed => self.time(7),
            Generation::Updated(place) => {
                format!(
                    "2026-04-01T{:02}:{:02}:{:02}Z",
                    place / 3_600 % 24,
                    place / 60 % 60,
                    place % 60
                )
            }
        }
    }
}

/// What a client is sent, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    List,
    /// An update of each Pod, and a marker.
    Updates,
    /// A second list, after the watch ended because its version was too old.
    Relist,
}

impl Phase {
    /// The Pods that there are then.
    pub(crate) fn pods(self, count: usize) -> Vec<Pod> {
        let places = 0..count;
        match self {
            Self::List => places.map(Pod::listed).collect(),
            Self::Updates => places
                .map(|place| Pod::updated(place, count))
                .chain([Pod::marker(count)])
                .collect(),
            Self::Relist => places
                .map(|place| Pod::relisted(place, count))
                .chain([Pod::marker(count), Pod::second_marker(count)])
                .collect(),
        }
    }

    /// The Pods of a list in the order of the server's keys.
    pub(crate) fn list(self, count: usize) -> Vec<Pod> {
        let mut pods = self.pods(count);
        pods.sort_by_cached_key(|pod| (pod.namespace(), pod.name()));
        pods
    }

    /// The version of its list.
    pub(crate) fn version(self, count: usize) -> usize {
        match self {
            Self::List => LISTED,
            _ => Pod::second_marker(count).version(),
        }
    }
}

/// How much of a Pod a client keeps.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Depth {
    Metadata,
    Small,
    Whole,
}

/// What tells by a number whether a client has the right Pod, decoded as far as it keeps it.
pub(crate) struct Print<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) uid: &'a str,
    pub(crate) version: &'a str,
    /// Its node and its phase.
    pub(crate) small: Option<(&'a str, &'a str)>,
    /// How many containers, variables of theirs and true conditions it has.
    pub(crate) whole: Option<[usize; 3]>,
}

impl Print<'_> {
    /// FNV-1a, which Go has, too.
    pub(crate) fn hashed(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let mut add = |part: &str| {
            for byte in part.bytes().chain([b'\n']) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for text in [self.namespace, self.name, self.uid, self.version] {
            add(text);
        }
        if let Some((node, phase)) = self.small {
            add(node);
            add(phase);
        }
        for number in self.whole.into_iter().flatten() {
            add(&number.to_string());
        }
        hash
    }
}

/// What a client has, told by everything that can go wrong in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl State {
    /// What a client should have then.
    pub(crate) fn wanted(count: usize, depth: Depth, phase: Phase) -> Self {
        let pods = phase.pods(count).into_iter();
        pods.map(|pod| pod.print(depth)).collect()
    }
}

impl FromIterator<u64> for State {
    fn from_iter<I: IntoIterator<Item = u64>>(prints: I) -> Self {
        prints
            .into_iter()
            .fold(Self::default(), |state, print| Self {
                count: state.count + 1,
                sum: state.sum.wrapping_add(print),
            })
    }
}

const CONDITIONS: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

fn container_name(container: usize) -> &'static str {
    ["app", "proxy"][container]
}

fn variable_name(variable: usize) -> String {
    const WORDS: [&str; 12] = [
        "DATABASE_HOST",
        "DATABASE_NAME",
        "LOG_LEVEL",
        "REGION",
        "CACHE_URL",
        "QUEUE_URL",
        "FEATURES",
        "TENANT",
        "TIMEOUT_MS",
        "WORKERS",
        "OTEL_ENDPOINT",
        "RELEASE",
    ];
    WORDS[variable].to_owned()
}

/// Five letters, as the API server gives to what is made from a template.
fn suffix(mut of: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let letter = |_| {
        let letter = LETTERS[of % LETTERS.len()];
        of /= LETTERS.len();
        char::from(letter)
    };
    (0..5).map(letter).collect()
}

fn uid(of: usize) -> String {
    let more = mix(of, 0);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        of & 0xffff_ffff,
        (of >> 32) & 0xffff,
        more & 0xfff,
        (more >> 12) & 0xfff,
        (more >> 16) & 0xffff_ffff_ffff,
    )
}

/// Spreads numbers evenly (the finaliser of `SplitMix64`).
pub(crate) fn mix(number: usize, salt: usize) -> usize {
    let mut z = number
        .wrapping_add(1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
