//! `--dry-run`: the containers that would be followed.

use kcache::Cache;

use crate::args::Args;
use crate::follow::is_wanted;
use crate::pod::Pod;

/// A table, by namespace and name.
pub(crate) fn print(pods: &Cache<Pod>, args: &Args) {
    let mut rows = vec![["NAMESPACE", "NAME", "CONTAINER", "NODE"].map(str::to_owned)];
    for pod in pods.list() {
        let wanted = pod.containers.iter();
        let wanted = wanted.filter(|container| is_wanted(container, &args.containers));
        rows.extend(wanted.map(|container| {
            let (namespace, name) = (pod.key.namespace(), pod.key.name());
            [namespace, name, &container.name, &pod.node].map(str::to_owned)
        }));
    }
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.max().unwrap_or_default()
    };
    let [namespace, name, container, _] = [0, 1, 2, 3].map(width);
    for row in &rows {
        println!(
            "{:namespace$} {:name$} {:container$} {}",
            row[0], row[1], row[2], row[3]
        );
    }
}
