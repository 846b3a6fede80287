use super::super::files::FileState;
use super::*;

/// The files below the home directory `/h`, or elsewhere, that are looked at for a call.
fn watched(line: &str, env: &[(&str, &str)]) -> Vec<String> {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let pairs = [("HOME", "/h")].iter().chain(env).copied();
    let env: Environment = pairs.collect();
    let files: Vec<FileState> = super::super::files::states(files_of(&words[0], &words[1..], &env));
    let paths = files.iter().map(|file| file.path.display().to_string());
    paths
        .map(|path| path.strip_prefix("/h/").unwrap_or(&path).to_owned())
        .collect()
}

#[test]
#[cfg(not(target_os = "macos"))]
fn each_known_plugin_has_its_files() {
    for (line, files) in [
        (
            "aws eks get-token --cluster-name a",
            ".aws/config .aws/credentials",
        ),
        (
            "/usr/bin/aws --region eu eks get-token",
            ".aws/config .aws/credentials",
        ),
        (
            "aws-vault exec prod -- aws eks get-token",
            ".aws/config .aws/credentials",
        ),
        (
            "aws-iam-authenticator token -i a",
            ".aws/config .aws/credentials",
        ),
        ("gke-gcloud-auth-plugin", ".config/gcloud/active_config"),
        (
            "gke-gcloud-auth-plugin --use_application_default_credentials",
            ".config/gcloud/active_config .config/gcloud/application_default_credentials.json",
        ),
        (
            "gcloud config config-helper --format=json",
            ".config/gcloud/active_config",
        ),
        (
            "kubelogin get-token --login azurecli --server-id s",
            ".azure/azureProfile.json .azure/config .azure/clouds.config \
             .kube/cache/kubelogin/auth.json",
        ),
        (
            "kubelogin get-token -l azd --server-id s",
            ".azd/auth.json .kube/cache/kubelogin/auth.json",
        ),
        (
            "kubelogin get-token --server-id s",
            ".kube/cache/kubelogin/auth.json",
        ),
        (
            "kubelogin get-token --server-id s --cache-dir /c",
            "/c/auth.json",
        ),
        (
            "kubelogin get-token --oidc-issuer-url=https://i",
            ".kube/cache/oidc-login",
        ),
        (
            "kubectl oidc-login get-token --oidc-issuer-url=https://i",
            ".kube/cache/oidc-login",
        ),
        ("kubectl oidc-login get-token --token-cache-dir=~/t", "t"),
        ("oc get-token --issuer-url=https://i", ".kube/cache/oc"),
        (
            "tsh kube credentials --kube-cluster=a",
            ".tsh/current-profile",
        ),
        (
            "tsh kube credentials --proxy=tele.example:443",
            ".tsh/tele.example.yaml",
        ),
        (
            "doctl kubernetes cluster kubeconfig exec-credential --context=a 1",
            ".config/doctl/config.yaml",
        ),
        (
            "doctl kubernetes cluster kubeconfig exec-credential -c /d.yaml",
            "/d.yaml",
        ),
        (
            "oci ce cluster generate-token --cluster-id a",
            ".oci/config .oci/oci_cli_rc",
        ),
        ("scw k8s exec-credential", ".config/scw/config.yaml"),
        ("aws s3 ls", ""),
        ("my-plugin eks get-token", ""),
        ("kubelogin convert-kubeconfig", ""),
    ] {
        let files: Vec<&str> = files.split_whitespace().collect();
        assert_eq!(watched(line, &[]), files, "{line}");
    }
}

#[test]
fn variables_move_them() {
    for (line, name, value, files) in [
        (
            "aws eks get-token",
            "AWS_CONFIG_FILE",
            "/a/c",
            "/a/c .aws/credentials",
        ),
        (
            "aws eks get-token",
            "AWS_CONFIG_FILE",
            "~/c",
            "c .aws/credentials",
        ),
        (
            "aws eks get-token",
            "AWS_SHARED_CREDENTIALS_FILE",
            "/a/k",
            ".aws/config /a/k",
        ),
        (
            "gke-gcloud-auth-plugin",
            "CLOUDSDK_CONFIG",
            "/g",
            "/g/active_config",
        ),
        (
            "gke-gcloud-auth-plugin",
            "CLOUDSDK_ACTIVE_CONFIG_NAME",
            "work",
            ".config/gcloud/configurations/config_work",
        ),
        (
            "gke-gcloud-auth-plugin --use_application_default_credentials",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "/key.json",
            ".config/gcloud/active_config /key.json",
        ),
        (
            "kubelogin get-token",
            "AAD_LOGIN_METHOD",
            "azurecli",
            ".azure/azureProfile.json .azure/config .azure/clouds.config",
        ),
        (
            "kubelogin get-token --login azurecli",
            "AZURE_CONFIG_DIR",
            "/z",
            "/z/azureProfile.json /z/config /z/clouds.config",
        ),
        (
            "kubelogin get-token --server-id s",
            "KUBECACHEDIR",
            "/k",
            "/k/auth.json",
        ),
        (
            "kubectl oidc-login get-token",
            "KUBECACHEDIR",
            "/k",
            "/k/oidc-login",
        ),
        (
            "tsh kube credentials",
            "TELEPORT_HOME",
            "/t",
            "/t/current-profile",
        ),
        (
            "tsh kube credentials",
            "TELEPORT_PROXY",
            "p:3080",
            ".tsh/p.yaml",
        ),
        (
            "oci ce cluster generate-token",
            "OCI_CLI_CONFIG_FILE",
            "/o",
            "/o .oci/oci_cli_rc",
        ),
        ("scw k8s exec-credential", "SCW_CONFIG_PATH", "/s", "/s"),
        (
            "scw k8s exec-credential",
            "XDG_CONFIG_HOME",
            "/x",
            "/x/scw/config.yaml",
        ),
    ] {
        let files: Vec<&str> = files.split_whitespace().collect();
        assert_eq!(
            watched(line, &[(name, value)]),
            files,
            "{line}, {name}={value}"
        );
    }
}

/// A name from outside never makes a path of another place.
#[test]
fn an_active_name_is_no_path() {
    for name in ["../../etc/passwd", "", "  ", ":"] {
        let env = [("CLOUDSDK_ACTIVE_CONFIG_NAME", name)];
        let files = watched("gke-gcloud-auth-plugin", &env);
        assert!(
            files.len() <= 1 && !files.concat().contains(".."),
            "{files:?}"
        );
    }
}
